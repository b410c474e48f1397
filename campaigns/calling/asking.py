"""The last word before the carrier is asked: the gate once more, a receipt for each answer, and who is asked for."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agentos.tenants.prepared import prepared, prepared_rows
from agentos.tenants.scoping import current_tenant_id
from campaigns.calling import addresses
from campaigns.calling.attempts import locked, take_back
from campaigns.calling.caller_ids import caller_id
from campaigns.calling.claiming import put_off
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign
from campaigns.receipts import Decision, write_receipts
from campaigns.rules import may_call
from telephony.models import PhoneNumber

RING_S = 25
LONGEST_S = 600

_HOLD = """
select id, campaign_id, target_id, e164, generation from campaigns_attempt
where tenant_id = %(tenant)s and id = any(%(attempts)s) and state = 'claimed' order by id for no key update
"""
_CAMPAIGN = "select {columns} from campaigns_campaign this where tenant_id = %(tenant)s and id = %(campaign)s"
_NUMBER = "select {columns} from telephony_phonenumber this where tenant_id = %(tenant)s and id = %(number)s"
_ASKED = """
with asked as (
    update campaigns_attempt attempt
    set state = 'asked', asked_at = %(at)s, from_number = wish.from_number, to_address = wish.to_address
    from jsonb_to_recordset(%(wishes)s::jsonb) as wish(id uuid, from_number text, to_address text)
    where attempt.tenant_id = %(tenant)s and attempt.id = wish.id
    returning attempt.target_id, attempt.number
)
update campaigns_target target set attempts_made = asked.number from asked
where target.tenant_id = %(tenant)s and target.id = asked.target_id
"""

Wish = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A claimed attempt, held until the transaction ends."""

    attempt_id: UUID
    campaign_id: UUID
    target_id: int
    number: str
    generation: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One of whom the gate has said yes: from where, and where it rings."""

    held: Held
    ours: PhoneNumber | None
    sip_address: str

    @property
    def from_number(self) -> str:
        return str(self.ours.e164) if self.ours else ""

    def wish(self, campaign: Campaign) -> Wish:
        """What the carrier is asked for. A trunk of our own carries calls to numbers only."""
        agent_id, attempt_id = campaign.agent_id, self.held.attempt_id
        return {
            "to": self.sip_address or self.held.number,
            "from_": self.from_number,
            "byoc": self.ours.byoc_trunk if self.ours and not self.sip_address else "",
            "url": addresses.answer_url(agent_id, attempt_id),
            "status_callback": addresses.progress_url(agent_id, attempt_id),
            "answered_by_url": addresses.machine_url(agent_id, attempt_id),
            "ring_s": RING_S,
            "longest_s": LONGEST_S,
        }


def ask(attempt_ids: Sequence[UUID], at: datetime) -> dict[UUID, Wish]:
    """Write down that the carrier is being asked, and for what; without those that must not be asked for any more."""
    tenant_id, wishes, decisions = current_tenant_id(), dict[UUID, Wish](), list[Decision]()
    of_campaign: dict[UUID, list[Held]] = defaultdict(list)
    for row in prepared(_HOLD, tenant=tenant_id, attempts=list(attempt_ids)):
        held = Held(*row)
        of_campaign[held.campaign_id].append(held)
    for campaign_id, theirs in of_campaign.items():
        campaign = _campaign(tenant_id, campaign_id)
        asked = list(_ask(campaign, theirs, at, decisions))
        _write_down(tenant_id, asked, at)
        wishes |= {each.held.attempt_id: each.wish(campaign) for each in asked}
    if decisions:
        write_receipts(decisions)  # last: until the commit others who dial for this business wait
    return wishes


def _ask(campaign: Campaign, theirs: Sequence[Held], at: datetime, decisions: list[Decision]) -> Iterator[Asked]:
    """Ask the gate about each. Whose campaign was paused meanwhile waits again, and is not judged."""
    is_running = campaign.status == Campaign.Status.RUNNING
    valid = [held for held in theirs if is_running and held.generation == campaign.generation]
    for held in theirs:
        if held not in valid:
            _take_back(held, "void", at)
    besides = [held.attempt_id for held in valid]
    book = FactBook(campaign, [held.number for held in valid], at, besides=besides)
    for held in valid:
        facts = book.of(held.number)
        verdict = may_call(facts, at, tables())
        asked = Asked(held, caller_id(campaign, held.number), facts.sip_address)
        about = (campaign, held.target_id, held.attempt_id, asked.from_number)
        decisions.append(Decision(facts, verdict, at, "dial", *about))
        if verdict.may_call:
            yield asked
        else:
            _take_back(held, "refused", at)
            put_off(campaign, held.target_id, verdict)


def _write_down(tenant_id: int, asked: Sequence[Asked], at: datetime) -> None:
    wishes = [
        {"id": str(each.held.attempt_id), "from_number": each.from_number, "to_address": each.sip_address}
        for each in asked
    ]
    prepared(_ASKED, tenant=tenant_id, at=at, wishes=json.dumps(wishes))


def _campaign(tenant_id: int, campaign_id: UUID) -> Campaign:
    """The campaign with its number, as they are now."""
    (campaign,) = prepared_rows(Campaign, _CAMPAIGN, tenant=tenant_id, campaign=campaign_id)
    if campaign.number_id is not None:
        (campaign.number,) = prepared_rows(PhoneNumber, _NUMBER, tenant=tenant_id, number=campaign.number_id)
    return campaign


def _take_back(held: Held, outcome: str, at: datetime) -> None:
    attempt: Attempt | None = locked(held.attempt_id)
    if attempt is not None:
        take_back(attempt, outcome, at)
