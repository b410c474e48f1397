"""Who of those that a version names understands and speaks a language."""

from dataclasses import replace
from typing import Any

import pytest

from agents.providers.ports import EndOfTurn, Hearing
from agents.providers.stt.deepgram_flux import Flux
from agents.providers.stt.deepgram_nova import Nova
from agents.spoken_languages import ears_for, hears_several, missing, voices_for, wished
from calls.equipment import main_voice
from tests.telephony.relay_specs import relay_spec

SPANISH = [{"language": "es", "voice": ""}]
DEEPGRAM = {"stt_provider": "deepgram", "stt_model": "nova-3", "tts_provider": "deepgram", "tts_model": "aura-2"}


def spec(**chosen: Any) -> Any:
    usual = {**DEEPGRAM, "tts_voice": "aura-2-thalia-en", "other_languages": SPANISH}
    return relay_spec(**(usual | chosen))


def test_a_voice_that_speaks_one_language_needs_another_one_to_be_named():
    assert missing(spec()) == {"es": "none of the voices speaks it"}

    named = spec(other_languages=[{"language": "es", "voice": "aura-2-celeste-es"}])
    assert missing(named) == {}
    assert voices_for(named, "es") == {"tts": "aura-2-celeste-es"}
    assert (main_voice(named, "es").voice, main_voice(named).voice) == ("aura-2-celeste-es", "aura-2-thalia-en")


def test_a_second_voice_speaks_what_the_first_one_cannot():
    both = spec(second_tts_provider="elevenlabs", second_tts_model="eleven_flash_v2_5", second_tts_voice="abc")

    assert voices_for(both, "es") == {"second_tts": "abc"}
    assert list(voices_for(both, "en-US")) == ["tts", "second_tts"]


def test_ears_for_english_alone_leave_a_language_to_the_second_ones():
    english = spec(tts_provider="elevenlabs", tts_model="eleven_flash_v2_5", stt_model="flux-general-en")
    assert missing(english) == {"es": "nobody who is there to listen understands it"}

    helped = replace(english, second_stt_provider="openai", second_stt_model="gpt-live-transcribe")
    assert missing(helped) == {}
    assert ears_for(helped, "es") == ("second_stt",)
    assert ears_for(helped, "en-US") == ("stt", "second_stt")


OPENAI = {"stt_provider": "openai", "stt_options": {"several_languages": True}}


@pytest.mark.parametrize(
    ("chosen", "heard"),
    [
        ({"stt_options": {"several_languages": True}}, ("en-US", "es")),
        ({"stt_options": {"several_languages": True}, "stt_model": "flux-general-multi"}, ("en-US", "es")),
        ({"stt_options": {"several_languages": True}, "stt_model": "flux-general-en"}, ()),
        ({"stt_options": {"several_languages": True}, "other_languages": []}, ()),
        (OPENAI | {"stt_model": "gpt-live-transcribe"}, ("en-US", "es")),
        (OPENAI | {"stt_model": "whisper-1"}, ()),
        ({}, ()),
    ],
)
def test_several_languages_are_understood_at_once_where_that_is_wished_and_can_be(chosen: Any, heard: Any):
    assert hears_several(spec(**chosen)) == heard


def test_the_language_of_the_version_comes_first():
    assert wished(spec(other_languages=[*SPANISH, {"language": "en-US", "voice": ""}])) == ("en-US", "es")


# What the vendor tells -----------------------------------------------------------------------------------


def nova_result(*words: tuple[str, str], ends: bool, start: float = 0.0) -> dict[str, Any]:
    said = [
        {"word": word, "start": start + at * 0.3, "end": start + at * 0.3 + 0.2, "language": language}
        for at, (word, language) in enumerate(words)
    ]
    text = " ".join(word for word, _ in words)
    best = {"transcript": text, "words": said, "languages": sorted({language for _, language in words})}
    window = {"start": start, "duration": 1.0, "is_final": True, "speech_final": ends}
    return {"type": "Results", "channel": {"alternatives": [best]}, **window}


@pytest.mark.parametrize(("several", "told"), [(("en", "es"), "es"), ((), "")])
def test_nova_tells_the_language_of_most_of_a_turns_words(several: tuple[str, ...], told: str):
    nova = Nova(Hearing("nova-3", several=several), lambda at: round(at * 1000))

    list(nova.hear(nova_result(("hi", "en"), ("quiero", "es"), ends=False)))
    *_, end = nova.hear(nova_result(("una", "es"), ("cita", "es"), ends=True, start=1.0))

    assert isinstance(end, EndOfTurn)
    assert (end.text, end.language) == ("hi quiero una cita", told)


def test_words_of_a_turn_whose_language_is_not_told_leave_it_open():
    nova = Nova(Hearing("nova-3", several=("en", "es")), lambda at: round(at * 1000))
    result = nova_result(("hi", ""), ends=True)

    *_, end = nova.hear(result)
    assert isinstance(end, EndOfTurn)
    assert end.language == ""


@pytest.mark.parametrize(("several", "told"), [(("en", "es"), "es"), ((), "")])
def test_flux_tells_the_language_of_a_turn(several: tuple[str, ...], told: str):
    flux = Flux(Hearing("flux-general-multi", several=several), lambda at: round(at * 1000))
    turn = {"type": "TurnInfo", "transcript": "quiero una cita", "words": [], "languages": ["es", "en"]}

    list(flux.hear(turn | {"event": "StartOfTurn", "sequence_id": 1}))
    *_, end = flux.hear(turn | {"event": "EndOfTurn", "sequence_id": 2})

    assert isinstance(end, EndOfTurn)
    assert end.language == told
