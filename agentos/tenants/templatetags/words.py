"""How the product says durations, times, counts and phone numbers. No data is "–", never 0."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import phonenumbers
from django import template
from django.utils import timezone

from agentos.tenants.models import Membership
from agentos.tenants.permissions import Permission, may

register = template.Library()

NOTHING = "–"
NO_BREAK = "\u00a0"
HIDDEN = "•"
_WRITTEN = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_FOR_MODELS = re.compile(rf" \({_WRITTEN}\)")
_MOMENT = re.compile(rf"(?<![\w-]){_WRITTEN}(?![\w-])")


@register.filter
def duration(milliseconds: float | None) -> str:
    """168000 → 2:48, and over an hour 1:02:48."""
    if milliseconds is None:
        return NOTHING
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@register.filter
def ms(milliseconds: float | None) -> str:
    """2200 → 2,200 ms"""
    return NOTHING if milliseconds is None else f"{milliseconds:,.0f}{NO_BREAK}ms"


@register.filter
def count(number: int | None, words: str = "") -> str:
    """1204 → 1,204; with a word, or with one and many: 1|count:"call" → 1 call, 3|count:"person,people" → 3 people."""
    if number is None:
        return NOTHING
    if not words:
        return f"{number:,}"
    one, _, many = words.partition(",")
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@register.filter
def money(cents: Decimal | float | None) -> str:
    """1234.5 → $12.35, and below a dollar to the tenth of a cent: 4.2 → $0.042."""
    if cents is None:
        return NOTHING
    if 0 < cents < Decimal("0.1"):
        return "under $0.001"
    return f"${cents / 100:,.3f}" if 0 < cents < 100 else f"${cents / 100:,.2f}"


@register.filter
def phone(number: object) -> str:
    """+12085550147 → (208) 555-0147. Something else than a number, such as "anonymous", stays as it is."""
    text = str(number or "")
    if not text:
        return NOTHING
    parsed = _parsed(text)
    return _spoken(parsed) if parsed else text


@register.filter
def masked_phone(number: object) -> str:
    """+12085550147 → (208) 555-••47"""
    spoken = phone(number)
    if not _parsed(str(number or "")):
        return spoken
    digits = [place for place, character in enumerate(spoken) if character.isdigit()]
    hidden = set(digits[-4:-2])
    return "".join(HIDDEN if place in hidden else character for place, character in enumerate(spoken))


@register.filter
def phone_for(number: object, membership: Membership | None) -> str:
    """A caller's number as this person may see it."""
    return phone(number) if may(membership, Permission.SEE_NUMBERS) else masked_phone(number)


@register.filter
def clock(moment: datetime | None) -> str:
    """10:42 AM, in the zone of the page."""
    if moment is None:
        return NOTHING
    return clock_of(timezone.localtime(moment).time())


def clock_of(moment: time) -> str:
    return f"{moment.hour % 12 or 12}:{moment:%M}{NO_BREAK}{moment:%p}"


@register.filter
def day(moment: datetime | date | None) -> str:
    """Today, Yesterday, Tue, Nov 24, and the year when it is not this one."""
    if moment is None:
        return NOTHING
    local = timezone.localtime(moment).date() if isinstance(moment, datetime) else moment
    today = timezone.localdate()
    if local == today:
        return "Today"
    if local == today - timedelta(days=1):
        return "Yesterday"
    year = "" if local.year == today.year else f", {local.year}"
    return f"{local:%a}, {local:%b}{NO_BREAK}{local.day}{year}"


@register.filter
def when(moment: datetime | None) -> str:
    """Today, 10:42 AM"""
    return NOTHING if moment is None else f"{day(moment)}, {clock(moment)}"


@register.filter
def when_said(moment: datetime | None) -> str:
    """The same within a sentence: today, 10:42 AM"""
    words = when(moment)
    return words[0].lower() + words[1:] if words.startswith(("Today", "Yesterday")) else words


@register.filter
def dates_said(text: object) -> str:
    """What tools are given and answer, for people: 2026-11-24T10:30 → Tue, Nov 24, 10:30 AM.

    Behind a moment in words the same in brackets is meant for models, and left out. One without a zone is on the clock
    of the business already.
    """
    return _MOMENT.sub(lambda found: _said(found[0]), _FOR_MODELS.sub("", str(text or "")))


def _said(written: str) -> str:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return written
    local = timezone.localtime(moment) if moment.tzinfo else moment
    year = "" if local.year == timezone.localdate().year else f", {local.year}"
    named = f"{local:%a}, {local:%b}{NO_BREAK}{local.day}{year}"
    return f"{named}, {clock_of(local.time())}" if "T" in written else named


def _parsed(text: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _spoken(number: phonenumbers.PhoneNumber) -> str:
    """National where the country code is 1, international elsewhere; never broken over lines."""
    formats = phonenumbers.PhoneNumberFormat
    shape = formats.NATIONAL if number.country_code == 1 else formats.INTERNATIONAL
    return phonenumbers.format_number(number, shape).replace(" ", NO_BREAK)
