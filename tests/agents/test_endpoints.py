"""Where vendors are reached: an installation may hear on a server of its own, to which no tenant's key goes."""

from __future__ import annotations

from pytest_django import Settings

from agents.catalog import Kind
from agents.checklist import is_configured
from agents.endpoints import can_carry_sound, endpoint
from agents.providers.ports import Endpoint
from tests.telephony.relay_specs import relay_spec

OURS = {"openai": "sk-of-the-tenant"}


def test_a_whisper_server_hears_in_the_vendors_place_and_sees_no_tenants_key(settings: Settings) -> None:
    settings.WHISPER = {"base_url": "http://10.0.0.7:8000/v1", "api_key": "none"}

    assert endpoint("openai", OURS, hears=True) == Endpoint("none", "http://10.0.0.7:8000/v1")
    assert endpoint("openai", OURS).api_key == "sk-of-the-tenant"
    assert endpoint("deepgram", hears=True).base_url == settings.VENDORS["deepgram"]["base_url"]
    assert is_configured("openai", Kind.STT)


def test_an_agent_that_hears_there_needs_no_key_of_the_vendor(settings: Settings) -> None:
    spec = relay_spec(stt_provider="openai", stt_model="large-v3", tts_provider="offline")
    assert not can_carry_sound(spec, {})

    settings.WHISPER = {"base_url": "http://10.0.0.7:8000/v1", "api_key": ""}

    assert can_carry_sound(spec, {})
