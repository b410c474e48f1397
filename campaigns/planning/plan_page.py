"""A dry run as its page shows it: days of hours, the range of the cost, and who is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone

from agentos.tenants.templatetags.words import clock, when
from campaigns.models import Campaign
from campaigns.outcomes import in_a_sentence
from campaigns.planning.dry_run import Plan
from campaigns.planning.hour_chart import HourChart
from campaigns.planning.left_out import EARLIER, MESSAGE
from campaigns.progress import dollars
from campaigns.why import TITLES

OTHER_TITLES = {
    "pace": "No line",
    "schedule": "Too late",
    "budget": "Budget",
    MESSAGE: "Message",
    EARLIER: "Left out before",
}


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
        self.left_out = [LeftOut(title_of(each.gate), each.words, each.people) for each in plan.exclusions]

    @property
    def begins(self) -> str:
        return _moment(self.plan.begins)

    @property
    def finish(self) -> str:
        """Done between … and …, rounded to what a forecast can know."""
        return done_by(self.plan.early, self.plan.late)

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
    def chart(self) -> HourChart:
        return HourChart([{hour.at: hour.calls for hour in self.plan.hours}], [""])


def done_by(early: datetime | None, late: datetime | None) -> str:
    """When a campaign is done, as a forecast can say it."""
    if early is None or late is None:
        return "–"
    if late - early < timedelta(minutes=20):
        return f"about {_moment(late)}"
    if timezone.localtime(early).date() == timezone.localtime(late).date():
        return f"{_moment(early)} to {clock(late)}"
    return f"between {_moment(early)} and {_moment(late)}"


def title_of(gate: str) -> str:
    """What a gate, or what stands beside the gates, is called."""
    titles = {gate.value: title for gate, title in TITLES.items()} | OTHER_TITLES
    return titles.get(gate, gate)


def _moment(moment: datetime | None) -> str:
    return in_a_sentence(when(moment))
