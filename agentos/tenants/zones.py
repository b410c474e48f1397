"""The names of the world's time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def timezones() -> frozenset[str]:
    """All names, asked for once: to list them opens each of the six hundred files."""
    return frozenset(available_timezones())
