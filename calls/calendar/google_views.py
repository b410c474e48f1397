"""Where Google sends a person back to who was asked to let us see a calendar."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.log import acting_as, record
from agentos.tenants.models import Membership, User
from agentos.tenants.permissions import Permission, may
from agentos.tenants.scoping import tenant_transaction
from calls.calendar import google
from calls.calendar.booking import kept, usual_calendar
from calls.calendar.models import Calendar


@login_required
@require_safe
def connected(request: HttpRequest) -> HttpResponse:
    """Keep the permission that Google gave, for the calendar and the person that the signed state names.

    The state is good for an hour and for that person alone, so nobody can be led to connect somebody else's account.
    """
    person = cast(User, request.user)
    try:
        tenant_id, calendar_id, person_id = google.read_state(request.GET.get("state", ""))
    except LookupError:
        return _nowhere(request)
    membership = Membership.objects.select_related("tenant").filter(user=person, tenant_id=tenant_id).first()
    if membership is None or person.pk != person_id or not may(membership, Permission.MANAGE_CALENDAR):
        return _nowhere(request)
    with tenant_transaction(membership.tenant), acting_as(person):
        calendar = Calendar.objects.filter(pk=calendar_id).first() if calendar_id else kept(usual_calendar())
        if calendar is None:
            return _nowhere(request)
        _connect(request, calendar, person)
    return redirect(f"{reverse('calendar:hours', args=[membership.tenant.slug])}?calendar={calendar.pk}")


def _connect(request: HttpRequest, calendar: Calendar, person: User) -> None:
    if "code" not in request.GET:
        messages.warning(request, "Google Calendar was not connected: the permission was not given.")
        return
    try:
        google.connect(calendar, request.GET["code"], person)
    except DomainError as error:
        messages.error(request, error.message)
        return
    record("calendar.connected", "Connected a calendar with Google", subject=f"calendar {calendar.pk}")
    for appointment_id in google.coming(calendar):
        enqueue("calls.tasks.mirror_appointment", appointment_id)
    messages.success(request, "Connected. Agents see what is taken there, and what is booked here appears there.")


def _nowhere(request: HttpRequest) -> HttpResponse:
    messages.warning(request, "This way back from Google has ended. Please begin once more.")
    return redirect("home")
