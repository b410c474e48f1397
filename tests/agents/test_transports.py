"""How calls are carried, as an agent's draft keeps it."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from agentos.tenants.scoping import tenant_transaction
from agents.checklist import advice, problems
from agents.models import Agent
from agents.versions import VersionSpec
from calls.equipment import talking
from tests.agents.drafts import draft, save

pytestmark = pytest.mark.django_db


def test_the_settings_of_a_way_of_carrying_calls_come_and_go_with_it(agent: Agent):
    chosen = {"tts_provider": "Google", "voice": " en-US-Journey-O ", "keys": False}

    save(agent, transport="conversation_relay", **{f"transport_options__{name}": v for name, v in chosen.items()})
    assert draft(agent).transport_options == chosen | {"voice": "en-US-Journey-O"}

    save(agent, transport_options__tts_provider="", transport_options__keys="on")
    assert draft(agent).transport_options == {"voice": "en-US-Journey-O"}

    save(agent, transport="media_streams")
    assert draft(agent).transport_options == {}


def test_the_languages_that_an_agent_also_speaks_are_its_own_however_calls_are_carried(agent: Agent):
    spanish = {"language": "es", "voice": "aura-2-celeste-es"}
    assert not save(agent, other_languages=[spanish, {"language": "fr", "voice": ""}]).errors
    assert draft(agent).other_languages == [spanish, {"language": "fr", "voice": ""}]

    wrong = save(agent, other_languages=[{"language": "nonsense at all", "voice": ""}])
    assert set(wrong.errors) == {"other_languages"}


def test_languages_that_were_a_setting_of_one_way_of_carrying_calls_are_kept(agent: Agent):
    with tenant_transaction(agent.tenant_id):
        options = {"languages": "es-US, fr-CA", "keys": False}
        agent.versions.filter(number=None).update(transport="conversation_relay", transport_options=options)

    save(agent, farewell="Bye.")

    assert [each["language"] for each in draft(agent).other_languages] == ["es-US", "fr-CA"]
    assert draft(agent).transport_options == {"keys": False}


def test_a_setting_that_makes_no_sense_is_answered_with_a_sentence(agent: Agent):
    wrong = {"transport_options__voice": "two words", "transport_options__tts_provider": "Nobody"}

    saved = save(agent, transport="conversation_relay", **wrong)

    assert set(saved.errors) == set(wrong)
    assert draft(agent).transport == "conversation_relay"


def test_what_cannot_record_is_not_published_as_something_that_does(agent: Agent):
    save(agent, transport="conversation_relay", recording=True)

    version = draft(agent)
    with tenant_transaction(agent.tenant_id):
        found = [check.text for check in problems(version)]
    assert found == [
        "Where the phone company hears, nothing is recorded: switch recording off, or choose the usual way."
    ]


def test_a_model_that_speaks_itself_has_a_name_a_voice_and_needs_a_key(agent: Agent, settings: Settings):
    settings.VENDORS = {}
    chosen = {"realtime_model": "gpt-realtime-2.1-mini", "realtime_voice": "cedar"}
    save(agent, transport="openai_realtime", **{f"transport_options__{name}": v for name, v in chosen.items()})

    version = draft(agent)
    assert version.transport_options == chosen
    with tenant_transaction(agent.tenant_id):
        assert "This server has no key for OpenAI Realtime" in [check.text for check in advice(version)]
        assert not problems(version)
        talk = talking(VersionSpec.of(version))
    assert (talk.model, talk.voice) == ("gpt-realtime-2.1-mini", "cedar")


def test_what_a_vendor_cannot_do_that_runs_the_conversation_is_told_before_publishing(agent: Agent, settings: Settings):
    settings.VENDORS = {}
    tools = {"tools__leave_message": True, "tools__collect_digits": True}
    save(agent, transport="elevenlabs_native", stt_provider="deepgram", redaction=["card"], **tools)

    version = draft(agent)
    with tenant_transaction(agent.tenant_id):
        told = [check.text for check in advice(version)]
        assert not problems(version)
    assert "This server has no key for ElevenLabs" in told
    assert [each for each in told if "does not work" in each] == [
        "“Take keys from the caller” does not work at ElevenLabs"
    ]
    assert "ElevenLabs hears what you leave out of transcripts" in told
