"""How answers become work: keys, words and conversations that somebody has to act upon."""

from __future__ import annotations

from uuid import UUID

import pytest

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.answers.replies import read_conversation
from campaigns.calling.answering import NOBODY_SPOKE_WITH_THEM, Answer, handed_over, press
from campaigns.models import Attempt, Reply
from tests import factories
from tests.campaigns.answers.test_inbox import SID
from tests.campaigns.line import asked
from tests.campaigns.rows import NOON

pytestmark = pytest.mark.django_db


def answered(agent: Agent, **campaign: object) -> UUID:
    """Somebody has picked up, and heard the message."""
    _, attempt_id = asked(agent, **campaign)
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(carrier_sid=SID, state="answered", answered_at=NOON)
    return attempt_id


def work(agent: Agent) -> list[tuple[str, str, str, str]]:
    with tenant_transaction(agent.tenant_id):
        return [(each.status, each.proposed, each.proposed_by, each.because) for each in Reply.objects.all()]


@pytest.mark.parametrize(
    ("key", "left"), [("1", []), ("2", [("open", "rescheduled", "key", "2")]), ("9", []), ("", [])]
)
def test_a_key_that_somebody_has_to_act_upon_becomes_work(agent: Agent, key: str, left: list[tuple[str, ...]]) -> None:
    attempt_id = answered(agent)

    press(agent.tenant_id, attempt_id, SID, Answer(key), NOON)
    press(agent.tenant_id, attempt_id, SID, Answer(key), NOON)

    assert work(agent) == left


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Yes, that works for me.", []),
        ("Could we find another day?", [("open", "rescheduled", "rules", "another day")]),
        ("Maybe. My daughter has the book.", [("open", "", "", "")]),
    ],
)
def test_words_that_somebody_has_to_act_upon_become_work(agent: Agent, said: str, left: list[tuple[str, ...]]) -> None:
    press(agent.tenant_id, answered(agent), SID, Answer(said=said, heard=0.95), NOON)

    assert work(agent) == left


def test_a_conversation_in_which_another_day_is_wanted_becomes_work_and_its_last_words_count(agent: Agent) -> None:
    attempt_id = answered(agent, kind="agent")
    call = factories.make_call(agent, status="ended")
    factories.make_turn(call, "Hello, who is this?")
    factories.make_turn(call, "Can we find another day?")
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(call=call)
    read_conversation(agent.tenant_id, attempt_id, NOON)
    factories.make_turn(call, "Actually, just cancel it.")

    read_conversation(agent.tenant_id, attempt_id, NOON)

    assert work(agent) == [("open", "canceled", "rules", "cancel")]


def test_a_conversation_about_nothing_is_no_work(agent: Agent) -> None:
    attempt_id = answered(agent, kind="agent")
    call = factories.make_call(agent, status="ended")
    factories.make_turn(call, "Yes, see you then.")
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(call=call)

    read_conversation(agent.tenant_id, attempt_id, NOON)

    assert work(agent) == []


def test_who_wanted_to_speak_with_somebody_and_could_not_becomes_work(agent: Agent) -> None:
    attempt_id = answered(agent)
    press(agent.tenant_id, attempt_id, SID, Answer("0"), NOON)

    handed_over(agent.tenant_id, attempt_id, None, NOON)

    with tenant_transaction(agent.tenant_id):
        assert Reply.objects.get().problem == NOBODY_SPOKE_WITH_THEM
