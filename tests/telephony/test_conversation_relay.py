"""The carrier's JSON of a session for words, to events and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from telephony.conversation_relay import (
    HELD_BACK,
    MAX_BAD,
    AgentInterrupted,
    AgentVoice,
    CallerSaid,
    CallerVoice,
    ConversationRelay,
    KeyPressed,
    RelayStarted,
    RelayTrouble,
    WordsPlayed,
    is_setup,
)

SETUP: dict[str, Any] = {
    "type": "setup",
    "sessionId": "VX00000000000000000000000000000001",
    "accountSid": "AC00000000000000000000000000000001",
    "callSid": "CA00000000000000000000000000000001",
    "from": "+15005550006",
    "to": "+15005550001",
    "forwardedFrom": "",
    "direction": "inbound",
    "callStatus": "RINGING",
    "customParameters": {"token": "t", "odd": 7},
}
SAID = {"type": "prompt", "voicePrompt": "Hi, I would like a table.", "lang": "en-US", "last": True}


def read(message: dict[str, Any] | str) -> object:
    return ConversationRelay().receive(message if isinstance(message, str) else json.dumps(message))


def test_a_session_begins_with_the_call_and_our_parameters():
    assert read(SETUP) == RelayStarted(SETUP["callSid"], SETUP["accountSid"], SETUP["sessionId"], {"token": "t"})
    assert is_setup(json.dumps(SETUP))
    assert not is_setup('{"event":"connected"}')
    assert not is_setup("nonsense")


def test_a_second_beginning_counts_as_a_bad_message():
    session = ConversationRelay()
    session.receive(json.dumps(SETUP))

    assert session.receive(json.dumps(SETUP)) is None
    assert session.counts.bad == 1


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (SAID, CallerSaid("Hi, I would like a table.", "en-US", True)),
        (SAID | {"last": False}, CallerSaid("Hi, I would like a table.", "en-US", False)),
        ({"type": "prompt", "voicePrompt": "Hi", "turnState": {"new": 1}}, CallerSaid("Hi", "", True)),
        ({"type": "dtmf", "digit": "1"}, KeyPressed("1")),
        ({"type": "error", "description": "Invalid message received"}, RelayTrouble("Invalid message received")),
        ({"type": "info", "name": "clientSpeaking", "value": "on", "ts": 1}, CallerVoice(True)),
        ({"type": "info", "name": "agentSpeaking", "value": "off"}, AgentVoice(False)),
        ({"type": "info", "name": "tokensPlayed", "value": "Hi, this is Ada,"}, WordsPlayed("Hi, this is Ada,")),
        ({"type": "configUpdated"}, None),
    ],
)
def test_what_the_carrier_tells_is_an_event(message: dict[str, Any], event: object):
    session = ConversationRelay()

    assert session.receive(json.dumps(message)) == event
    assert (session.counts.bad, session.counts.unknown) == (0, 0)


@pytest.mark.parametrize("after", [460, "460", 460.7, "460.7"])
def test_an_interruption_says_what_was_heard_and_when_in_any_spelling(after: object):
    told = {"type": "interrupt", "utteranceUntilInterrupt": "Life is", "durationUntilInterruptMs": after}

    assert read(told) == AgentInterrupted("Life is", 460)


@pytest.mark.parametrize(
    "bad",
    [
        "?",
        "[]",
        '{"type":"prompt"}',
        '{"type":"prompt","voicePrompt":7}',
        '{"type":"dtmf","digit":"12"}',
        '{"type":"interrupt","durationUntilInterruptMs":NaN}',
        '{"type":"interrupt","durationUntilInterruptMs":"1e999"}',
        '{"type":"error","type":"dtmf"}',
        json.dumps({"type": "prompt", "voicePrompt": "x" * 30_000}),
        " " * 70_000,
    ],
)
def test_a_bad_message_is_counted_and_says_nothing(bad: str):
    session = ConversationRelay()

    assert session.receive(bad) is None
    assert session.counts.bad == 1


def test_what_is_not_known_is_let_pass():
    session = ConversationRelay()
    session.receive('{"type":"weather"}')
    session.receive('{"type":"info","name":"mood","value":"good"}')

    assert (session.counts.bad, session.counts.unknown) == (0, 2)


def test_a_flood_uses_the_session_up():
    session = ConversationRelay(clock=lambda: 1.0)
    for _ in range(HELD_BACK + MAX_BAD):
        session.receive(json.dumps(SAID))

    assert session.is_spent


def test_what_the_carrier_is_told_has_the_shape_that_it_takes():
    relay = ConversationRelay

    assert json.loads(relay.text("Sure, ", last=False)) == {
        "type": "text",
        "token": "Sure, ",
        "last": False,
        "interruptible": True,
        "preemptible": True,
    }
    assert json.loads(relay.text("Hola", last=True, interruptible=False, language="es-US"))["lang"] == "es-US"
    assert json.loads(relay.play("https://app.example/hold.mp3", loop=2)) == {
        "type": "play",
        "source": "https://app.example/hold.mp3",
        "loop": 2,
        "preemptible": True,
        "interruptible": True,
    }
    assert json.loads(relay.send_digits("9ww40#")) == {"type": "sendDigits", "digits": "9ww40#"}
    assert json.loads(relay.language(speak="es-US")) == {"type": "language", "ttsLanguage": "es-US"}
    assert json.loads(relay.end()) == {"type": "end"}
    handed = json.loads(relay.end({"reason": "over"}))
    assert json.loads(handed["handoffData"]) == {"reason": "over"}
    with pytest.raises(ValueError, match="keys"):
        relay.send_digits("call")


@pytest.mark.parametrize(
    "token", ["", 'a "quoted" \\ word', "¿Qué día? \U0001f642", "\u2028 \x00\x1f\x7f \n", "\ud800"]
)
@pytest.mark.parametrize("language", ["", "es-US"])
def test_a_token_of_any_letters_is_json_as_the_standard_library_writes_it(token: str, language: str):
    written = ConversationRelay.text(token, last=False, interruptible=True, language=language)
    fields = {"type": "text", "token": token, "last": False, **({"lang": language} if language else {})}

    expected = json.dumps(fields | {"interruptible": True, "preemptible": True}, separators=(",", ":"))
    assert written == expected
