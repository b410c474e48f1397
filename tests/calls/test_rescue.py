"""What becomes of a caller whose agent cannot go on."""

from __future__ import annotations

import pytest

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.conversation.rescue import Rescued
from calls.followups.models import CallBack
from calls.models import Call, Colleague, Transfer
from calls.rescue import rescue
from calls.scripts import CALL_BACK, PUT_THROUGH
from tests import factories

BOTH = frozenset({PUT_THROUGH, CALL_BACK})


@pytest.fixture
def call(agent: Agent) -> Call:
    return factories.make_call(agent, status=Call.Status.IN_PROGRESS, carrier_sid="CA9")


@pytest.fixture
def somebody(tenant: Tenant) -> Colleague:
    with tenant_transaction(tenant):
        made: Colleague = Colleague.objects.create(name="Rae", address="+12085550125", when="always")
        return made


def rescued(call: Call, ways: frozenset[str] = BOTH) -> Rescued:
    return rescue(call.tenant_id, call.pk, call.from_number, ways)


@pytest.mark.django_db
def test_a_person_who_is_there_takes_the_call(call: Call, somebody: Colleague):
    assert [rescued(call), rescued(call)] == [Rescued.PERSON, Rescued.PERSON]

    with tenant_transaction(call.tenant_id):
        assert Transfer.objects.get().people[0]["name"] == "Rae"
        assert not CallBack.objects.exists()


@pytest.mark.django_db
def test_without_anybody_a_call_back_is_noted_once(call: Call):
    assert [rescued(call), rescued(call)] == [Rescued.CALL_BACK, Rescued.CALL_BACK]

    with tenant_transaction(call.tenant_id):
        assert CallBack.objects.get().e164 == call.from_number


@pytest.mark.django_db
def test_whoever_was_not_reached_is_not_rung_again(call: Call, somebody: Colleague):
    rescued(call)
    with tenant_transaction(call.tenant_id):
        Transfer.objects.update(state=Transfer.State.UNREACHED)

    assert rescued(call) is Rescued.CALL_BACK


@pytest.mark.django_db
def test_nothing_is_done_that_the_agent_was_not_granted(call: Call, somebody: Colleague):
    assert rescued(call, frozenset({CALL_BACK})) is Rescued.CALL_BACK

    with tenant_transaction(call.tenant_id):
        assert not Transfer.objects.exists()
