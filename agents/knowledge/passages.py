"""Sections cut into passages: short enough to be read in a turn, long enough to make sense alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agents.knowledge.reading import Section

LONGEST = 900  # characters: some 200 tokens; four of them leave the model's answer as quick as before
SHORTEST = 200  # what is shorter goes with its neighbor, if they stand below the same heading

_SENTENCES = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that is found and quoted as one."""

    heading: str
    text: str


def cut(sections: Iterable[Section]) -> list[Passage]:
    """Cut by paragraphs, then by sentences, then by words; a passage never spans two headings."""
    return [Passage(section.heading, text) for section in sections for text in _joined(_pieces(section.text))]


def _pieces(text: str) -> Iterator[str]:
    for paragraph in filter(None, (part.strip() for part in text.split("\n\n"))):
        if len(paragraph) <= LONGEST:
            yield paragraph
        else:
            yield from _of_sentences(paragraph)


def _of_sentences(paragraph: str) -> Iterator[str]:
    held = ""
    for sentence in _SENTENCES.split(paragraph):
        for part in _of_words(sentence):
            if held and len(held) + 1 + len(part) > LONGEST:
                yield held
                held = ""
            held = f"{held} {part}" if held else part
    if held:
        yield held


def _of_words(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        line, word = sentence.rfind("\n", 0, LONGEST), sentence.rfind(" ", 0, LONGEST)
        end = next((each for each in (line, word) if each > 0), LONGEST)  # a line of a list keeps its price
        yield sentence[:end]
        sentence = sentence[end:].lstrip()
    if sentence:
        yield sentence


def _joined(pieces: Iterable[str]) -> Iterator[str]:
    held = ""
    for piece in pieces:
        if held and (len(held) >= SHORTEST or len(held) + 2 + len(piece) > LONGEST):
            yield held
            held = ""
        held = f"{held}\n\n{piece}" if held else piece
    if held:
        yield held
