"""What is on offer, and how somebody may name it."""

import re
from contextlib import aclosing

import pytest
from django.conf import settings

from agents import catalog
from agents.catalog import Kind, choose, choose_voice, provider
from agents.providers import tts
from agents.providers.ports import Endpoint, Voice


def offer(kind: Kind, name: str) -> catalog.Provider:
    found = provider(kind, name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "wish", "meant"),
    [
        (Kind.STT, "deepgram", ("deepgram", "nova-3")),
        (Kind.STT, "deepgram:nova-3", ("deepgram", "nova-3")),
        (Kind.STT, "deepgram/flux-general-en", ("deepgram", "flux-general-en")),
        (Kind.STT, "deepgram:flux", ("deepgram", "flux-general-en")),
        (Kind.STT, "flux", ("deepgram", "flux-general-en")),
        (Kind.STT, "nova", ("deepgram", "nova-3")),
        (Kind.STT, "whisper", ("openai", "whisper-1")),
        (Kind.STT, "offline", ("offline", "offline")),
        (Kind.LLM, "openai", ("openai", "gpt-6-luna")),
        (Kind.LLM, "openai:gpt-6-luna", ("openai", "gpt-6-luna")),
        (Kind.LLM, "openai:meta-llama/Llama-4-8B", ("openai", "meta-llama/Llama-4-8B")),
        (Kind.LLM, "gpt-6-sol", ("openai", "gpt-6-sol")),
        (Kind.TTS, "elevenlabs:eleven_flash_v2_5", ("elevenlabs", "eleven_flash_v2_5")),
        (Kind.LLM, "anthropic", ("anthropic", "claude-haiku-5-5")),
        (Kind.LLM, "sonnet", ("anthropic", "claude-sonnet-5-5")),
        (Kind.TTS, "deepgram", ("deepgram", "aura-2")),
        (Kind.TTS, "openai", ("openai", "gpt-4o-mini-tts")),
        (Kind.TTS, "offline", ("offline", "offline")),
    ],
)
def test_a_provider_and_its_model_can_be_named_in_several_ways(kind: Kind, wish: str, meant: tuple[str, str]):
    chosen, model = choose(kind, wish)

    assert (chosen.name, model) == meant


@pytest.mark.parametrize(
    ("kind", "wish"),
    [(Kind.STT, "hearsay"), (Kind.STT, "deepgram:whisper"), (Kind.TTS, "elevenlabs:../x"), (Kind.LLM, "offline:big")],
)
def test_what_is_not_on_offer_is_refused_with_what_is(kind: Kind, wish: str):
    with pytest.raises(ValueError, match=r"It has|Choose"):
        choose(kind, wish)


def test_a_voice_is_chosen_by_id_or_by_name():
    voices = offer(Kind.TTS, "elevenlabs")

    assert choose_voice(voices, "sarah") == "EXAVITQu4vr4xnSDxMaL"
    assert choose_voice(voices, "MyOwnVoice123") == "MyOwnVoice123"
    with pytest.raises(ValueError, match="no voice"):
        choose_voice(voices, "a/b")


def test_an_option_takes_what_is_in_its_range_and_says_the_range_otherwise():
    speed = offer(Kind.TTS, "elevenlabs").option("speed", "eleven_flash_v2_5")
    assert speed is not None

    assert speed.parse("1.1") == 1.1
    assert speed.parse("") is None
    for wrong in ("1.3", "0", "fast", "nan", "inf"):
        with pytest.raises(ValueError, match=r"0\.7"):
            speed.parse(wrong)


def test_flux_and_nova_have_settings_of_their_own():
    deepgram = offer(Kind.STT, "deepgram")

    assert deepgram.option("eot_threshold", "flux-general-en")
    assert deepgram.option("eot_threshold", "nova-3") is None
    assert deepgram.option("utterance_end_ms", "nova-3")


def test_every_provider_is_one_that_the_settings_know_and_has_something_to_choose():
    for kind, offers in catalog.PROVIDERS.items():
        for each in offers:
            assert each.name in settings.VENDORS
            assert each.takes_model(each.default_model)
            assert kind is not Kind.TTS or each.takes_voice(each.default_voice)
            assert each.needs_key or "no key" in each.label


def test_every_default_is_within_its_own_range():
    for offers in catalog.PROVIDERS.values():
        for option in (option for each in offers for option in each.options):
            assert option.default is None or option.parse(option.default) == option.default


def test_voice_ids_cannot_leave_their_place_in_an_address():
    custom = offer(Kind.TTS, "elevenlabs").custom_voices

    assert not any(re.fullmatch(custom, bad) for bad in ("a/b", "a?b", "..", "a b", ""))


@pytest.mark.parametrize("voice", [voice.name for voice in offer(Kind.TTS, "offline").voices])
async def test_every_offline_voice_on_offer_can_speak(voice: str):
    mouth = tts("offline", Voice("offline", voice, options={"speed": 1.8}), Endpoint())

    async with aclosing(mouth.speak("Hello.")) as sounds:
        spoken = [sound.audio async for sound in sounds]

    assert len(b"".join(spoken)) > 1600
