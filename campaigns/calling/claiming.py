"""Whom to call next: due people are claimed, judged and written down before the carrier is asked.

A claim is one transaction: it locks the people, asks the gate, leaves a receipt for each decision, and writes an
attempt where the answer is yes. When it has committed, the carrier is asked for those calls and for no others. Two
schedulers, a repeated message and a second worker find the rows taken, and so does whoever opts out meanwhile: they
come before the claim, or after it, and then the call is canceled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from agentos.tenants.prepared import send, send_for, together
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from calls.after.budget import ask_if_spent
from campaigns.calling.asking import Wish, wish
from campaigns.calling.attempts import IN_USE, LINES, about_lines
from campaigns.calling.breaker import pause
from campaigns.calling.caller_ids import caller_id
from campaigns.calling.lines import Room, ask_for_shared_room
from campaigns.calling.locks import LONGEST_STANDSTILL
from campaigns.calling.pace import Pace
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.log import tell
from campaigns.models import Attempt, Campaign, ComplianceProfile, Target
from campaigns.receipts import Decision, write_receipts
from campaigns.rules import Answer, Facts, Verdict, may_call
from campaigns.telling import tell_ended
from telephony.models import PhoneNumber

MOST_AT_A_TIME = 50
MOST_PUT_OFF = 150  # people in one claim, who stand before those who may be called
VOICE_WITHIN = timedelta(minutes=2)  # then the carrier's own voice says it
BUSY_ELSEWHERE = timedelta(minutes=5)
ATTEMPT_CENTS = 4  # reserved against the budget until the call is charged
TOO_LATE = "The campaign ended before their turn came."
SPENT = "The budget is used up. Raise it under Change, then go on."

# Many wait for what a claim holds: when its worker freezes, the database ends it.
_HOLD = """
select {columns} from campaigns_campaign this,
    set_config('idle_in_transaction_session_timeout', %(longest)s, true) as standstill
where tenant_id = %(tenant)s and id = %(campaign)s and status = 'running' for no key update of this skip locked
"""
# What is left of the lines of the business, and how many the campaign has.
_ROOM = f"""
{LINES}
select (select max_concurrent_calls from tenants_tenant where id = %(tenant)s)
    - coalesce((select inbound_reserve from campaigns_complianceprofile where tenant_id = %(tenant)s), %(reserve)s)
    - {IN_USE},
    (select count(*) from live where campaign_id = %(campaign)s)
"""  # noqa: S608 - joined from constants
# In the order of an index, so that with thousands who are due at one moment only the first are looked at.
_DUE = """
select target.id, target.e164, target.attempts_made from campaigns_target target
where target.tenant_id = %(tenant)s and target.campaign_id = %(campaign)s and target.status = 'waiting'
    and target.due_at <= %(at)s and target.id <> all(%(taken)s)
    and (target.clip_id is null or target.due_at <= %(voiceless)s or not exists (
        select from campaigns_audioclip clip where clip.id = target.clip_id and clip.status = 'wanted'))
order by target.due_at, target.id limit %(most)s for no key update of target skip locked
"""
_NUMBER = "select {columns} from telephony_phonenumber this where tenant_id = %(tenant)s and id = %(number)s"
_OPEN = """
with opened as (
    insert into campaigns_attempt
        (tenant_id, campaign_id, claimed_at, asked_at, state, id, target_id, e164, number, from_number, to_address,
        outcome, answered_by, key_pressed, cost_cents)
    select %(tenant)s, %(campaign)s, %(at)s, %(at)s, 'asked', person.*, '', '', '', 0
    from jsonb_to_recordset(%(rows)s::jsonb) as person(
        id uuid, target_id bigint, e164 text, number integer, from_number text, to_address text)
    returning target_id, number
)
update campaigns_target target set status = 'live', reason = '', attempts_made = opened.number from opened
where target.tenant_id = %(tenant)s and target.id = opened.target_id
"""
_SERVED = """
update campaigns_campaign set claimed_at = %(at)s, next_call_at = %(next_at)s
where tenant_id = %(tenant)s and id = %(campaign)s
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one round came to: attempts that are open, each with what the carrier is to be asked for.

    `again`: more people are due, and only the pace keeps them waiting.
    """

    wishes: dict[UUID, Wish] = field(default_factory=dict)
    refused: int = 0
    again: bool = False

    @property
    def attempts(self) -> tuple[UUID, ...]:
        return tuple(self.wishes)


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody whose turn it is."""

    target_id: int
    number: str
    attempts_made: int


