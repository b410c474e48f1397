"""What the carrier does for each verb of TwiML."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol

from telephony import mulaw

from .gathering import Gathering
from .handset import Handset
from .instructions import Document, RelayNoun, StreamNoun, TwimlError, Verb, connect_noun
from .meeting import STATUS, Rooms, meet
from .neighborhood import resident
from .record import new_sid
from .relay import RelayCaller
from .relay_sessions import RelaySessions
from .sounds import read_sound, wav_of
from .stream import MediaStreamCaller, StreamError
from .voices import ANNOUNCER_VOICE, Speaker, tone
from .webhooks import Courier, Webhook

SOCKET_CLOSED = 31921
ENDLESS_LOOPS = 1000
BEEP_MS = 500
KEY_POLL_MS = 100
TALK_MS = 3000  # between the caller and whoever they were put through to


class Then(Enum):
    """How the document goes on after a verb."""

    NEXT = "next"
    END = "end"


@dataclass(frozen=True, slots=True)
class Go:
    """The document is left for another one."""

    webhook: Webhook
    fields: Mapping[str, str] = field(default_factory=dict)


Outcome = Then | Go


class OngoingCall(Protocol):
    """What a verb needs of the call it is done in."""

    handset: Handset
    speaker: Speaker
    courier: Courier
    digits: asyncio.Queue[str]
    tone: asyncio.Event
    stream: MediaStreamCaller | RelayCaller | None
    recordings: dict[str, bytes]
    rooms: Rooms
    met: asyncio.Event

    def note(self, kind: str, **facts: Any) -> None: ...
    def recording_url(self, sid: str) -> str: ...
    async def instructions_of(self, webhook: Webhook) -> Document: ...
    def new_stream(self, noun: StreamNoun) -> MediaStreamCaller: ...
    def new_relay(self, noun: RelayNoun) -> RelayCaller: ...
    def deliver(self, webhook: Webhook, about: Mapping[str, str], kind: str, event: str) -> None: ...


class Performer:
    """Does the verbs of one call. A verb that is cancelled falls silent at once."""

    def __init__(self, call: OngoingCall) -> None:
        self._call, self._relay = call, RelaySessions(call)

    async def perform(self, document: Document, verb: Verb) -> Outcome:
        """Do one verb. Its errors are noted, and the document goes on behind it, as on the real carrier."""
        self._call.note("verb", name=verb.name)
        try:
            match verb.name:
                case "Connect":
                    return await self._connect(document, verb)
                case "Redirect":
                    return Go(Webhook(document.address(verb.text), verb.get("method", "POST")))
                case "Dial":
                    return await self._dial(document, verb)
                case "Gather":
                    return await self._gather(document, verb)
                case "Record":
                    return await self._record(document, verb)
                case "Hangup" | "Reject":
                    return Then.END
            await self._announce(document, verb)
        except TwimlError as error:
            self._call.note("error", code=error.code, message=str(error), url=document.url)
        return Then.NEXT

    # <Connect>

    async def _connect(self, document: Document, verb: Verb) -> Outcome:
        noun, action = connect_noun(document, verb), verb.get("action")
        webhook = Webhook(document.address(action), verb.get("method", "POST")) if action else None
        if isinstance(noun, RelayNoun):
            about = await self._relay.converse(noun, webhook)
            return Go(webhook, about) if webhook else Then.NEXT
        await self._stream(noun)
        return Go(webhook) if webhook else Then.NEXT

    async def _stream(self, noun: StreamNoun) -> None:
        stream = self._call.new_stream(noun)
        try:
            await stream.open()
        except StreamError as error:
            self._call.note("error", code=error.code, message=str(error), url=noun.url)
            self._report_stream(noun, stream, "stream-error", str(error))
        else:
            await self._converse(noun, stream)

    async def _converse(self, noun: StreamNoun, stream: MediaStreamCaller) -> None:
        """Keep the stream open until either side closes it; the call's end is a cancellation."""
        self._call.stream = stream
        self._call.note("stream started", stream_sid=stream.stream_sid)
        self._report_stream(noun, stream, "stream-started")
        try:
            await asyncio.wait({stream.closed})
            self._call.note("stream closed", code=stream.closed.result())
            if stream.was_lost:
                self._call.note("error", code=SOCKET_CLOSED, message="the socket was closed unexpectedly", url=noun.url)
        except asyncio.CancelledError:
            await stream.stop()
            self._call.note("stream stopped")
            raise
        finally:
            self._call.stream = None
            self._report_stream(noun, stream, "stream-stopped")

    def _report_stream(self, noun: StreamNoun, stream: MediaStreamCaller, event: str, error: str = "") -> None:
        if not noun.status_callback:
            return
        about = {
            "StreamSid": stream.stream_sid,
            "StreamName": noun.name,
            "StreamEvent": event,
            "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        if error:
            about["StreamError"] = error
        webhook = Webhook(noun.status_callback, noun.status_callback_method)
        self._call.deliver(webhook, about, "stream callback", event)

    # <Dial>

    async def _dial(self, document: Document, verb: Verb) -> Outcome:
        if len(verb.nouns) != 1:
            raise TwimlError(13214, "<Dial> holds one noun here")
        if verb.nouns[0].name == "Conference":
            await meet(self._call, document, verb.nouns[0], self._announce)
            about = {"DialCallStatus": STATUS}
        else:
            about = await self._ring(verb)
        webhook = Webhook(document.address(verb.get("action")), verb.get("method", "POST"))
        return Go(webhook, about) if verb.get("action") else Then.NEXT

    async def _ring(self, verb: Verb) -> dict[str, str]:
        """Ring one of the neighborhood. Whoever takes the call talks for a moment; their words are not played."""
        number, clock, sid = verb.nouns[0].text, self._call.handset.clock, new_sid("CA")
        person, rings_s = resident(number), verb.number("timeout", 30)
        took = person.takes_call if person is not None else "failed"
        if person is not None:
            await clock.sleep(1000 * rings_s if took == "no-answer" else min(person.rings_ms, 1000 * rings_s))
        about = {"DialCallSid": sid, "DialCallStatus": took}
        self._call.note("dialed", to=number, took=took)
        if took == "answer":
            await clock.sleep(TALK_MS)
            about |= {"DialCallStatus": "completed", "DialCallDuration": str(TALK_MS // 1000)}
        return about

    # <Say>, <Play>, <Pause>

    async def _announce(self, document: Document, verb: Verb) -> None:
        clock = self._call.handset.clock
        if verb.name == "Pause":
            await clock.sleep(verb.number("length", 1) * 1000)
            return
        audio = await self._sound(document, verb)
        for _ in range(int(verb.number("loop", 1)) or ENDLESS_LOOPS):
            self._call.note("announcement", verb=verb.name, text=verb.text)
            self._call.handset.hear(audio)
            try:
                await clock.sleep_until(self._call.handset.playback.ends_at_ms)
            finally:
                self._call.handset.playback.forget()

    async def _sound(self, document: Document, verb: Verb) -> bytes:
        if verb.name == "Say":
            return await self._call.speaker.speak(verb.text, ANNOUNCER_VOICE)
        if verb.get("digits"):
            return b"".join(tone(100) + mulaw.SILENCE * 5 for _ in verb.get("digits"))
        answer = await self._call.courier.send(Webhook(document.address(verb.text), "GET"), {})
        return read_sound(answer.content_type, answer.body)

    # <Gather>

    async def _gather(self, document: Document, verb: Verb) -> Outcome:
        """Collect keys and words while the prompts inside are heard, and for a while after them."""
        _empty(self._call.digits)
        prompts = asyncio.create_task(self._announce_all(document, verb))
        try:
            given = await Gathering(verb, self._call.handset, self._call.digits, prompts).given()
        finally:
            prompts.cancel()
            await asyncio.wait({prompts})
        if not given and verb.get("actionOnEmptyResult") != "true":
            return Then.NEXT
        webhook = Webhook(document.address(verb.get("action")), verb.get("method", "POST"))
        return Go(webhook, given or {"Digits": ""})

    async def _announce_all(self, document: Document, verb: Verb) -> None:
        for noun in verb.nouns:
            await self._announce(document, noun)

    # <Record>

    async def _record(self, document: Document, verb: Verb) -> Outcome:
        """Record the caller until silence, a key, or the longest time. Nothing but silence leads to the next verb."""
        handset = self._call.handset
        if handset.said is None:
            raise TwimlError(13000, "this call keeps no audio")
        if verb.get("playBeep", "true") == "true":
            handset.hear(tone(BEEP_MS))
            await handset.clock.sleep(BEEP_MS)
        self._call.tone.set()
        _empty(self._call.digits)
        began_ms = handset.clock.now_ms()
        key = await self._record_until(verb, began_ms)
        audio = handset.said.part(began_ms, handset.clock.now_ms())
        if not any(mulaw.is_voiced(frame) for frame in mulaw.frames(audio)):
            return Then.NEXT
        sid = new_sid("RE")
        self._call.recordings[sid] = wav_of(audio)
        about = {"RecordingUrl": self._call.recording_url(sid), "RecordingSid": sid}
        about["RecordingDuration"] = str(round(len(audio) / mulaw.BYTES_PER_MS / 1000))
        self._report_recording(document, verb, about)
        webhook = Webhook(document.address(verb.get("action")), verb.get("method", "POST"))
        return Go(webhook, {**about, "Digits": key})

    async def _record_until(self, verb: Verb, began_ms: float) -> str:
        """The key that ended the recording, if one did."""
        handset = self._call.handset
        quiet_ms, longest_ms = verb.number("timeout", 5) * 1000, verb.number("maxLength", 3600) * 1000
        finish, voiced_ms = verb.get("finishOnKey", "1234567890*#"), began_ms
        while (now := handset.clock.now_ms()) - began_ms < longest_ms and now - voiced_ms < quiet_ms:
            if handset.said is not None and mulaw.is_voiced(handset.said.part(now - 100, now)):
                voiced_ms = now
            key = await self._key_within(KEY_POLL_MS)
            if key and key in finish:
                return key
        return ""

    async def _key_within(self, ms: float) -> str:
        try:
            async with asyncio.timeout(ms / 1000 / self._call.handset.clock.scale):
                return await self._call.digits.get()
        except TimeoutError:
            return ""

    def _report_recording(self, document: Document, verb: Verb, recording: Mapping[str, str]) -> None:
        callback = verb.get("recordingStatusCallback")
        if not callback:
            return
        about = {
            **recording,
            "RecordingStatus": "completed",
            "RecordingChannels": "1",
            "RecordingSource": "RecordVerb",
            "RecordingTrack": "inbound",
        }
        webhook = Webhook(document.address(callback), verb.get("recordingStatusCallbackMethod", "POST"))
        self._call.deliver(webhook, about, "recording callback", "completed")


def _empty(digits: asyncio.Queue[str]) -> None:
    while not digits.empty():
        digits.get_nowait()
