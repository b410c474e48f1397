"""Calls that are still on their way, and that somebody does not want any more: who is called, or who calls."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from agentos.jobs import enqueue
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from campaigns.models import Attempt
from telephony import carrier

State = Attempt.State


def cancel_calls(attempts: QuerySet[Attempt]) -> None:
    """Have those of these calls ended that nobody has answered yet, once this transaction commits.

    One that the carrier has not named yet is left to the gate, which is asked again when it is answered.
    """
    on_their_way = attempts.filter(state__in=[State.ASKED, State.UNKNOWN, State.PLACED])
    for attempt_id in on_their_way.values_list("pk", flat=True):
        enqueue("campaigns.tasks.cancel_call", current_tenant_id(), attempt_id)


def cancel(tenant_id: int, attempt_id: UUID) -> None:
    """End the call of an attempt that nobody has answered yet. Repeating it changes nothing. Raises CarrierError."""
    with tenant_transaction(tenant_id):
        unanswered = Attempt.objects.filter(pk=attempt_id, state=State.PLACED)
        sid = unanswered.values_list("carrier_sid", flat=True).first()
    if sid:
        carrier.hang_up(sid)
