from __future__ import annotations

from xml.etree import ElementTree

import pytest

from telephony import twiml
from telephony.twiml import Heard

NASTY = [
    '</Say><Dial>+19005550100</Dial><Say x="',
    "quotes \" ' and & < >",
    "NUL \0, tab \t, vertical tab \x0b, escape \x1b",
    "half a pair \ud800, the other \udfff, not characters \ufffe \uffff",
    "long " * 200_000,
    "&" * 10_000,
    "\U0001f600 smiles",
]


def shape(text: str) -> list[str]:
    return [element.tag for element in ElementTree.fromstring(text).iter()]  # noqa: S314 - our own


def test_a_call_is_connected_to_the_media_socket_and_goes_on_at_the_resume_url_when_that_closes():
    text = twiml.connect_stream(
        "wss://agents.example/agents/1/media",
        "one-time",
        resume_url="https://agents.example/agents/1/resume",
        status_callback="https://agents.example/agents/1/stream-status",
    )

    connect, redirect = ElementTree.fromstring(text)  # noqa: S314
    (stream,) = connect
    (parameter,) = stream
    assert stream.attrib == {
        "url": "wss://agents.example/agents/1/media",
        "name": "agent",
        "statusCallback": "https://agents.example/agents/1/stream-status",
    }
    assert parameter.attrib == {"name": "token", "value": "one-time"}
    assert (redirect.tag, redirect.text) == ("Redirect", "https://agents.example/agents/1/resume")
    assert redirect.attrib == {"method": "POST"}


def test_a_sentence_is_said_before_the_call_ends():
    say, hangup = ElementTree.fromstring(twiml.say_and_hang_up("Goodbye & thanks.", "en-GB"))  # noqa: S314

    assert (say.text, say.attrib["language"]) == ("Goodbye & thanks.", "en-GB")
    assert hangup.tag == "Hangup"


def test_a_caller_who_must_wait_is_sent_round_again():
    say, pause, redirect = ElementTree.fromstring(  # noqa: S314
        twiml.say_and_try_again("One moment, please.", "https://agents.example/again", pause_s=3)
    )

    assert (say.text, pause.attrib["length"], redirect.text) == (
        "One moment, please.",
        "3",
        "https://agents.example/again",
    )


def test_the_busy_tone_is_given_without_answering():
    assert shape(twiml.busy()) == ["Response", "Reject"]


def test_hanging_up_needs_no_words():
    assert shape(twiml.hang_up()) == ["Response", "Hangup"]


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_no_sentence_breaks_out_of_its_element_or_grows_beyond_the_limit(text: str):
    answer = twiml.say_and_hang_up(text, text[:20])

    assert shape(answer) == shape(twiml.say_and_hang_up("x"))
    assert len(answer.encode()) <= 64 * 1024


@pytest.mark.parametrize("text", [text for text in NASTY if len(text) < 400], ids=range(5))
def test_no_parameter_and_no_address_breaks_out_of_its_element(text: str):
    answer = twiml.connect_stream(text, text, resume_url=text, name=text, status_callback=text)

    assert shape(answer) == ["Response", "Connect", "Stream", "Parameter", "Redirect"]


def test_a_token_that_the_carrier_would_cut_off_is_refused():
    with pytest.raises(ValueError, match="parameter"):
        twiml.connect_stream("wss://a.example", "t" * 495, resume_url="https://a.example")


def test_instructions_that_the_carrier_would_not_take_are_refused():
    with pytest.raises(ValueError, match="instructions"):
        twiml.connect_stream("wss://a.example/" + "x" * 70_000, "t", resume_url="https://a.example")


# Calls of a campaign


PARTS = [Heard("Who calls."), Heard(url="https://clips.example/1.wav?a=1&b=2"), Heard("Press 1.")]


def test_a_key_or_a_word_interrupts_what_is_played_and_silence_is_told_as_well():
    gather, redirect = ElementTree.fromstring(twiml.play_and_gather(PARTS, "https://a.example/keys"))  # noqa: S314

    assert [part.tag for part in gather] == ["Say", "Play", "Say"]
    assert gather[1].text == "https://clips.example/1.wav?a=1&b=2"
    assert gather.attrib == {
        "input": "dtmf speech",
        "numDigits": "1",
        "timeout": "5",
        "speechTimeout": "auto",
        "action": "https://a.example/keys",
        "method": "POST",
        "actionOnEmptyResult": "true",
        "language": "en-US",
    }
    assert (redirect.tag, redirect.text) == ("Redirect", "https://a.example/keys")


def test_only_keys_are_listened_for_where_speech_is_for_somebody_else():
    gather, _ = ElementTree.fromstring(twiml.play_and_gather(PARTS, "https://a.example", speech=False))  # noqa: S314

    assert gather.attrib["input"] == "dtmf"


def test_an_answer_is_recorded_after_a_beep_and_not_for_ever():
    text = twiml.record_reply(PARTS[:1], "https://a.example/recorded", longest_s=20)

    say, record, hangup = ElementTree.fromstring(text)  # noqa: S314
    assert (say.text, hangup.tag) == ("Who calls.", "Hangup")
    assert (record.attrib["maxLength"], record.attrib["playBeep"], record.attrib["timeout"]) == ("20", "true", "3")
    assert record.attrib["action"] == record.attrib["recordingStatusCallback"] == "https://a.example/recorded"


def test_what_is_left_on_a_machine_ends_the_call():
    assert shape(twiml.play_and_hang_up(PARTS)) == ["Response", "Say", "Play", "Say", "Hangup"]


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_no_message_breaks_out_of_its_element_or_grows_beyond_the_limit(text: str):
    parts, short = [Heard(text)], text[:200]

    assert shape(twiml.play_and_gather(parts, short, language=short)) == ["Response", "Gather", "Say", "Redirect"]
    assert shape(twiml.record_reply(parts, short)) == ["Response", "Say", "Record", "Hangup"]
    assert shape(twiml.play_and_hang_up([*parts, Heard(url=short)], short)) == ["Response", "Say", "Play", "Hangup"]
