"""The carrier's end of one ConversationRelay session: it hears the person on the line, and speaks our words to them.

It hears by reading what the person was given to say, which costs nothing and is never wrong. What it says is sound.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from telephony import mulaw

from .handset import Handset, Utterance
from .instructions import RelayNoun
from .people import NOISE
from .relay_voice import RelayVoice
from .signing import socket_signature
from .stream import StreamError
from .voices import Speaker
from .wire import LOST, ClientSocket, NoSocket, open_socket

VOICE_OFF_MS, PROMPT_AFTER_MS = 200, 700
INTERRUPTS_AFTER_MS = 200
SHAPES: dict[str, tuple[set[str], set[str]]] = {
    "text": ({"token"}, {"last", "lang", "interruptible", "preemptible"}),
    "play": ({"source"}, {"loop", "interruptible", "preemptible"}),
    "sendDigits": ({"digits"}, set()),
    "language": (set(), {"ttsLanguage", "transcriptionLanguage"}),
    "end": (set(), {"handoffData"}),
}
NO_CONNECTION, CLOSED_BY_SERVER, NOT_UNDERSTOOD = 64102, 64105, 64107


@dataclass(slots=True)
class RelayLog:
    """What one session has seen. `on_event` is told everything, with a name and facts about it."""

    bad_messages: int = 0
    on_event: Callable[[str, dict[str, Any]], None] | None = None

    def note(self, kind: str, **facts: Any) -> None:
        if self.on_event is not None:
            self.on_event(kind, facts)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose call it is, as the first message tells."""

    account_sid: str
    call_sid: str
    session_id: str
    from_: str
    to: str
    direction: str


