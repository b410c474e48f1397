"""What a person hears of the caller before taking the call, and what is kept of it."""

from __future__ import annotations

import pytest

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.after.retention import erase_words
from calls.models import CallEvent, LeftMessage
from tests import factories
from tests.calls.transfers.waiting import Waiting

pytestmark = pytest.mark.django_db


def test_the_introduction_names_the_caller_and_quotes_where_no_reason_is_known(agent: Agent, people: None):
    waiting = Waiting(agent, reason="")
    factories.make_turn(waiting.call, "I was billed twice")
    with tenant_transaction(waiting.tenant_id):
        LeftMessage.objects.create(text="x", name="Maria Lopez", call=waiting.call)

    heard = waiting.picked_up(waiting.rung())

    assert heard.text == "A call for Juniper Dental from Maria Lopez. The last words were: I was billed twice."


def test_what_the_version_does_not_keep_is_neither_said_nor_kept(tenant: Tenant, people: None):
    agent = factories.make_agent(tenant, redaction=["name", "phone"])
    waiting = Waiting(agent, reason="Maria Lopez asks for a call at 208 555 0147")

    heard = waiting.picked_up(waiting.rung())

    assert "Lopez" not in heard.text + waiting.transfer().reason
    assert "0147" not in heard.text + waiting.transfer().reason
    assert "[" not in heard.text


def test_with_the_words_of_a_call_the_introduction_is_erased(waiting: Waiting):
    waiting.picked_up(waiting.rung())
    with tenant_transaction(waiting.tenant_id):
        erase_words([waiting.call])

    assert (waiting.transfer().summary, waiting.transfer().reason) == ("", "")
    assert waiting.all(CallEvent) == []
