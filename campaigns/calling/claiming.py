"""Whom to call next: due people are claimed, judged and written down before anybody is asked to dial.

A claim is one transaction: it locks the rows, asks the gate, leaves a receipt for each decision, and opens an attempt
where the answer is yes. Two schedulers, a repeated message and a second worker find the rows taken.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Sum
from django.utils.timezone import now

from agentos.tenants.prepared import prepared, prepared_rows
from agentos.tenants.scoping import current_tenant_id
from calls.after.budget import is_spent
from calls.services import SIGN_OF_LIFE
from campaigns.calling.breaker import pause
from campaigns.calling.lines import shared_room
from campaigns.calling.locks import not_for_long
from campaigns.calling.pace import Pace
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.log import tell
from campaigns.models import Attempt, Campaign, ComplianceProfile, Target
from campaigns.receipts import Decision, write_receipts
from campaigns.rules import Answer, Verdict, may_call

MOST_AT_A_TIME = 50
MOST_PUT_OFF = 150  # people in one claim, who stand before those who may be called
VOICE_WITHIN = timedelta(minutes=2)  # then the carrier's own voice says it
BUSY_ELSEWHERE = timedelta(minutes=5)
ATTEMPT_CENTS = 4  # reserved against the budget until the call is charged
SPENT = "The budget is used up. Raise it under Change, then go on."

_HOLD = """
select {columns} from campaigns_campaign this
where tenant_id = %(tenant)s and id = %(campaign)s and status = 'running' for no key update skip locked
"""
# The lines of the business as `calls.services.lines_in_use` counts them, and those of the campaign.
_LINES = """
with call as (
    select id from calls_call where tenant_id = %(tenant)s and status <> 'ended' and seen_at >= %(seen_since)s
), live as (
    select campaign_id, call_id from campaigns_attempt where tenant_id = %(tenant)s and state <> 'ended'
)
select (select max_concurrent_calls from tenants_tenant where id = %(tenant)s)
    - coalesce((select inbound_reserve from campaigns_complianceprofile where tenant_id = %(tenant)s), %(reserve)s)
    - (select count(*) from call)
    - (select count(*) from live where call_id is null or call_id not in (select id from call)),
    (select count(*) from live where campaign_id = %(campaign)s)
"""
_DUE = """
select target.id, target.e164, target.attempts_made
from campaigns_target target left join campaigns_audioclip clip on clip.id = target.clip_id and clip.status = 'wanted'
where target.tenant_id = %(tenant)s and target.campaign_id = %(campaign)s and target.status = 'waiting'
    and target.due_at <= %(at)s and (clip.id is null or target.due_at <= %(voiceless)s)
order by target.due_at, target.id limit %(most)s for no key update of target skip locked
"""
_OPEN = """
with opened as (
    insert into campaigns_attempt
        (tenant_id, campaign_id, generation, claimed_at, id, target_id, e164, number, state,
        from_number, to_address, outcome, answered_by, key_pressed, cost_cents)
    select %(tenant)s, %(campaign)s, %(generation)s, %(at)s, person.*, 'claimed', '', '', '', '', '', 0
    from jsonb_to_recordset(%(rows)s::jsonb) as person(id uuid, target_id bigint, e164 text, number integer)
    returning target_id
)
update campaigns_target set status = 'live', reason = ''
where tenant_id = %(tenant)s and id in (select target_id from opened)
"""
_SERVED = """
update campaigns_campaign set claimed_at = %(at)s, next_call_at = %(next_at)s
where tenant_id = %(tenant)s and id = %(campaign)s
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one round came to. `again`: more people are due, and only the pace keeps them waiting."""

    attempts: tuple[UUID, ...] = ()
    refused: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody whose turn it is."""

    target_id: int
    number: str
    attempts_made: int


@dataclass(slots=True)
class Round:
    """One claim on its way: attempts that are open, and how many people were put off."""

    campaign: Campaign
    at: datetime
    room: int
    opened: list[UUID] = field(default_factory=list)
    put_off: int = 0
    decisions: list[Decision] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.room - len(self.opened)


