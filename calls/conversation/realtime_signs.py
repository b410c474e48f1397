"""Whether a vendor is still there that is spoken to all the time and need not answer all the time.

A connection that is open and carries nothing looks like a vendor who has nothing to tell. So whoever owes something
and is quiet is asked for a sign, and whoever gives none is gone.
"""

from __future__ import annotations

from collections.abc import Callable

ASK_AFTER_S = 1.0  # of quiet, while something is owed
WITHIN_S = 1.2


class Signs:
    """`ask` has the vendor tell something at once."""

    def __init__(self, ask: Callable[[], None], now: Callable[[], float]) -> None:
        self._ask, self._now = ask, now
        self._quiet_since: float | None = None
        self._has_asked = False

    def told(self) -> None:
        """The vendor has told something, whatever it was."""
        self._quiet_since, self._has_asked = None, False

    def are_missing(self, *, owed: bool) -> bool:
        """Looked at with each frame of sound; `owed`: something should be told. What was owed once stays owed."""
        if self._quiet_since is None:
            self._quiet_since = self._now() if owed else None
            return False
        quiet_s = self._now() - self._quiet_since
        if quiet_s >= ASK_AFTER_S and not self._has_asked:
            self._has_asked = True
            self._ask()
        return quiet_s >= ASK_AFTER_S + WITHIN_S
