"""What people change in Google's calendar: ours follows, unless ours has changed as well."""

from __future__ import annotations

import pytest
from django.test import Client

from agentos.jobs import TENANT_HEADER
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from calls.models import Appointment, Calendar, Call, GoogleLink
from calls.tasks import follow_calendar
from tests.calls.calendar.test_google import (
    TEN,
    TEN_AT_GOOGLE,
    calendar,
    call,
    connected,
    desk,
    friday,
    mirror,
)
from tests.calls.tools.asking import use
from tests.doubles.google import GoogleDouble

__all__ = ["calendar", "call", "connected", "desk", "friday"]

pytestmark = pytest.mark.django_db

TWO = ("2026-11-24T14:00:00-07:00", "2026-11-24T14:45:00-07:00")
TWO_IN_UTC = "2026-11-24T21:00:00/2026-11-24T21:45:00"


@pytest.fixture
def booked(call: Call, connected: GoogleDouble, tenant: Tenant) -> Appointment:
    """Maya comes on Tuesday at ten, and Google knows it."""
    use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz")
    mirror(tenant)
    with tenant_transaction(tenant):
        return Appointment.objects.get()


def follow(tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        calendar = Calendar.objects.get()
    follow_calendar.apply(args=[calendar.pk], headers={TENANT_HEADER: tenant.pk}, throw=True)


def now_of(appointment: Appointment) -> Appointment:
    with tenant_transaction(appointment.tenant_id):
        return Appointment.objects.get(pk=appointment.pk)


def test_an_appointment_that_is_moved_at_google_moves_here(
    booked: Appointment, connected: GoogleDouble, tenant: Tenant
) -> None:
    connected.move_by_hand(booked.pk.hex, *TWO)
    for _ in range(2):
        follow(tenant)

    assert now_of(booked).times == TWO_IN_UTC


def test_an_appointment_that_is_removed_at_google_is_canceled_here(
    booked: Appointment, connected: GoogleDouble, tenant: Tenant
) -> None:
    connected.remove_by_hand(booked.pk.hex)
    follow(tenant)

    assert not now_of(booked).is_booked


def test_what_was_changed_here_as_well_stays_as_it_is_here(
    booked: Appointment, call: Call, connected: GoogleDouble, tenant: Tenant
) -> None:
    connected.move_by_hand(booked.pk.hex, *TWO)
    assert use(call, "move_appointment", name="Maya Ortiz", to="2026-11-24T11:00").ok
    follow(tenant)
    mirror(tenant)

    assert connected.shown == [("Maya Ortiz", "2026-11-24T18:00:00Z", "2026-11-24T18:30:00Z")]


def test_who_is_moved_onto_somebody_else_is_moved_back(
    booked: Appointment, call: Call, connected: GoogleDouble, tenant: Tenant
) -> None:
    assert use(call, "book_appointment", starts_at="2026-11-24T14:00", name="Tom Reyes").ok
    connected.move_by_hand(booked.pk.hex, *TWO)
    follow(tenant)
    mirror(tenant)

    assert now_of(booked).times == booked.times
    assert ("Maya Ortiz", *TEN_AT_GOOGLE) in connected.shown


def test_events_that_are_not_ours_are_only_times_that_are_taken(
    connected: GoogleDouble, tenant: Tenant, desk: Client
) -> None:
    connected.events["theirs"] = {"id": "theirs", "status": "confirmed", "summary": "Dentist of my own"}
    connected.move_by_hand("theirs", *TWO)
    connected.remove_by_hand("theirs")
    connected.busy = [TWO, ("2026-11-25T00:00:00-07:00", "2026-11-26T00:00:00-07:00")]
    follow(tenant)

    page = desk.get("/t/juniper-dental/calendar/?week=2026-11-23").content.decode()
    assert page.count('class="week__busy"') == 2
    assert "Dentist of my own" not in page


def test_what_happens_while_google_is_away_is_followed_later(
    booked: Appointment, connected: GoogleDouble, tenant: Tenant
) -> None:
    connected.busy = [TWO]
    follow(tenant)
    connected.is_away = True
    connected.move_by_hand(booked.pk.hex, *TWO)
    follow(tenant)
    connected.is_away = False
    follow(tenant)

    with tenant_transaction(tenant):
        assert GoogleLink.objects.get().followed_at is not None
    assert now_of(booked).times == TWO_IN_UTC
