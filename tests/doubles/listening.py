"""Ears for the Deepgram double: they find voice in the audio itself, and tell turns by its silences.

There is no recognition. Whatever is voiced is taken to be the next of the given lines, word by word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .lateness import Lateness

BYTES_PER_MS = 8
FRAME = 160
QUIET = bytes(code for code in range(256) if (code & 0x7F) >= 0x50)
"""The mu-law codes of samples below one 36th of full scale. Removing them from a frame leaves what is loud."""

MS_PER_WORD = 300


def is_voiced(frame: bytes) -> bool:
    """Whether any sample is loud."""
    return bool(frame.translate(None, QUIET))


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start_ms: int
    end_ms: int


@dataclass(slots=True)
class Silences:
    """After how much silence the ears do what. `interim_ms` is of voice."""

    voice_end_ms: int = 60
    eager_ms: int = 100
    endpointing_ms: int = 300
    utterance_end_ms: int = 1000
    interim_ms: int = 300


class Listener:
    """What the ears tell. `words` are those of the whole turn so far."""

    def voice_began(self, at_ms: int, words: list[Word]) -> None: ...
    def voice_goes_on(self, words: list[Word]) -> None: ...
    def voice_paused(self, words: list[Word]) -> None: ...
    def turn_maybe_over(self, words: list[Word]) -> None: ...
    def voice_came_back(self, words: list[Word]) -> None: ...
    def turn_over(self, words: list[Word]) -> None: ...
    def long_silence(self, words: list[Word]) -> None: ...


@dataclass(slots=True)
class Stretch:
    """Voice without a pause, taken for one line."""

    line: list[str]
    start_ms: int
    end_ms: int

    def words(self, *, whole: bool) -> list[Word]:
        """The line spread over the stretch; while it goes on, as many words as fit."""
        spoken_ms = self.end_ms - self.start_ms
        count = len(self.line) if whole else min(len(self.line), spoken_ms // MS_PER_WORD + 1)
        each = spoken_ms / count if whole else MS_PER_WORD
        return [
            Word(text, self.start_ms + round(i * each), self.start_ms + round((i + 1) * each))
            for i, text in enumerate(self.line[:count])
        ]


@dataclass(slots=True)
class Ears:
    """One stream's audio. With `by_clock` silence is measured on the wall, as a vendor's users see it; otherwise
    in audio, so that a test may send an hour in a second and always hear the same.
    """

    lines: Iterator[str]
    listener: Listener
    silences: Silences
    by_clock: bool
    late: Lateness = field(default_factory=Lateness)
    received_ms: int = 0
    _stretches: list[Stretch] = field(default_factory=list)
    _voice_now: bool = False
    _voiced_at: float = 0.0
    _told_ms: int = 0
    _stages: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None

    def receive(self, audio: bytes) -> None:
        """Any length; it is looked at in frames."""
        for start in range(0, len(audio), FRAME):
            frame = audio[start : start + FRAME]
            self.received_ms += len(frame) // BYTES_PER_MS
            if is_voiced(frame):
                self._voiced()
            elif not self.by_clock:
                self._advance()

    def stop(self) -> None:
        """The stream is over."""
        if self._timer is not None:
            self._timer.cancel()

    def _now_ms(self) -> float:
        return asyncio.get_running_loop().time() * 1000 if self.by_clock else float(self.received_ms)

    def _voiced(self) -> None:
        self._voiced_at = self._now_ms()
        if self._voice_now:
            self._stretches[-1].end_ms = self.received_ms
            if self.received_ms - self._told_ms >= self.silences.interim_ms:
                self._told_ms = self.received_ms
                self.listener.voice_goes_on(self._words())
            return
        began = self.received_ms - FRAME // BYTES_PER_MS
        came_back = bool(self._stretches)
        self._voice_now, self._told_ms = True, began
        settled = self._words()
        self._stretches.append(Stretch(next(self.lines).split(), began, self.received_ms))
        if came_back:
            self.listener.voice_came_back(settled)
        else:
            self.listener.voice_began(began, self._words())
        self._plan()

    def _plan(self) -> None:
        """What the coming silence will mean, in the order of its length."""
        silences = self.silences
        self._stages = [
            (silences.voice_end_ms, self._pause),
            (silences.eager_ms, lambda: self.listener.turn_maybe_over(self._words())),
            (silences.endpointing_ms, self._end_turn),
        ]
        self._wait()

    def _advance(self) -> None:
        """Do what is due. The next voice replaces the plan, so nothing of an old one is left to happen."""
        now = self._now_ms()
        while self._stages and now - self._voiced_at >= self._stages[0][0] - 0.001:
            _, act = self._stages.pop(0)
            act()
        self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.by_clock and self._stages:
            due = (self._voiced_at + self._stages[0][0]) / 1000
            self._timer = asyncio.get_running_loop().call_at(due, self._advance)

    def _pause(self) -> None:
        self._voice_now = False
        self.listener.voice_paused(self._words())

    def _end_turn(self) -> None:
        if self.by_clock:
            self.late.note((self._voiced_at + self.silences.endpointing_ms) / 1000)
        words = self._words()
        self._stretches.clear()
        self.listener.turn_over(words)
        self._stages.append((self.silences.utterance_end_ms, lambda: self.listener.long_silence(words)))

    def _words(self) -> list[Word]:
        """All lines but the last are whole; the last one is when its voice has stopped."""
        return [
            word
            for index, stretch in enumerate(self._stretches)
            for word in stretch.words(whole=index < len(self._stretches) - 1 or not self._voice_now)
        ]
