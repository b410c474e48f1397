"""When somebody may be rung back: while people work here, and by day where the number is. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as places

from calls.calendar.slots import Rules

FIRST, LAST = time(8), time(21)
"""47 CFR 64.1200(c)(1). Whoever asks for a call has agreed to it; nobody is rung at night all the same."""
STEP, FURTHEST = timedelta(minutes=15), timedelta(days=14)


def zones_of(number: str) -> list[ZoneInfo]:
    """Every zone that the number can be in; none when nobody knows."""
    try:
        names = places.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return []
    return [ZoneInfo(name) for name in names if name != places.UNKNOWN_TIMEZONE]


def due_at(wished: datetime, zones: Iterable[ZoneInfo], rules: Rules) -> datetime:
    """The first moment from the wish on at which people work here and it is day there.

    Where no such moment comes within two weeks, as for a number on the other side of the earth, day there decides.
    """
    there = list(zones) or [rules.zone]
    moments = [wished + step * STEP for step in range(FURTHEST // STEP)]
    by_day = [moment for moment in moments if is_day(moment, there)]
    return next((moment for moment in by_day if rules.is_open(moment)), by_day[0])


def is_day(moment: datetime, zones: Iterable[ZoneInfo]) -> bool:
    return all(FIRST <= moment.astimezone(zone).time() < LAST for zone in zones)
