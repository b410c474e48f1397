from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call
from telephony.event_writer import ArrivedEvent
from telephony.models import CarrierEvent, PhoneNumber
from telephony.services import add_number, assign_number, file_event, record_carrier_event, remove_number
from tests import factories
from tests.telephony.signing import CALL_SID, call_fields

pytestmark = pytest.mark.django_db


def numbers_of(tenant: Tenant) -> dict[str, str]:
    with tenant_transaction(tenant):
        return {str(number): str(number.agent or "") for number in PhoneNumber.objects.select_related("agent")}


@pytest.mark.parametrize("written", ["+12085550110", "+1 208 555 0110", "+1 (208) 555-0110", "+1.208.555.0110"])
def test_a_number_is_kept_as_the_carrier_writes_it(tenant: Tenant, agent: Agent, written: str):
    add_number(tenant, e164=written, label="Main line", agent_id=agent.pk)

    assert numbers_of(tenant) == {"+12085550110": "Front desk"}


def test_numbers_that_nobody_has_been_given_yet_can_be_tried_out(tenant: Tenant):
    """The carrier's own test numbers belong to no range in the books."""
    assert str(add_number(tenant, e164="+15005550006")) == "+15005550006"


@pytest.mark.parametrize(
    "written", ["", "2085550110", "+0123456789", "+1208", "+1" + "2" * 20, "anonymous", "+1208555011a"]
)
def test_what_is_no_number_is_refused_in_plain_words(tenant: Tenant, written: str):
    with pytest.raises(DomainError, match="country code") as refused:
        add_number(tenant, e164=written)

    assert refused.value.code == "invalid_number"


def test_a_number_belongs_to_one_tenant_on_the_whole_platform(tenant: Tenant, other_tenant: Tenant):
    add_number(other_tenant, e164="+12085550110")

    with pytest.raises(DomainError) as refused:
        add_number(tenant, e164="+12085550110")

    assert refused.value.code == "number_taken"
    assert numbers_of(tenant) == {}


def test_a_number_is_given_to_another_agent_and_to_nobody(tenant: Tenant, agent: Agent, number: PhoneNumber):
    night = factories.make_agent(tenant, "Night shift")

    assign_number(tenant, number.pk, agent_id=night.pk)
    assert numbers_of(tenant) == {"+12085550110": "Night shift"}

    assign_number(tenant, number.pk, agent_id=None)
    assert numbers_of(tenant) == {"+12085550110": ""}


def test_the_agents_and_numbers_of_others_cannot_be_reached(
    tenant: Tenant, other_tenant: Tenant, number: PhoneNumber, other_agent: Agent
):
    with pytest.raises(DomainError) as refused:
        assign_number(tenant, number.pk, agent_id=other_agent.pk)
    assert refused.value.code == "unknown_agent"

    with pytest.raises(DomainError) as refused:
        assign_number(other_tenant, number.pk, agent_id=other_agent.pk)
    assert refused.value.code == "unknown_number"

    remove_number(other_tenant, number.pk)
    assert numbers_of(tenant) == {"+12085550110": "Front desk"}


def test_a_number_is_given_up_once_and_for_all(tenant: Tenant, number: PhoneNumber):
    remove_number(tenant, number.pk)
    remove_number(tenant, number.pk)

    assert numbers_of(tenant) == {}


def test_a_webhook_is_stored_once_for_each_tenant(
    tenant: Tenant, agent: Agent, other_tenant: Tenant, other_agent: Agent
):
    event = {"call_sid": CALL_SID, "kind": "status", "key": "k", "payload": {"a": "1"}, "received_at": now()}

    assert record_carrier_event(tenant, agent_id=agent.pk, **event)
    assert not record_carrier_event(tenant, agent_id=agent.pk, **event)
    assert record_carrier_event(other_tenant, agent_id=other_agent.pk, **event)


def status_event(agent: Agent, status: str, **fields: str) -> ArrivedEvent:
    payload = call_fields(CallStatus=status, **fields)
    return ArrivedEvent(agent.pk, CALL_SID, "status", f"status:{status}", payload, now())


def test_a_status_is_filed_and_moves_its_call_on(tenant: Tenant, agent: Agent):
    call = factories.make_call(agent, carrier_sid=CALL_SID)

    file_event(status_event(agent, "completed", Timestamp="Sat, 21 Nov 2026 03:58:09 +0000"))

    with tenant_transaction(tenant):
        call.refresh_from_db()
        assert (call.status, call.ended_at) == (Call.Status.ENDED, datetime(2026, 11, 21, 3, 58, 9, tzinfo=UTC))
        assert CarrierEvent.objects.get().payload["CallStatus"] == "completed"


@pytest.mark.parametrize("timestamp", ["", "yesterday", "Sat, 21 Nov 2026 03:58:09", "Sat, 99 Nov 2026 03:58:09 +0000"])
def test_without_a_time_of_the_carrier_ours_counts(tenant: Tenant, agent: Agent, timestamp: str):
    call = factories.make_call(agent, carrier_sid=CALL_SID)
    event = status_event(agent, "completed", Timestamp=timestamp)

    file_event(event)

    with tenant_transaction(tenant):
        call.refresh_from_db()
        assert call.ended_at == event.received_at


def test_a_repeated_or_late_status_changes_nothing(tenant: Tenant, agent: Agent):
    call = factories.make_call(agent, carrier_sid=CALL_SID)
    for status in ("completed", "in-progress", "completed", "ringing"):
        file_event(status_event(agent, status))

    with tenant_transaction(tenant):
        call.refresh_from_db()
        assert call.status == Call.Status.ENDED
        assert CarrierEvent.objects.count() == 3


def test_a_status_of_a_call_that_nobody_knows_is_filed_all_the_same(tenant: Tenant, agent: Agent):
    file_event(status_event(agent, "completed"))

    with tenant_transaction(tenant):
        assert CarrierEvent.objects.count() == 1


def test_a_webhook_for_nobody_is_forgotten(tenant: Tenant, agent: Agent, other_tenant: Tenant):
    file_event(ArrivedEvent(uuid4(), CALL_SID, "status", "k", call_fields(), now()))

    for business in (tenant, other_tenant):
        with tenant_transaction(business):
            assert not CarrierEvent.objects.exists()
