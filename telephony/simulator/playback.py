"""The carrier's buffer: what the agent has sent and the caller has yet to hear."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from telephony import mulaw

from .clock import Clock
from .tracks import Track

LONGEST_GAP_MS = 1000  # after a longer pause new audio is a new thing to say, not the late rest of an old one
GAP_TOLERANCE_MS = 1
LIVE_DELAY_MS = 120  # between two people in a room
SAME_SPELL_MS = 400
AUDIBLE_FROM = 100  # a synthesized voice has no line noise: whatever is above its own hiss is meant to be heard
_HISS = bytes(code for code, sample in enumerate(mulaw.DECODED) if abs(sample) < AUDIBLE_FROM)


@dataclass(slots=True)
class Spell:
    """A stretch of voice in what the caller hears, with its short pauses."""

    start_ms: float
    end_ms: float


@dataclass(frozen=True, slots=True)
class Gap:
    """The buffer ran dry, and then came more: the caller heard a hole of this length."""

    at_ms: float
    length_ms: float


@dataclass(slots=True)
class _PendingMark:
    due_ms: float
    name: str
    returned: Callable[[str], None]


class Playback:
    """Plays in the order received, eight bytes a millisecond, without ever being asked to: it only does sums.

    A mark comes back when everything before it was played, at once if nothing is left to play. `clear` empties the
    buffer and brings every pending mark back at once.
    """

    def __init__(self, clock: Clock, track: Track | None) -> None:
        self._clock, self._track = clock, track
        self._marks: deque[_PendingMark] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._was_cut = True
        self.ends_at_ms = 0.0
        self.spells: list[Spell] = []
        self.gaps: list[Gap] = []

    @property
    def is_idle(self) -> bool:
        return self.ends_at_ms <= self._clock.now_ms()

    @property
    def voiced_until_ms(self) -> float:
        """When the last voice that we know of ends or ended; zero before the first."""
        return self.spells[-1].end_ms if self.spells else 0.0

    def spell_at(self, at_ms: float) -> Spell | None:
        """The voice that is heard at this moment."""
        for spell in reversed(self.spells):
            if spell.start_ms <= at_ms:
                return spell if at_ms < spell.end_ms else None
        return None

    def add(self, audio: bytes) -> float:
        """Queue audio; the answer is when it will begin to be heard."""
        now = self._clock.now_ms()
        start = max(now, self.ends_at_ms)
        if not self._was_cut and GAP_TOLERANCE_MS <= now - self.ends_at_ms < LONGEST_GAP_MS:
            self.gaps.append(Gap(self.ends_at_ms, now - self.ends_at_ms))
        self._was_cut = False
        self.ends_at_ms = start + len(audio) / mulaw.BYTES_PER_MS
        if self._track is not None:
            self._track.write(start, audio)
        self._note_voice(start, audio)
        return start

    def add_live(self, frame: bytes) -> None:
        """Hear a frame as it is spoken elsewhere, a moment later, so that none comes too late for its place."""
        now = self._clock.now_ms()
        if frame == mulaw.SILENCE and not now < self.ends_at_ms < now + 2 * LIVE_DELAY_MS:
            return  # before the first word, and where we have fallen behind
        if self.is_idle:
            self.ends_at_ms = now + LIVE_DELAY_MS
        self._was_cut = True
        self.add(frame)

    def mark(self, name: str, returned: Callable[[str], None]) -> None:
        """Queue a mark. `returned` is called once: when it is due, or when the buffer is cleared."""
        if not self._marks and self.is_idle:
            returned(name)
            return
        self._marks.append(_PendingMark(self.ends_at_ms, name, returned))
        self._wait()

    def clear(self) -> float:
        """Forget what was not played, and say how many milliseconds that was."""
        dropped = self.forget()
        marks, self._marks = self._marks, deque()
        self._wait()
        for mark in marks:
            mark.returned(mark.name)
        return dropped

    def forget(self) -> float:
        """Drop what was not played; marks stay where they are."""
        now = self._clock.now_ms()
        dropped = max(0.0, self.ends_at_ms - now)
        self.ends_at_ms, self._was_cut = min(self.ends_at_ms, now), True
        if self._track is not None:
            self._track.cut(now)
        while self.spells and self.spells[-1].start_ms >= now:
            self.spells.pop()
        if self.spells:
            self.spells[-1].end_ms = min(self.spells[-1].end_ms, now)
        return dropped

    def stop(self) -> None:
        """Nobody listens any more: nothing is played and no mark returns."""
        self.forget()
        self._marks.clear()
        self._wait()

    def _note_voice(self, start_ms: float, audio: bytes) -> None:
        for offset in range(0, len(audio), mulaw.FRAME_BYTES):
            frame = audio[offset : offset + mulaw.FRAME_BYTES]
            if len(frame.translate(None, _HISS)) * mulaw.LOUD_SHARE <= len(frame):
                continue
            at = start_ms + offset / mulaw.BYTES_PER_MS
            if not self.spells or at - self.spells[-1].end_ms > SAME_SPELL_MS:
                self.spells.append(Spell(at, at))
            self.spells[-1].end_ms = at + mulaw.FRAME_MS

    def _wait(self) -> None:
        """Let the timer ring for the first mark."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._marks:
            delay = self._clock.seconds_until(self._marks[0].due_ms)
            self._timer = asyncio.get_running_loop().call_later(delay, self._return_due)

    def _return_due(self) -> None:
        now = self._clock.now_ms()
        while self._marks and self._marks[0].due_ms <= now:
            mark = self._marks.popleft()
            mark.returned(mark.name)
        self._wait()
