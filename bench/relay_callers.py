"""The carrier's end of many sessions for words: what it hears takes no time, and what counts is our first word."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp

from bench.callers import REPLY_WITHIN_S, STAGGER_S, Experience, Target, connected, ring
from telephony.simulator.record import new_sid
from telephony.simulator.signing import socket_signature
from telephony.simulator.wire import ClientSocket, NoSocket, open_socket

SPEAKS_S, TRANSCRIBED_S = 0.8, 0.3
WORD_S = 0.2  # how fast the carrier says a word here: half as fast again as a person, so that more is asked


class RelayBenchCaller:
    """Asks, interrupts every other answer, and hangs up when told. Times are of `perf_counter`."""

    def __init__(self, target: Target, number: int, *, counted_from: float = 0.0) -> None:
        self._target, self._number, self._counted_from = target, number, counted_from
        self.experience = Experience()
        self._socket = ClientSocket(self._receive, lambda data: None, lambda code: self._closed.set())
        self._closed, self._first, self._last = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._said: list[str] = []
        self._is_speaking = False
        self._asked_at = self._first_at = 0.0
        self._asked, self._question = 0, ""

    async def call(self, http: aiohttp.ClientSession, until: float) -> None:
        """Talk until then. Failures are kept, not raised."""
        await asyncio.sleep(self._number * STAGGER_S)
        try:
            await self._open(http)
            await self._talk(until)
        except (OSError, LookupError, TimeoutError, NoSocket, aiohttp.ClientError) as error:
            self.experience.failure = f"{type(error).__name__}: {error}"
        finally:
            await self._socket.close()

    async def _open(self, http: aiohttp.ClientSession) -> None:
        target, call_sid = self._target, new_sid("CA")
        url, parameters = target.media_url, {}
        if not url:
            url, parameters = connected(await ring(http, target, self._number, call_sid), "ConversationRelay")
        signed = {"X-Twilio-Signature": socket_signature(target.auth_token, url)}
        await open_socket(url.replace("wss://", "ws://"), signed, self._socket)
        setup = {"sessionId": new_sid("VX"), "accountSid": target.account_sid, "callSid": call_sid}
        self._tell(type="setup", **setup, customParameters=parameters)
        self._speak(begins=True)
        await asyncio.sleep(1.0)
        self._speak(begins=False)  # the greeting, which the carrier says by itself

    async def _talk(self, until: float) -> None:
        interrupts = False
        while time.perf_counter() < until and not self._closed.is_set():
            await self._ask()
            if not interrupts:
                await asyncio.sleep(max(0.1, WORD_S * len("".join(self._said).split())))
                self._inform("tokensPlayed", "".join(self._said))
                self._speak(begins=False)
            interrupts = not interrupts

    async def _ask(self) -> None:
        """Speak, over the agent where it still speaks, and wait for the first word and then for the last."""
        self._inform("clientSpeaking", "on")
        await asyncio.sleep(SPEAKS_S / 4)
        if self._is_speaking:
            self._speak(begins=False)
            heard = " ".join("".join(self._said).split()[:3])
            self._tell(type="interrupt", utteranceUntilInterrupt=heard, durationUntilInterruptMs=900)
        await asyncio.sleep(SPEAKS_S * 3 / 4)
        self._inform("clientSpeaking", "off")
        await asyncio.sleep(TRANSCRIBED_S)
        self._first.clear()
        self._last.clear()
        self._said.clear()
        self._asked_at = time.perf_counter()
        self._asked += 1
        self._question = f"When are you open on day {self._asked}, for number {self._number}?"
        self._tell(type="prompt", voicePrompt=self._question, lang="en-US", last=True)
        try:
            async with asyncio.timeout(REPLY_WITHIN_S):
                await self._first.wait()
                self._note()
                self._speak(begins=True)
                await self._last.wait()
        except TimeoutError:
            self.experience.unanswered += 1

    def _note(self) -> None:
        if self._asked_at >= self._counted_from:
            self.experience.waits_ms.append((self._first_at - self._asked_at) * 1000)
            self.experience.asked.append(self._question)

    def _receive(self, data: bytes) -> None:
        at, message = time.perf_counter(), json.loads(data)
        if message["type"] != "text":
            return
        if message["token"]:
            self._said.append(message["token"])
            if not self._first.is_set():
                self._first_at = at
                self._first.set()
        if message["last"]:
            self._last.set()

    def _speak(self, *, begins: bool) -> None:
        """The carrier's voice begins, or is silent."""
        self._is_speaking = begins
        self._inform("agentSpeaking", "on" if begins else "off")

    def _inform(self, name: str, value: str) -> None:
        self._tell(type="info", name=name, value=value, ts=0)

    def _tell(self, **message: Any) -> None:
        self._socket.send(json.dumps(message))
