"""Somebody does not want to be called any more: watched for in words and keys, by rule and never by the model."""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.keypad import Keypad
from calls.conversation.stopping import find_stop
from calls.conversation.timers import Timers

STOP_KEY, STOP_KEY_ALONE_S = "9", 0.8  # alone it ends all calls; with more keys behind it, it is part of a number


class OptingOut:
    """Calls `on_stop` with what was said, which is empty for the key. `is_offered`: only in calls that we make."""

    def __init__(self, timers: Timers, keypad: Keypad, on_stop: Callable[[str], None], *, is_offered: bool) -> None:
        self._is_offered, self._timers, self._keypad, self._on_stop = is_offered, timers, keypad, on_stop

    def caller_said(self, text: str) -> None:
        """The caller's turn is over."""
        if self._is_offered and (stop := find_stop(text)) and stop.is_certain:
            self._on_stop(text)

    def pressed(self, digit: str) -> None:
        """A key was pressed, and is not part of an entry yet."""
        alone = self._is_offered and digit == STOP_KEY and self._keypad.is_empty
        self._timers.cancel("stop key")
        if alone and not self._keypad.is_asked_for:
            self._timers.set("stop key", STOP_KEY_ALONE_S, self._by_key)

    def _by_key(self) -> None:
        self._keypad.forget()
        self._on_stop("")
