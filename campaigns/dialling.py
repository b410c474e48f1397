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

import structlog
from django.conf import settings
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from campaigns import addresses
from campaigns.claiming import put_off
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.locks import dialling
from campaigns.models import Attempt, Campaign, Target
from campaigns.receipts import write_receipt
from campaigns.rules import may_call
from campaigns.settling import settle
from telephony import carrier

RING_S = 25
LONGEST_S = 600
CLOCKS_DIFFER = timedelta(minutes=5)  # between the carrier and us: a call that we do not find would be placed again
WHOLE_ACCOUNT = {"not_configured", "10001", "10004", "20003", "20005", "21219"}  # suspended, limits, no funds, trial

log = structlog.get_logger(__name__)


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
        else:
            with tenant_transaction(tenant_id):
                adopt(attempt_id, placed.sid)


def _ask(attempt_id: UUID, at: datetime) -> dict[str, Any] | None:
    """Write down that the carrier is being asked; None when it must not be any more."""
    attempt = _locked(attempt_id)
    if attempt is None or attempt.state != Attempt.State.CLAIMED:
        return None
    campaign = attempt.campaign
    if campaign.status != Campaign.Status.RUNNING or campaign.generation != attempt.generation:
        _take_back(attempt, "void", at)
        return None
    facts = FactBook(campaign, [str(attempt.e164)], at, besides=attempt.pk).of(str(attempt.e164))
    verdict = may_call(facts, at, tables())
    write_receipt(
        facts, verdict, at, occasion="dial", campaign=campaign, target_id=attempt.target_id, attempt_id=attempt.pk
    )
    if not verdict.may_call:
        _take_back(attempt, "refused", at)
        put_off(attempt.target, verdict)
        return None
    attempt.state, attempt.asked_at = Attempt.State.ASKED, at
    attempt.save(update_fields=["state", "asked_at"])
    Target.objects.filter(pk=attempt.target_id).update(attempts_made=attempt.number)
    return {
        "to": str(attempt.e164),
        "from_": str(campaign.number.e164) if campaign.number else "",
        "url": addresses.answer_url(campaign.agent_id, attempt.pk),
        "status_callback": addresses.progress_url(campaign.agent_id, attempt.pk),
        "answered_by_url": addresses.machine_url(campaign.agent_id, attempt.pk),
        "ring_s": RING_S,
        "longest_s": LONGEST_S,
    }


def adopt(attempt_id: UUID, sid: str) -> None:
    """The carrier knows the call by this name. A callback may have said so before the carrier's own answer."""
    attempt = _locked(attempt_id)
    if attempt is None or attempt.carrier_sid is not None:
        return
    attempt.carrier_sid = sid
    if attempt.state in {Attempt.State.ASKED, Attempt.State.UNKNOWN}:
        attempt.state = Attempt.State.PLACED
    attempt.save(update_fields=["carrier_sid", "state"])


def _not_placed(attempt_id: UUID, error: carrier.CarrierError, at: datetime) -> None:
    attempt = _locked(attempt_id)
    if attempt is None or attempt.state != Attempt.State.ASKED:
        return
    if error.is_unknown:
        attempt.state = Attempt.State.UNKNOWN
        attempt.save(update_fields=["state"])
    elif error.code in WHOLE_ACCOUNT:
        pause(attempt.campaign, f"The carrier refuses all calls ({error.code}).")
        _take_back(attempt, "not_placed", at, delay=timedelta(minutes=5))
    elif error.retryable:
        _take_back(attempt, "not_placed", at, delay=timedelta(seconds=20))
    else:
        settle(attempt, "failed", at)


def pause(campaign: Campaign, reason: str) -> None:
    """Stop claiming, and make what is queued void."""
    Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.RUNNING).update(
        status=Campaign.Status.PAUSED, pause_reason=reason[:200], generation=campaign.generation + 1
    )
    log.warning("campaign paused", campaign_id=str(campaign.pk), reason=reason)


# What a worker that died has left behind ------------------------------------------------------------------


def unfinished(at: datetime) -> list[UUID]:
    """Attempts of the active tenant that somebody should have brought further by now."""
    stale, doubtful = timedelta(seconds=settings.ATTEMPT_STALE_S), timedelta(seconds=settings.ATTEMPT_LOOK_AGAIN_S)
    claimed = Attempt.objects.filter(state=Attempt.State.CLAIMED, claimed_at__lt=at - stale)
    waiting = [Attempt.State.ASKED, Attempt.State.UNKNOWN]
    asked = Attempt.objects.filter(state__in=waiting, asked_at__lt=at - doubtful)
    return [*claimed.values_list("pk", flat=True), *asked.values_list("pk", flat=True)]


def reconcile(tenant_id: int, attempt_id: UUID, clock: Callable[[], datetime] = now) -> None:
    """Bring an attempt to a known state without placing a call. Nothing happens while its worker lives."""
    with dialling(attempt_id) as is_free:
        if not is_free:
            return
        with tenant_transaction(tenant_id):
            attempt = _locked(attempt_id)
            if attempt is not None and attempt.state == Attempt.State.CLAIMED:
                _take_back(attempt, "void", clock())
                return
            if attempt is None or attempt.state not in {Attempt.State.ASKED, Attempt.State.UNKNOWN}:
                return
            number, asked_at = str(attempt.e164), attempt.asked_at or clock()
            from_ = str(attempt.campaign.number.e164) if attempt.campaign.number else ""
        try:
            found = carrier.find_calls(to=number, from_=from_, since=asked_at - CLOCKS_DIFFER)
        except carrier.CarrierError as error:
            log.warning("an attempt cannot be looked up", attempt_id=str(attempt_id), code=error.code)
            return
        with tenant_transaction(tenant_id):
            _conclude(attempt_id, [call.sid for call in found], clock())


def _conclude(attempt_id: UUID, sids: list[str], at: datetime) -> None:
    """Adopt the call that was found; give the attempt up only when there certainly is none."""
    taken = set(Attempt.objects.filter(carrier_sid__in=sids).values_list("carrier_sid", flat=True))
    fresh = [sid for sid in sids if sid not in taken]
    if fresh:
        adopt(attempt_id, fresh[0])
        return
    attempt = _locked(attempt_id)
    if attempt is None or attempt.carrier_sid is not None or attempt.state == Attempt.State.ENDED:
        return
    if attempt.asked_at is not None and attempt.asked_at < at - timedelta(seconds=settings.ATTEMPT_ABSENT_S):
        _take_back(attempt, "not_placed", at)


def _take_back(attempt: Attempt, outcome: str, at: datetime, *, delay: timedelta = timedelta()) -> None:
    """No call came about: the person waits again, and the attempt does not count."""
    attempt.state, attempt.outcome, attempt.ended_at = Attempt.State.ENDED, outcome, at
    attempt.asked_at = None
    attempt.save(update_fields=["state", "outcome", "ended_at", "asked_at"])
    target = attempt.target
    target.status, target.attempts_made, target.due_at = Target.Status.WAITING, attempt.number - 1, at + delay
    target.save(update_fields=["status", "attempts_made", "due_at"])


def _locked(attempt_id: UUID) -> Attempt | None:
    attempts = Attempt.objects.select_for_update(of=("self",), no_key=True).select_related("campaign__number", "target")
    found: Attempt | None = attempts.filter(pk=attempt_id).first()
    return found
