"""Tools for real: in a thread, inside the tenant, once, and known to whoever takes the call over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agents.models import Agent
from agents.providers.ports import ToolCall
from agents.tools import Arguments, Tool, ToolContext, ToolOutcome, parameters
from agents.versions import VersionSpec
from calls.conversation.guarding import UNKNOWN, Run
from calls.conversation.history import History
from calls.conversation.ports import ToolResult
from calls.models import Call, CallEvent, ToolRun
from calls.resumption import load_earlier
from calls.toolbox import FAILED, Scene, open_toolbox
from tests import factories
from tests.fakes import Notebook

pytestmark = pytest.mark.django_db(transaction=True)


def write(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """Its effect is a row; what it is told decides how it goes on."""
    sequence = CallEvent.objects.count() + 1
    CallEvent.objects.create(call_id=context.call_id, segment=1, sequence=sequence, kind="written", at_ms=0)
    if arguments["word"] == "break":
        raise RuntimeError("a caller's secret")
    if arguments["word"] == "refuse":
        raise DomainError("taken", "That one is taken.")
    if arguments["word"] == "lose":
        return ToolOutcome("No answer came.", ok=False, certain=False)
    return ToolOutcome(f"Written for tenant {current_tenant_id()}.")


WRITE = Tool("write", "Write", "Write.", parameters(word={"type": "string"}), write)


@pytest.fixture
def call(agent: Agent) -> Call:
    return factories.make_call(agent, status=Call.Status.IN_PROGRESS, from_number="+12085550147", answered_at=now())


def ask(call: Call, *words: str, tool: Tool = WRITE, earlier: Sequence[Run] = ()) -> list[ToolResult]:
    """What a process answers that is asked for these, one after another; then it is gone."""
    with tenant_transaction(call.tenant_id):
        spec = VersionSpec.of(call.version)
    spec = replace(spec, tools=[{"name": "write", "settings": {}}])
    scene = Scene(call.tenant_id, call.pk, spec, "Juniper Dental", call.from_number)

    async def conversation() -> list[ToolResult]:
        box, _ = open_toolbox(scene, Notebook(), lambda: 1000, earlier=earlier, own={"write": tool})
        found = []
        for turn, word in enumerate(words, start=1):
            found.append(await box.run(turn, ToolCall("c1", "write", json.dumps({"word": word}))))
        await box.close(5.0)
        return found

    return asyncio.run(conversation())


def inside(call: Call, read: Callable[[], object]) -> object:
    with tenant_transaction(call.tenant_id):
        return read()


def effects(call: Call) -> object:
    return inside(call, lambda: CallEvent.objects.filter(call=call, kind="written").count())


def states(call: Call) -> object:
    return inside(call, lambda: list(ToolRun.objects.filter(call=call).values_list("state", flat=True)))


def test_an_effect_and_its_record_are_written_together(call: Call) -> None:
    [result] = ask(call, "hello")

    assert result == ToolResult(f"Written for tenant {call.tenant_id}.")
    assert effects(call) == 1
    run = inside(call, lambda: ToolRun.objects.get(call=call))
    assert isinstance(run, ToolRun)
    assert (run.state, run.arguments, run.result, run.turn) == ("done", {"word": "hello"}, result.content, 1)


def test_another_process_that_is_asked_for_the_same_finds_what_was_done(call: Call) -> None:
    [first] = ask(call, "hello")
    [second] = ask(call, "hello")

    assert second.content == first.content
    assert effects(call) == 1


def test_a_process_that_died_over_an_effect_leaves_a_question_and_not_a_second_effect(call: Call) -> None:
    ask(call, "hello")
    inside(call, lambda: ToolRun.objects.update(state=ToolRun.State.RUNNING, result=""))

    assert ask(call, "hello") == [UNKNOWN]
    assert effects(call) == 1


def test_a_tool_that_breaks_leaves_nothing_and_may_be_tried_again(call: Call) -> None:
    assert ask(call, "break", "break") == [FAILED, FAILED]
    assert effects(call) == 0
    assert states(call) == ["failed", "failed"]


def test_nobody_knows_what_became_of_a_tool_that_breaks_in_another_system(call: Call) -> None:
    results = ask(call, "break", "break", tool=replace(WRITE, outside=True))

    assert results == [UNKNOWN, UNKNOWN]
    assert states(call) == ["running"], "it is not tried again"


def test_what_a_tool_says_that_nobody_knows_is_not_tried_again_in_a_later_turn(call: Call) -> None:
    first, again = ask(call, "lose", "lose")

    assert (first.content, again) == ("No answer came.", first)
    assert effects(call) == 1
    assert states(call) == ["running"]
    assert ask(call, "lose") == [UNKNOWN], "nor by another process"


def test_what_a_tool_refuses_is_told_in_its_own_words_and_undone(call: Call) -> None:
    assert ask(call, "refuse") == [ToolResult("That one is taken.", ok=False)]
    assert effects(call) == 0
    assert states(call) == ["failed"]


def test_who_takes_a_call_over_knows_what_was_done_in_it(call: Call) -> None:
    factories.make_turn(call, "Write it down", index=1, started_ms=500, ended_ms=900)
    factories.make_turn(call, "It is done.", speaker="agent", index=2, started_ms=1500, ended_ms=2500)
    ask(call, "hello", "refuse")

    _, _, earlier = load_earlier(call.tenant_id, call.agent_id, call.pk, use_database=True)
    messages = History("You are June.", earlier.said).messages()

    assert [(message.role, message.content) for message in messages[1:]] == [
        ("user", "Write it down"),
        ("assistant", ""),
        ("tool", f"Written for tenant {call.tenant_id}."),
        ("assistant", ""),
        ("tool", "That one is taken."),
        ("assistant", "It is done."),
    ]
    [repeated] = ask(call, "hello", earlier=earlier.runs)
    assert repeated.content.startswith("Written")
    assert effects(call) == 1


def test_a_call_of_another_business_cannot_be_acted_in(call: Call, other_agent: Agent) -> None:
    call.tenant_id = other_agent.tenant_id
    with tenant_transaction(other_agent.tenant_id):
        call.version = other_agent.published

    assert ask(call, "hello") == [FAILED]
