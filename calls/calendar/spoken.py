"""Moments in words that can be said aloud, and back again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SAID_AT_MOST = 6
YEARS = range(1900, 2200)  # of which people speak; days before and after any of them can be reckoned


def clock_of(at: time) -> str:
    """9 AM, 10:30 AM"""
    minutes = f":{at:%M}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes} {at:%p}"


def say_clock(moment: datetime, zone: ZoneInfo) -> str:
    return clock_of(moment.astimezone(zone).time())


def say_day(day: date, today: date) -> str:
    """today, Tuesday, November 24"""
    named = f"{day:%A}, {day:%B} {day.day}"
    if day == today:
        return f"today, {named}"
    if day == today + timedelta(days=1):
        return f"tomorrow, {named}"
    return named if abs(day - today).days < 300 else f"{named}, {day.year}"


def say_moment(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """tomorrow, Tuesday, November 24 at 10:30 AM"""
    local = moment.astimezone(zone)
    return f"{say_day(local.date(), now.astimezone(zone).date())} at {say_clock(moment, zone)}"


def joined(words: Sequence[str], last: str = "or") -> str:
    """9 AM, 10 AM or 11 AM"""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def some(moments: Sequence[datetime]) -> list[datetime]:
    """As many as somebody can keep in mind, spread over all of them; the first and the last among them."""
    if len(moments) <= SAID_AT_MOST:
        return list(moments)
    step = (len(moments) - 1) / (SAID_AT_MOST - 1)
    return [moments[round(place * step)] for place in range(SAID_AT_MOST)]


def written(moment: datetime, zone: ZoneInfo) -> str:
    """2026-11-24T10:30, on the clock of the business: how a tool takes it."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}"


def is_on_the_clock(local: datetime) -> bool:
    """Whether a clock on the wall ever shows it: in spring an hour is skipped. Of one that comes twice, the first."""
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None)


def read_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """What `written` wrote, on the clock of the business, in UTC; a moment with an offset of its own is taken as it is.

    None where that is no moment, as in the hour that is skipped in spring.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.year not in YEARS:
        return None
    if moment.tzinfo:
        return moment
    local = moment.replace(tzinfo=zone)
    return local.astimezone(UTC) if is_on_the_clock(local) else None


def read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None
    return day if day.year in YEARS else None


def start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)
