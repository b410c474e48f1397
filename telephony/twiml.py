"""All instructions that we give the carrier (TwiML). Whatever text comes in, well-formed XML goes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Connect, Dial, Gather, VoiceResponse

MAX_BYTES = 64 * 1024
MAX_PARAMETER = 500  # name and value of a <Parameter> together stay below this
MAX_TEXT = 1600
MAX_SPOKEN = 3000  # <Say> takes 4,096 characters, and escaping makes some of them longer

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def connect_stream(url: str, token: str, *, resume_url: str, name: str = "agent", status_callback: str = "") -> str:
    """Connect the caller to our media socket, which asks for `token`.

    The redirect behind it runs when the socket closes, for whatever reason: a call outlives its process.
    """
    _check_parameter("token", token)
    response, connect = VoiceResponse(), Connect()
    callback = {"status_callback": _clean(status_callback)} if status_callback else {}
    connect.stream(url=_clean(url), name=_clean(name), **callback).parameter(name="token", value=_clean(token))
    response.append(connect)
    response.redirect(_clean(resume_url), method="POST")
    return _text(response)


@dataclass(frozen=True, slots=True)
class RelayLanguage:
    """A language that a session may be switched to. What is empty is as in the first one."""

    code: str
    voice: str = ""
    speech_model: str = ""


@dataclass(frozen=True, slots=True)
class Relay:
    """How the carrier hears and speaks by itself. What is empty it decides; `languages` it may be switched to."""

    language: str
    tts_provider: str = ""
    voice: str = ""
    transcription_provider: str = ""
    speech_model: str = ""
    hints: str = ""
    interruptible: str = "any"
    interrupt_sensitivity: str = ""
    keys: bool = True
    ignore_backchannel: bool = False
    partial_prompts: bool = False
    speech_timeout_ms: int = 0
    greeting: str = ""
    greeting_interruptible: str = "any"
    languages: tuple[RelayLanguage, ...] = ()
    several: bool = False  # what the caller says is understood in any of them


def connect_relay(url: str, relay: Relay, parameters: Mapping[str, str], *, action: str) -> str:
    """Connect the caller to our socket for words. `action` is asked when the session is over, for whatever reason."""
    for name, value in parameters.items():
        _check_parameter(name, value)
    response, connect = VoiceResponse(), Connect(action=_clean(action), method="POST")
    chosen = {
        "transcription_language": "multi" if relay.several else "",
        "tts_provider": relay.tts_provider,
        "voice": relay.voice,
        "transcription_provider": relay.transcription_provider,
        "speech_model": relay.speech_model,
        "hints": relay.hints,
        "interrupt_sensitivity": relay.interrupt_sensitivity,
        "ignore_backchannel": relay.ignore_backchannel,
        "partial_prompts": relay.partial_prompts,
        "speech_timeout": str(relay.speech_timeout_ms or ""),
        "dtmf_detection": relay.keys,
        "welcome_greeting": relay.greeting[:MAX_SPOKEN],
        "welcome_greeting_interruptible": relay.greeting_interruptible if relay.greeting else "",
    }
    element = connect.conversation_relay(
        url=_clean(url),
        language=_clean(relay.language),
        interruptible=relay.interruptible,
        report_input_during_agent_speech="any",
        events="speaker-events tokens-played",
        **{name: _clean(value) if isinstance(value, str) else value for name, value in chosen.items() if value},
    )
    for each in relay.languages:
        own = {"voice": each.voice, "speech_model": each.speech_model}
        element.language(code=_clean(each.code), **{name: _clean(value) for name, value in own.items() if value})
    for name, value in parameters.items():
        element.parameter(name=_clean(name), value=_clean(value))
    response.append(connect)
    response.redirect(_clean(action), method="POST")
    return _text(response)


def dial(address: str, action: str, *, caller_id: str, rings_s: int) -> str:
    """Ring somebody, and let the caller talk with them; `action` is asked when that is over, or came to nothing."""
    response = VoiceResponse()
    shown = {"caller_id": _clean(caller_id)} if caller_id.startswith("+") else {}
    connecting = Dial(action=_clean(action), method="POST", timeout=rings_s, answer_on_bridge=True, **shown)
    if address.lower().startswith("sip:"):
        connecting.sip(_clean(address))
    else:
        connecting.number(_clean(address))
    response.append(connecting)
    return _text(response)


def wait_in_room(room: str, action: str, *, wait_url: str) -> str:
    """Let the caller wait with what `wait_url` plays until somebody comes in; `action` is asked when they are out.

    The room is the caller's: it closes when they leave.
    """
    response, dial = VoiceResponse(), Dial(action=_clean(action), method="POST")
    dial.conference(
        _clean(room),
        start_conference_on_enter=False,
        end_conference_on_exit=True,
        beep="false",
        wait_url=_clean(wait_url),
        wait_method="POST",
    )
    response.append(dial)
    return _text(response)


def join_room(room: str) -> str:
    """Let a person talk with the caller who waits there. When either hangs up, the other is out of the room, too."""
    response, dial = VoiceResponse(), Dial()
    dial.conference(_clean(room), start_conference_on_enter=True, end_conference_on_exit=True, beep="false")
    response.append(dial)
    response.hangup()
    return _text(response)


def hold(music: str, sentence: str, again: str, *, language: str = "en-US") -> str:
    """Play music to a caller who waits, say a sentence, and ask `again` what comes next."""
    response = VoiceResponse()
    response.play(_clean(music))
    response.say(_clean(sentence)[:MAX_SPOKEN], language=_clean(language))
    response.redirect(_clean(again), method="POST")
    return _text(response)


def introduce(text: str, keys: str, action: str, *, language: str = "en-US") -> str:
    """Tell a person who waits and which keys there are, and the keys once more; `action` is told of one, or of none."""
    response = VoiceResponse()
    for spoken, last in ((f"{text} {keys}", False), (keys, True)):
        gather = Gather(
            input="dtmf",
            num_digits=1,
            timeout=8 if last else 4,
            action=_clean(action),
            method="POST",
            action_on_empty_result=last,
        )
        gather.say(_clean(spoken)[:MAX_SPOKEN], language=_clean(language))
        response.append(gather)
    return _text(response)


def ask_for_message(sentence: str, action: str, *, language: str = "en-US") -> str:
    """Say a sentence and listen; `action` is told the words, or that there were none."""
    response = VoiceResponse()
    gather = Gather(
        input="speech",
        timeout=8,
        speech_timeout=3,
        action=_clean(action),
        method="POST",
        action_on_empty_result=True,
        language=_clean(language),
    )
    gather.say(_clean(sentence)[:MAX_SPOKEN], language=_clean(language))
    response.append(gather)
    return _text(response)


def say_and_hang_up(sentence: str, language: str = "en-US") -> str:
    """Say one sentence, then end the call."""
    response = VoiceResponse()
    response.say(_clean(sentence)[:MAX_SPOKEN], language=_clean(language))
    response.hangup()
    return _text(response)


def reply_by_text(sentence: str) -> str:
    """Answer a text message with one of ours, or with none."""
    response = MessagingResponse()
    if sentence:
        response.message(_clean(sentence)[:MAX_TEXT])
    return _text(response)


def say_and_try_again(sentence: str, url: str, *, pause_s: int = 2, language: str = "en-US") -> str:
    """Say one sentence, wait, and ask `url` what to do."""
    response = VoiceResponse()
    response.say(_clean(sentence)[:MAX_SPOKEN], language=_clean(language))
    response.pause(length=pause_s)
    response.redirect(_clean(url), method="POST")
    return _text(response)


@dataclass(frozen=True, slots=True)
class Heard:
    """Something the other side hears: a sound file by its address, or else a sentence, in a language of its own."""

    sentence: str = ""
    url: str = ""
    language: str = ""


def play_and_gather(
    parts: Sequence[Heard], action: str, *, timeout_s: int = 5, speech: bool = True, language: str = "en-US"
) -> str:
    """Let somebody hear the parts, and tell `action` which key was pressed or what was said; also when neither came.

    A key, or a voice where `speech` is listened for, interrupts at any moment.
    """
    response = VoiceResponse()
    gather = Gather(
        input="dtmf speech" if speech else "dtmf",
        num_digits=1,
        timeout=timeout_s,
        speech_timeout="auto" if speech else None,
        action=_clean(action),
        method="POST",
        action_on_empty_result=True,
        language=_clean(language),
    )
    for part in parts:
        _add(gather, part, language)
    response.append(gather)
    response.redirect(_clean(action), method="POST")
    return _text(response)


def record_reply(
    parts: Sequence[Heard], action: str, *, longest_s: int = 30, quiet_s: int = 3, language: str = "en-US"
) -> str:
    """Say how to answer, beep, and record until silence, a key or the longest time; `action` is told of it twice.

    Once as the next thing to do, and once when the file is ready. Whoever stays silent is let go.
    """
    response = VoiceResponse()
    for part in parts:
        _add(response, part, language)
    response.record(
        action=_clean(action),
        method="POST",
        max_length=longest_s,
        timeout=quiet_s,
        play_beep=True,
        recording_status_callback=_clean(action),
        recording_status_callback_method="POST",
    )
    response.hangup()
    return _text(response)


def play_and_hang_up(parts: Sequence[Heard], language: str = "en-US") -> str:
    """Let somebody, or their machine, hear the parts, then end the call."""
    response = VoiceResponse()
    for part in parts:
        _add(response, part, language)
    response.hangup()
    return _text(response)


def busy() -> str:
    """Give the busy tone without answering, which costs nothing."""
    response = VoiceResponse()
    response.reject(reason="busy")
    return _text(response)


def and_then(instructions: str, url: str) -> str:
    """A vendor's own instructions, and behind them the address that is asked when they are done."""
    before, end, after = instructions.rpartition("</Response>")
    return f'{before}<Redirect method="POST">{escape(_clean(url))}</Redirect>{end}{after}'


def hang_up() -> str:
    response = VoiceResponse()
    response.hangup()
    return _text(response)


def _add(parent: Gather | VoiceResponse, part: Heard, language: str) -> None:
    if part.url:
        parent.play(_clean(part.url))
    else:
        parent.say(_clean(part.sentence)[:MAX_SPOKEN], language=_clean(part.language or language))


def _check_parameter(name: str, value: str) -> None:
    if len(name) + len(value) >= MAX_PARAMETER:
        raise ValueError("the carrier takes no parameter of this length")


def _clean(text: str) -> str:
    """Leave out what XML cannot hold: control characters and halves of surrogate pairs."""
    return _NOT_XML.sub("", text)


def _text(response: VoiceResponse) -> str:
    text = str(response)
    if len(text.encode()) > MAX_BYTES:
        raise ValueError("the carrier takes no instructions of this length")
    return text
