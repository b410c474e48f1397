"""A dry run as its page shows it: days of hours, the range of the cost, and who is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils import timezone

from agentos.tenants.templatetags.words import clock, day, when
from campaigns.dry_run import Exclusion, Plan
from campaigns.models import Campaign
from campaigns.outcomes import in_a_sentence
from campaigns.progress import dollars
from campaigns.why import TITLES

MOST_DAYS = 5
TOP, HEIGHT = 18, 92  # the plot of a day, in pixels
GAP = 1.2  # percent between two days
OTHER_TITLES = {"pace": "No line", "schedule": "Too late", "budget": "Budget"}


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
    """One day of the plan."""

    x: float
    width: float
    title: str
    columns: list[Column]
    ticks: list[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row of the table of those who are not called."""

    title: str
    words: str
    people: int


class PlanPage:
    """What the templates print of a plan."""

    def __init__(self, plan: Plan, campaign: Campaign) -> None:
        self.plan, self._campaign = plan, campaign
        self.left_out = [LeftOut(_title(each), each.words, each.people) for each in plan.exclusions]

    @property
    def begins(self) -> str:
        return _moment(self.plan.begins)

    @property
    def finish(self) -> str:
        """Done between … and …, rounded to what a forecast can know."""
        early, late = self.plan.early, self.plan.late
        if early is None or late is None:
            return "–"
        if late - early < timedelta(minutes=20):
            return f"about {_moment(late)}"
        if timezone.localtime(early).date() == timezone.localtime(late).date():
            return f"{in_a_sentence(when(early))} to {clock(late)}"
        return f"between {_moment(early)} and {_moment(late)}"

    @property
    def likely_cost(self) -> str:
        return dollars(self.plan.cents)

    @property
    def least_cost(self) -> str:
        return dollars(self.plan.least_cents)

    @property
    def most_cost(self) -> str:
        return dollars(self.plan.most_cents)

    @property
    def cost_marks(self) -> dict[str, float]:
        """Where least, likely and most stand on the line, whose end is the budget or somewhat above the most."""
        end = max(self._campaign.budget_cents or 0, round(self.plan.most_cents * 1.25), 1)
        least, likely, most = (
            round(100 * cents / end, 2) for cents in (self.plan.least_cents, self.plan.cents, self.plan.most_cents)
        )
        return {"least": least, "likely": likely, "width": round(most - least, 2)}

    @property
    def pick_up_percent(self) -> int:
        return round(100 * self.plan.assumptions.pick_up)

    @property
    def reached_percent(self) -> int:
        return round(100 * self.plan.reached / self.plan.called) if self.plan.called else 0

    @property
    def most_lines(self) -> int:
        return max((hour.lines for hour in self.plan.hours), default=0)

    @cached_property
    def more_days(self) -> int:
        return max(0, len(self._by_day) - MOST_DAYS)

    @cached_property
    def days(self) -> list[Day]:
        return list(self._days())

    @cached_property
    def _by_day(self) -> dict[date, list[tuple[datetime, int]]]:
        days: dict[date, list[tuple[datetime, int]]] = {}
        for hour in self.plan.hours:
            local = timezone.localtime(hour.at)
            days.setdefault(local.date(), []).append((local, hour.calls))
        return days

    def _days(self) -> Iterator[Day]:
        """All days share one span of hours, so that they can be compared."""
        shown = list(self._by_day.items())[:MOST_DAYS]
        if not shown:
            return
        hours = [local.hour for _, found in shown for local, _ in found]
        first, last = min(hours), max(hours) + 1
        busiest = max(calls for _, found in shown for _, calls in found)
        width = round((100 - GAP * (len(shown) - 1)) / len(shown), 2)
        for index, (today, found) in enumerate(shown):
            begins, step = index * (width + GAP), width / (last - first)
            columns = []
            for local, calls in found:
                height = round(max(2.0, (HEIGHT - 10) * calls / busiest), 1)
                x = round(begins + (local.hour - first) * step + step * 0.1, 2)
                words = f"{clock(local)}: {calls:,} calls"
                columns.append(Column(x, round(step * 0.8, 2), round(TOP + HEIGHT - height, 1), height, words))
            every = max(1, -(-(last - first) * len(shown) // 12))
            ticks = [
                (round(begins + (hour - first) * step, 2), f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}")
                for hour in range(first, last, every)
            ]
            yield Day(round(begins, 2), width, day(today), columns, ticks)


def _title(exclusion: Exclusion) -> str:
    titles = {gate.value: title for gate, title in TITLES.items()} | OTHER_TITLES
    return titles.get(exclusion.gate, exclusion.gate)


def _moment(moment: datetime | None) -> str:
    return in_a_sentence(when(moment))
