"""Plan and reality of a campaign side by side: figures, hours, and who was not called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, Max, Min
from django.db.models.functions import TruncHour

from agentos.tenants.templatetags.words import count, when
from campaigns.models import Campaign, Target
from campaigns.outcomes import words_of
from campaigns.planning.dry_run import Exclusion
from campaigns.planning.forecast import Forecast
from campaigns.planning.hour_chart import HourChart
from campaigns.planning.plan_page import done_by, title_of
from campaigns.progress import Progress, dollars

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what it is, as planned, and as it came."""

    name: str
    planned: str
    actual: str


class Comparison:
    """What a page prints of a campaign whose dry run was kept. Ask for it inside the tenant."""

    def __init__(self, campaign: Campaign, planned: dict[str, Any], progress: Progress) -> None:
        self._campaign, self._progress = campaign, progress
        self.forecast = Forecast.read(planned)

    @property
    def is_over(self) -> bool:
        return self._campaign.ended_at is not None

    @cached_property
    def chart(self) -> HourChart:
        return HourChart([self.forecast.hours, self._calls_by_hour()], [" planned", " made"])

    @cached_property
    def rows(self) -> list[Row]:
        plan, people, attempts = self.forecast, self._progress, self._progress.attempts
        times = self._campaign.attempts.aggregate(first=Min("asked_at"))
        return [
            Row("First call", when(plan.begins), when(times["first"])),
            Row("Done", done_by(plan.early, plan.late), when(self._campaign.ended_at) if self.is_over else "Not yet"),
            Row("People called", count(plan.called), count(self._called())),
            Row("Calls", count(plan.calls), count(attempts["asked"])),
            Row("People reached", _share(plan.reached, plan.called), _share(people.reached, self._called())),
            Row("Not called", count(plan.left_out), count(people.left_out)),
            Row("Cost", _between(dollars(plan.least_cents), dollars(plan.most_cents)), people.spent),
        ]

    @cached_property
    def exclusions(self) -> list[Row]:
        """Reasons, those of most people first: how many were expected, and how many it came to."""
        planned = {each.code: each for each in self.forecast.exclusions}
        actual = dict(self._left_out())
        codes = sorted({*planned, *actual}, key=lambda code: -max(_people(planned, code), actual.get(code, (0, ""))[0]))
        return [
            Row(
                f"{title_of(planned[code].gate)}: {planned[code].words}" if code in planned else actual[code][1],
                count(_people(planned, code)),
                count(actual.get(code, (0, ""))[0]),
            )
            for code in codes
        ]

    def _called(self) -> int:
        called: int = self._campaign.attempts.filter(asked_at__isnull=False).aggregate(
            people=Count("target", distinct=True)
        )["people"]
        return called

    def _calls_by_hour(self) -> dict[datetime, int]:
        asked = self._campaign.attempts.filter(asked_at__isnull=False).order_by()
        by_hour = asked.annotate(hour=TruncHour("asked_at", tzinfo=UTC)).values_list("hour")
        return dict(by_hour.annotate(calls=Count("pk")))

    def _left_out(self) -> Iterator[tuple[str, tuple[int, str]]]:
        """By the code of the first reason, which the gate left as the disposition."""
        left_out = self._campaign.targets.filter(status=Target.Status.LEFT_OUT).order_by()
        counted = left_out.values_list("disposition").annotate(people=Count("pk"), words=Max("reason"))
        for code, people, words in counted:
            yield code, (people, words or words_of(code or "not known"))


def _people(planned: Mapping[str, Exclusion], code: str) -> int:
    return planned[code].people if code in planned else 0


def _between(least: str, most: str) -> str:
    return least if least == most else f"{least} to {most}"


def _share(part: int, whole: int) -> str:
    return f"{count(part)} ({round(100 * part / whole)}%)" if whole else NOTHING
