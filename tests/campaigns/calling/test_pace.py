"""A pace holds over every stretch of time, whenever it is asked."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from campaigns.calling.pace import SLACK, Pace
from tests.campaigns.rows import NOON


def test_calls_of_one_a_second_are_a_second_apart_but_for_the_slack() -> None:
    pace, begun = Pace(1), []
    for tenth in range(50):
        at = NOON + timedelta(seconds=tenth / 10)
        if room := pace.room(at):
            begun += [tenth / 10] * room
            pace = Pace(1, pace.after(room, at))

    assert begun == [0.0, 0.8, 1.8, 2.8, 3.8, 4.8]


@pytest.mark.parametrize("per_second", [0.2, 1, 7, 50])
@pytest.mark.parametrize("seed", range(5))
def test_no_stretch_holds_more_calls_than_fit_into_it(per_second: float, seed: int) -> None:
    chance, at, pace = random.Random(seed), NOON, Pace(per_second)
    begun = []
    for _ in range(400):
        at += timedelta(seconds=chance.choice([0.01, 0.1, 0.3, 2]))
        room = pace.room(at)
        if room:
            pace = Pace(per_second, pace.after(room, at))
            begun += [at] * room

    for first, earliest in enumerate(begun):
        for last in range(first, min(first + 60, len(begun))):
            stretch = begun[last] - earliest + SLACK
            assert last - first + 1 <= stretch.total_seconds() * per_second + 1.001


def test_a_clock_that_is_set_back_holds_nobody_up() -> None:
    pace = Pace(4, Pace(4).after(1, NOON + timedelta(hours=1)))

    assert pace.room(NOON) == 2  # as if there had been no call before
    assert pace.after(1, NOON) == NOON


def test_a_scheduler_that_comes_often_loses_nothing() -> None:
    pace, begun = Pace(50), 0
    for tenth in range(101):
        at = NOON + timedelta(seconds=tenth / 10)
        room = pace.room(at)
        begun += room
        pace = Pace(50, pace.after(room, at)) if room else pace

    assert 500 <= begun <= 515
