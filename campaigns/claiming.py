"""Whom to call next: due people are claimed, judged and written down before anybody is asked to dial.

A claim is one transaction: it locks the rows, asks the gate, leaves a receipt for each decision, and opens an attempt
where the answer is yes. Two schedulers, a repeated message and a second worker find the rows taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Sum

from agentos.jobs import enqueue
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import current_tenant_id
from calls.models import Call
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign, ComplianceProfile, Target
from campaigns.receipts import Decision, write_receipts
from campaigns.rules import Answer, Verdict, may_call

MOST_AT_A_TIME = 50
BUSY_ELSEWHERE = timedelta(minutes=5)
ATTEMPT_CENTS = 4  # reserved against the budget until the call is charged


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one round came to."""

    attempts: tuple[UUID, ...] = ()
    refused: int = 0


def claim_due(campaign_id: UUID, at: datetime) -> Claimed:
    """Claim as many due people as there is room for, and queue their calls. Inside the tenant, safe to repeat."""
    campaign = (
        Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id, status=Campaign.Status.RUNNING).first()
    )
    if campaign is None or not _is_its_time(campaign, at):
        return Claimed()
    room = min(room_for(campaign), pace(campaign, at), MOST_AT_A_TIME)
    if room <= 0:
        return Claimed()
    Campaign.objects.filter(pk=campaign.pk).update(claimed_at=at)
    due = campaign.targets.filter(status=Target.Status.WAITING, due_at__lte=at).order_by("due_at", "pk")
    targets = list(due.select_for_update(skip_locked=True, no_key=True)[:room])
    if not targets:
        end_if_over(campaign, at)
        return Claimed()
    claimed = judge_and_open(campaign, targets, at)
    return Claimed(tuple(claimed), refused=len(targets) - len(claimed))


def judge_and_open(campaign: Campaign, targets: list[Target], at: datetime) -> list[UUID]:
    """Ask the gate about each, leave a receipt, and open an attempt for those who may be called."""
    numbers = [str(target.e164) for target in targets]
    book, busy = FactBook(campaign, numbers, at), _numbers_in_call(numbers)
    opened: list[UUID] = []
    decisions: list[Decision] = []
    for target, number in zip(targets, numbers, strict=True):
        if number in busy:
            Target.objects.filter(pk=target.pk).update(due_at=at + BUSY_ELSEWHERE)
            continue
        facts = book.of(number)
        verdict = may_call(facts, at, tables())
        attempt = _open(campaign, target, at) if verdict.may_call else None
        attempt_id = attempt.pk if attempt else None
        decisions.append(Decision(facts, verdict, at, "claim", campaign, target.pk, attempt_id))
        if attempt is None:
            put_off(target, verdict)
        else:
            opened.append(attempt.pk)
            enqueue("campaigns.tasks.dial", current_tenant_id(), attempt.pk, key=str(attempt.pk))
    if decisions:
        write_receipts(decisions)
    return opened


def end_if_over(campaign: Campaign, at: datetime) -> None:
    """The campaign is done when nobody in it waits and nobody is being called."""
    unfinished = [Target.Status.WAITING, Target.Status.LIVE]
    if campaign.targets.exists() and not campaign.targets.filter(status__in=unfinished).exists():
        campaign.status, campaign.ended_at = Campaign.Status.DONE, at
        campaign.save(update_fields=["status", "ended_at"])


def running() -> list[UUID]:
    """The running campaigns, the one that has waited longest first, so that none starves its neighbours."""
    campaigns = Campaign.objects.filter(status=Campaign.Status.RUNNING)
    return list(campaigns.order_by(F("claimed_at").asc(nulls_first=True)).values_list("pk", flat=True))


def pace(campaign: Campaign, at: datetime) -> int:
    """How many calls may still begin in this second. A pace below one a second is an interval between calls."""
    span = timedelta(seconds=max(1.0, 1.0 / campaign.calls_per_second))
    begun: int = campaign.attempts.filter(claimed_at__gt=at - span, claimed_at__lte=at).count()
    return max(1, int(campaign.calls_per_second)) - begun


def room_for(campaign: Campaign) -> int:
    """How many more calls the campaign may have at once: its own limit, the tenant's free lines, the budget."""
    live = Attempt.objects.exclude(state=Attempt.State.ENDED)
    of_campaign: int = live.filter(campaign=campaign).count()
    tenant = Tenant.objects.get(pk=current_tenant_id())
    profile = ComplianceProfile.objects.first() or ComplianceProfile()
    calls = Call.objects.exclude(status=Call.Status.ENDED).filter(attempt=None).count()
    free: int = tenant.max_concurrent_calls - profile.inbound_reserve - calls - live.count()
    return min(campaign.at_once - of_campaign, free, _within_budget(campaign))


def put_off(target: Target, verdict: Verdict) -> None:
    """Wait for the moment that the gate names; with none, the person is left out, and the reason says why."""
    target.reason = verdict.reasons[0].words[:200]
    if verdict.next_at is not None:
        target.due_at = verdict.next_at
    else:
        target.status = Target.Status.LEFT_OUT
        target.disposition = "held" if verdict.answer is Answer.HOLD else verdict.reasons[0].code[:20]
    target.save(update_fields=["reason", "due_at", "status", "disposition"])


def _open(campaign: Campaign, target: Target, at: datetime) -> Attempt:
    target.status, target.reason = Target.Status.LIVE, ""
    target.save(update_fields=["status", "reason"])
    attempt = Attempt(
        target=target,
        campaign=campaign,
        e164=target.e164,
        number=target.attempts_made + 1,
        generation=campaign.generation,
        claimed_at=at,
    )
    attempt.save()
    return attempt


def _numbers_in_call(numbers: list[str]) -> set[str]:
    """Numbers that another campaign of this business is calling at the moment."""
    live = Attempt.objects.filter(e164__in=numbers).exclude(state=Attempt.State.ENDED)
    return {str(number) for number in live.values_list("e164", flat=True)}


def _within_budget(campaign: Campaign) -> int:
    if campaign.budget_cents is None:
        return MOST_AT_A_TIME
    spent = campaign.attempts.filter(state=Attempt.State.ENDED).aggregate(total=Sum("cost_cents"))["total"] or 0
    reserved = campaign.attempts.exclude(state=Attempt.State.ENDED).count() * ATTEMPT_CENTS
    return int(campaign.budget_cents - spent - reserved) // ATTEMPT_CENTS


def _is_its_time(campaign: Campaign, at: datetime) -> bool:
    begun = campaign.starts_at is None or campaign.starts_at <= at
    return begun and (campaign.ends_at is None or at < campaign.ends_at)
