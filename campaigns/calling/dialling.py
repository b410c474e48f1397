"""Asking the carrier, exactly once for each attempt.

The attempt's row says ASKED before the request leaves, and the session of whoever asks holds the attempt's lock until
the answer is stored. So an attempt that says ASKED, and whose lock is free, belongs to a worker that died: its call is
looked up at the carrier, and never placed again. The queue may repeat, lose or delay its messages; it guarantees
nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from campaigns.calling import addresses
from campaigns.calling.attempts import adopt, locked, take_back
from campaigns.calling.breaker import ACCOUNT_TROUBLE, pause_account
from campaigns.calling.caller_ids import caller_id
from campaigns.calling.claiming import put_off
from campaigns.calling.lines import slow_down
from campaigns.calling.locks import dialling
from campaigns.calling.settling import settle
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign, Target
from campaigns.receipts import Decision, write_receipts
from campaigns.rules import may_call
from telephony import carrier
from telephony.models import PhoneNumber

RING_S = 25
LONGEST_S = 600
TOO_MANY_REQUESTS = "20429"


def dial(tenant_id: int, attempt_id: UUID, clock: Callable[[], datetime] = now) -> None:
    """Place the call of an attempt that is claimed. Repeating it changes nothing."""
    with dialling(attempt_id) as is_ours:
        if not is_ours:
            return
        with tenant_transaction(tenant_id):
            wish = _ask(attempt_id, clock())
        if wish is None:
            return
        try:
            placed = carrier.place_call(**wish)
        except carrier.CarrierError as error:
            with tenant_transaction(tenant_id):
                _not_placed(attempt_id, error, clock())
            if error.code in ACCOUNT_TROUBLE:
                pause_account(error.code)
        else:
            with tenant_transaction(tenant_id):
                adopt(attempt_id, placed.sid)


def _ask(attempt_id: UUID, at: datetime) -> dict[str, Any] | None:
    """Write down that the carrier is being asked; None when it must not be any more."""
    attempt = locked(attempt_id)
    if attempt is None or attempt.state != Attempt.State.CLAIMED:
        return None
    campaign = attempt.campaign
    if campaign.status != Campaign.Status.RUNNING or campaign.generation != attempt.generation:
        take_back(attempt, "void", at)
        return None
    facts = FactBook(campaign, [str(attempt.e164)], at, besides=attempt.pk).of(str(attempt.e164))
    verdict, ours = may_call(facts, at, tables()), caller_id(campaign, str(attempt.e164))
    attempt.from_number, attempt.to_address = str(ours.e164) if ours else "", facts.sip_address
    decision = Decision(
        facts, verdict, at, "dial", campaign, attempt.target_id, attempt.pk, caller_id=attempt.from_number
    )
    if not verdict.may_call:
        take_back(attempt, "refused", at)
        put_off(attempt.target, verdict)
        write_receipts([decision])
        return None
    attempt.state, attempt.asked_at = Attempt.State.ASKED, at
    attempt.save(update_fields=["state", "asked_at", "from_number", "to_address"])
    Target.objects.filter(pk=attempt.target_id).update(attempts_made=attempt.number)
    write_receipts([decision])  # last: until the commit others who dial for this business wait
    return _wish(attempt, ours)


def _wish(attempt: Attempt, ours: PhoneNumber | None) -> dict[str, Any]:
    """What the carrier is asked for. A trunk of our own carries calls to numbers only."""
    agent_id = attempt.campaign.agent_id
    return {
        "to": attempt.to_address or str(attempt.e164),
        "from_": attempt.from_number,
        "byoc": ours.byoc_trunk if ours and not attempt.to_address else "",
        "url": addresses.answer_url(agent_id, attempt.pk),
        "status_callback": addresses.progress_url(agent_id, attempt.pk),
        "answered_by_url": addresses.machine_url(agent_id, attempt.pk),
        "ring_s": RING_S,
        "longest_s": LONGEST_S,
    }


def _not_placed(attempt_id: UUID, error: carrier.CarrierError, at: datetime) -> None:
    attempt = locked(attempt_id)
    if attempt is None or attempt.state != Attempt.State.ASKED:
        return
    if error.is_unknown:
        attempt.state = Attempt.State.UNKNOWN
        attempt.save(update_fields=["state"])
    elif error.code in ACCOUNT_TROUBLE:
        take_back(attempt, "void", at, delay=timedelta(minutes=5))
    elif error.code == TOO_MANY_REQUESTS:
        slow_down(at)
        take_back(attempt, "throttled", at, delay=timedelta(seconds=20))
    elif error.retryable:
        take_back(attempt, "not_placed", at, delay=timedelta(seconds=20))
    else:
        settle(attempt, "failed", at)