@dataclass(slots=True)
class Round:
    """One claim on its way: whom it calls, and how many people were put off."""

    campaign: Campaign
    at: datetime
    room: int
    new_id: Callable[[], UUID]
    wishes: dict[UUID, Wish] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    put_off: int = 0
    decisions: list[Decision] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.room - len(self.wishes)

    def open(self, due: Due, facts: Facts) -> tuple[UUID, str]:
        """An attempt to reach this person, and which of our numbers they see."""
        attempt_id, ours = self.new_id(), caller_id(self.campaign, due.number)
        self.wishes[attempt_id] = wanted = wish(self.campaign, attempt_id, due.number, ours, facts.sip_address)
        self.rows.append(
            {
                "id": str(attempt_id),
                "target_id": due.target_id,
                "e164": due.number,
                "number": due.attempts_made + 1,
                "from_number": wanted["from_"],
                "to_address": facts.sip_address,
            }
        )
        return attempt_id, wanted["from_"]


def claim_due(
    tenant_id: int, campaign_id: UUID, at: datetime, most: int = MOST_AT_A_TIME, *, new_id: Callable[[], UUID]
) -> Claimed:
    """Claim as many due people as there is room for, in a transaction of its own. Safe to repeat.

    Nothing happens while somebody else claims for the campaign: late ticks must not queue up. `new_id` gives the ids of
    attempts, each locked already by the session that proves that we live.
    """
    with ExitStack() as transaction:
        with together():
            transaction.enter_context(tenant_transaction(tenant_id))
            held = send_for(Campaign, _HOLD, tenant=tenant_id, campaign=campaign_id, longest=LONGEST_STANDSTILL)
        for campaign in held():
            if campaign.ends_at is not None and campaign.ends_at <= at:
                _end_by_date(campaign, at)
            elif campaign.starts_at is None or campaign.starts_at <= at:
                return _claim(campaign, at, most, new_id)
    return Claimed()


def _claim(campaign: Campaign, at: datetime, most: int, new_id: Callable[[], UUID]) -> Claimed:
    own = Pace(campaign.calls_per_second, campaign.next_call_at)
    wanted = min(own.room(at), most, MOST_AT_A_TIME)
    if wanted <= 0:
        return Claimed(again=True)
    is_spent, room, shared, due = _look(campaign, at, wanted)
    if not due:
        end_if_over(campaign, at)
    if not due or is_spent:
        return Claimed()
    if room <= 0:
        return _without_room(campaign, at)
    this = Round(campaign, at, min(wanted, room, shared.calls), new_id)
    if not this.room:
        return Claimed(again=True)
    _judge(this, due[: this.room])
    _write_down(this, shared, own)
    return Claimed(this.wishes, this.put_off, again=True)


def _look(campaign: Campaign, at: datetime, most: int) -> tuple[bool, int, Room, list[Due]]:
    """Whether money and lines are left, what the account has room for, and who is due; the campaign gets its number."""
    with together():
        is_spent = ask_if_spent(keeps="campaigns")
        shared = ask_for_shared_room(at)  # first: what is counted under its locks stays true
        room = ask_for_room(campaign)
        number = send_for(PhoneNumber, _NUMBER, tenant=current_tenant_id(), number=campaign.number_id)
        due = _ask_for_due(campaign, at, most)
    campaign.number = next(iter(number()), None)
    return is_spent(), room(), shared(), due()


