"""What the carrier reports of a call in progress, late, twice and out of order: an attempt only moves forwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import structlog

from agentos.jobs import enqueue
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from calls.services import advance_call
from campaigns.calling import addresses
from campaigns.calling.attempts import adopt, of_call
from campaigns.calling.charging import charge
from campaigns.calling.settling import advance
from campaigns.facts import HUNG_UP
from campaigns.models import Attempt, Campaign
from telephony import carrier
from telephony.services import STATUS, record_carrier_event

HUMAN, MACHINE, MAYBE_MACHINE, SCREENING, FAX = "human", "machine", "maybe_machine", "screening", "fax"
MACHINES = frozenset({MACHINE, MAYBE_MACHINE, FAX})
SCREENED = "screened"  # an assistant took the call, and nobody came
BEEPED = frozenset({"machine_start", "machine_end_beep"})  # the others may be anything that speaks without a pause

log = structlog.get_logger(__name__)


def report(tenant_id: int, attempt_id: UUID, agent_id: UUID, fields: Mapping[str, str], key: str, at: datetime) -> None:
    """Store a status and move the attempt on."""
    sid, status = fields["CallSid"], fields["CallStatus"]
    with tenant_transaction(tenant_id):
        record_carrier_event(
            tenant_id,
            agent_id=agent_id,
            call_sid=sid,
            kind=STATUS,
            key=key,
            payload=dict(fields),
            received_at=at,
        )
        advance_call(tenant_id, agent_id=agent_id, carrier_sid=sid, status=status, at=at)
        adopt({attempt_id: sid})
        attempt = of_call(attempt_id, sid)
        if attempt is not None:
            told = fields.get("CallDuration", "")
            seconds = int(told) if told.isdecimal() else 0
            take(attempt, status, at, seconds=seconds, answered_by=fields.get("AnsweredBy", ""))


def take(attempt: Attempt, status: str, at: datetime, *, seconds: int = 0, answered_by: str = "") -> None:
    """The carrier's word on how far the call is, by a callback or because it was asked. Inside the tenant."""
    charge(attempt, seconds, at)
    _learn(attempt, answered_by)
    if status == "completed" and not attempt.outcome:
        attempt.outcome = _unanswered(attempt)
    advance(attempt, status, at)
    if status == "completed" and attempt.call_id is not None:
        enqueue("campaigns.tasks.read_conversation", current_tenant_id(), attempt.pk)


def detect(tenant_id: int, attempt_id: UUID, agent_id: UUID, sid: str, answered_by: str) -> bool:
    """Take the carrier's word on who picked up, once for each call. A machine is sent back to what is left on it."""
    with tenant_transaction(tenant_id):
        adopt({attempt_id: sid})
        attempt = of_call(attempt_id, sid)
        if attempt is None or attempt.key_pressed or not _learn(attempt, answered_by):
            return False
        if attempt.state == Attempt.State.ENDED or attempt.answered_by not in MACHINES:
            return False
        if attempt.answered_by == MAYBE_MACHINE and attempt.call_id is not None and not attempt.campaign.voicemail:
            return False  # the agent talks to whatever it is, and hears better than we what that wants
    try:
        carrier.redirect(sid, addresses.of_call(agent_id, attempt_id).answer)
    except carrier.CarrierError as error:  # it hears the message that a person would hear
        log.warning("a machine was not told otherwise", attempt_id=str(attempt_id), code=error.code)
    return True


def _learn(attempt: Attempt, answered_by: str) -> bool:
    """Remember who answered, if nobody said so before."""
    if not answered_by or attempt.answered_by:
        return False
    attempt.answered_by = _kind(answered_by)
    attempt.save(update_fields=["answered_by"])
    return True


def _kind(answered_by: str) -> str:
    if not answered_by.startswith("machine"):
        return answered_by[:20]
    return MACHINE if answered_by in BEEPED else MAYBE_MACHINE


def _unanswered(attempt: Attempt) -> str:
    """What a finished call came to that left no answer: a person who does not hear a message out has hung up on us."""
    if attempt.answered_by in MACHINES:
        return FAX if attempt.answered_by == FAX else MACHINE
    if attempt.answered_by == SCREENING:
        return SCREENED
    is_message = attempt.campaign.kind == Campaign.Kind.MESSAGE and attempt.call_id is None
    return HUNG_UP if attempt.answered_at is not None and is_message else ""
