"""Calls that wait at the carrier: the window may close over them before any telephone rings.

When a telephone begins to ring the carrier says so. Until then the gate is asked again and again, for the moment of the
next look: who may not be called by then is not rung late, and waits for the next lawful moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef

from agentos.tenants.scoping import tenant_transaction
from campaigns.calling.attempts import locked, take_back
from campaigns.calling.claiming import put_off
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.models import Attempt
from campaigns.receipts import Decision, write_receipts
from campaigns.rules import may_call
from telephony import carrier
from telephony.models import CarrierEvent
from telephony.services import STATUS

LOOKS_EVERY = timedelta(seconds=15)  # as often as attempts are looked after
MOST_LOOKED_AT = 100


def waiting_there() -> list[UUID]:
    """Attempts of the active tenant that the carrier has, and of which no telephone rings yet."""
    told = CarrierEvent.objects.filter(call_sid=OuterRef("carrier_sid"), kind=STATUS)
    rings = told.exclude(payload__CallStatus="queued")
    placed = Attempt.objects.filter(state=Attempt.State.PLACED, carrier_sid__isnull=False)
    return list(placed.exclude(Exists(rings)).order_by("asked_at").values_list("pk", flat=True)[:MOST_LOOKED_AT])


def call_off_late(tenant_id: int, attempt_id: UUID, at: datetime) -> bool:
    """Whether the call was ended there, because it may not ring any more by the next look. Raises CarrierError.

    The attempt is held meanwhile, so that the carrier's report of that end finds it settled.
    """
    with tenant_transaction(tenant_id):
        attempt = locked(attempt_id)
        if attempt is None or attempt.state != Attempt.State.PLACED:
            return False
        number, at_next = str(attempt.e164), at + LOOKS_EVERY
        facts = FactBook(attempt.campaign, [number], at, besides=[attempt.pk]).of(number)
        verdict = may_call(facts, at_next, tables())
        if verdict.may_call:
            return False
        whose = Decision(facts, verdict, at_next, "queue", attempt.campaign, attempt.target_id, attempt.pk)
        write_receipts([whose])
        take_back(attempt, "refused", at)
        put_off(attempt.campaign, attempt.target_id, verdict)
        carrier.hang_up(str(attempt.carrier_sid))
        return True
