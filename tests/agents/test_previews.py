"""Hear this voice: a sentence of the draft's voice, made once."""

import io
import wave

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from agents import services
from agents.models import Agent
from tests.agents.pages import at
from tests.doubles.apart import doubles_apart

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings: Settings, tmp_path):
    settings.SPEECH_CACHE_DIR = tmp_path


def hear(browser: Client, agent: Agent, role: str = "tts", **asked: str):
    return browser.get(at("hear", agent, role), asked)


def choose(agent: Agent, **changes: object) -> None:
    services.save_draft(agent.tenant, agent.pk, changes=changes)


def test_the_voice_of_the_draft_is_heard_and_the_vendor_asked_once(browser: Client, agent: Agent, settings: Settings):
    choose(agent, tts_provider="elevenlabs")
    with doubles_apart() as doubles:
        settings.VENDORS = {**settings.VENDORS, "elevenlabs": {"api_key": "k", "base_url": doubles.url}}
        heard = [hear(browser, agent) for _ in range(2)]

    assert [response["Content-Type"] for response in heard] == ["audio/wav"] * 2
    assert heard[0].content == heard[1].content
    assert len(doubles.elevenlabs.requests) == 1
    with wave.open(io.BytesIO(heard[0].content)) as sound:
        assert sound.getnframes() / sound.getframerate() > 2


def test_the_voice_of_another_language_is_heard_in_it(browser: Client, agent: Agent, settings: Settings):
    choose(agent, tts_provider="elevenlabs", other_languages=[{"language": "es", "voice": "rosa"}])
    with doubles_apart() as doubles:
        settings.VENDORS = {**settings.VENDORS, "elevenlabs": {"api_key": "k", "base_url": doubles.url}}
        heard = [hear(browser, agent, language=each).status_code for each in ("es", "fr")]

    assert heard == [200, 409], "an agent that does not speak French has no voice for it"
    (request,) = doubles.elevenlabs.requests
    assert "rosa" in str(request)
    assert "Hola" in str(request)


def test_without_a_key_or_a_voice_the_reason_is_told(browser: Client, agent: Agent, settings: Settings):
    choose(agent, tts_provider="elevenlabs")
    settings.VENDORS = {**settings.VENDORS, "elevenlabs": {"api_key": "", "base_url": ""}}

    for role, words in (("tts", "Without a key"), ("second_tts", "no voice"), ("llm", "no voice")):
        response = hear(browser, agent, role)
        assert (response.status_code, words in response.content.decode()) == (409, True)


def test_a_vendor_that_does_not_speak_is_told_and_so_is_impatience(
    browser: Client, agent: Agent, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    cache.clear()
    monkeypatch.setattr("agents.previews.MOST_A_MINUTE", 1)
    choose(agent, tts_provider="elevenlabs")
    settings.VENDORS = {**settings.VENDORS, "elevenlabs": {"api_key": "k", "base_url": "http://127.0.0.1:9"}}

    assert "did not speak" in hear(browser, agent).content.decode()
    assert "Wait a minute" in hear(browser, agent).content.decode()
