"""What the calls of a campaign cost: from the price table when a call ends, and from the carrier once it says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from campaigns.models import Attempt
from telephony import carrier
from telephony.prices import call_cents, extras_cents
from telephony.services import leaves_by_trunk

PRICED_WITHIN = timedelta(days=2)  # the carrier names the price some minutes after the end


def charge(attempt: Attempt, seconds: int, at: datetime) -> None:
    """The call was connected for so long. The first word on that counts."""
    if seconds and not attempt.cost_cents:
        talks, by_sip = attempt.call_id is not None, bool(attempt.to_address) or leaves_by_trunk(attempt.from_number)
        attempt.cost_cents = call_cents(seconds, at.date(), talks=talks, by_sip=by_sip)
        attempt.save(update_fields=["cost_cents"])


def cents_without_agent(first: datetime, until: datetime) -> Decimal:
    """What calls that no agent took have cost, inside the tenant; the others are counted where the agent is."""
    ended = Attempt.objects.filter(call=None, ended_at__gte=first, ended_at__lt=until, cost_cents__gt=0)
    return ended.aggregate(cents=Sum("cost_cents"))["cents"] or Decimal()


def take_prices(at: datetime) -> int:
    """Put what the carrier really asked in place of the table's price; how many attempts that concerned."""
    unpriced = {tenant_id: sids for tenant_id in _tenants() if (sids := _unpriced(tenant_id, at))}
    if not unpriced:
        return 0
    calls = {call.sid: call for call in carrier.ended_calls(at - PRICED_WITHIN) if call.cents is not None}
    return sum(_store(tenant_id, sids & calls.keys(), calls, at) for tenant_id, sids in unpriced.items())


def _tenants() -> list[int]:
    return list(Tenant.objects.values_list("pk", flat=True))


def _unpriced(tenant_id: int, at: datetime) -> set[str]:
    with tenant_transaction(tenant_id):
        ended = Attempt.objects.filter(state=Attempt.State.ENDED, ended_at__gt=at - PRICED_WITHIN, priced_at=None)
        return set(ended.filter(cost_cents__gt=0).exclude(carrier_sid=None).values_list("carrier_sid", flat=True))


def _store(tenant_id: int, sids: set[str], calls: dict[str, carrier.CarrierCall], at: datetime) -> int:
    with tenant_transaction(tenant_id):
        attempts = list(Attempt.objects.filter(carrier_sid__in=sids, priced_at=None))
        for attempt in attempts:
            call = calls[str(attempt.carrier_sid)]
            minutes = -(-(call.duration_s or 0) // 60)
            extras = extras_cents(minutes, at.date(), detects=True, talks=attempt.call_id is not None)
            attempt.cost_cents, attempt.priced_at = (call.cents or 0) + extras, at
        Attempt.objects.bulk_update(attempts, ["cost_cents", "priced_at"], batch_size=500)
        return len(attempts)
