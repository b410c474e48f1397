"""What the carrier is told to hear and speak with, and what it means when a session is over."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from calls.admission import RelayWish
from telephony import twiml
from telephony.relay import relay_for, session_end
from tests.telephony.relay_specs import relay_spec as spec

SPANISH = [{"language": "es-US", "voice": ""}]


def element(wish: RelayWish) -> ElementTree.Element:
    text = twiml.connect_relay(
        "wss://agents.example/agents/7/ws", relay_for(wish), {"token": "t"}, action="https://agents.example/resume"
    )
    (connect, redirect) = ElementTree.fromstring(text)  # noqa: S314 - our own
    assert connect.attrib == {"action": "https://agents.example/resume", "method": "POST"}
    assert redirect.text == "https://agents.example/resume"
    (noun,) = connect
    assert noun.tag == "ConversationRelay"
    return noun


def test_the_carrier_gets_the_voice_and_the_ears_of_the_version_where_it_has_them():
    chosen = spec(
        language="es-419",
        tts_provider="elevenlabs",
        tts_voice="EXAVITQu4vr4xnSDxMaL",
        stt_provider="deepgram",
        stt_model="nova-3",
        keyterms=["Juniper", "Dr. Abel, dentist"],
    )

    noun = element(RelayWish(chosen, "Hola & bienvenidos"))

    assert {name: noun.attrib[name] for name in noun.attrib if name != "url"} == {
        "language": "es-US",
        "ttsProvider": "ElevenLabs",
        "voice": "EXAVITQu4vr4xnSDxMaL",
        "transcriptionProvider": "Deepgram",
        "speechModel": "nova-3-general",
        "hints": "Juniper, Dr. Abel  dentist",
        "interruptible": "any",
        "reportInputDuringAgentSpeech": "any",
        "ignoreBackchannel": "true",
        "dtmfDetection": "true",
        "welcomeGreeting": "Hola & bienvenidos",
        "welcomeGreetingInterruptible": "any",
        "events": "speaker-events tokens-played",
    }
    assert [(each.tag, each.attrib) for each in noun] == [("Parameter", {"name": "token", "value": "t"})]


def test_what_the_carrier_does_not_have_is_left_to_it():
    noun = element(RelayWish(spec()))

    assert not {"ttsProvider", "voice", "transcriptionProvider", "speechModel", "welcomeGreeting"} & set(noun.attrib)


def test_settings_of_the_version_win_over_what_follows_from_it():
    options = {
        "tts_provider": "Google",
        "voice": "en-US-Journey-O",
        "interrupt_sensitivity": "low",
        "keys": False,
    }
    wish = spec(tts_provider="elevenlabs", tts_voice="abc", transport_options=options, other_languages=SPANISH)
    noun = element(RelayWish(wish))

    assert (noun.attrib["ttsProvider"], noun.attrib["voice"]) == ("Google", "en-US-Journey-O")
    assert noun.attrib["interruptSensitivity"] == "low"
    assert "dtmfDetection" not in noun.attrib
    assert [each.attrib["code"] for each in noun if each.tag == "Language"] == ["es-US"]


def test_other_languages_are_declared_as_the_carrier_names_them_with_the_voices_that_the_version_names():
    others = [
        {"language": each, "voice": voice}
        for each, voice in (("es", "rosa"), ("es-419", ""), ("nl", ""), ("en-GB", ""))
    ]
    own = {"tts_provider": "elevenlabs", "stt_provider": "deepgram", "other_languages": others}

    def declared(wish: RelayWish) -> list[dict[str, str]]:
        return [each.attrib for each in element(wish) if each.tag == "Language"]

    codes = [{"code": "es-US"}, {"code": "nl-NL"}, {"code": "en-GB"}]
    assert declared(RelayWish(spec(**own, stt_model="nova-3"))) == [codes[0] | {"voice": "rosa"}, *codes[1:]]
    assert declared(RelayWish(spec(**own), plain=True)) == codes
    assert declared(RelayWish(spec(**own, transport_options={"tts_provider": "Google"}, stt_model="nova-3"))) == codes

    flux = declared(RelayWish(spec(**own, stt_model="flux-general-en")))
    assert {each["speechModel"] for each in flux} == {"nova-3-general"}, "which Flux does not understand there"


def test_an_agent_that_asks_for_keys_is_told_of_them_whatever_the_version_says_of_others():
    asks = [{"name": "collect_digits", "settings": {}}]

    assert relay_for(RelayWish(spec(transport_options={"keys": False}, tools=asks))).keys
    assert not relay_for(RelayWish(spec(transport_options={"keys": False}))).keys


def test_a_transcriber_that_understands_several_languages_is_asked_for_all_of_them():
    ears = {"stt_provider": "deepgram", "stt_model": "nova-3", "stt_options": {"several_languages": True}}
    assert element(RelayWish(spec(**ears, other_languages=SPANISH))).attrib["transcriptionLanguage"] == "multi"

    for lacks in ({"other_languages": []}, {"stt_model": "flux-general-en"}, {"stt_options": {}}):
        noun = element(RelayWish(spec(**(ears | {"other_languages": SPANISH} | lacks))))
        assert "transcriptionLanguage" not in noun.attrib


def test_a_voice_of_another_vendor_than_the_chosen_one_is_not_sent():
    noun = element(
        RelayWish(spec(tts_provider="elevenlabs", tts_voice="abc", transport_options={"tts_provider": "Amazon"}))
    )

    assert noun.attrib["ttsProvider"] == "Amazon"
    assert "voice" not in noun.attrib


def test_an_agent_that_always_finishes_is_not_interrupted_by_the_carrier():
    noun = element(RelayWish(spec(interruption="off"), "Hello."))

    assert (noun.attrib["interruptible"], noun.attrib["welcomeGreetingInterruptible"]) == ("none", "none")


@pytest.mark.parametrize(("wanted", "told"), [(300, None), (599, None), (600, "600"), (1500, "1500"), (9000, "5000")])
def test_a_patient_agent_lets_the_carrier_wait_as_long_where_it_can(wanted: int, told: str | None):
    assert element(RelayWish(spec(endpointing_ms=wanted))).attrib.get("speechTimeout") == told


def test_a_notice_in_the_greeting_is_heard_to_its_end():
    assert element(RelayWish(spec(), "This is recorded.", protected=True)).attrib["welcomeGreetingInterruptible"] == (
        "none"
    )


def test_after_refused_settings_only_the_language_is_asked_for():
    chosen = spec(tts_provider="elevenlabs", stt_provider="deepgram", keyterms=["Juniper"])

    noun = element(RelayWish(chosen, plain=True))

    assert not {"ttsProvider", "voice", "transcriptionProvider", "hints"} & set(noun.attrib)
    assert noun.attrib["language"] == "en-US"


def ended(status: str, **fields: str) -> Any:
    return session_end({"SessionStatus": status, "SessionDuration": "25", **fields})


def test_a_stream_of_sound_has_no_session():
    assert session_end({"CallSid": "CA1"}) is None


@pytest.mark.parametrize("handoff", ["", "no JSON", "[]", '{"reason":"over"}', "1"])
def test_what_comes_back_with_the_end_of_a_session_is_our_own_word_or_nothing(handoff: str):
    assert not ended("ended", HandoffData=handoff).wants_sound
    assert ended("ended", HandoffData='{"reason":"sound"}').wants_sound


def test_a_caller_who_left_is_told_from_one_who_waits():
    assert ended("completed").caller_left
    assert ended("failed", CallStatus="completed", ErrorCode="64105").caller_left
    assert not ended("ended").caller_left


@pytest.mark.parametrize(
    ("code", "of_engine", "of_settings"),
    [
        ("64101", True, False),
        ("64102", False, False),
        ("64105", False, False),
        ("64106", True, True),
        ("64107", False, False),
        ("64114", True, False),
        ("39001", False, False),
        ("64999", True, False),
        ("", True, False),
    ],
)
def test_each_error_code_is_the_engine_s_or_the_connection_s(code: str, of_engine: bool, of_settings: bool):
    failure = ended("failed", ErrorCode=code).failure()

    assert (failure.of_engine, failure.of_settings, failure.at_once) == (of_engine, of_settings, False)


def test_a_session_that_broke_off_within_seconds_broke_off_at_once():
    assert session_end({"SessionStatus": "failed", "SessionDuration": "2"}).failure().at_once
    assert session_end({"SessionStatus": "failed", "SessionDuration": "much"}).failure().at_once
    assert ended("ended").failure() is None
