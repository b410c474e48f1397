"""What an agent may send to the person on the line, and may know of them."""

from __future__ import annotations

import pytest

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call
from campaigns.models import Contact, DoNotCall, PlatformDoNotCall
from telephony.models import PhoneNumber
from telephony.simulator.faults import Mode, RestFault
from telephony.simulator.server import PracticeCarrier
from tests import factories
from tests.calls.tools.asking import use
from tests.campaigns.line import in_thread

MAYA, OURS = "+12085550147", "+12085550110"


@pytest.fixture
def call(agent: Agent, number: PhoneNumber) -> Call:
    return factories.make_call(agent, from_number=MAYA, to_number=OURS)


@pytest.fixture
def contact(tenant: Tenant) -> Contact:
    with tenant_transaction(tenant):
        fields = {"Plan": "Gold", "Diagnosis": "Private", "Balance": ""}
        return Contact.objects.create(e164=MAYA, name="Maya Ortiz", fields=fields)


def test_an_agent_knows_whose_number_calls_and_only_what_it_may(call: Call, contact: Contact) -> None:
    told = use(call, "look_up_contact", settings={"fields": "plan, balance, shoe size"}).content

    assert told.startswith("This number belongs to Maya Ortiz. Plan: Gold. Somebody else may be using the phone")
    assert "Private" not in told


@pytest.mark.parametrize("number", ["+15035550199", "anonymous", ""])
def test_nobody_learns_of_another_person(call: Call, contact: Contact, number: str) -> None:
    other = factories.make_call(call.agent, from_number=number, to_number=OURS)

    assert use(other, "look_up_contact").content == "Nothing is known about this number. Ask for the name."


def test_the_contacts_of_the_neighbour_are_nobodys(contact: Contact, other_agent: Agent) -> None:
    there = factories.make_call(other_agent, from_number=MAYA)

    assert "Maya" not in use(there, "look_up_contact").content


# Text messages


@pytest.fixture
def carrier(practice: PracticeCarrier) -> PracticeCarrier:
    practice.exchange.own(OURS)
    return practice


async def send(call: Call, text: str = "We are at 12 Main Street.") -> tuple[bool, str]:
    outcome = await in_thread(use, call, "send_sms", text=text)
    return outcome.ok, outcome.content


@pytest.mark.django_db(transaction=True)
async def test_the_person_on_the_line_gets_a_text_from_the_number_they_talk_with(
    call: Call, carrier: PracticeCarrier
) -> None:
    assert await send(call) == (True, "Sent to the number that the caller calls from.")

    [text] = carrier.exchange.texts
    assert (text.from_, text.to) == (OURS, MAYA)
    assert text.body == "Juniper Dental: We are at 12 Main Street. Reply STOP to end."


def stop(call: Call, everywhere: bool) -> None:
    with tenant_transaction(call.tenant_id):
        if everywhere:
            PlatformDoNotCall.objects.create(e164=MAYA)
        else:
            DoNotCall.objects.create(e164=MAYA, source="sms")


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.django_db(transaction=True)
async def test_who_asked_to_be_left_in_peace_gets_none(call: Call, carrier: PracticeCarrier, everywhere: bool) -> None:
    await in_thread(stop, call, everywhere)

    is_sent, told = await send(call)

    assert (is_sent, told[:44]) == (False, "This number asked not to be contacted: nothi")
    assert carrier.exchange.texts == []


@pytest.mark.django_db(transaction=True)
async def test_nothing_is_sent_to_nobody_from_nowhere_or_without_words(call: Call, carrier: PracticeCarrier) -> None:
    withheld = await in_thread(factories.make_call, call.agent, from_number="anonymous", to_number=OURS)
    browser = await in_thread(factories.make_call, call.agent, from_number=MAYA, to_number="")

    abroad = await in_thread(factories.make_call, call.agent, from_number="+5355123456", to_number=OURS)

    for refused in ((withheld, "Hello"), (browser, "Hello"), (abroad, "Hello"), (call, " "), (call, "x" * 400)):
        assert not (await send(*refused))[0]
    assert carrier.exchange.texts == []


@pytest.mark.django_db(transaction=True)
async def test_what_the_carrier_refuses_or_leaves_open_is_not_promised(call: Call, carrier: PracticeCarrier) -> None:
    carrier.faults.add(RestFault(Mode.ERROR_AFTER_ACCEPT))

    assert await send(call) == (False, "It may have been sent, but nobody knows. Do not promise it.")