def claim_due(campaign_id: UUID, at: datetime, most: int = MOST_AT_A_TIME) -> Claimed:
    """Claim as many due people as there is room for. Inside the tenant, safe to repeat.

    Nothing happens while somebody else claims for the campaign: late ticks must not queue up.
    """
    tenant_id = current_tenant_id()
    not_for_long()
    held = prepared_rows(Campaign, _HOLD, tenant=tenant_id, campaign=campaign_id)
    if not held or not _is_its_time(campaign := held[0], at):
        return Claimed()
    own = Pace(campaign.calls_per_second, campaign.next_call_at)
    if not own.room(at):
        return Claimed(again=True)
    if is_spent(keeps="campaigns"):
        return Claimed()
    room = min(room_for(campaign), own.room(at), most, MOST_AT_A_TIME)
    if room <= 0:
        return _without_room(campaign, at)
    due = _due(campaign, at, room)
    if not due:
        end_if_over(campaign, at)
        return Claimed()
    shared = shared_room(at)
    room = min(room, shared.calls)
    if not room:
        return Claimed(again=True)
    this = Round(campaign, at, room)
    _judge(this, due)
    if this.opened:
        shared.take(this.opened, at)
        next_at = own.after(len(this.opened), at)
        prepared(_SERVED, tenant=tenant_id, campaign=campaign_id, at=at, next_at=next_at)
    if this.decisions:
        write_receipts(this.decisions)  # last: from here on others who dial for this business wait
    return Claimed(tuple(this.opened), this.put_off, again=True)


def _judge(this: Round, due: list[Due]) -> None:
    """Go on to others while the gate puts people off, so that those who may be called do not wait behind them."""
    while due:
        _judge_and_open(this, due)
        if not this.left or this.put_off >= MOST_PUT_OFF:
            break
        due = _due(this.campaign, this.at, MOST_AT_A_TIME)


def _due(campaign: Campaign, at: datetime, most: int) -> list[Due]:
    """Who is due, and has a voice: whose clip is being made waits for it, but not for long."""
    asked = {"tenant": current_tenant_id(), "campaign": campaign.pk, "at": at, "voiceless": at - VOICE_WITHIN}
    return [Due(*row) for row in prepared(_DUE, most=most, **asked)]


def _judge_and_open(this: Round, due: Sequence[Due]) -> None:
    """Ask the gate about each while there is room, leave a receipt, and open an attempt for those who may be called."""
    campaign, at = this.campaign, this.at
    book = FactBook(campaign, [person.number for person in due], at)
    opened: list[tuple[UUID, Due]] = []
    for person in due:
        if len(opened) == this.left:
            break
        if person.number in book.in_call:
            Target.objects.filter(pk=person.target_id).update(due_at=at + BUSY_ELSEWHERE)
            this.put_off += 1
            continue
        facts = book.of(person.number)
        verdict = may_call(facts, at, tables())
        attempt_id = uuid4() if verdict.may_call else None
        this.decisions.append(Decision(facts, verdict, at, "claim", campaign, person.target_id, attempt_id))
        if attempt_id is None:
            put_off(campaign, person.target_id, verdict)
            this.put_off += 1
        else:
            opened.append((attempt_id, person))
    _open(campaign, opened, at)
    this.opened += [attempt_id for attempt_id, _ in opened]


def end_if_over(campaign: Campaign, at: datetime) -> None:
    """The campaign is done when nobody in it waits and nobody is being called."""
    unfinished = [Target.Status.WAITING, Target.Status.LIVE]
    if campaign.targets.exists() and not campaign.targets.filter(status__in=unfinished).exists():
        campaign.status, campaign.ended_at = Campaign.Status.DONE, at
        campaign.save(update_fields=["status", "ended_at"])
        tell(campaign, "done", "Everybody was called, or could not be")


def room_for(campaign: Campaign) -> int:
    """How many more calls the campaign may have at once: its own limit, the tenant's free lines, the budget."""
    known = {"reserve": ComplianceProfile().inbound_reserve, "seen_since": now() - SIGN_OF_LIFE}
    ((free, here),) = prepared(_LINES, tenant=current_tenant_id(), campaign=campaign.pk, **known)
    return int(min(campaign.at_once - here, free, _within_budget(campaign)))


def put_off(campaign: Campaign, target_id: int, verdict: Verdict) -> None:
    """Wait for the moment that the gate names; with none, the person is left out, and the reason says why.

    A test call is made now or not at all: later nobody would expect it.
    """
    known: dict[str, Any] = {"reason": verdict.reasons[0].words[:200]}
    if verdict.next_at is not None and not campaign.is_test:
        known |= {"status": Target.Status.WAITING, "due_at": verdict.next_at}
    else:
        disposition = "held" if verdict.answer is Answer.HOLD else verdict.reasons[0].code[:20]
        known |= {"status": Target.Status.LEFT_OUT, "disposition": disposition}
    Target.objects.filter(pk=target_id).update(**known)


def _open(campaign: Campaign, people: Sequence[tuple[UUID, Due]], at: datetime) -> None:
    """Write the attempts down."""
    if not people:
        return
    rows = [
        {"id": str(attempt_id), "target_id": due.target_id, "e164": due.number, "number": due.attempts_made + 1}
        for attempt_id, due in people
    ]
    about = {"tenant": current_tenant_id(), "campaign": campaign.pk, "generation": campaign.generation, "at": at}
    prepared(_OPEN, rows=json.dumps(rows), **about)


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
