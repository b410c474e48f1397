"""What vendors offer a business: asked, kept, chosen from, and missed when it is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from agentos.tenants import credentials
from agentos.tenants.models import Credential
from agentos.tenants.scoping import tenant_transaction
from agents import services, vendor_lists
from agents.catalog import Kind
from agents.checklist import advice
from agents.models import Agent
from agents.tasks import refresh_vendor_lists
from tests.agents.pages import at, text
from tests.doubles.apart import doubles_apart
from tests.doubles.catalogs import hearing_model, speaking_model, voice
from tests.doubles.server import Doubles

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendors(settings: Settings) -> Iterator[Doubles]:
    cache.clear()
    with doubles_apart() as doubles:
        doubles.catalogs.voices = [
            voice("EXAVITQu4vr4xnSDxMaL", "Sarah - Mature"),
            voice("newVoice1", "Juniper - Warm", accent="british"),
            voice("ourClone1", "dr. rae", category="cloned", accent=""),
        ]
        doubles.catalogs.models = [
            {"model_id": "eleven_flash_v2_5", "name": "Flash", "can_do_text_to_speech": True},
            {"model_id": "eleven_v4", "name": "Eleven v4", "can_do_text_to_speech": True},
            {"model_id": "eleven_sts_v2", "name": "Voice changer", "can_do_text_to_speech": False},
        ]
        doubles.catalogs.hears = [hearing_model("nova-3-general"), hearing_model("nova-4"), hearing_model("whisper-x")]
        doubles.catalogs.speaks = [speaking_model("aura-2-thalia-en"), speaking_model("aura-2-novella-en")]
        doubles.catalogs.openai = [
            "gpt-7-luna",
            "gpt-5.4-mini",
            "text-embedding-3-small",
            "gpt-live-2-transcribe",
            "tts-2",
        ]
        place = {"api_key": "ours", "base_url": doubles.url}
        at_v1 = place | {"base_url": f"{doubles.url}/v1"}
        settings.VENDORS = {**dict.fromkeys(("deepgram", "elevenlabs", "anthropic"), place), "openai": at_v1}
        yield doubles


def offered(agent: Agent, kind: Kind, name: str) -> tuple[list[str], dict[str, str]]:
    with tenant_transaction(agent.tenant):
        offer = vendor_lists.enriched(kind, name, vendor_lists.known_lists())
    assert offer is not None
    return [model.name for model in offer.models], {each.name: each.label for each in offer.voices}


def ask(agent: Agent, name: str) -> None:
    with tenant_transaction(agent.tenant):
        vendor_lists.refresh(name)


def test_every_vendor_is_asked_at_night_and_what_is_new_can_be_chosen(vendors: Doubles, agent: Agent):
    refresh_vendor_lists()

    assert offered(agent, Kind.STT, "deepgram")[0][-1] == "nova-4"
    assert offered(agent, Kind.TTS, "deepgram")[1]["aura-2-novella-en"] == "Novella, American"
    assert "gpt-7-luna" in offered(agent, Kind.LLM, "openai")[0]
    assert not {"text-embedding-3-small", "tts-2"} & set(offered(agent, Kind.LLM, "openai")[0])
    assert "gpt-live-2-transcribe" in offered(agent, Kind.STT, "openai")[0]
    assert "tts-2" in offered(agent, Kind.TTS, "openai")[0]
    models, voices = offered(agent, Kind.TTS, "elevenlabs")
    assert models[-1] == "eleven_v4"
    assert voices["newVoice1"] == "Juniper, British"


def test_a_voice_of_ones_own_is_offered_first_and_only_to_its_owner(vendors: Doubles, agent: Agent):
    ask(agent, "elevenlabs")
    assert "ourClone1" not in offered(agent, Kind.TTS, "elevenlabs")[1]

    with tenant_transaction(agent.tenant):
        credentials.store(Credential.Kind.VENDOR, "elevenlabs", "sk_their_own_key_of_the_business")
    ask(agent, "elevenlabs")
    assert next(iter(offered(agent, Kind.TTS, "elevenlabs")[1].items())) == ("ourClone1", "Dr. Rae, yours")


def test_what_a_version_uses_and_its_vendor_no_longer_lists_is_told(vendors: Doubles, agent: Agent):
    chosen = {"tts_provider": "elevenlabs", "tts_voice": "newVoice1", "stt_provider": "deepgram", "stt_model": "nova-3"}
    services.save_draft(agent.tenant, agent.pk, changes=chosen)
    vendors.catalogs.voices = [voice("EXAVITQu4vr4xnSDxMaL", "Sarah")]
    refresh_vendor_lists()

    with tenant_transaction(agent.tenant):
        told = {check.field: check.text for check in advice(services.draft_of(agent)) if "does not list" in check.text}
    assert told == {"tts_voice": "ElevenLabs does not list newVoice1 any more"}


def test_the_button_asks_the_vendor_and_a_failure_keeps_the_last_list(vendors: Doubles, browser: Client, agent: Agent):
    services.save_draft(agent.tenant, agent.pk, changes={"tts_provider": "elevenlabs"})
    fresh = text(browser.post(at("choices", agent, "tts")))
    assert "Juniper, British" in fresh
    assert "As of" in fresh

    assert "asked a moment ago" in text(browser.post(at("choices", agent, "tts")))
    cache.clear()
    vendors.catalogs.status = 503
    kept = text(browser.post(at("choices", agent, "tts")))
    assert "Juniper, British" in kept
    assert "The vendor did not answer. As of" in kept


def test_a_refreshed_voice_can_be_heard(vendors: Doubles, browser: Client, agent: Agent, settings: Settings, tmp_path):
    settings.SPEECH_CACHE_DIR = tmp_path
    ask(agent, "elevenlabs")
    services.save_draft(agent.tenant, agent.pk, changes={"tts_provider": "elevenlabs", "tts_voice": "newVoice1"})

    assert browser.get(at("hear", agent, "tts"))["Content-Type"] == "audio/wav"
    assert "newVoice1" in vendors.elevenlabs.requests[0].path
