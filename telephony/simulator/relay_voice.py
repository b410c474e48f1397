"""The carrier's voice in a session for words: makes sound of sentences, and knows how far each was heard."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .handset import Handset
from .voices import ANNOUNCER_VOICE, Speaker

_SENTENCE = re.compile(r".*?[.!?…]+[\"')\]]*(?:\s+|$)", re.DOTALL)


@dataclass(slots=True)
class Said:
    """A sentence on its way to the ear. Positions are of the call's clock, once it is queued to be played."""

    text: str
    interruptible: bool
    start_ms: float = 0.0
    end_ms: float = 0.0
    reported: bool = False

    def until(self, now_ms: float) -> str:
        """The words of it that were heard by then."""
        if now_ms >= self.end_ms:
            return self.text
        words = self.text.split()
        share = (now_ms - self.start_ms) / max(1.0, self.end_ms - self.start_ms)
        return " ".join(words[: max(0, int(len(words) * share))])


class RelayVoice:
    """Speaks what comes, sentence by sentence, in order, on the handset. `cycle` is what one talk cycle has said."""

    def __init__(self, handset: Handset, speaker: Speaker) -> None:
        self._handset, self._speaker = handset, speaker
        self._waiting: deque[Callable[[], Awaitable[tuple[Said, bytes]]]] = deque()
        self._filled = asyncio.Event()
        self._rest, self._rest_interruptible = "", True
        self._is_new_cycle = True
        self._cuts = 0
        self.cycle: list[Said] = []

    def take(self, token: str, *, last: bool, interruptible: bool, preemptible: bool) -> None:
        """More of a talk cycle. The first token of one cuts what may be preempted."""
        if self._is_new_cycle and token:
            if preemptible and self.is_speaking:
                self.silence()
            self.cycle = []
            self._is_new_cycle = False
        self._rest += token
        self._rest_interruptible = interruptible
        while found := _SENTENCE.match(self._rest):
            if not last and found.end() == len(self._rest) and not self._rest[-1].isspace():
                break  # perhaps a number goes on
            self._queue(self._rest[: found.end()])
            self._rest = self._rest[found.end() :]
        if last:
            self._queue(self._rest)
            self._rest, self._is_new_cycle = "", True

    def play(self, audio: Awaitable[bytes], *, interruptible: bool) -> None:
        """Something to be heard that is not words."""

        async def make() -> tuple[Said, bytes]:
            return Said("", interruptible), await audio

        self._waiting.append(make)
        self._filled.set()

    def silence(self) -> str:
        """Fall silent at once and forget the rest of the cycle; the answer is what was heard of it."""
        heard = self.heard()
        self._cuts += 1
        self._waiting.clear()
        self._rest, self.cycle = "", []
        self._handset.clear()
        return heard

    def heard(self) -> str:
        """What was heard of the talk cycle by now."""
        now = self._handset.clock.now_ms()
        return " ".join(filter(None, (said.until(now) for said in self.cycle if said.end_ms))).strip()

    @property
    def is_speaking(self) -> bool:
        return not self._handset.playback.is_idle

    @property
    def may_be_interrupted(self) -> bool:
        now = self._handset.clock.now_ms()
        current = next((said for said in self.cycle if said.start_ms <= now < said.end_ms), None)
        return self.is_speaking and (current is None or current.interruptible)

    def newly_played(self) -> list[str]:
        """The sentences that have been heard to their end since this was asked last."""
        now = self._handset.clock.now_ms()
        played = [said for said in self.cycle if said.end_ms and said.end_ms <= now and not said.reported]
        for said in played:
            said.reported = True
        return [said.text for said in played if said.text]

    async def run(self) -> None:
        """Make the sentences into sound, one after another, until cancelled."""
        while True:
            while not self._waiting:
                self._filled.clear()
                await self._filled.wait()
            cuts, make = self._cuts, self._waiting.popleft()
            said, audio = await make()
            if cuts == self._cuts:
                self._handset.hear(audio)
                said.end_ms = self._handset.playback.ends_at_ms
                said.start_ms = said.end_ms - len(audio) / 8
                self.cycle.append(said)

    def _queue(self, text: str) -> None:
        sentence = " ".join(text.split())
        if not sentence:
            return
        said = Said(sentence, self._rest_interruptible)

        async def make() -> tuple[Said, bytes]:
            return said, await self._speaker.speak(sentence, ANNOUNCER_VOICE)

        self._waiting.append(make)
        self._filled.set()
