"""Where a number may be: which clocks count for it, and whose law.

The clock follows the person, the law follows the person *and* the area code: Florida, Oklahoma, Connecticut, Oregon and
Virginia tie theirs to it. What cannot be placed is not guessed.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumberType

US_REGIONS = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})
MOST_ZONES = 6  # a number that may be in more is not placed at all
CALLABLE_TYPES = frozenset(
    {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP}
)


@dataclass(frozen=True, slots=True)
class Area:
    """What an area code means: its state, and every zone in which its numbers are used."""

    state: str
    zones: frozenset[str]


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The tables that place a number. `version` names their content."""

    areas: Mapping[str, Area]
    zip_states: Mapping[str, str]  # by the first three digits
    version: str

    @functools.lru_cache  # noqa: B019 - there is one gazetteer for each process
    def zones_of_state(self, state: str) -> frozenset[str]:
        """Every zone in which any area code of the state is used."""
        return frozenset().union(*(area.zones for area in self.areas.values() if area.state == state))

    def __hash__(self) -> int:
        return hash(self.version)


class Source(StrEnum):
    """What a zone was taken from, best first."""

    CONTACT = "contact"
    ZIP = "zip"
    STATE = "state"
    AREA_CODE = "area_code"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a number cannot be placed, and whether that is for ever or until somebody tells us more."""

    code: str
    words: str
    for_ever: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Every clock (IANA names) and every state that counts for a number; `refusal` where there is none."""

    zones: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    source: Source = Source.NONE
    region: str = ""
    area_code: str = ""
    refusal: Refusal | None = None


def place(
    number: str,
    *,
    gazetteer: Gazetteer,
    zone: str = "",
    state: str = "",
    zip_code: str = "",
    countries: frozenset[str] = frozenset({"US"}),
) -> Place:
    """Place an E.164 number; `zone`, `state` and `zip_code` are what is known of the person. Never raises."""
    region, refusal = _judge_number(number, countries)
    if refusal is not None:
        return Place(region=region, refusal=refusal)
    code = number[2:5]
    area = gazetteer.areas.get(code)
    home = state.upper() or gazetteer.zip_states.get(zip_code[:3], "")
    states = frozenset(filter(None, (home, area.state if area else "")))
    zones, source = _clock(zone, state.upper(), home, area, gazetteer)
    if not zones or not states:
        words = "Nothing says where this number is: it needs a time zone and a state, or an address."
        refusal = Refusal("unplaceable", words, for_ever=False)
    elif len(zones) > MOST_ZONES:
        refusal = Refusal("too_many_zones", f"It may be in {len(zones)} time zones.", for_ever=False)
    elif unknown := sorted(name for name in zones if not is_zone(name)):
        refusal = Refusal("unknown_zone", f"“{unknown[0]}” is not a time zone.", for_ever=False)
    return Place(zones, states, source, region, code, refusal)


@functools.lru_cache(maxsize=1000)
def is_zone(name: str) -> bool:
    """Whether the system's time zone data has it, as a place rather than as a technical name."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return "/" in name and not name.startswith("Etc/")


def _clock(zone: str, state: str, home: str, area: Area | None, gazetteer: Gazetteer) -> tuple[frozenset[str], Source]:
    if zone:
        return frozenset({zone}), Source.CONTACT
    if home:
        return gazetteer.zones_of_state(home), Source.STATE if state else Source.ZIP
    return (area.zones, Source.AREA_CODE) if area else (frozenset(), Source.NONE)


@functools.lru_cache(maxsize=16_384)  # a number is asked about when it is due, dialed and answered
def _judge_number(number: str, countries: frozenset[str]) -> tuple[str, Refusal | None]:
    """The region, and why nobody may call there. The type counts first: toll-free numbers have 42 zones."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return "", Refusal("invalid_number", "This is not a telephone number.", for_ever=True)
    if not phonenumbers.is_valid_number(parsed):
        return "", Refusal("invalid_number", "No such number is in service.", for_ever=True)
    region = phonenumbers.region_code_for_number(parsed) or ""
    kind = phonenumbers.number_type(parsed)
    if kind not in CALLABLE_TYPES and kind != PhoneNumberType.TOLL_FREE:
        return region, Refusal(
            "number_type", "Premium, shared-cost and personal numbers are never called.", for_ever=True
        )
    allowed = US_REGIONS & countries or countries
    if region not in (US_REGIONS if "US" in allowed else allowed):
        return region, Refusal("country", "Calls to this country are not enabled.", for_ever=True)
    if region not in US_REGIONS:
        return region, Refusal("no_rules", "There are no calling rules for this country yet.", for_ever=True)
    return region, None
