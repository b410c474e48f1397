"""Keys into something a conversation can answer; long entries are counted, never kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from calls.conversation.timers import Timers

PAUSE_S = 1.5
MOST_PER_S = 20
SECRET_FROM = 12  # that many digits may be a card number
BETWEEN_KEYS_S = 5.0  # in an entry that was asked for
AFTER_ENTRY_S = 10.0  # without a key; until then what is pressed may be the rest of the entry
LONGEST_ENTRY = 64


@dataclass(slots=True)
class _Entry:
    """Keys that somebody has asked for. `length` 0: as many as come before the end key, or before a pause.

    Of a `hidden` one no key is named, nor of what is pressed right after it: a long pause does not end a card number.
    """

    length: int
    end_key: str
    hidden: bool
    done: asyncio.Future[str]


class Keypad:
    """Collects digits until the caller pauses or presses #."""

    def __init__(self, timers: Timers, on_entry: Callable[[str], None]) -> None:
        self._timers, self._on_entry = timers, on_entry
        self._digits = ""
        self._recent = 0
        self._entry: _Entry | None = None
        self._before: _Entry | None = None  # what was asked for until just now

    @property
    def is_asked_for(self) -> bool:
        """Whether the next keys are an answer, and nothing else."""
        return self._entry is not None

    @property
    def is_hiding(self) -> bool:
        """Whether keys are being pressed that nobody should know; they can be told by their tones."""
        if self._entry is not None:
            return self._entry.hidden
        return self._before is not None and self._before.hidden and not self.is_empty

    async def collect(self, *, length: int, end_key: str, within_s: float, hidden: bool = False) -> str:
        """The keys that the caller presses now. Empty when none comes in time, or another entry takes its place."""
        self.give_back()
        entry = self._entry = _Entry(length, end_key, hidden, asyncio.get_running_loop().create_future())
        self.forget()
        self._before = None
        self._timers.set("entry", within_s, self.give_back)
        try:
            return await entry.done
        finally:
            if self._entry is entry:
                self._entry = None

    def give_back(self) -> None:
        """Whoever has asked for keys gets those that have come."""
        entry, self._entry = self._entry, None
        self._timers.cancel("entry")
        if entry is not None and not entry.done.done():
            entry.done.set_result(self._digits)
            self._digits = ""
            self._before = entry
            self._timers.set("after entry", AFTER_ENTRY_S, self._end_entry)

    def _end_entry(self) -> None:
        self._timers.cancel("after entry")
        self._before = None

    def _take(self, digit: str, entry: _Entry) -> None:
        if digit == entry.end_key:
            self.give_back()
            return
        self._digits = (self._digits + digit)[-LONGEST_ENTRY:]
        if len(self._digits) == entry.length:
            self.give_back()
        else:
            self._timers.set("entry", BETWEEN_KEYS_S, self.give_back)

    @property
    def is_empty(self) -> bool:
        return not self._digits

    def forget(self) -> None:
        """The keys so far were meant for somebody else."""
        self._timers.cancel("keys")
        self._digits = ""

    def press(self, digit: str) -> None:
        if digit not in "0123456789*#" or len(digit) != 1 or self._recent >= MOST_PER_S:
            return
        self._recent += 1
        if not self._timers.is_set("keys a second"):
            self._timers.set("keys a second", 1.0, self._forget_rate)
        if self._entry is not None:
            self._take(digit, self._entry)
            return
        if self._before is not None:
            if digit == self._before.end_key and not self._digits:  # pressed out of habit after the last one
                self._end_entry()
                return
            self._timers.set("after entry", AFTER_ENTRY_S, self._end_entry)
        if digit != "#":
            self._digits = (self._digits + digit)[-LONGEST_ENTRY:]
        if digit == "#" and self._digits:
            self._enter()
        else:
            self._timers.set("keys", PAUSE_S, self._enter)

    def _forget_rate(self) -> None:
        self._recent = 0

    def _enter(self) -> None:
        self._timers.cancel("keys")
        digits, self._digits = self._digits, ""
        is_rest = self._before is not None and self._before.hidden
        if is_rest or len(digits) >= SECRET_FROM:
            self._on_entry(f"I pressed {len(digits)} keys.")
        else:
            self._on_entry(f"I pressed {' '.join(digits) or '#'}.")
