"""How the product says durations, times, counts and phone numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from agentos.tenants.models import Membership, Role, Tenant
from agentos.tenants.templatetags import words

BOISE = ZoneInfo("America/Boise")
TUESDAY_EVENING = datetime(2026, 11, 24, 17, 42, tzinfo=UTC)  # 10:42 AM in Boise


def plain(text: str) -> str:
    return text.replace(words.NO_BREAK, " ")


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [(0, "0:00"), (999, "0:01"), (59_499, "0:59"), (168_000, "2:48"), (3_768_000, "1:02:48"), (None, "–")],
)
def test_a_duration_is_said_in_minutes_and_seconds(milliseconds: int | None, said: str) -> None:
    assert words.duration(milliseconds) == said


@pytest.mark.parametrize(("value", "said"), [(690, "690 ms"), (2200, "2,200 ms"), (12.6, "13 ms"), (None, "–")])
def test_latency_is_said_in_milliseconds_with_a_comma(value: float | None, said: str) -> None:
    assert plain(words.ms(value)) == said


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (1204, "", "1,204"),
        (1, "call", "1 call"),
        (0, "call", "0 calls"),
        (1204, "call", "1,204 calls"),
        (1, "person,people", "1 person"),
        (4, "person,people", "4 people"),
        (None, "call", "–"),
    ],
)
def test_a_count_names_what_it_counts(number: int | None, noun: str, said: str) -> None:
    assert words.count(number, noun) == said


@pytest.mark.parametrize(
    ("number", "full", "masked"),
    [
        ("+12085550147", "(208) 555-0147", "(208) 555-••47"),
        ("+442079460958", "+44 20 7946 0958", "+44 20 7946 ••58"),
        ("anonymous", "anonymous", "anonymous"),
        ("browser", "browser", "browser"),
        ("", "–", "–"),
        (None, "–", "–"),
    ],
)
def test_a_phone_number_reads_as_people_write_it(number: str | None, full: str, masked: str) -> None:
    assert plain(words.phone(number)) == full
    assert plain(words.masked_phone(number)) == masked


def test_a_phone_number_is_never_broken_over_lines() -> None:
    assert " " not in words.phone("+12085550147")


@pytest.mark.parametrize(("role", "sees_it"), [(Role.OWNER, True), (Role.MEMBER, True), (Role.VIEWER, False)])
def test_a_viewer_sees_callers_numbers_masked(role: Role, sees_it: bool) -> None:
    membership = Membership(tenant=Tenant(name="Juniper Dental"), role=role)

    assert ("0147" in words.phone_for("+12085550147", membership)) is sees_it


def test_nobody_in_particular_sees_a_number_masked() -> None:
    assert plain(words.phone_for("+12085550147", None)) == "(208) 555-••47"


def test_the_time_of_day_is_that_of_the_zone_of_the_page() -> None:
    with timezone.override(BOISE):
        assert plain(words.clock(TUESDAY_EVENING)) == "10:42 AM"
    assert plain(words.clock(TUESDAY_EVENING)) == "5:42 PM"


@pytest.mark.parametrize(
    ("hour", "said"), [(0, "12:05 AM"), (11, "11:05 AM"), (12, "12:05 PM"), (13, "1:05 PM"), (23, "11:05 PM")]
)
def test_midnight_and_noon_are_twelve(hour: int, said: str) -> None:
    assert plain(words.clock(datetime(2026, 11, 24, hour, 5, tzinfo=UTC))) == said


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 24, 17, 42, tzinfo=UTC), "Today"),
        (datetime(2026, 11, 24, 5, 30, tzinfo=UTC), "Yesterday"),  # 10:30 PM of the 23rd in Boise
        (datetime(2026, 11, 19, 17, 42, tzinfo=UTC), "Thu, Nov 19"),
        (datetime(2025, 11, 24, 17, 42, tzinfo=UTC), "Mon, Nov 24, 2025"),
        (date(2026, 12, 2), "Wed, Dec 2"),
        (None, "–"),
    ],
)
@time_machine.travel(TUESDAY_EVENING, tick=False)
def test_a_day_is_named_as_seen_from_today(moment: datetime | date | None, said: str) -> None:
    with timezone.override(BOISE):
        assert plain(words.day(moment)) == said


@time_machine.travel(TUESDAY_EVENING, tick=False)
def test_a_moment_is_a_day_and_a_time() -> None:
    with timezone.override(BOISE):
        assert plain(words.when(TUESDAY_EVENING)) == "Today, 10:42 AM"
    assert words.when(None) == "–"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("starts at 2026-11-24T10:30, name Maya", "starts at Tue, Nov 24, 10:30 AM, name Maya"),
        ("Free on Friday: 1 PM (2026-11-27T13:00) and 2 PM (2026-11-27T14:00).", "Free on Friday: 1 PM and 2 PM."),
        ("day: 2027-01-02", "day: Sat, Jan 2, 2027"),
        ("at 2026-11-24T17:42:00Z", "at Tue, Nov 24, 10:42 AM"),
        ("order A-2026-11-24, 2026-13-45", "order A-2026-11-24, 2026-13-45"),
        (None, ""),
    ],
)
def test_what_tools_are_told_of_times_is_said_for_people_in_the_zone_of_the_page(told: object, said: str) -> None:
    with time_machine.travel(TUESDAY_EVENING, tick=False), timezone.override(BOISE):
        assert plain(words.dates_said(told)) == said
