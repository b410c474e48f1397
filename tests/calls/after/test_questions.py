"""Questions that were asked in vain, collected from the transcript of a call."""

from __future__ import annotations

import pytest

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, KnowledgeGap
from calls.after.questions import collect, is_question
from calls.models import Call
from tests import factories

NOTHING: dict[str, object] = {"knowledge": []}


@pytest.mark.parametrize(
    "text",
    [
        "Do you have a lift?",
        "so do you have a lift",
        "hay un ascensor en la casa",
        "gibt es einen Aufzug",
        "A lift, is there one?",
    ],
)
def test_a_question_is_known_by_its_mark_or_its_beginning(text: str):
    assert is_question(text)


@pytest.mark.parametrize("text", ["", "why", "really?", "I would like to book a cleaning", "my name is Dora"])
def test_what_asks_nothing_is_no_question(text: str):
    assert not is_question(text)


@pytest.mark.django_db
def test_only_questions_without_an_answer_are_collected_and_each_once(tenant: Tenant, agent: Agent):
    call = factories.make_call(agent, status=Call.Status.ENDED)
    for heard, extras in [
        ("Do you have a lift?", NOTHING),
        ("Where can I park?", {"knowledge": [{"source": 1, "title": "Parking", "by": "words"}]}),
        ("I would like to book a cleaning", NOTHING),
        ("Is it far?", {}),
        (
            "Do you take Delta?",
            {"knowledge": [{"source": 1, "title": "Insurance", "by": "words"}], "says": "I don’t know."},
        ),
        ("¿Hay un ascensor?", {"says": "Lo siento, no lo sé."}),
    ]:
        factories.make_turn(call, heard)
        factories.make_turn(call, str(extras.get("says", "Well.")), speaker="agent", extras=extras)

    collect(tenant.pk, call.pk)
    collect(tenant.pk, call.pk)

    with tenant_transaction(tenant):
        found = dict(KnowledgeGap.objects.values_list("question", "times"))
    assert found == {"Do you have a lift?": 1, "Do you take Delta?": 1, "¿Hay un ascensor?": 1}