def _judge(this: Round, due: list[Due]) -> None:
    """Go on to others while the gate puts people off, so that those who may be called do not wait behind them."""
    while due:
        _judge_each(this, due)
        if not this.left or this.put_off >= MOST_PUT_OFF:
            break
        due = _ask_for_due(this.campaign, this.at, MOST_AT_A_TIME, taken=[row["target_id"] for row in this.rows])()


def _ask_for_due(campaign: Campaign, at: datetime, most: int, taken: Sequence[int] = ()) -> Callable[[], list[Due]]:
    """Who else is due, and has a voice: whose clip is being made waits for it, but not for long."""
    asked = {"tenant": current_tenant_id(), "campaign": campaign.pk, "at": at, "voiceless": at - VOICE_WITHIN}
    rows = send(_DUE, most=most, taken=list(taken), **asked)
    return lambda: [Due(*row) for row in rows()]


def _judge_each(this: Round, due: Sequence[Due]) -> None:
    """Ask the gate about each while there is room, and open an attempt for those who may be called."""
    campaign, at = this.campaign, this.at
    book = FactBook(campaign, [person.number for person in due], at)
    for person in due:
        if not this.left:
            break
        if person.number in book.in_call:
            Target.objects.filter(pk=person.target_id).update(due_at=at + BUSY_ELSEWHERE)
            this.put_off += 1
            continue
        facts = book.of(person.number)
        verdict = may_call(facts, at, tables())
        if verdict.may_call:
            about = (campaign, person.target_id, *this.open(person, facts))
            this.decisions.append(Decision(facts, verdict, at, "dial", *about))
        else:
            this.decisions.append(Decision(facts, verdict, at, "claim", campaign, person.target_id))
            put_off(campaign, person.target_id, verdict)
            this.put_off += 1


def _write_down(this: Round, shared: Room, own: Pace) -> None:
    """Attempts, paces and receipts, and these last: from there on others who dial for this business wait."""
    campaign, at, calls = this.campaign, this.at, len(this.wishes)
    with together():
        if calls:
            about = {"tenant": current_tenant_id(), "campaign": campaign.pk, "at": at}
            send(_OPEN, rows=json.dumps(this.rows), **about)
            shared.take(list(this.wishes), at)
            send(_SERVED, next_at=own.after(calls, at), **about)
        if this.decisions:
            write_receipts(this.decisions)


def end_if_over(campaign: Campaign, at: datetime) -> None:
    """The campaign is done when nobody in it waits and nobody is being called."""
    unfinished = [Target.Status.WAITING, Target.Status.LIVE]
    if campaign.targets.exists() and not campaign.targets.filter(status__in=unfinished).exists():
        campaign.status, campaign.ended_at = Campaign.Status.DONE, at
        campaign.save(update_fields=["status", "ended_at"])
        tell(campaign, "done", "Everybody was called, or could not be")
        tell_ended(campaign)


def _end_by_date(campaign: Campaign, at: datetime) -> None:
    """Its last day is over: who was not reached is not called any more; calls in progress are finished."""
    waiting = campaign.targets.filter(status=Target.Status.WAITING)
    last = Attempt.objects.filter(target=OuterRef("pk"), asked_at__isnull=False).order_by("-claimed_at")
    outcome = Coalesce(Subquery(last.values("outcome")[:1]), Value("no_answer"))
    waiting.filter(attempts_made__gt=0).update(status=Target.Status.DONE, disposition=outcome, reason=TOO_LATE)
    waiting.update(status=Target.Status.LEFT_OUT, disposition="too_late", reason=TOO_LATE)
    end_if_over(campaign, at)


def ask_for_room(campaign: Campaign) -> Callable[[], int]:
    """How many more calls the campaign may have at once: its own limit, the tenant's free lines, the budget."""
    reserve = ComplianceProfile().inbound_reserve
    lines = send(_ROOM, campaign=campaign.pk, reserve=reserve, besides="", **about_lines())

    def room() -> int:
        ((free, here),) = lines()
        return int(min(campaign.at_once - here, free, _within_budget(campaign)))

    return room


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
