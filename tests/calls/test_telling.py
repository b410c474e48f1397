"""What a call leaves behind is told to the business's own systems, once, and nobody else's."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agentos.webhooks import services
from agentos.webhooks.events import EVENTS
from agentos.webhooks.models import Event
from calls.calendar.booking import Guest, Origin, Wish, book, cancel, move, usual_calendar
from calls.followups.services import request_call_back, save_lead
from campaigns.people.optout import opt_out

ANA = Guest("Ana Lopez", "+12085550147", "Cleaning")


@pytest.fixture
def listening(tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        services.create(url="https://crm.example/hook", note="", events=list(EVENTS))


def told(tenant: Tenant) -> list[str]:
    with tenant_transaction(tenant):
        return list(Event.objects.order_by("at").values_list("kind", flat=True))


@pytest.mark.usefixtures("listening")
def test_an_appointment_is_told_when_it_is_booked_moved_and_canceled(tenant: Tenant):
    at = datetime(2030, 1, 8, 10, tzinfo=ZoneInfo(tenant.timezone))
    with tenant_transaction(tenant):
        wish = Wish(at, timedelta(minutes=30), by_hand=True)
        appointment = book(usual_calendar(), ANA, wish, Origin(key="1"))
        book(usual_calendar(), ANA, wish, Origin(key="1"))
        move(appointment, Wish(at + timedelta(hours=2), timedelta(minutes=30), by_hand=True))
        cancel(appointment)
        cancel(appointment)

    assert told(tenant) == ["appointment.booked", "appointment.moved", "appointment.canceled"]
    with tenant_transaction(tenant):
        data = Event.objects.get(kind="appointment.booked").data
    assert (data["name"], data["number"]) == ("Ana Lopez", "+12085550147")


@pytest.mark.usefixtures("listening")
def test_a_lead_a_call_back_and_a_wish_not_to_be_called_are_told_once(tenant: Tenant, other_tenant: Tenant):
    with tenant_transaction(tenant):
        for _ in range(2):
            save_lead(ANA, {"Budget": "500"}, Origin(key="lead"))
            request_call_back(ANA, now(), Origin(key="back"))
            opt_out("+12085550147", "voice", "Said so.", now())

    assert sorted(told(tenant)) == ["callback.requested", "contact.opted_out", "lead.logged"]
    assert told(other_tenant) == []
