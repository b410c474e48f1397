"""From the times of characters, chunk by chunk, to the times of words, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..ports import WordTiming


class Words:
    """Gathers one piece's characters. A word is told when it is whole: a space follows, or the piece has no more."""

    def __init__(self, piece: str) -> None:
        self._letters_left = sum(not character.isspace() for character in piece)
        self._word = ""
        self._start_ms = self._end_ms = 0

    def add(self, alignment: Mapping[str, Any] | None, offset_ms: int) -> tuple[WordTiming, ...]:
        """The words that this chunk completes. Its times count from its own beginning, which is at `offset_ms`."""
        whole: list[WordTiming] = []
        for character, start_ms, length_ms in zip(*_columns(alignment), strict=False):
            if character.isspace():
                whole += self.rest()
                continue
            if not self._word:
                self._start_ms = offset_ms + start_ms
            self._word += character
            self._end_ms = offset_ms + start_ms + length_ms
            self._letters_left -= len(character)
        if self._letters_left <= 0:
            whole += self.rest()
        return tuple(whole)

    def rest(self) -> tuple[WordTiming, ...]:
        """The word that is being gathered, if any."""
        word, self._word = self._word, ""
        return (WordTiming(word, self._start_ms, self._end_ms),) if word else ()


def _columns(alignment: Mapping[str, Any] | None) -> tuple[Sequence[str], Sequence[int], Sequence[int]]:
    """Characters, starts and lengths. The vendor's specification and its SDK spell the last one differently."""
    if not alignment:
        return (), (), ()
    lengths = alignment.get("charDurationsMs") or alignment.get("charsDurationsMs") or ()
    return alignment.get("chars") or (), alignment.get("charStartTimesMs") or (), lengths
