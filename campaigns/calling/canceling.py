"""Calls that are still on their way, and that somebody does not want any more: who is called, or who calls."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from agentos.jobs import enqueue
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from campaigns.models import Attempt
from telephony import carrier

State = Attempt.State
ON_THEIR_WAY = (State.ASKED, State.UNKNOWN, State.PLACED)


def cancel_calls(attempts: QuerySet[Attempt]) -> None:
    """Have those of these calls ended that nobody has answered yet, once this transaction commits.

    One that is answered before is left to the gate, which is asked again then.
    """
    on_their_way = attempts.filter(state__in=ON_THEIR_WAY)
    for attempt_id in on_their_way.values_list("pk", flat=True):
        enqueue("campaigns.tasks.cancel_call", current_tenant_id(), attempt_id)


def cancel(tenant_id: int, attempt_id: UUID) -> bool:
    """End the call of an attempt that nobody has answered yet. Repeating it changes nothing. Raises CarrierError.

    False: the carrier has been asked for the call and has not named it yet, so it is worth trying again.
    """
    with tenant_transaction(tenant_id):
        unanswered = Attempt.objects.filter(pk=attempt_id, state__in=ON_THEIR_WAY)
        sids = list(unanswered.values_list("carrier_sid", flat=True))
    if None in sids:
        return False
    for sid in sids:
        carrier.hang_up(sid)
    return True
