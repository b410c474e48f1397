"""The gate: when a person may be called, and every reason when not."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.jurisdictions import tables
from campaigns.places import is_zone
from campaigns.rules import (
    Answer,
    Consent,
    Exemption,
    Facts,
    Gate,
    Listing,
    Purpose,
    Reassigned,
    Registry,
    Tier,
    Verdict,
    may_call,
    where,
)
from campaigns.windows import is_open, next_opening

TABLES = tables()
VECTORS = list(csv.DictReader(Path(__file__).with_name("data").joinpath("window_test_vectors.csv").open()))
BOISE, NEW_YORK, FLORIDA, RHODE_ISLAND = "+12085550142", "+12125550142", "+13055550142", "+14015550142"
NOON = datetime(2026, 12, 14, 18, tzinfo=UTC)  # a Monday; open in every state on the mainland
LONG_AGO = datetime(2026, 1, 8, tzinfo=UTC)


def facts(number: str = NEW_YORK, **more: object) -> Facts:
    """Of somebody who agreed in writing and is on no list."""
    known = {"number": number, "consent": Consent("c1", Tier.WRITTEN, number, LONG_AGO), **more}
    return Facts(**known)  # type: ignore[arg-type]


def sales(number: str = NEW_YORK, **more: object) -> Facts:
    registry = Registry("national", NOON - timedelta(days=3), "v1", is_listed=False)
    return facts(number, **{"purpose": Purpose.TELEMARKETING, "registries": (registry,), **more})


def judge(known: Facts, at: datetime = NOON) -> Verdict:
    return may_call(known, at, TABLES)


def codes(known: Facts, at: datetime = NOON) -> list[str]:
    return [reason.code for reason in judge(known, at).reasons]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Number, clock and window


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_every_vector_of_the_window_gets_the_answer_that_was_written_by_hand(vector: dict[str, str]) -> None:
    at = datetime.fromisoformat(vector["dial_at_utc"])
    known = facts(
        vector["to"],
        zone=vector["contact_tz"],
        state=vector["address_state"],
        reassigned=Reassigned("no", at - timedelta(days=1)),
    )

    assert judge(known, at).answer.value == vector["expect"], judge(known, at).reasons


@pytest.mark.parametrize(
    ("moment", "answer"),
    [("12:59:59.999999", "deny"), ("13:00:00", "allow")],
)
def test_the_first_second_is_inside_and_the_one_before_is_not(moment: str, answer: str) -> None:
    assert judge(facts(), utc(f"2026-12-14T{moment}")).answer.value == answer


def test_the_last_microsecond_is_inside_and_the_end_is_not() -> None:
    assert judge(facts(), utc("2026-12-15T01:59:59.999999")).may_call
    assert not judge(facts(), utc("2026-12-15T02:00:00")).may_call


def test_a_zip_code_says_the_state_and_the_state_says_every_zone_of_it() -> None:
    place = where(facts("+18005550142", zip_code="83843"), TABLES)

    assert place.states == {"ID"}
    assert place.zones == {"America/Boise", "America/Los_Angeles"}


def test_a_florida_number_in_california_has_to_keep_both_laws() -> None:
    moved = facts(FLORIDA, zone="America/Los_Angeles", state="CA")

    assert codes(moved, utc("2026-12-15T04:30")) == ["outside_window"]  # 20:30 there: Florida ends at 20:00
    assert codes(moved, utc("2026-12-14T16:30")) == ["outside_window"]  # 08:30 there: California begins at 9:00


def test_the_dated_row_of_the_day_counts() -> None:
    pennsylvania = "+12155550142"

    assert judge(facts(pennsylvania), utc("2026-10-17T23:30")).may_call  # 19:30
    assert not judge(facts(pennsylvania), utc("2026-10-19T23:30")).may_call
    assert not judge(facts(pennsylvania), utc("2026-10-18T17:00")).may_call  # a Sunday, from this day on


def test_a_retry_past_the_end_of_saturday_moves_to_monday() -> None:
    late = judge(facts(RHODE_ISLAND), utc("2026-12-12T22:20"))  # Saturday 17:20

    assert late.next_at == utc("2026-12-14T14:00")  # Monday 9:00


def test_the_next_morning_is_of_the_local_calendar() -> None:
    evening = datetime(2027, 3, 13, 22, tzinfo=ZoneInfo("America/New_York"))

    assert judge(facts(), evening).next_at == datetime(2027, 3, 14, 8, tzinfo=ZoneInfo("America/New_York"))


def test_own_hours_make_the_window_narrower_and_never_wider() -> None:
    late_risers = facts(own_hours=((time(10), time(23)),) * 5 + (None, None))

    assert codes(late_risers, utc("2026-12-14T14:30")) == ["outside_own_hours"]
    assert codes(late_risers, utc("2026-12-15T02:30")) == ["outside_window"]
    assert "own_closed_day" in codes(late_risers, utc("2026-12-12T18:00"))


def test_a_year_without_a_list_of_holidays_is_held() -> None:
    assert codes(facts("+18015550142"), datetime(2031, 5, 5, 18, tzinfo=UTC)) == ["no_holiday_file"]


@pytest.mark.parametrize("zone", ["Etc/Unknown", "Mars/Olympus", "Etc/GMT+7", "../etc/passwd"])
def test_a_zone_that_is_none_is_held(zone: str) -> None:
    verdict = judge(facts(zone=zone))

    assert (verdict.answer, verdict.next_at) == (Answer.HOLD, None)


def test_mississippi_counts_in_standard_time_as_well() -> None:
    assert not judge(facts("+16015550142"), utc("2026-07-13T13:30")).may_call  # 8:30 CDT is 7:30 CST
    assert judge(facts("+16015550142"), utc("2026-07-13T14:00")).may_call


@pytest.mark.parametrize("number", ["911", "+15555550142", "+19005551234", "+15005550006", "not a number", ""])
def test_what_is_no_number_for_a_call_is_rejected_for_ever(number: str) -> None:
    assert judge(facts(number)).answer is Answer.REJECT


# Lists and consent


def test_all_reasons_are_told_and_not_only_the_first() -> None:
    listed = facts(listings=(Listing("clinic", LONG_AGO),), consent=None)

    assert codes(listed, utc("2026-12-14T08:00")) == ["do_not_call", "no_consent", "outside_window"]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_nobody_on_a_list_of_ours_is_called_for_any_purpose(purpose: Purpose) -> None:
    assert "do_not_call" in codes(facts(purpose=purpose, listings=(Listing("platform", LONG_AGO),)))


def test_sales_calls_need_consent_in_writing() -> None:
    spoken = Consent("c1", Tier.EXPRESS, NEW_YORK, LONG_AGO)

    assert codes(sales(consent=spoken)) == ["needs_written_consent"]
    assert codes(facts(consent=spoken)) == []


def test_consent_covers_its_number_from_its_day_until_it_is_withdrawn() -> None:
    given_then = Consent("c1", Tier.EXPRESS, NEW_YORK, NOON, revoked_at=NOON + timedelta(minutes=5))

    assert codes(facts(consent=given_then), NOON - timedelta(seconds=1)) == ["no_consent"]
    assert codes(facts(consent=given_then), NOON) == []
    assert codes(facts(consent=given_then), NOON + timedelta(minutes=5)) == ["consent_revoked"]
    assert codes(facts(consent=replace(given_then, number=BOISE))) == ["no_consent"]


def test_a_registry_older_than_31_days_stops_sales_calls_and_no_others() -> None:
    old = Registry("national", NOON - timedelta(days=31, minutes=1), "v1", is_listed=False)

    assert codes(sales(registries=(old,))) == ["dnc_stale"]
    assert codes(sales(registries=())) == ["dnc_missing"]
    assert codes(facts(registries=(old,))) == []


def test_a_reassigned_number_is_not_called_and_maine_wants_to_know_first() -> None:
    maine = "+12075550142"

    assert codes(facts(reassigned=Reassigned("yes", NOON))) == ["reassigned"]
    assert codes(facts(maine)) == ["reassigned_unchecked"]
    assert codes(facts(maine, reassigned=Reassigned("no", NOON - timedelta(days=31)))) == ["reassigned_unchecked"]
    assert codes(facts(maine, reassigned=Reassigned("no", NOON))) == []


def test_states_that_bar_automated_sales_calls_need_counsel() -> None:
    wyoming = "+13075550142"

    assert codes(sales(wyoming)) == ["sales_barred"]
    assert codes(sales(wyoming, overrides=frozenset({"WY"}))) == []
    assert codes(sales("+12145550142")) == ["not_registered"]


def test_nevada_does_not_call_back_who_hung_up_unless_a_customer() -> None:
    assert codes(facts("+17025550142", hung_up_on_us=True)) == ["ended_first_call"]
    assert codes(facts("+17025550142", hung_up_on_us=True, is_customer=True)) == []


def test_an_emergency_stops_a_state_until_it_ends() -> None:
    until = NOON + timedelta(hours=1)
    verdict = judge(facts("+15045550142", emergencies=(("LA", until),)))

    assert (verdict.answer, verdict.next_at) == (Answer.DENY, until)
    assert judge(facts(emergencies=(("LA", until),))).may_call


# Attempts


def test_the_fourth_attempt_of_a_day_waits_for_the_first_to_be_a_day_old() -> None:
    before = tuple(NOON - timedelta(hours=hours) for hours in (5, 3, 1))
    verdict = judge(facts(FLORIDA, attempts=before))

    assert [reason.code for reason in verdict.reasons] == ["attempts_in_a_day"]
    assert verdict.next_at == NOON + timedelta(hours=19)  # 13:00 there, the next day


def test_maine_allows_one() -> None:
    once = facts(
        "+12075550142", attempts=(NOON - timedelta(hours=9),), reassigned=Reassigned("no", NOON - timedelta(days=1))
    )

    assert codes(once) == ["attempts_in_a_day"]


def test_a_debt_is_mentioned_seven_times_a_week_at_most() -> None:
    week = tuple(NOON - timedelta(hours=22 * n + 25) for n in range(7))

    assert codes(facts(purpose=Purpose.DEBT, attempts=week)) == ["attempts_in_a_week"]


def test_exempt_calls_to_a_landline_need_no_consent_and_are_counted() -> None:
    known = facts(consent=None, exemption=Exemption.INFORMATIONAL, line_type="landline")
    month = tuple(NOON - timedelta(days=days) for days in (20, 10, 5))

    assert codes(known) == []
    assert codes(replace(known, attempts_of_seller=month)) == ["exempt_in_a_month"]
    assert codes(replace(known, line_type="mobile")) == ["no_consent"]
    health = replace(known, exemption=Exemption.HEALTH, attempts_of_seller=(NOON - timedelta(hours=2),))
    assert codes(health) == ["exempt_in_a_day"]


def test_the_wider_hours_need_a_signature() -> None:
    early = utc("2026-12-14T14:30")  # 8:30 in Kentucky's west, before its 10:00
    kentucky = facts("+15025550142", relaxed=True, signed_off=True)

    assert judge(kentucky, early).may_call
    assert judge(replace(kentucky, signed_off=False), early).answer is Answer.HOLD


# Over all days and zones

NUMBERS = st.sampled_from(sorted(TABLES.gazetteer.areas)).map(lambda code: f"+1{code}5550142")
MOMENTS = st.datetimes(datetime(2026, 11, 21), datetime(2027, 11, 21)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@given(number=NUMBERS, at=MOMENTS)
def test_nobody_is_called_before_eight_or_after_nine_on_any_clock_of_theirs(number: str, at: datetime) -> None:
    verdict = judge(facts(number), at)

    assert verdict.place.zones
    if verdict.may_call:
        clocks = [at.astimezone(ZoneInfo(zone)).time() for zone in verdict.place.zones]
        assert all(time(8) <= clock < time(21) for clock in clocks)


@given(number=NUMBERS, at=MOMENTS)
def test_the_next_opening_is_open_and_the_moment_before_is_not(number: str, at: datetime) -> None:
    place = where(facts(number), TABLES)
    opening = next_opening(place, at, TABLES.law)

    assert opening is not None
    assert is_open(place, opening, TABLES.law)
    if opening > at:
        assert not is_open(place, opening - timedelta(microseconds=1), TABLES.law)


@given(number=NUMBERS, at=MOMENTS)
def test_knowing_less_never_allows_more(number: str, at: datetime) -> None:
    place = where(facts(number), TABLES)
    if judge(facts(number), at).may_call:
        for zone in place.zones:
            assert Gate.WINDOW not in {reason.gate for reason in judge(facts(number, zone=zone), at).reasons}


def test_every_zone_of_the_tables_is_one_of_the_system() -> None:
    assert all(is_zone(zone) for area in TABLES.gazetteer.areas.values() for zone in area.zones)
