"""The language model of the recogniser: trigrams of what callers of a receptionist say, counted from the grammar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import product
from math import log10
from pathlib import Path
from typing import TypeAlias

from .grammar import WORD_CLASSES, Grammar

Gram: TypeAlias = tuple[str, ...]

SENTENCES = 6000
MOST_TRIGRAMS = 2500  # of one pattern: classes of words multiply
BACK_OFF = (0.15, 0.15, 0.15)
PRONOUNCED = {
    "p.m.": ["P IY EH M"],
    "a.m.": ["EY EH M"],
    "toothache": ["T UW TH EY K"],
    "priya": ["P R IY AH"],
}


class Counts:
    """How often words follow each other in sentences that the grammar speaks."""

    def __init__(self, grammar: Grammar) -> None:
        classes = {f"<{name}>": grammar.phrases(name) for name in WORD_CLASSES if name in grammar.rules}
        patterns: list[dict[Gram, int]] = [defaultdict(int) for _ in range(3)]
        for sentence in grammar.sentences(SENTENCES):
            tokens = ("<s>", *sentence, "</s>")
            for start in range(len(tokens)):
                for size in range(min(3, len(tokens) - start)):
                    patterns[size][tokens[start : start + size + 1]] += 1
        del patterns[0][("<s>",)]
        self.words: list[dict[Gram, float]] = [defaultdict(float) for _ in range(3)]
        self.total: list[dict[Gram, float]] = [defaultdict(float) for _ in range(3)]
        self.seen: list[dict[Gram, float]] = [defaultdict(float) for _ in range(3)]
        for size, counted in enumerate(patterns):
            for pattern, count in counted.items():
                self._spread(size, [classes.get(token, (token,)) for token in pattern], count)

    def _spread(self, size: int, members: list[Gram], count: int) -> None:
        """A class stands for all of its words alike."""
        ways = 1
        for member in members:
            ways *= len(member)
        histories = ways // len(members[-1])
        for history in product(*members[:-1]):
            self.total[size][history] += count / histories
        if size == 2 and ways > MOST_TRIGRAMS:
            return
        for gram in product(*members):
            self.words[size][gram] += count / ways
            self.seen[size][gram[:-1]] += count / ways


def arpa(grammar: Grammar) -> tuple[str, list[str]]:
    """The model in ARPA format, and its vocabulary."""
    counts = Counts(grammar)
    singles, pairs, triples = counts.words
    first = {
        gram: (1 - BACK_OFF[0]) * n / counts.total[0][()] + BACK_OFF[0] / len(singles) for gram, n in singles.items()
    }
    second = {
        gram: (1 - BACK_OFF[1]) * n / counts.total[1][gram[:1]] + BACK_OFF[1] * first[gram[1:]]
        for gram, n in pairs.items()
    }
    third = {
        gram: (1 - BACK_OFF[2]) * n / counts.total[2][gram[:2]] + BACK_OFF[2] * second.get(gram[1:], 1e-6)
        for gram, n in triples.items()
    }

    def weight(size: int, history: Gram) -> float:
        total = counts.total[size].get(history)
        if not total:
            return 1.0
        return BACK_OFF[size] + (1 - BACK_OFF[size]) * max(0.0, 1 - counts.seen[size][history] / total)

    lines = ["\\data\\", f"ngram 1={len(first) + 1}", f"ngram 2={len(second)}", f"ngram 3={len(third)}"]
    lines += ["", "\\1-grams:", f"-99 <s> {log10(weight(1, ('<s>',))):.4f}"]
    lines += [f"{log10(p):.4f} {gram[0]} {log10(weight(1, gram)):.4f}" for gram, p in first.items()]
    lines += ["", "\\2-grams:"]
    lines += [f"{log10(p):.4f} {' '.join(gram)} {log10(weight(2, gram)):.4f}" for gram, p in second.items()]
    lines += ["", "\\3-grams:"]
    lines += [f"{log10(p):.4f} {' '.join(gram)}" for gram, p in third.items()]
    return "\n".join([*lines, "", "\\end\\", ""]), [gram[0] for gram in first]


def dictionary(words: Iterable[str], pronunciations: Path) -> str:
    """The pronunciations of `words`; those that nobody knows how to say are left out."""
    known: dict[str, list[str]] = {word: list(PRONOUNCED.get(word, ())) for word in words}
    with pronunciations.open() as file:
        for line in file:
            entry, _, sounds = line.partition(" ")
            if (word := entry.partition("(")[0]) in known:  # other ways to say a word are numbered: route(2)
                known[word].append(sounds.strip())
    lines = []
    for word, ways in known.items():
        for number, sounds in enumerate(ways, start=1):
            lines.append(f"{word}{f'({number})' if number > 1 else ''} {sounds}\n")
    return "".join(lines)
