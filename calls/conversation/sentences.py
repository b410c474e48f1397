"""Tokens into pieces that can be spoken: the first one early, the others whole sentences; nothing unspeakable."""

from __future__ import annotations

import re
from typing import Protocol

HANG_UP = "<hang_up/>"
FIRST_PIECE_WORDS = 3  # a clause this long may go ahead of its sentence
FIRST_PIECE_MOST_WORDS = 12  # and without any punctuation the first piece ends here
LONGEST_PIECE = 240  # characters
LONGEST_REPLY = 1200  # characters: about a minute and a quarter of speech

_ABBREVIATION = re.compile(r"(?:^|\s)(?:dr|mr|mrs|ms|st|ave|no|vs|etc|(?:[a-z]\.)*[a-z])\.$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…]+[\"')\]]*$")
_CLAUSE_END = re.compile(r"[,;:\u2013\u2014][\"')\]]*$")
_LINK = re.compile(r"https?://\S+|www\.\S+")
_MARKUP = re.compile(r"[*_`#~|]+|^\s*[-\u2022]\s+", re.MULTILINE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,80}>")
_UNSPEAKABLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\u2190-\u2bff\U0001f000-\U0001faff\U000e0000-\U000e01ef\ud800-\udfff]"
)
_OPEN_LINK = re.compile(r"(?:https?://|www\.)\S*$")
_LANGUAGE = re.compile(r"<language ([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?) ?/>")
_HELD = re.compile(
    r"(?:<[^<>]{0,80}|(?<!\S)(?:h|ht|htt|https?(?::\S*)?|w|ww|www(?:\.\S*)?))$"
)  # of a tag, or of a link
_BULLETS = frozenset({"-", "\u2013", "\u2022"})
_SPACES = re.compile(r"\s+")


def speakable(text: str) -> str:
    """`text` without what no voice can say: markup, tags, links, emoji, control and invisible characters."""
    for pattern in (_TAG, _LINK, _MARKUP, _UNSPEAKABLE):
        text = pattern.sub(" ", text)
    return _SPACES.sub(" ", text).strip()


def ends_sentence(text: str) -> bool:
    return bool(_SENTENCE_END.search(text.rstrip()))


def language_mark(language: str) -> str:
    """How a reply says in which language it goes on."""
    return f"<language {language}/>"


def language_in(token: str) -> str:
    """The language of a mark; empty where there is none."""
    return mark[1] if (mark := _LANGUAGE.search(token)) else ""


class Phrase(str):
    """A piece that says in which language it is; without one, in that of the call."""

    language = ""


class Cutter(Protocol):
    """Cuts one reply into what can be said while it is being written."""

    hangs_up: bool  # the reply asked to end the call
    language: str  # the last one that it asked to go on in

    def feed(self, token: str) -> list[str]:
        """Take the next token; return what it completes."""
        ...

    def finish(self) -> list[str]:
        """The reply is over: return what is left."""
        ...


class Pieces:
    """Cuts one reply into pieces while it is being written. `hangs_up`: the reply asked to end the call."""

    def __init__(self) -> None:
        self.hangs_up = False
        self.language = ""
        self._text = ""
        self._count = 0
        self._length = 0

    def feed(self, token: str) -> list[str]:
        """Take the next token; return the pieces that it completes."""
        pieces = []
        for character_run in _split_after_boundaries(token):
            self._text += character_run
            if self._is_complete():
                pieces += self._take()
        return pieces

    def finish(self) -> list[str]:
        """The reply is over: what is left is the last piece."""
        return self._take()

    def _is_complete(self) -> bool:
        text = self._text.rstrip()
        if self._is_open(text):
            return False
        if text.endswith("/>") and _LANGUAGE.search(text):
            return True  # what stands before the mark is said in the language before it
        if _SENTENCE_END.search(text):
            return not self._is_inside_number(text) and not _ABBREVIATION.search(text)
        if self._count == 0:
            words = text.count(" ") + 1
            if _CLAUSE_END.search(text) and not text[-2:-1].isdigit():
                return words >= FIRST_PIECE_WORDS
            return words > FIRST_PIECE_MOST_WORDS and self._text.endswith(" ")
        return len(text) > LONGEST_PIECE and self._text.endswith((" ", ","))

    def _is_open(self, text: str) -> bool:
        """Whether it ends within a tag or a link, of which nothing may be said."""
        return self._withholds_a_tag(text) or (text == self._text and bool(_OPEN_LINK.search(text)))

    @staticmethod
    def _is_inside_number(text: str) -> bool:
        return text.endswith(".") and text[-2:-1].isdigit()

    @staticmethod
    def _withholds_a_tag(text: str) -> bool:
        start = text.rfind("<")
        return start >= 0 and ">" not in text[start:] and len(text) - start < 80

    def _take(self) -> list[str]:
        text, self._text = self._text, ""
        if HANG_UP in text:
            self.hangs_up = True
        piece = Phrase(speakable(text))
        piece.language = self.language
        if wish := _LANGUAGE.search(text):
            self.language = wish[1]
            if not text[: wish.start()].strip():
                piece.language = wish[1]
        if not any(character.isalnum() for character in piece) or self._length > LONGEST_REPLY:
            return []
        self._count += 1
        self._length += len(piece)
        return [piece]


class Fragment(str):
    """A part of a text that brings its own spaces: it may begin or end within a word."""

    __slots__ = ()


class Words:
    """Passes a reply on as it is written, for a voice that makes sentences of it itself; nothing unspeakable.

    `language` is the last one that the reply asked to be spoken in.
    """

    def __init__(self) -> None:
        self.hangs_up = False
        self.language = ""
        self._text = ""
        self._length = 0
        self._ended = False

    def feed(self, token: str) -> list[str]:
        """Take the next token; what may be said of it is said at once."""
        self._text += token
        held = _HELD.search(self._text)
        return self._pass_on(held.start() if held else len(self._text))

    def finish(self) -> list[str]:
        """The reply is over: return what is left."""
        return self._pass_on(len(self._text))

    def _pass_on(self, end: int) -> list[str]:
        text = self._text[:end]
        if not self._length and not any(character.isalnum() for character in _TAG.sub("", text)):
            self._note_marks(text)
            return []
        self._text = self._text[end:]
        self._note_marks(text)
        for pattern in (_TAG, _LINK, _MARKUP, _UNSPEAKABLE):
            text = pattern.sub(" ", text)
        text = _SPACES.sub(" ", text)
        if not text or text.strip() in _BULLETS or (self._length > LONGEST_REPLY and self._ended):
            return []
        self._length += len(text)
        self._ended = bool(_SENTENCE_END.search(text.rstrip()))
        return [Fragment(text)]

    def _note_marks(self, text: str) -> None:
        self.hangs_up = self.hangs_up or HANG_UP in text
        if wish := _LANGUAGE.search(text):
            self.language = wish[1]


_BOUNDARY = re.compile(r"(?<=[.!?…,;:>])(?=[\s\"')\]]|$)|(?<=\s)")


def _split_after_boundaries(token: str) -> list[str]:
    return [part for part in _BOUNDARY.split(token) if part]
