"""A reply is given what the business has written about the caller's last words, or does without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from pytest_django import Settings

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.knowledge import services
from agents.models import Agent
from agents.providers.offline_voice.receptionist import respond
from agents.providers.ports import Message, Recalled, Thought, ToolSpec
from calls import knowing
from calls.knowing import HEADING, KnowingModel, Knowledge
from tests.doubles.apart import doubles_apart

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = (Message("system", "You are Ada, at the desk."), Message("user", "where can I park my car"))


class Listening:
    """A model that says nothing and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[Sequence[Message]] = []

    async def warm(self) -> None:
        return

    async def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        self.told.append(messages)
        yield "Well."


@pytest.fixture
def parking(tenant: Tenant, owner: User) -> None:
    with tenant_transaction(tenant):
        services.write_answer(
            question="Where can I park?", answer="Behind the house.", agent_id=None, language="en-US", by=owner
        )


def thoughts(
    tenant: Tenant, agent: Agent, messages: Sequence[Message], *, times: int = 1
) -> tuple[list[Thought], Listening]:
    """What comes out of the model, and the model, once the phone has rung long enough to know what there is."""
    model = Listening()

    async def held() -> list[Thought]:
        knowledge = Knowledge(tenant.pk, agent.pk, "en-US")
        knowledge.open()
        assert knowledge._opened is not None
        await asyncio.wait({knowledge._opened})
        said: list[Thought] = []
        for _ in range(times):
            said += [thought async for thought in KnowingModel(model, knowledge).reply(messages)]
        knowledge.close()
        return said

    return asyncio.run(held()), model


def test_the_passages_stand_before_the_callers_last_words(tenant: Tenant, agent: Agent, parking: None, patient: None):
    said, model = thoughts(tenant, agent, ASKED)

    (first, *_) = said
    assert isinstance(first, Recalled)
    assert [(each["title"], each["by"]) for each in first.passages] == [("Where can I park?", "words")]
    system, passages, user = model.told[0]
    assert (system.role, passages.role, user.role) == ("system", "system", "user")
    assert passages.content == f"{HEADING}\n\n[Where can I park?]\nBehind the house."


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a tenth of a second says nothing about the query."""
    monkeypatch.setattr(knowing, "WITHIN_S", 20.0)


def test_what_is_not_found_is_told_and_changes_nothing(tenant: Tenant, agent: Agent, parking: None, patient: None):
    messages = (ASKED[0], Message("user", "do you sell bicycles"))

    said, model = thoughts(tenant, agent, messages)

    assert said[0] == Recalled(())
    assert model.told == [messages]


def test_an_agent_for_which_nothing_is_written_looks_nothing_up(tenant: Tenant, agent: Agent, patient: None):
    said, model = thoughts(tenant, agent, ASKED)

    assert said == ["Well."]
    assert model.told == [ASKED]


def test_a_look_up_that_takes_too_long_is_done_without_and_then_left_alone(
    tenant: Tenant, agent: Agent, parking: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(knowing, "WITHIN_S", 0.0)

    said, model = thoughts(tenant, agent, ASKED, times=3)

    assert said == ["Well."] * 3
    assert model.told == [ASKED] * 3


def test_the_offline_model_answers_from_what_was_found():
    passages = Message(
        "system", f"{HEADING}\n\n[Lift]\nThere is a lift. It is at the back. Ring twice.\n\n[Other]\nNo."
    )
    answer = respond((ASKED[0], passages, Message("user", "do you have a lift in the house")))

    assert answer.text.startswith("There is a lift. It is at the back. ")


def test_a_vendor_that_is_slow_leaves_what_was_found_by_words(
    tenant: Tenant, agent: Agent, parking: None, patient: None, settings: Settings
):
    """The vector of a question is a vendor's call: the turn does not wait for it."""
    with doubles_apart() as doubles:
        doubles.openai.pace.embedding_ms = 60_000
        settings.EMBEDDING_BASE_URL = doubles.url

        said, _ = thoughts(tenant, agent, ASKED)

    assert isinstance(said[0], Recalled)
    assert [each["by"] for each in said[0].passages] == ["words"]
