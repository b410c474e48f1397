"""Models that their vendors end."""

from datetime import date

import pytest

from agentos.diagnosis import State, check_models
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.catalog import PROVIDERS
from agents.checklist import advice
from agents.models import Agent
from agents.offers import Model
from agents.retirement import titled
from tests.agents.drafts import draft


def test_every_last_day_is_a_day():
    days = [model.retires for offers in PROVIDERS.values() for offer in offers for model in offer.models]

    assert [date.fromisoformat(day) for day in days if day]


def test_a_list_to_choose_from_tells_the_last_day():
    assert titled(Model("m", "Model M", retires="2027-01-06")) == "Model M (ends Jan 6, 2027)"
    assert titled(Model("m", "Model M")) == "Model M"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("today", "words", "state"),
    [
        ("2026-06-01", None, State.WELL),
        ("2026-12-01", "ends on January 6, 2027", State.WELL),
        ("2027-01-07", "ended on January 6, 2027", State.BROKEN),
    ],
)
def test_an_agent_whose_voice_ends_is_pointed_out_in_the_editor_and_by_the_doctor(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, today: str, words: str | None, state: State
):
    monkeypatch.setattr("agents.retirement.localdate", lambda: date.fromisoformat(today))
    services.save_draft(agent.tenant, agent.pk, changes={"tts_provider": "openai"})
    services.publish(agent.tenant, agent.pk, by=None, note="")

    with tenant_transaction(agent.tenant_id):
        told = [check.text for check in advice(draft(agent)) if "TTS" in check.text]
    assert told == ([f"GPT-4o mini TTS {words}"] if words else [])
    assert check_models().state is state
