"""Callers with a fixed script, many at once, who note when they were answered and when the agent gave way."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from xml.etree import ElementTree

import aiohttp

from telephony.simulator.clock import Clock
from telephony.simulator.handset import Handset, Utterance
from telephony.simulator.record import new_sid
from telephony.simulator.signing import request_signature
from telephony.simulator.stream import MediaStreamCaller

VOICE_FRAME = bytes([0x10, 0x90] * 80)
QUESTION, INTERRUPTION = VOICE_FRAME * 60, VOICE_FRAME * 40
LISTEN_S = 2.0  # to a reply, before the caller speaks again
REPLY_WITHIN_S = 6.0
STAGGER_S = 0.1


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to call, and with whose signature."""

    incoming_call_url: str
    account_sid: str
    auth_token: str
    media_url: str = ""  # where there is no webhook to ask


def connected(twiml: str, noun: str = "Stream") -> tuple[str, dict[str, str]]:
    """Where the call is connected to, and with which parameters."""
    document = ElementTree.fromstring(twiml)  # noqa: S314 - our own server's answer
    stream = document.find(f".//{noun}")
    if stream is None:
        raise LookupError(f"the call was not connected: {twiml}")
    return stream.attrib["url"], {p.attrib["name"]: p.attrib["value"] for p in stream.findall("Parameter")}


async def ring(http: aiohttp.ClientSession, target: Target, number: int, call_sid: str) -> str:
    """Let the phone ring; what the carrier is told to do with the call."""
    form = {
        "CallSid": call_sid,
        "AccountSid": target.account_sid,
        "From": f"+1208555{number % 10_000:04d}",
        "To": "+12085550110",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
    }
    signed = request_signature(target.auth_token, target.incoming_call_url, list(form.items()))
    async with http.post(target.incoming_call_url, data=form, headers={"X-Twilio-Signature": signed}) as answer:
        return await answer.text()


@dataclass(slots=True)
class Experience:
    """What one caller lived through; times in milliseconds."""

    greeting_ms: float | None = None
    waits_ms: list[float] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # for each of these, by callers whose words are their own
    barge_ins_ms: list[float] = field(default_factory=list)
    audio_after_clear_bytes: int = 0
    gaps_ms: list[float] = field(default_factory=list)
    late_frames: int = 0
    frames: int = 0
    unanswered: int = 0
    failure: str = ""


class BenchCaller:
    """Calls, asks, interrupts every answer, and hangs up when told.

    What is asked before `counted_from` is not counted: others are still calling. Times are of `perf_counter`.
    """

    def __init__(self, target: Target, number: int, *, scale: float = 1.0, counted_from: float = 0.0) -> None:
        self._target, self._number, self._scale, self._counted_from = target, number, scale, counted_from
        self.experience = Experience()

    async def call(self, http: aiohttp.ClientSession, until: float) -> None:
        """Talk until then. Failures are kept, not raised."""
        await asyncio.sleep(self._number * STAGGER_S)
        try:
            await self._talk(await self._ring(http), until)
        except (OSError, LookupError, TimeoutError, aiohttp.ClientError) as error:
            self.experience.failure = f"{type(error).__name__}: {error}"

    async def _ring(self, http: aiohttp.ClientSession) -> MediaStreamCaller:
        target, call_sid = self._target, new_sid("CA")
        if target.media_url:
            url, parameters = target.media_url, {}
        else:
            url, parameters = connected(await ring(http, target, self._number, call_sid))
        await asyncio.sleep(0.5)  # it rings
        return MediaStreamCaller(
            Handset(Clock(self._scale), keep_audio=False),
            url=url,
            auth_token=target.auth_token,
            account_sid=target.account_sid,
            call_sid=call_sid,
            stream_sid=new_sid("MZ"),
            parameters=parameters,
            connect_to=url.replace("wss://", "ws://"),
        )

    async def _talk(self, stream: MediaStreamCaller, until: float) -> None:
        stream.log.on_event = self._on_event
        await stream.open()
        handset = stream.handset
        handset.start()
        try:
            await self._until_quiet(handset)
            while time.perf_counter() < until and not stream.closed.done():
                await self._exchange(handset)
        finally:
            handset.stop()
            await stream.stop()
            self._note(handset)

    async def _exchange(self, handset: Handset) -> None:
        """A question, half of its answer, an interruption, and the whole of the next answer."""
        await self._answered(handset.say(QUESTION))
        await asyncio.sleep(LISTEN_S)
        await self._answered(handset.say(INTERRUPTION))
        await self._until_quiet(handset)

    async def _answered(self, utterance: Utterance) -> None:
        try:
            async with asyncio.timeout(REPLY_WITHIN_S):
                while utterance.reply_at is None:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self.experience.unanswered += 1

    @staticmethod
    async def _until_quiet(handset: Handset) -> None:
        quiet = 0
        for _ in range(200):
            await asyncio.sleep(0.1)
            quiet = quiet + 1 if handset.playback.is_idle else 0
            if quiet >= 4:
                return

    def _on_event(self, kind: str, facts: dict[str, object]) -> None:
        if kind == "first frame" and self.experience.greeting_ms is None:
            self.experience.greeting_ms = float(str(facts["after_start_ms"]))

    def _note(self, handset: Handset) -> None:
        mine = self.experience
        mine.frames, mine.late_frames = handset.frames, handset.late_frames
        for said in handset.utterances:
            if (said.began_at or 0.0) < self._counted_from:
                continue
            if said.wait_s is not None:
                mine.waits_ms.append(said.wait_s * 1000)
            if said.barge_in_s is not None:
                mine.barge_ins_ms.append(said.barge_in_s * 1000)
            mine.audio_after_clear_bytes += said.unasked_bytes
        turns = [(said.began_ms or 0.0, said.reply_ms or said.voice_ended_ms or 0.0) for said in handset.utterances]
        mine.gaps_ms = [
            gap.length_ms
            for gap in handset.playback.gaps
            if not any(start < gap.at_ms + gap.length_ms and gap.at_ms < end for start, end in turns)
        ]
