"""Dates, times, sums, numbers and names are said as a person says them."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from campaigns.texts import spoken


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 23), "Monday, November twenty-third"),
        (date(2026, 3, 5), "Thursday, March fifth"),
        (date(2026, 5, 3), "Sunday, May third"),
        (date(2026, 12, 1), "Tuesday, December first"),
        (date(2026, 2, 12), "Thursday, February twelfth"),
        (date(2026, 6, 20), "Saturday, June twentieth"),
        (date(2026, 8, 31), "Monday, August thirty-first"),
    ],
)
def test_a_date_is_said_with_its_weekday(day: date, said: str) -> None:
    assert spoken.day(day) == said


@pytest.mark.parametrize(
    ("year", "said"),
    [
        (1999, "nineteen ninety-nine"),
        (2000, "two thousand"),
        (2005, "two thousand five"),
        (2026, "twenty twenty-six"),
        (1905, "nineteen oh five"),
        (1900, "nineteen hundred"),
    ],
)
def test_a_year_is_said_in_two_halves(year: int, said: str) -> None:
    assert spoken.day(date(year, 1, 1), year=True).endswith(f"January first, {said}")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (time(8, 15), "eight fifteen in the morning"),
        (time(8, 5), "eight oh five in the morning"),
        (time(9), "nine in the morning"),
        (time(12), "noon"),
        (time(12, 30), "twelve thirty in the afternoon"),
        (time(17, 45), "five forty-five in the afternoon"),
        (time(18), "six in the evening"),
        (time(21, 30), "nine thirty at night"),
        (time(0), "midnight"),
        (time(0, 20), "twelve twenty in the morning"),
    ],
)
def test_a_time_is_said_with_its_part_of_the_day(moment: time, said: str) -> None:
    assert spoken.clock(moment) == said


def test_a_time_whose_half_of_the_day_is_unknown_is_said_without() -> None:
    assert spoken.clock(time(2, 30), part_of_day=False) == "two thirty"
    assert spoken.clock(time(2), part_of_day=False) == "two o'clock"


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("125.50", "one hundred twenty-five dollars and fifty cents"),
        ("1", "one dollar"),
        ("0", "zero dollars"),
        ("0.01", "one cent"),
        ("1200", "one thousand two hundred dollars"),
        ("-5", "minus five dollars"),
    ],
)
def test_money_is_said_to_the_cent(amount: str, said: str) -> None:
    assert spoken.money(Decimal(amount)) == said


def test_other_money_keeps_its_name() -> None:
    assert spoken.money(Decimal("2.01"), "EUR") == "two euros and one cent"
    assert spoken.money(Decimal("1.50"), "GBP") == "one pound and fifty pence"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0", "zero"),
        ("15", "fifteen"),
        ("40", "forty"),
        ("1000000", "one million"),
        ("2345", "two thousand three hundred forty-five"),
        ("3.05", "three point zero five"),
        ("-7", "minus seven"),
        ("1000000000000", "one zero zero zero zero zero zero zero zero zero zero zero zero"),
    ],
)
def test_a_number_is_said_in_words(value: str, said: str) -> None:
    assert spoken.number(Decimal(value)) == said


@pytest.mark.parametrize("written", ["+12085550114", "(208) 555-0114", "208-555-0114"])
def test_a_telephone_number_is_said_digit_by_digit_in_groups(written: str) -> None:
    assert spoken.phone(written) == "two zero eight, five five five, zero one one four"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Rosa Delgado", "Rosa Delgado"),
        ("ROSA DELGADO-SMITH", "Rosa Delgado-Smith"),
        ("O'NEIL, SHAUN", "Shaun O'Neil"),
        ("Dr. Priya Nair", "Doctor Priya Nair"),
        ("Mrs Smith", "Misses Smith"),
        ("JD McDonald", "JD McDonald"),
    ],
)
def test_a_name_is_said_in_full_and_not_shouted(written: str, said: str) -> None:
    assert spoken.name(written) == said
