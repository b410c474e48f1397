"""Where a campaign stands: the figures, the bar and its legend, counted afresh each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Q, Sum

from campaigns.answers.inbox_list import open_replies
from campaigns.audio import clips
from campaigns.models import Attempt, AudioClip, Campaign, Reply, Target
from campaigns.outcomes import GROUPS, REACHED, Group


@dataclass(frozen=True, slots=True)
class Share:
    """A group of people, and its place on the bar in percent."""

    group: Group
    people: int
    begins: float
    width: float

    @property
    def percent(self) -> str:
        return "<1%" if 0 < self.width < 1 else f"{self.width:.0f}%"


class Progress:
    """The counters of one campaign."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        counted = {f"in_{group.name}": Count("pk", filter=group.means) for group in GROUPS}
        self.people = campaign.targets.aggregate(all=Count("pk"), reached_all=Count("pk", filter=REACHED), **counted)
        states = Attempt.State
        self.attempts = campaign.attempts.aggregate(
            asked=Count("pk", filter=Q(asked_at__isnull=False)),
            answered=Count("pk", filter=Q(answered_at__isnull=False)),
            talking=Count("pk", filter=Q(state=states.ANSWERED)),
            ringing=Count("pk", filter=Q(state__in=[states.ASKED, states.PLACED, states.UNKNOWN])),
            spent=Sum("cost_cents"),
        )

    @cached_property
    def open_replies(self) -> int:
        return open_replies().filter(attempt__campaign=self.campaign).count()

    @cached_property
    def clips(self) -> clips.Progress:
        """How far the messages are that are made in advance."""
        return clips.progress(self.campaign.pk)

    @property
    def is_running(self) -> bool:
        return self.campaign.status == Campaign.Status.RUNNING

    @cached_property
    def unspoken(self) -> int:
        """People who wait because their message is still being made."""
        if not self.is_running or self.campaign.kind != Campaign.Kind.MESSAGE:
            return 0
        unmade = self.campaign.targets.filter(status=Target.Status.WAITING, clip__status=AudioClip.Status.WANTED)
        return int(unmade.count())

    @property
    def total(self) -> int:
        return int(self.people["all"])

    @property
    def reached(self) -> int:
        return int(self.people["reached_all"])

    @property
    def confirmed(self) -> int:
        return int(self.people["in_confirmed"])

    @property
    def to_call(self) -> int:
        return int(self.people["in_waiting"] + self.people["in_again"])

    @property
    def left_out(self) -> int:
        return int(self.people["in_left_out"])

    @property
    def reached_share(self) -> str:
        return _share(self.reached, self.total)

    @property
    def picked_up_share(self) -> str:
        return _share(self.attempts["answered"], self.attempts["asked"])

    @property
    def confirmed_share(self) -> str:
        return _share(self.confirmed, self.reached)

    @cached_property
    def spent_cents(self) -> Decimal:
        """For calls, and for models that have read answers."""
        read = Reply.objects.filter(attempt__campaign=self.campaign, read_cents__gt=0)
        for_reading = read.aggregate(cents=Sum("read_cents"))["cents"] or Decimal()
        return (self.attempts["spent"] or Decimal()) + for_reading

    @property
    def spent(self) -> str:
        return dollars(self.spent_cents)

    @property
    def budget(self) -> str:
        return "" if self.campaign.budget_cents is None else dollars(self.campaign.budget_cents)

    @cached_property
    def shares(self) -> list[Share]:
        """The groups that have somebody in them, from left to right."""
        return list(self._shares())

    def _shares(self) -> Iterator[Share]:
        begins = 0.0
        for group in GROUPS:
            people = self.people[f"in_{group.name}"]
            if people:
                width = 100 * people / self.total
                yield Share(group, people, round(begins, 2), round(width, 2))
                begins += width


def _share(part: int, whole: int) -> str:
    """Where there is nothing to have a share of, there is no data."""
    return f"{100 * part / whole:.0f}%" if whole else "–"


def dollars(cents: int | Decimal) -> str:
    """7130 → $71.30"""
    return f"${cents / 100:,.2f}"
