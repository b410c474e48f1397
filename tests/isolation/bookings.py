"""What calls leave behind for a business: appointments, leads, call-backs; its word in each text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from agentos.tenants.models import PublicRoute
from agentos.tenants.scoping import tenant_transaction
from calls.models import Appointment, Calendar, Call, CallBack, Colleague, GoogleLink, Lead, LeftMessage, Ring, Transfer

AT = datetime(2026, 11, 25, 17, tzinfo=UTC)


def add_bookings(call: Call, secret: str, e164: str, number_id: int) -> dict[str, str]:
    """A calendar with an appointment, a lead and a call-back; returns the parameters of their addresses."""
    with tenant_transaction(call.tenant_id):
        closed = [{"from": "2026-12-24", "to": "2026-12-26", "note": secret}]
        feed = UUID(int=number_id)
        calendar = Calendar.objects.create(id=number_id, name=secret, zone="America/Boise", closed=closed, feed_id=feed)
        GoogleLink.objects.create(calendar=calendar, sealed=secret)
        PublicRoute.objects.create(id=feed, tenant_id=call.tenant_id)
        times = {"starts_at": AT, "ends_at": AT + timedelta(hours=1), "free_at": AT + timedelta(hours=1)}
        appointment = Appointment.objects.create(
            calendar=calendar, name=secret, e164=e164, reason=secret, call=call, **times
        )
        Colleague.objects.create(id=number_id, name=secret, department=secret, address=e164)
        texts = {"key": secret, "department": secret, "reason": secret, "summary": secret}
        transfer = Transfer.objects.create(call=call, state="reached", **texts)
        ring = Ring.objects.create(transfer=transfer, place=0, state="over", carrier_sid=secret)
        Lead.objects.create(id=number_id, name=secret, e164=e164, fields={"note": secret}, note=secret, call=call)
        LeftMessage.objects.create(text=secret, for_whom=secret, name=secret, e164=e164, call=call)
        CallBack.objects.create(id=number_id, e164=e164, name=secret, reason=secret, due_at=AT, call=call)
    return {
        "appointment_id": str(appointment.pk),
        "feed_id": str(feed),
        "call_back_id": str(number_id),
        "calendar_id": str(number_id),
        "ring_id": str(ring.pk),
    }
