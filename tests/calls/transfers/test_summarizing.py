"""What a person hears about a caller is written by the agent's model, if it does so in time; else the rules say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from calls.models import Call, Colleague, Transfer, Turn
from calls.transfers import rooms, services, summarizing
from calls.transfers.steps import Hears, PlaceCall
from calls.transfers.summarizing import introduce
from tests import factories
from tests.doubles import Doubles, Refuse
from tests.doubles.apart import doubles_apart
from tests.doubles.faults import Cut, Mute, Stall

pytestmark = pytest.mark.django_db

BY_RULE = "A call for Juniper Dental from somebody who gave no name. It is about: A wrong bill."
WRITTEN = "Somebody calls Juniper Dental because they were billed twice for a cleaning in October."


@pytest.fixture
def vendor(settings: Settings) -> Iterator[Doubles]:
    with doubles_apart() as doubles:
        settings.VENDORS = settings.VENDORS | {"openai": {"api_key": "key", "base_url": doubles.url}}
        yield doubles


def waiting(tenant: Tenant, **version: Any) -> Transfer:
    """A caller who has complained, and is about to be put through with an introduction."""
    model = {"llm_provider": "openai", "llm_model": "gpt-6-luna"}
    agent = factories.make_agent(tenant, **(model | version))
    facts = {"status": Call.Status.IN_PROGRESS, "carrier_sid": "CA7", "answered_at": now()}
    call = factories.make_call(agent, **facts)
    factories.make_turn(call, "I was billed twice.")
    factories.make_turn(call, "I am sorry to hear that.", speaker=Turn.Speaker.AGENT, index=2)
    with tenant_transaction(tenant):
        about = {"address": "+12085550125", "when": "always", "way": "introduce"}
        Colleague.objects.create(name="Rae", department="Billing", **about)
        asked = services.ask_for_person(call, key=f"{call.pk}:1", reason="A wrong bill")
    assert asked.transfer is not None
    return asked.transfer


def heard(transfer: Transfer) -> str:
    """What the person hears who picks up now."""
    tenant_id, agent_id = transfer.tenant_id, transfer.call.agent_id
    services.next_step(tenant_id, agent_id, "CA7")
    errands = rooms.look_after(tenant_id, transfer.pk)
    ring = next(each.ring_id for each in errands if isinstance(each, PlaceCall))
    step = rooms.answered(tenant_id, agent_id, ring, "CA8")
    assert step.hears is Hears.INTRODUCTION
    return step.text


def test_the_model_is_told_what_was_said_and_its_words_are_heard_and_paid_for(tenant: Tenant, vendor: Doubles) -> None:
    transfer = waiting(tenant)
    vendor.openai.answers_with(WRITTEN)

    introduce(tenant.pk, transfer.pk)
    introduce(tenant.pk, transfer.pk)

    assert heard(transfer) == WRITTEN
    (chat,) = vendor.openai.chats
    asked = chat.body["messages"][1]["content"]
    assert "Business: Juniper Dental" in asked
    assert "caller: I was billed twice.\nagent: I am sorry to hear that." in asked
    with tenant_transaction(tenant):
        units = {line.unit for line in transfer.call.usage.filter(kind="analysis")}
        assert units == {"input_tokens", "cached_tokens", "output_tokens"}


@pytest.mark.parametrize("fault", [Refuse(401), Refuse(503), Mute(), Stall(1), Cut(1)])
def test_a_model_that_is_dead_or_slow_leaves_it_to_the_rules(
    tenant: Tenant, vendor: Doubles, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    monkeypatch.setattr(summarizing, "WITHIN_S", 0.3)
    transfer = waiting(tenant)
    vendor.openai.faults.always = fault

    introduce(tenant.pk, transfer.pk)

    assert heard(transfer) == BY_RULE


def test_whoever_picks_up_first_waits_for_no_model_and_hears_nothing_else_later(
    tenant: Tenant, vendor: Doubles
) -> None:
    transfer = waiting(tenant)
    vendor.openai.answers_with(WRITTEN)

    assert heard(transfer) == BY_RULE
    introduce(tenant.pk, transfer.pk)

    assert vendor.openai.chats == []
    with tenant_transaction(tenant):
        assert Transfer.objects.get().summary == BY_RULE


def test_what_the_version_does_not_keep_is_not_in_the_words_of_the_model(tenant: Tenant, vendor: Doubles) -> None:
    transfer = waiting(tenant, redaction=["name", "phone", "card"])
    vendor.openai.answers_with("Maria Lopez, 208 555 0147, paid with 4111 1111 1111 1111 and was billed twice.")

    introduce(tenant.pk, transfer.pk)

    said = heard(transfer)
    assert "billed twice" in said
    assert not any(secret in said for secret in ("Lopez", "0147", "4111", "["))
