"""The dry run of the moment at which a campaign was started: kept with it, to be held against what happened."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.models import Campaign
from campaigns.planning.dry_run import UNTOLD, Exclusion, Plan, plan


@dataclass(frozen=True, slots=True)
class Forecast:
    """A plan without the names: figures, hours and reasons."""

    made_at: datetime
    called: int
    reached: int
    calls: int
    begins: datetime | None
    early: datetime | None
    late: datetime | None
    cents: int
    least_cents: int
    most_cents: int
    pick_up: float
    hours: dict[datetime, int]
    exclusions: tuple[Exclusion, ...]

    @property
    def left_out(self) -> int:
        return sum(each.people for each in self.exclusions)

    @classmethod
    def of(cls, plan: Plan, at: datetime) -> Forecast:
        return cls(
            made_at=at,
            called=plan.called,
            reached=plan.reached,
            calls=plan.calls,
            begins=plan.begins,
            early=plan.early,
            late=plan.late,
            cents=plan.cents,
            least_cents=plan.least_cents,
            most_cents=plan.most_cents,
            pick_up=plan.assumptions.pick_up,
            hours={hour.at: hour.calls for hour in plan.hours},
            exclusions=tuple(plan.exclusions),
        )

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **asdict(self),
            **{name: _text(getattr(self, name)) for name in MOMENTS},
            "hours": {moment.isoformat(): calls for moment, calls in self.hours.items()},
        }

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Forecast:
        """The forecast again, equal to the one that was stored."""
        return cls(
            **{
                **stored,
                **{name: _moment(stored[name]) for name in MOMENTS},
                "hours": {datetime.fromisoformat(moment): calls for moment, calls in stored["hours"].items()},
                "exclusions": tuple(Exclusion(**each) for each in stored["exclusions"]),
            }
        )


def keep(campaign_id: UUID | str) -> None:
    """Make the forecast of a campaign that was just started, inside the tenant. Only the first one is kept."""
    campaign = Campaign.objects.filter(pk=campaign_id, planned__isnull=True, started_at__isnull=False).first()
    if campaign is None or campaign.started_at is None:
        return
    forecast = Forecast.of(plan(campaign, campaign.started_at, from_the_start=True), campaign.started_at)
    untold = campaign.targets.filter(UNTOLD)
    if people := untold.count():
        words = untold.values_list("reason", flat=True).first() or ""
        forecast = replace(forecast, exclusions=(*forecast.exclusions, Exclusion("message", "", words, people)))
    Campaign.objects.filter(pk=campaign.pk, planned__isnull=True).update(planned=forecast.stored())


MOMENTS = ("made_at", "begins", "early", "late")


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
