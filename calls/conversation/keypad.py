"""Keys into something a conversation can answer; long entries are counted, never kept."""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.timers import Timers

PAUSE_S = 1.5
MOST_PER_S = 20
SECRET_FROM = 12  # that many digits may be a card number


class Keypad:
    """Collects digits until the caller pauses or presses #."""

    def __init__(self, timers: Timers, on_entry: Callable[[str], None]) -> None:
        self._timers, self._on_entry = timers, on_entry
        self._digits = ""
        self._recent = 0

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
        if digit != "#":
            self._digits = (self._digits + digit)[-64:]
        if digit == "#" and self._digits:
            self._enter()
        else:
            self._timers.set("keys", PAUSE_S, self._enter)

    def _forget_rate(self) -> None:
        self._recent = 0

    def _enter(self) -> None:
        self._timers.cancel("keys")
        digits, self._digits = self._digits, ""
        if len(digits) >= SECRET_FROM:
            self._on_entry(f"I pressed {len(digits)} keys.")
        else:
            self._on_entry(f"I pressed {' '.join(digits) or '#'}.")
