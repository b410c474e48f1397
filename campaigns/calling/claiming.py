"""Whom to call next: due people are claimed, judged and written down before anybody is asked to dial.

A claim is one transaction: it locks the rows, asks the gate, leaves a receipt for each decision, and opens an attempt
where the answer is yes. Two schedulers, a repeated message and a second worker find the rows taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from agentos.jobs import enqueue
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import current_tenant_id
from calls.after.budget import is_spent
from calls.services import lines_in_use
from campaigns.calling.breaker import pause
from campaigns.calling.lines import shared_room
from campaigns.calling.pace import Pace
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.log import tell
from campaigns.models import Attempt, AudioClip, Campaign, ComplianceProfile, Target
from campaigns.receipts import Decision, write_receipts
from campaigns.rules import Answer, Verdict, may_call

MOST_AT_A_TIME = 50
MOST_PUT_OFF = 150  # people in one claim, who stand before those who may be called
VOICE_WITHIN = timedelta(minutes=2)  # then the carrier's own voice says it
BUSY_ELSEWHERE = timedelta(minutes=5)
ATTEMPT_CENTS = 4  # reserved against the budget until the call is charged
SPENT = "The budget is used up. Raise it under Change, then go on."


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one round came to. `again`: more people are due, and only the pace keeps them waiting."""

    attempts: tuple[UUID, ...] = ()
    refused: int = 0
    again: bool = False


@dataclass(slots=True)
class Round:
    """One claim on its way: attempts that are open, and how many people were put off."""

    campaign: Campaign
    profile: ComplianceProfile
    at: datetime
    room: int
    opened: list[UUID] = field(default_factory=list)
    put_off: int = 0
    decisions: list[Decision] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.room - len(self.opened)


def claim_due(campaign_id: UUID, at: datetime, most: int = MOST_AT_A_TIME) -> Claimed:
    """Claim as many due people as there is room for, and queue their calls. Inside the tenant, safe to repeat.

    Nothing happens while somebody else claims for the campaign: late ticks must not queue up.
    """
    free = Campaign.objects.select_for_update(no_key=True, skip_locked=True)
    campaign = free.filter(pk=campaign_id, status=Campaign.Status.RUNNING).first()
    if campaign is None or not _is_its_time(campaign, at) or is_spent(keeps="campaigns"):
        return Claimed()
    own = Pace(campaign.calls_per_second, campaign.next_call_at)
    if not own.room(at):
        return Claimed(again=True)
    profile = ComplianceProfile.objects.first() or ComplianceProfile()
    room = min(room_for(campaign, profile), own.room(at), most, MOST_AT_A_TIME)
    if room <= 0:
        return _without_room(campaign, at)
    targets = _due(campaign, at, room)
    if not targets:
        end_if_over(campaign, at)
        return Claimed()
    shared = shared_room(at)
    room = min(room, shared.calls)
    if not room:
        return Claimed(again=True)
    this = Round(campaign, profile, at, room)
    _judge(this, targets)
    if this.opened:
        shared.take(this.opened, at)
        next_at = own.after(len(this.opened), at)
        Campaign.objects.filter(pk=campaign.pk).update(claimed_at=at, next_call_at=next_at)
    if this.decisions:
        write_receipts(this.decisions)  # last: from here on others who dial for this business wait
    return Claimed(tuple(this.opened), this.put_off, again=True)


def _judge(this: Round, targets: list[Target]) -> None:
    """Go on to others while the gate puts people off, so that those who may be called do not wait behind them."""
    while targets:
        _judge_and_open(this, targets)
        if not this.left or this.put_off >= MOST_PUT_OFF:
            break
        targets = _due(this.campaign, this.at, MOST_AT_A_TIME)


def _due(campaign: Campaign, at: datetime, most: int) -> list[Target]:
    """Who is due, and has a voice: whose clip is being made waits for it, but not for long."""
    due = campaign.targets.filter(status=Target.Status.WAITING, due_at__lte=at)
    due = due.exclude(clip__status=AudioClip.Status.WANTED, due_at__gt=at - VOICE_WITHIN).order_by("due_at", "pk")
    return list(due.select_for_update(of=("self",), skip_locked=True, no_key=True)[:most])


