"""A campaign whose people talk with the live agent, at once or after a message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.admission import Admission, Refused
from calls.models import Call
from campaigns.calling.agent_calls import leave_out_unready
from campaigns.models import Campaign, Contact, Target
from telephony.tokens import read
from tests import factories
from tests.campaigns.line import ROSA, Line, MakeLine, change, in_thread, names
from tests.campaigns.rows import make_campaign
from tests.telephony.signing import CALL_SID

pytestmark = pytest.mark.django_db(transaction=True)


def admitted(agent: Agent, call: Call | None, code: str = "busy") -> Any:
    async def admit(**asked: Any) -> Admission:
        assert (asked["direction"], asked["carrier_sid"]) == ("outbound", CALL_SID)
        admit.briefings.append(asked["briefing"])  # type: ignore[attr-defined]
        if call is None:
            raise Refused(code)
        return Admission(call.pk, agent.pk, agent.tenant_id, segment=1)

    admit.briefings = []  # type: ignore[attr-defined]
    return admit


async def test_key_0_connects_to_the_live_agent(line: Line, agent: Agent) -> None:
    call = await in_thread(factories.make_call, agent)
    line.admit = admitted(agent, call)
    await line.answered()

    assert names(await line.pressed("0")) == ["Connect", "Redirect"]
    assert (await line.attempt()).call_id == call.pk

    await line.status("completed")
    assert await line.outcome() == ("ended", "spoken", "done")


async def test_a_conversation_is_connected_at_once_and_the_agent_says_who_calls(
    make_line: MakeLine, agent: Agent
) -> None:
    line = await make_line(kind=Campaign.Kind.AGENT)
    call = await in_thread(factories.make_call, agent)
    line.admit = admitted(agent, call)

    assert names(await line.answered()) == ["Connect", "Redirect"]
    told = line.admit.briefings[-1]
    assert told.introduction.startswith("This is Juniper Dental. You are speaking with an AI assistant. Press 9 or say")
    assert told.stopped == "This is Juniper Dental. You will get no more calls from us. Goodbye."


async def test_nobody_waits_in_silence_for_an_agent_that_cannot_come(line: Line, agent: Agent) -> None:
    line.admit = admitted(agent, None)
    await line.answered()

    assert names(await line.pressed("0")) == ["Say", "Hangup"]
    await line.status("completed")
    assert await line.outcome() == ("ended", "failed", "done")


async def test_who_asked_for_an_agent_while_this_process_ends_is_passed_to_the_next(line: Line, agent: Agent) -> None:
    line.admit = admitted(agent, None, "draining")
    await line.answered()
    assert names(await line.pressed("0")) == ["Say", "Pause", "Redirect"]

    line.admit = admitted(agent, await in_thread(factories.make_call, agent))
    assert names(await line.pressed()) == ["Connect", "Redirect"]


# What the agent is told


async def test_the_agent_knows_whom_it_calls_and_why_in_words_and_as_written(make_line: MakeLine, agent: Agent) -> None:
    line = await make_line(kind=Campaign.Kind.AGENT, message="Ask whether {{name}} comes on {{visit_date}}.")
    await in_thread(change, agent, lambda: Contact.objects.update(fields={"visit_date": "2026-11-23", "Room": "4"}))
    line.admit = admitted(agent, await in_thread(factories.make_call, agent))

    await line.answered()

    told = line.admit.briefings[-1]
    assert told.variables["visit_date"] == "Monday, November twenty-third"
    assert told.facts == {"name": "Rosa Delgado", "visit_date": "2026-11-23", "room": "4"}
    assert told.reason == "Ask whether Rosa Delgado comes on Monday, November twenty-third."
    assert (told.message, told.before_ms) == ("", 0)


async def test_after_a_message_the_agent_knows_what_was_heard_and_how_long_it_took(line: Line, agent: Agent) -> None:
    line.admit = admitted(agent, await in_thread(factories.make_call, agent))
    await line.answered()
    line.at += timedelta(seconds=12)

    await line.pressed("0")

    told = line.admit.briefings[-1]
    assert told.message.startswith("This is an automated call for Juniper Dental.")
    assert told.message.endswith("Hello Rosa Delgado.")
    assert told.before_ms == 12_000


async def test_another_key_may_call_the_agent_as_configured(make_line: MakeLine, agent: Agent) -> None:
    line = await make_line(keys={"5": "agent"})
    line.admit = admitted(agent, await in_thread(factories.make_call, agent))
    await line.answered()

    assert names(await line.pressed("5")) == ["Connect", "Redirect"]


async def test_the_agent_is_made_ready_while_the_phone_rings(make_line: MakeLine, agent: Agent) -> None:
    line = await make_line(kind=Campaign.Kind.AGENT)
    call = await in_thread(factories.make_call, agent)
    line.admit = admitted(agent, call)

    assert (await line.status("ringing")).status_code == 204

    assert len(line.admit.briefings) == 1
    assert (await line.attempt()).call_id == call.pk


async def test_a_message_needs_no_agent_while_the_phone_rings(line: Line, agent: Agent) -> None:
    line.admit = admitted(agent, None)

    assert (await line.status("ringing")).status_code == 204
    assert line.admit.briefings == []


async def test_an_agent_that_is_not_ready_in_time_is_asked_again_when_somebody_answers(
    make_line: MakeLine, agent: Agent
) -> None:
    line = await make_line(kind=Campaign.Kind.AGENT)
    line.admit = admitted(agent, None)
    assert (await line.status("ringing")).status_code == 204

    line.admit = admitted(agent, await in_thread(factories.make_call, agent))
    assert names(await line.answered()) == ["Connect", "Redirect"]


async def test_nothing_of_the_person_is_in_what_the_carrier_carries(make_line: MakeLine, agent: Agent) -> None:
    line = await make_line(kind=Campaign.Kind.AGENT)
    line.admit = admitted(agent, await in_thread(factories.make_call, agent))

    connect, _ = await line.answered()

    (parameter,) = connect.iter("Parameter")
    assert parameter.attrib["name"] == "token"
    assert "Rosa" not in ElementTree.tostring(connect).decode()
    assert read(parameter.attrib["value"]).carrier_sid == CALL_SID


async def test_who_lacks_a_value_that_the_agent_names_is_left_out_with_the_reason(tenant: Tenant) -> None:
    def start() -> tuple[str, str]:
        greeting = "Hello {{first_name}}, you come on {{visit_date}}, to {{clinic}}."
        agent = factories.make_agent(tenant, greeting=greeting, variables={"clinic": "the clinic", "visit_date": ""})
        campaign = make_campaign(agent, ROSA, kind=Campaign.Kind.AGENT)
        with tenant_transaction(tenant):
            leave_out_unready(Campaign.objects.select_related("agent__published__agent").get(pk=campaign.pk))
            target = Target.objects.get()
            return target.status, target.reason

    assert await in_thread(start) == ("left_out", "Message: {{visit_date}} has no value for this person.")