@dataclass(slots=True)
class RelayCaller:
    """One session. `closed` says, once, with which code the socket ended; `handoff` what our side gave back."""

    handset: Handset
    speaker: Speaker
    noun: RelayNoun
    caller: Caller
    auth_token: str
    fetch: Callable[[str], Awaitable[bytes]]
    log: RelayLog = field(default_factory=RelayLog)
    handoff: str | None = None
    was_ended: bool = False
    closed: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    began_ms: float = 0.0
    language: str = ""
    on_text: Callable[[str], None] | None = None
    _voice: RelayVoice = field(init=False)
    _socket: ClientSocket = field(init=False)
    _speaking: asyncio.Task[None] | None = None
    _voiced_from_ms: float | None = None
    _voiced_ms: float = 0.0
    _is_heard: bool = False
    _was_sounding: bool = False
    _told: int = 0

    def __post_init__(self) -> None:
        self._voice = RelayVoice(self.handset, self.speaker)
        self._socket = ClientSocket(self._receive, lambda data: self._misunderstand("a binary message"), self._lost)
        self.language = self.noun.get("language", "en-US")

    async def open(self) -> None:
        """Connect, introduce the call and greet. Raises StreamError."""
        headers = {"X-Twilio-Signature": socket_signature(self.auth_token, self.noun.url), "User-Agent": "TwilioProxy"}
        try:
            await open_socket(self.noun.connect_to, headers, self._socket)
        except (NoSocket, OSError, TimeoutError) as error:
            raise StreamError(NO_CONNECTION, str(error) or "no answer to the connection request") from error
        self.began_ms = self.handset.clock.now_ms()
        self._told = len(self.handset.utterances)
        self._send(type="setup", **self._setup())
        self._speaking = asyncio.create_task(self._voice.run())
        self.handset.on_frame = self._hear_frame
        if greeting := self.noun.get("welcomeGreeting"):
            interruptible = self.noun.get("welcomeGreetingInterruptible", "any") in ("any", "speech")
            self._voice.take(greeting, last=True, interruptible=interruptible, preemptible=False)

    def press(self, digit: str) -> None:
        if self.noun.get("dtmfDetection") == "true":
            self._send(type="dtmf", digit=digit)

    async def stop(self) -> None:
        """The call is over or has moved on."""
        self._part()
        await self._socket.close()

    def vanish(self) -> None:
        """Lose the connection without a word."""
        self._socket.vanish()

    def send_raw(self, text: str) -> None:
        """Send whatever text."""
        self._socket.send(text)

    @property
    def was_lost(self) -> bool:
        return self.closed.done() and self.closed.result() == LOST

    # The person on the line

    def _hear_frame(self, frame: bytes) -> None:
        now = self.handset.clock.now_ms()
        if mulaw.is_voiced(frame):
            self._voiced_ms = now
            if self._voiced_from_ms is None:
                self._voiced_from_ms = now
            if not self._is_heard:
                self._is_heard = True
                self._inform("clientSpeaking", "on")
            if now - self._voiced_from_ms >= INTERRUPTS_AFTER_MS:
                self._interrupt()
        elif self._voiced_from_ms is not None:
            quiet_ms = now - self._voiced_ms
            if quiet_ms >= VOICE_OFF_MS and self._is_heard:
                self._is_heard = False
                self._inform("clientSpeaking", "off")
            if quiet_ms >= PROMPT_AFTER_MS:
                self._voiced_from_ms = None
                self._prompt()
        self._report_voice()

    def _prompt(self) -> None:
        new: list[Utterance] = self.handset.utterances[self._told :]
        self._told += len(new)
        if words := " ".join(said.text for said in new if said.text and said.text != NOISE):
            self.log.note("prompt", text=words)
            self._send(type="prompt", voicePrompt=words, lang=self.language, last=True)

    def _interrupt(self) -> None:
        if self.noun.get("interruptible", "any") not in ("any", "speech", "true") or not self._voice.may_be_interrupted:
            return
        heard, after = self._voice.silence(), self.handset.clock.now_ms() - (self._voiced_from_ms or 0.0)
        self.log.note("interrupt", heard=heard)
        self._send(type="interrupt", utteranceUntilInterrupt=heard, durationUntilInterruptMs=round(after))

    # The agent

    def _report_voice(self) -> None:
        for text in self._voice.newly_played():
            self._inform("tokensPlayed", text)
        if self._voice.is_speaking != self._was_sounding:
            self._was_sounding = not self._was_sounding
            self._inform("agentSpeaking", "on" if self._was_sounding else "off")

    def _receive(self, data: bytes) -> None:
        try:
            message = json.loads(data)
            needed, known = SHAPES[message["type"]]
            given = message.keys() - {"type"}
            if not needed <= given or not given <= needed | known:
                raise ValueError("a field is missing or unknown")
            self._obey(message)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._misunderstand(data.decode("utf-8", "replace"))

    def _obey(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "text":
                self._say(message)
            case "play":
                self.log.note("play", source=message["source"])
                self._voice.play(self.fetch(message["source"]), interruptible=message.get("interruptible", True))
            case "sendDigits":
                self.log.note("digits sent", digits=message["digits"])
            case "language":
                self.language = message.get("transcriptionLanguage", self.language)
                self.log.note("language", **{name: value for name, value in message.items() if name != "type"})
            case "end":
                self.was_ended, self.handoff = True, message.get("handoffData")
                self.log.note("ended by our side")
                asyncio.get_running_loop().create_task(self.stop())

    def _say(self, message: dict[str, Any]) -> None:
        if self.on_text is not None:
            self.on_text(message["token"])
        self._voice.take(
            message["token"],
            last=message.get("last", False),
            interruptible=message.get("interruptible", True),
            preemptible=message.get("preemptible", False),
        )

    def _misunderstand(self, text: str) -> None:
        """A bad message is told of and ignored; the session goes on."""
        self.log.bad_messages += 1
        self.log.note("warning", code=NOT_UNDERSTOOD, message=f"Invalid message received: {text[:200]}")
        self._send(type="error", description=f"Invalid message received: {text[:200]}")

    # The socket

    def _setup(self) -> dict[str, Any]:
        caller = self.caller
        return {
            "sessionId": caller.session_id,
            "accountSid": caller.account_sid,
            "parentCallSid": "",
            "callSid": caller.call_sid,
            "from": caller.from_,
            "to": caller.to,
            "forwardedFrom": "",
            "callType": "PSTN",
            "callerName": "",
            "direction": caller.direction,
            "callStatus": "RINGING",
            "customParameters": dict(self.noun.parameters),
        }

    def _inform(self, name: str, value: str) -> None:
        wanted = "tokens-played" if name == "tokensPlayed" else "speaker-events"
        if wanted in self.noun.get("events").split():
            self._send(type="info", name=name, value=value, ts=round(self.handset.clock.now_ms()))

    def _send(self, **message: Any) -> None:
        self._socket.send(json.dumps(message, separators=(",", ":")))

    def _lost(self, code: int) -> None:
        self._part()
        if not self.closed.done():
            self.closed.set_result(code)

    def _part(self) -> None:
        """What is not heard yet is not heard any more."""
        if self.handset.on_frame == self._hear_frame:
            self.handset.on_frame = None
            self.handset.playback.stop()
        if self._speaking is not None:
            self._speaking.cancel()
