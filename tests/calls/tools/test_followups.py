"""Leads and call-backs: what an agent writes down for people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Calendar, Call, CallBack, Lead
from tests import factories
from tests.calls.tools.asking import use

FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC)  # 11 AM in Boise


@pytest.fixture(autouse=True)
def friday() -> object:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def call(agent: Agent) -> Call:
    with tenant_transaction(agent.tenant_id):
        Calendar.objects.create(zone="America/Boise")
    return factories.make_call(agent)


def test_a_lead_tells_what_is_still_unknown_and_grows_within_the_call(call: Call, tenant: Tenant) -> None:
    wanted = {"fields": "Company, Budget"}

    first = use(call, "save_lead", settings=wanted, name="Maya Ortiz", note="New chairs", details=[])
    more = [{"name": "company", "value": "Juniper"}, {"name": "Shoe size", "value": "9"}]
    second = use(call, "save_lead", settings=wanted, name="Maya Ortiz", details=more)

    assert first.content == "Saved. Still unknown: Company and Budget. Ask for it if it fits, and save again."
    assert second.content == "Saved. Still unknown: Budget. Ask for it if it fits, and save again."
    with tenant_transaction(tenant):
        lead = Lead.objects.get()
    assert (lead.e164, lead.note, lead.fields) == ("+12085550147", "New chairs", {"Company": "Juniper"})


def test_two_people_in_one_call_are_two_leads(call: Call, tenant: Tenant) -> None:
    for name in ("Maya Ortiz", "Tom Reyes"):
        use(call, "save_lead", name=name, details=[])

    with tenant_transaction(tenant):
        assert Lead.objects.count() == 2


@pytest.mark.parametrize(
    ("when", "due", "said"),
    [
        (None, "2026-11-20 18:00", "today, Friday, November 20 at 11 AM"),
        ("2026-11-20T15:00", "2026-11-20 22:00", "today, Friday, November 20 at 3 PM"),
        ("2026-11-21T03:00", "2026-11-23 16:00", "Monday, November 23 at 9 AM"),
        ("2020-01-01T10:00", "2026-11-20 18:00", "today, Friday, November 20 at 11 AM"),
    ],
)
def test_a_call_back_is_due_while_people_work(
    call: Call, tenant: Tenant, when: str | None, due: str, said: str
) -> None:
    told = use(call, "request_callback", name="Maya Ortiz", when=when, reason="Her invoice")

    assert told.content == f"A person will ring +12085550147 back: {said}, or soon after."
    with tenant_transaction(tenant):
        assert f"{CallBack.objects.get().due_at:%Y-%m-%d %H:%M}" == due


def test_nobody_is_rung_at_night_where_they_are(call: Call, tenant: Tenant) -> None:
    use(call, "request_callback", number="+442079460018", reason="Her invoice")  # 6 PM in London

    use(call, "request_callback", number="+442079460018", when="2026-11-20T16:00", reason="Her invoice")  # 11 PM there

    with tenant_transaction(tenant):
        soon, later = (each.due_at for each in CallBack.objects.all())
    assert (soon, later) == (FRIDAY, datetime(2026, 11, 23, 16, tzinfo=UTC))


def test_the_same_wish_is_one_call_back_and_nobody_is_rung_without_a_number(call: Call, tenant: Tenant) -> None:
    for _ in range(2):
        use(call, "request_callback", key="wish", reason="Her invoice")
    withheld = factories.make_call(call.agent, from_number="anonymous")

    assert not use(withheld, "request_callback", reason="Her invoice").ok
    with tenant_transaction(tenant):
        assert CallBack.objects.count() == 1
