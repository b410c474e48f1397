"""A carrier that hears and speaks itself, on the virtual clock: it talks with the real consumer in the real JSON."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.fakes import MS_PER_CHARACTER

TO_FIRST_SOUND_S = 0.15
INTERRUPTS_AFTER_S = 0.2
PROMPT_AFTER_S = 0.4


@dataclass(slots=True)
class _Word:
    text: str
    interruptible: bool


@dataclass
class VirtualRelay:
    """Gives its messages to `receive`, takes ours in `send`. `heard` is every word that came out of the receiver."""

    heard: list[str] = field(default_factory=list)
    hears_in: str = "en-US"
    speaks_in: str = "en-US"
    pressed: list[str] = field(default_factory=list)
    ended: bool = False
    reports: ClassVar[bool] = True
    _inbox: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    _words: deque[_Word] = field(default_factory=deque)
    _filled: asyncio.Event = field(default_factory=asyncio.Event)
    _cycle: list[str] = field(default_factory=list)
    _now_saying: _Word | None = None
    _is_new_cycle: bool = True
    _cut: asyncio.Event = field(default_factory=asyncio.Event)

    # The socket's two ends

    async def receive(self) -> dict[str, Any]:
        return await self._inbox.get()

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] != "websocket.send":
            return
        said = json.loads(message["text"])
        match said["type"]:
            case "text":
                self._take(said)
            case "language":
                self.hears_in = said.get("transcriptionLanguage", self.hears_in)
                self.speaks_in = said.get("ttsLanguage", self.speaks_in)
            case "sendDigits":
                self.pressed.append(said["digits"])
            case "end":
                self.ended = True

    def tell(self, **message: Any) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    def close(self) -> None:
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1000})

    # The caller

    async def hears(self, text: str, seconds: float, language: str = "en-US") -> None:
        """A whole turn, of which the words are known at its end. Without words it is a noise."""
        self._inform("clientSpeaking", "on")
        await asyncio.sleep(min(seconds, INTERRUPTS_AFTER_S))
        self._interrupt()
        await asyncio.sleep(max(0.0, seconds - INTERRUPTS_AFTER_S))
        self._inform("clientSpeaking", "off")
        await asyncio.sleep(PROMPT_AFTER_S)
        if text:
            self.tell(type="prompt", voicePrompt=text, lang=language, last=True)
        await asyncio.sleep(0.001)

    # The voice

    @property
    def is_silent(self) -> bool:
        return self._now_saying is None and not self._words

    async def speak(self) -> None:
        """Say word after word until cancelled."""
        while True:
            while not self._words:
                self._filled.clear()
                await self._filled.wait()
            await asyncio.sleep(TO_FIRST_SOUND_S)
            if not self._words:
                continue
            self._inform("agentSpeaking", "on")
            while self._words:
                await self._say(self._words.popleft())
            self._inform("agentSpeaking", "off")

    async def _say(self, word: _Word) -> None:
        self._now_saying = word
        self._cut.clear()
        try:
            async with asyncio.timeout((len(word.text) + 1) * MS_PER_CHARACTER / 1000):
                await self._cut.wait()
        except TimeoutError:
            self.heard.append(word.text)
            self._cycle.append(word.text)
            if word.text[-1] in ".,?!":
                self._inform("tokensPlayed", " ".join(self._cycle))
        self._now_saying = None

    def _take(self, said: dict[str, Any]) -> None:
        if self._is_new_cycle and said["token"]:
            self._is_new_cycle = False
            if said["preemptible"] and not self.is_silent:
                self._fall_silent()
            self._cycle = []
        self._words += [_Word(text, said["interruptible"]) for text in said["token"].split()]
        self._filled.set()
        self._is_new_cycle = said["last"]

    def _interrupt(self) -> None:
        current = self._now_saying or (self._words[0] if self._words else None)
        if current is None or not current.interruptible:
            return
        self.tell(type="interrupt", utteranceUntilInterrupt=" ".join(self._cycle), durationUntilInterruptMs="460.0")
        self._fall_silent()

    def _fall_silent(self) -> None:
        self._words.clear()
        self._cut.set()

    def _inform(self, name: str, value: str) -> None:
        if self.reports:
            self.tell(type="info", name=name, value=value, ts=0)
