"""All instructions that we give the carrier (TwiML). Whatever text comes in, well-formed XML goes out."""

from __future__ import annotations

import re

from twilio.twiml.voice_response import Connect, VoiceResponse

MAX_BYTES = 64 * 1024
MAX_PARAMETER = 500  # name and value of a <Parameter> together stay below this
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


def say_and_try_again(sentence: str, url: str, *, pause_s: int = 2, language: str = "en-US") -> str:
    """Say one sentence, wait, and ask `url` what to do."""
    response = VoiceResponse()
    response.say(_clean(sentence)[:MAX_SPOKEN], language=_clean(language))
    response.pause(length=pause_s)
    response.redirect(_clean(url), method="POST")
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


def _clean(text: str) -> str:
    """Leave out what XML cannot hold: control characters and halves of surrogate pairs."""
    return _NOT_XML.sub("", text)


def _text(response: VoiceResponse) -> str:
    text = str(response)
    if len(text.encode()) > MAX_BYTES:
        raise ValueError("the carrier takes no instructions of this length")
    return text
