"""The attempts of a campaign as a list: who, when, how it came out, and what follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count

from agentos.tenants.models import Membership
from agentos.tenants.permissions import Permission, may
from agentos.tenants.templatetags.words import phone_for, when
from campaigns.models import Attempt, Campaign, Target
from campaigns.outcomes import ATTEMPTS, in_a_sentence, words_of

PER_PAGE = 25
LEFT_OUT = "left_out"
ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


@dataclass(frozen=True, slots=True)
class Row:
    """One attempt, or one person who was not called."""

    who: str
    number: str
    attempt: str
    at: datetime | None
    words: str
    tone: str
    next: str
    asks_why: str
    call_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """A choice above the list."""

    value: str
    words: str
    number: int


class AttemptList:
    """One page of attempts, newest first, of one outcome or of all. Names are for those who may see contacts."""

    def __init__(self, campaign: Campaign, membership: Membership, *, outcome: str = "", page: int = 1) -> None:
        self._campaign, self._membership = campaign, membership
        self._names = may(membership, Permission.VIEW_CONTACTS)
        self.chips = list(self._chips())
        self.outcome = outcome if any(chip.value == outcome for chip in self.chips) else ""
        self.page: Page[Any] = Paginator(self._wanted(), PER_PAGE).get_page(page)
        self.rows = [
            self._of_target(each) if self.outcome == LEFT_OUT else self._of_attempt(each) for each in self.page
        ]

    def _wanted(self) -> Any:
        if self.outcome == LEFT_OUT:
            left_out = self._campaign.targets.filter(status=Target.Status.LEFT_OUT)
            return left_out.select_related("contact").order_by("pk")
        attempts = self._campaign.attempts.select_related("target__contact").order_by("-claimed_at", "pk")
        return attempts.filter(outcome=self.outcome) if self.outcome else attempts

    def _chips(self) -> Iterator[Chip]:
        counts = self._campaign.attempts.order_by().values_list("outcome").annotate(number=Count("pk"))
        by_outcome = {outcome: number for outcome, number in counts if outcome}
        yield Chip("", "All", self._campaign.attempts.count())
        for outcome, number in sorted(by_outcome.items(), key=lambda each: (-each[1], each[0])):
            yield Chip(outcome, words_of(outcome), number)
        if left_out := self._campaign.targets.filter(status=Target.Status.LEFT_OUT).count():
            yield Chip(LEFT_OUT, "Not called", left_out)

    def _of_attempt(self, attempt: Attempt) -> Row:
        words, tone = ATTEMPTS.get(attempt.outcome, (words_of(attempt.outcome), "idle"))
        if attempt.state != Attempt.State.ENDED:
            words, tone = ("In call", "live") if attempt.state == Attempt.State.ANSWERED else ("Ringing", "live")
        nth = ORDINALS.get(attempt.number, f"{attempt.number}th")
        who, number = self._who(attempt.target)
        follows = _next(attempt.target) if attempt.number >= attempt.target.attempts_made else ""
        at = attempt.asked_at or attempt.claimed_at
        return Row(who, number, nth, at, words, tone, follows, str(attempt.e164), attempt.call_id)

    def _of_target(self, target: Target) -> Row:
        who, number = self._who(target)
        return Row(
            who,
            number,
            "–",
            None,
            target.reason or words_of(target.disposition),
            "idle",
            "Not called",
            str(target.e164),
        )

    def _who(self, target: Target) -> tuple[str, str]:
        number = phone_for(target.e164, self._membership)
        name = target.contact.name if target.contact and self._names else ""
        return (name, number) if name else (number, "")


def _next(target: Target) -> str:
    match target.status:
        case Target.Status.WAITING:
            return f"Again {in_a_sentence(when(target.due_at))}"
        case Target.Status.DONE:
            return "Never again" if target.disposition == "opted_out" else "Done"
        case Target.Status.LEFT_OUT:
            return "Not called"
    return ""
