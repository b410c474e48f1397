"""A campaign whose people talk with the live agent, at once or after a message."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from calls.admission import Admission, Refused
from calls.models import Call
from campaigns.models import Campaign
from tests import factories
from tests.campaigns.line import Line, MakeLine, in_thread, names
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
