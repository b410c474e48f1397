"""The calendar for other programs: an iCalendar feed at an address that cannot be guessed and can be withdrawn."""

from __future__ import annotations

import uuid
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.models import PublicRoute
from agentos.tenants.scoping import tenant_transaction
from calls.calendar import icalendar
from calls.calendar.models import Appointment, Calendar

BACK = timedelta(days=31)
_signer = Signer(salt="agentos.calls.calendar.feed")


def feed_url(calendar: Calendar) -> str:
    """Where other programs fetch it; empty while it is not shared."""
    if calendar.feed_id is None:
        return ""
    return f"{settings.PUBLIC_URL}{reverse('calendar_feed', args=[_signer.sign(calendar.feed_id.hex)])}"


def share(calendar: Calendar) -> None:
    """Give the feed a new address. The one before leads nowhere from now on."""
    withdraw(calendar)
    calendar.feed_id = uuid.uuid4()
    PublicRoute.objects.create(id=calendar.feed_id, tenant_id=calendar.tenant_id)
    calendar.save(update_fields=["feed_id"])


def withdraw(calendar: Calendar) -> None:
    if calendar.feed_id is not None:
        PublicRoute.objects.filter(pk=calendar.feed_id).delete()
    calendar.feed_id = None
    calendar.save(update_fields=["feed_id"])


def open_feed(token: str) -> bytes:
    """What the address leads to. Raises LookupError, and does not say why."""
    try:
        feed_id = UUID(_signer.unsign(token))
    except (BadSignature, ValueError):
        raise LookupError from None
    route = PublicRoute.objects.filter(pk=feed_id).first()
    if route is None:
        raise LookupError
    with tenant_transaction(route.tenant_id):
        calendar = Calendar.objects.filter(feed_id=feed_id).first()
        if calendar is None:
            raise LookupError
        return written(calendar)


def written(calendar: Calendar) -> bytes:
    """What is booked, from a month ago on. What was canceled says so for a month, so that others drop it, too."""
    since = now() - BACK
    known = calendar.appointments.filter(Q(canceled_at=None) | Q(canceled_at__gt=since), ends_at__gt=since)
    return icalendar.feed(calendar.name, [_event(each) for each in known.order_by("starts_at")])


def _event(appointment: Appointment) -> icalendar.Event:
    about = "\n".join(filter(None, (appointment.reason, appointment.e164)))
    return icalendar.Event(
        uid=f"{appointment.pk}@agentos",
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        summary=appointment.name,
        description=about,
        written_at=appointment.changed_at or appointment.created_at,
        created_at=appointment.created_at,
        revision=appointment.revision,
        is_canceled=not appointment.is_booked,
    )
