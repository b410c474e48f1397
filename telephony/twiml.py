"""All instructions that we give the carrier (TwiML). Whatever text comes in, well-formed XML goes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Connect, Gather, VoiceResponse

MAX_BYTES = 64 * 1024
MAX_PARAMETER = 500  # name and value of a <Parameter> together stay below this
MAX_TEXT = 1600
MAX_SPOKEN = 3000  # <Say> takes 4,096 characters, and escaping makes some of them longer

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def connect_stream(url: str, token: str, *, resume_url: str, name: str = "agent", status_callback: str = "") -> str:
    """Connect the caller to our media socket, which asks for `token`.

    The redirect behind it runs when the socket closes, for whatever reason: a call outlives its process.
    """
    if len("token") + len(token) >= MAX_PARAMETER:
        raise ValueError("the carrier takes no parameter of this length")
    response, connect = VoiceResponse(), Connect()
    callback = {"status_callback": _clean(status_callback)} if status_callback else {}
    connect.stream(url=_clean(url), name=_clean(name), **callback).parameter(name="token", value=_clean(token))
    response.append(connect)
    response.redirect(_clean(resume_url), method="POST")
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


def hang_up() -> str:
    response = VoiceResponse()
    response.hangup()
    return _text(response)


def _add(parent: Gather | VoiceResponse, part: Heard, language: str) -> None:
    if part.url:
        parent.play(_clean(part.url))
    else:
        parent.say(_clean(part.sentence)[:MAX_SPOKEN], language=_clean(part.language or language))


def _clean(text: str) -> str:
    """Leave out what XML cannot hold: control characters and halves of surrogate pairs."""
    return _NOT_XML.sub("", text)


def _text(response: VoiceResponse) -> str:
    text = str(response)
    if len(text.encode()) > MAX_BYTES:
        raise ValueError("the carrier takes no instructions of this length")
    return text