def _judge_and_open(this: Round, targets: Sequence[Target]) -> None:
    """Ask the gate about each while there is room, leave a receipt, and open an attempt for those who may be called."""
    campaign, at, numbers = this.campaign, this.at, [str(target.e164) for target in targets]
    book, busy = FactBook(campaign, numbers, at, profile=this.profile), _numbers_in_call(numbers)
    opened: list[Attempt] = []
    for target, number in zip(targets, numbers, strict=True):
        if len(opened) == this.left:
            break
        if number in busy:
            Target.objects.filter(pk=target.pk).update(due_at=at + BUSY_ELSEWHERE)
            this.put_off += 1
            continue
        facts = book.of(number)
        verdict = may_call(facts, at, tables())
        attempt = _attempt(campaign, target, at) if verdict.may_call else None
        attempt_id = attempt.pk if attempt else None
        this.decisions.append(Decision(facts, verdict, at, "claim", campaign, target.pk, attempt_id))
        if attempt is None:
            put_off(target, verdict)
            this.put_off += 1
        else:
            opened.append(attempt)
    _open(opened)
    this.opened += [attempt.pk for attempt in opened]


def end_if_over(campaign: Campaign, at: datetime) -> None:
    """The campaign is done when nobody in it waits and nobody is being called."""
    unfinished = [Target.Status.WAITING, Target.Status.LIVE]
    if campaign.targets.exists() and not campaign.targets.filter(status__in=unfinished).exists():
        campaign.status, campaign.ended_at = Campaign.Status.DONE, at
        campaign.save(update_fields=["status", "ended_at"])
        tell(campaign, "done", "Everybody was called, or could not be")


def room_for(campaign: Campaign, profile: ComplianceProfile) -> int:
    """How many more calls the campaign may have at once: its own limit, the tenant's free lines, the budget."""
    live = Attempt.objects.exclude(state=Attempt.State.ENDED)
    here = live.filter(campaign=campaign).count()
    lines: int = Tenant.objects.values_list("max_concurrent_calls", flat=True).get(pk=current_tenant_id())
    free = lines - profile.inbound_reserve - lines_in_use()
    return min(int(campaign.at_once - here), free, _within_budget(campaign))


def put_off(target: Target, verdict: Verdict) -> None:
    """Wait for the moment that the gate names; with none, the person is left out, and the reason says why.

    A test call is made now or not at all: later nobody would expect it.
    """
    target.reason = verdict.reasons[0].words[:200]
    if verdict.next_at is not None and not target.campaign.is_test:
        target.due_at = verdict.next_at
    else:
        target.status = Target.Status.LEFT_OUT
        target.disposition = "held" if verdict.answer is Answer.HOLD else verdict.reasons[0].code[:20]
    target.save(update_fields=["reason", "due_at", "status", "disposition"])


def _attempt(campaign: Campaign, target: Target, at: datetime) -> Attempt:
    return Attempt(
        target=target,
        campaign=campaign,
        e164=target.e164,
        number=target.attempts_made + 1,
        generation=campaign.generation,
        claimed_at=at,
    )


def _open(attempts: list[Attempt]) -> None:
    """Write the attempts down, and have them dialed once that is committed."""
    if not attempts:
        return
    Attempt.objects.bulk_create(attempts)
    targets = Target.objects.filter(pk__in=[attempt.target_id for attempt in attempts])
    targets.update(status=Target.Status.LIVE, reason="")
    for attempt in attempts:
        enqueue("campaigns.tasks.dial", current_tenant_id(), attempt.pk, key=str(attempt.pk))


def _numbers_in_call(numbers: list[str]) -> set[str]:
    """Numbers that another campaign of this business is calling at the moment."""
    live = Attempt.objects.filter(e164__in=numbers).exclude(state=Attempt.State.ENDED)
    return {str(number) for number in live.values_list("e164", flat=True)}


def _within_budget(campaign: Campaign) -> int:
    if campaign.budget_cents is None:
        return MOST_AT_A_TIME
    spent = campaign.attempts.filter(cost_cents__gt=0).aggregate(cents=Sum("cost_cents"))["cents"] or Decimal()
    live = campaign.attempts.exclude(state=Attempt.State.ENDED).count()
    return int((campaign.budget_cents - spent - live * ATTEMPT_CENTS) // ATTEMPT_CENTS)


def _without_room(campaign: Campaign, at: datetime) -> Claimed:
    """Wait for a line; without money nobody's turn would ever come, and somebody has to know."""
    if campaign.budget_cents is None:
        return Claimed()
    is_waiting = campaign.targets.filter(status=Target.Status.WAITING, due_at__lte=at).exists()
    is_calling = campaign.attempts.exclude(state=Attempt.State.ENDED).exists()
    if is_waiting and not is_calling and _within_budget(campaign) <= 0:
        pause(campaign, SPENT)
    return Claimed()


def _is_its_time(campaign: Campaign, at: datetime) -> bool:
    begun = campaign.starts_at is None or campaign.starts_at <= at
    return begun and (campaign.ends_at is None or at < campaign.ends_at)
