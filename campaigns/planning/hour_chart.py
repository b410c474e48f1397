"""Calls by the hour as columns of a drawing: one row of days, each series beside the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from agentos.tenants.templatetags.words import clock, count, day

MOST_DAYS = 5
TOP, HEIGHT = 18, 92  # the plot of a day, in pixels
GAP = 1.2  # percent between two days

Series = Mapping[datetime, int]  # the beginning of an hour, and the calls in it


@dataclass(frozen=True, slots=True)
class Column:
    """One hour. Places in percent, heights in pixels."""

    x: float
    width: float
    y: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day: the columns of each series, and the hours below them."""

    x: float
    width: float
    title: str
    series: list[list[Column]]
    ticks: list[tuple[float, str]]

    @property
    def columns(self) -> list[Column]:
        """Of the first series."""
        return self.series[0]


class HourChart:
    """Columns for the days on which there is anything, in the zone of the page; `words` name each series."""

    def __init__(self, series: Sequence[Series], words: Sequence[str]) -> None:
        self._words = words
        self._by_day: dict[date, list[dict[int, tuple[datetime, int]]]] = {}
        for index, found in enumerate(series):
            for moment in sorted(found):
                local = timezone.localtime(moment)
                hours = self._by_day.setdefault(local.date(), [{} for _ in series])
                known = hours[index].get(local.hour, (local, 0))[1]  # an hour that the clocks repeat is one column
                hours[index][local.hour] = (local, known + found[moment])
        self.more_days = max(0, len(self._by_day) - MOST_DAYS)
        self.days = list(self._days())

    def _days(self) -> Iterator[Day]:
        """All days share one span of hours, so that they can be compared."""
        shown = sorted(self._by_day.items())[:MOST_DAYS]
        if not shown:
            return
        every = [one for _, series in shown for hours in series for one in hours.values()]
        first, last = min(local.hour for local, _ in every), max(local.hour for local, _ in every) + 1
        busiest = max(1, *(calls for _, calls in every))
        width = round((100 - GAP * (len(shown) - 1)) / len(shown), 2)
        for index, (today, series) in enumerate(shown):
            begins, step = index * (width + GAP), width / (last - first)
            columns = [
                [self._column(begins, step, place, len(series), local, calls, busiest, first) for local, calls in found]
                for place, found in enumerate(hours.values() for hours in series)
            ]
            often = max(1, -(-(last - first) * len(shown) // 12))
            ticks = [
                (round(begins + (hour - first) * step, 2), f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}")
                for hour in range(first, last, often)
            ]
            yield Day(round(begins, 2), width, day(today), columns, ticks)

    def _column(
        self, begins: float, step: float, place: int, beside: int, local: datetime, calls: int, busiest: int, first: int
    ) -> Column:
        height = round(max(2.0, (HEIGHT - 10) * calls / busiest), 1)
        width = step * 0.8 / beside
        x = round(begins + (local.hour - first) * step + step * 0.1 + place * width, 2)
        words = f"{clock(local)}: {count(calls, 'call')}{self._words[place]}"
        return Column(x, round(width * 0.94, 2), round(TOP + HEIGHT - height, 1), height, words)
