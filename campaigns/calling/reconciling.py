"""What was left lying: attempts whose worker died, and calls whose end was never told. Nothing here places a call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from campaigns.calling.asking import LONGEST_S, RING_S
from campaigns.calling.attempts import adopt, locked, take_back
from campaigns.calling.locks import dialling
from campaigns.calling.reporting import take
from campaigns.calling.settling import settle
from campaigns.models import Attempt
from telephony import carrier

State = Attempt.State
CLOCKS_DIFFER = timedelta(minutes=5)  # between the carrier and us: a call that we do not find would be placed again
FORGOTTEN = "The carrier does not know this call any more."

log = structlog.get_logger(__name__)


def unfinished(at: datetime) -> list[UUID]:
    """Attempts of the active tenant that somebody should have brought further by now."""
    doubtful = timedelta(seconds=settings.ATTEMPT_LOOK_AGAIN_S)
    longest = timedelta(seconds=RING_S + LONGEST_S + settings.ATTEMPT_LATE_S)
    left = Q(claimed_at__lt=at - doubtful) & ~Q(state__in=[State.PLACED, State.ANSWERED])
    left |= Q(state__in=[State.PLACED, State.ANSWERED], asked_at__lt=at - longest)
    return list(Attempt.objects.exclude(state=State.ENDED).filter(left).values_list("pk", flat=True))


def reconcile(tenant_id: int, attempt_id: UUID, clock: Callable[[], datetime] = now) -> None:
    """Bring an attempt to a known state without placing a call. Nothing happens while its worker lives."""
    with dialling(attempt_id) as is_free:
        if not is_free:
            return
        with tenant_transaction(tenant_id):
            attempt = locked(attempt_id)
        if attempt is None or attempt.state == State.ENDED:
            return
        try:
            if attempt.carrier_sid is None:
                _find(tenant_id, attempt, clock)
            else:
                _ask_after(tenant_id, attempt, clock)
        except carrier.CarrierError as error:
            log.warning("an attempt cannot be looked up", attempt_id=str(attempt_id), code=error.code)


def _find(tenant_id: int, attempt: Attempt, clock: Callable[[], datetime]) -> None:
    """Adopt the call that the carrier has; give the attempt up only when there certainly is none."""
    since = attempt.claimed_at - CLOCKS_DIFFER
    rung = attempt.to_address or str(attempt.e164)
    found = [call.sid for call in carrier.find_calls(to=rung, from_=attempt.shown_number, since=since)]
    with tenant_transaction(tenant_id):
        taken = set(Attempt.objects.filter(carrier_sid__in=found).values_list("carrier_sid", flat=True))
        fresh = [sid for sid in found if sid not in taken]
        if fresh:
            adopt({attempt.pk: fresh[0]})
            return
        held, at = locked(attempt.pk), clock()
        if held is None or held.carrier_sid is not None or held.state == State.ENDED:
            return
        if held.claimed_at < at - timedelta(seconds=settings.ATTEMPT_ABSENT_S):
            was_told = held.state == State.UNKNOWN  # else its worker died, which says nothing about the carrier
            take_back(held, "not_placed" if was_told else "void", at)


def _ask_after(tenant_id: int, attempt: Attempt, clock: Callable[[], datetime]) -> None:
    """The call should be over, and nobody has told us: take the carrier's word for how it ended."""
    sid = str(attempt.carrier_sid)
    call = carrier.fetch_call(sid)
    with tenant_transaction(tenant_id):
        held = locked(attempt.pk)
        if held is None:
            return
        if call is None:
            settle(held, "failed", clock(), reason=FORGOTTEN)
        else:
            take(held, call.status, clock(), seconds=call.duration_s or 0)
