"""Which moments are free: on ordinary days, around what is taken, and on the two odd days of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from calls.calendar.slots import DAY, MIDNIGHT, Rules, Span, free_starts, may_begin, nearest

BOISE = ZoneInfo("America/Boise")
MONDAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 20, 12, tzinfo=BOISE)
OFFICE = {weekday: [(time(9), time(12)), (time(13), time(17))] for weekday in range(5)}
HALF_AN_HOUR = timedelta(minutes=30)


def rules(**changes: object) -> Rules:
    return Rules(**({"zone": BOISE, "hours": OFFICE, "length": HALF_AN_HOUR} | changes))  # type: ignore[arg-type]


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=BOISE)


def clocks(rules: Rules, taken: list[Span] | None = None, day: date = MONDAY, now: datetime = NOON) -> list[str]:
    found = free_starts(rules, taken or [], now=now, since=at(0, day=day), until=at(0, day=day) + DAY)
    return [f"{start.astimezone(rules.zone):%H:%M}" for start in found]


def test_a_day_is_offered_within_its_hours_and_not_over_lunch() -> None:
    assert clocks(rules(length=timedelta(hours=1))) == ["09:00", "10:00", "11:00", "13:00", "14:00", "15:00", "16:00"]


def test_what_is_taken_is_not_offered() -> None:
    taken = [Span(at(9), at(10)), Span(at(13, 15), at(16, 45))]

    assert clocks(rules(), taken) == ["10:00", "10:30", "11:00", "11:30"]


def test_a_pause_stands_after_each_and_may_reach_past_closing() -> None:
    longer = rules(length=timedelta(minutes=45), buffer=timedelta(minutes=15))

    assert clocks(longer, [Span(at(10), at(11))]) == ["09:00", "11:00", "13:00", "14:00", "15:00", "16:00"]


def test_nobody_is_surprised_by_an_appointment_in_ten_minutes() -> None:
    assert clocks(rules(lead=timedelta(hours=2)), now=at(13, 40))[0] == "16:00"


def test_closed_days_weekends_and_what_is_far_away_offer_nothing() -> None:
    assert clocks(rules(closed={MONDAY})) == []
    assert clocks(rules(), day=date(2026, 11, 22)) == []
    assert clocks(rules(horizon_days=2)) == []


def test_hours_to_midnight_are_open_until_their_end_and_go_on_the_next_day() -> None:
    bar = rules(hours={0: [(time(22), MIDNIGHT)], 1: [(time(0), time(2))]})
    tuesday = MONDAY + DAY

    assert [bar.is_open(each) for each in (at(21, 59), at(22), at(23, 59))] == [False, True, True]
    assert [bar.is_open(at(hour, day=tuesday)) for hour in (0, 1, 2)] == [True, True, False]


def test_whether_people_work_is_asked_by_their_own_clock_and_closed_days_count() -> None:
    assert rules().is_open(datetime(2026, 11, 23, 16, tzinfo=UTC))  # nine in Boise
    assert not rules().is_open(datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert not rules(closed={MONDAY}).is_open(at(9))


def test_the_next_opening_is_after_lunch_after_the_weekend_or_in_no_time_that_is_known() -> None:
    assert rules().next_opening(at(12)) == at(13)
    assert rules(closed={MONDAY}).next_opening(NOON + DAY) == at(9, day=MONDAY + DAY)
    assert rules(hours={}).next_opening(NOON) is None


def test_only_moments_of_the_grid_are_taken() -> None:
    assert may_begin(rules(), [], at(9, 30), now=NOON)
    assert not may_begin(rules(), [], at(9, 40), now=NOON)
    assert not may_begin(rules(), [Span(at(9), at(10))], at(9, 30), now=NOON)


def test_who_cannot_have_the_time_hears_those_around_it() -> None:
    taken = [Span(at(10), at(11))]

    assert nearest(rules(), taken, at(10, 30), now=NOON) == [at(9, 30), at(11), at(11, 30)]


def test_where_a_day_is_full_the_nearest_are_on_the_next() -> None:
    taken = [Span(at(9), at(17))]

    assert nearest(rules(), taken, at(16), now=NOON, count=2) == [at(9, day=MONDAY + DAY), at(9, 30, MONDAY + DAY)]


def test_the_hour_that_is_skipped_holds_no_appointment() -> None:
    night = rules(hours={6: [(time(1), time(4))]}, length=timedelta(hours=1))

    assert clocks(night, day=date(2027, 3, 14), now=at(12, day=date(2027, 3, 1))) == ["01:00", "03:00"]


def test_of_the_hour_that_comes_twice_the_first_is_offered() -> None:
    night = rules(hours={6: [(time(1), time(3))]}, length=timedelta(hours=1))

    assert clocks(night, day=date(2026, 11, 1), now=at(12, day=date(2026, 10, 20))) == ["01:00", "02:00"]


def test_hours_until_midnight_end_with_the_day() -> None:
    late = rules(hours={0: [(time(22), MIDNIGHT)]}, length=timedelta(hours=1))

    assert clocks(late) == ["22:00", "23:00"]


ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Africa/Casablanca",
)
QUARTERS = st.integers(0, 95).map(lambda quarter: time(quarter // 4, 15 * (quarter % 4)))
SWITCHES = (
    date(2026, 3, 8),
    date(2026, 11, 1),
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 4, 5),
    date(2026, 10, 4),
)


@st.composite
def businesses(draw: st.DrawFn) -> tuple[Rules, list[Span], date]:
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    day = draw(st.sampled_from(SWITCHES)) + draw(st.integers(-1, 1)) * DAY
    stretch = st.tuples(QUARTERS, QUARTERS).filter(lambda each: each[0] < each[1] or each[1] == MIDNIGHT != each[0])
    hours = draw(st.lists(stretch, max_size=3))
    minutes = st.integers(1, 24).map(lambda fives: timedelta(minutes=5 * fives))
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    starts = st.integers(-600, 2400).map(lambda minute: midnight + timedelta(minutes=minute))
    taken = [Span(start, start + draw(minutes)) for start in draw(st.lists(starts, max_size=5))]
    made = Rules(zone, dict.fromkeys(range(7), hours), length=draw(minutes), buffer=draw(minutes))
    return made, taken, day


@settings(max_examples=80, deadline=None)
@given(businesses())
def test_every_offer_is_within_the_hours_and_meets_nobody(business: tuple[Rules, list[Span], date]) -> None:
    made, taken, day = business
    since = datetime.combine(day, time(), tzinfo=made.zone)

    offers = list(free_starts(made, taken, now=since - DAY, since=since, until=since + 2 * DAY))

    assert offers == sorted(set(offers))
    for start in offers:
        local, end = start.astimezone(made.zone), (start + made.length).astimezone(made.zone)
        assert any(
            opens <= local.time() and (closes == MIDNIGHT or (end.time() <= closes and end.date() == local.date()))
            for opens, closes in made.stretches(local.date())
        )
        assert not any(Span(start, start + made.blocked).overlaps(each) for each in taken)
    assert all(may_begin(made, taken, start, now=since - DAY) for start in offers[-1:])
