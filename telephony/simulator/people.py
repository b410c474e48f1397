"""People on the telephone: a script of things to do, and somebody who does them in a voice of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from telephony import mulaw

from .handset import Handset
from .voices import DEFAULT_VOICE, Speaker, noise, tone

QUIET_MS = 800
CUT_QUIET_MS = 2500
TIMEOUT_MS = 20_000
STAYS_MS = 60_000


@dataclass(frozen=True, slots=True)
class Say:
    """Say it now."""

    text: str
    voice: str = ""


@dataclass(frozen=True, slots=True)
class WaitForAgent:
    """Wait until the agent has spoken and then been silent for `quiet_ms`; give up after `timeout_ms`."""

    quiet_ms: int = QUIET_MS
    timeout_ms: int = TIMEOUT_MS


@dataclass(frozen=True, slots=True)
class WaitForTone:
    """Wait until the tone after which one is recorded."""


@dataclass(frozen=True, slots=True)
class WaitForPerson:
    """Wait in a room until somebody comes in, however long the music plays."""


@dataclass(frozen=True, slots=True)
class BargeIn:
    """Talk over the agent when it has spoken for `after_ms`; say it anyway if it never does."""

    text: str
    after_ms: int = 1000
    voice: str = ""
    timeout_ms: int = TIMEOUT_MS


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, whatever the agent does."""

    ms: int


@dataclass(frozen=True, slots=True)
class StaySilent:
    """Say nothing more until the other side hangs up."""


@dataclass(frozen=True, slots=True)
class Press:
    """Press these keys, five a second."""

    digits: str


@dataclass(frozen=True, slots=True)
class Noise:
    """Make noise as loud as a voice."""

    ms: int


@dataclass(frozen=True, slots=True)
class Beep:
    """Beep, as a machine does that records from then on: now the carrier knows for certain that it is one."""

    ms: int = 600


@dataclass(frozen=True, slots=True)
class HangUp:
    """Hang up now."""


Step = Say | WaitForAgent | WaitForTone | WaitForPerson | BargeIn | Pause | StaySilent | Press | Noise | Beep | HangUp

KEY_MS = 200
NOISE = "(noise)"
_STEPS: Mapping[str, type[Step]] = {
    "say": Say,
    "wait_for_agent": WaitForAgent,
    "wait_for_tone": WaitForTone,
    "wait_for_person": WaitForPerson,
    "barge_in": BargeIn,
    "pause": Pause,
    "stay_silent": StaySilent,
    "press": Press,
    "noise": Noise,
    "beep": Beep,
    "hang_up": HangUp,
}
_NAMES = {kind: name for name, kind in _STEPS.items()}


def step_from_json(facts: Mapping[str, Any]) -> Step:
    """`{"do": "say", "text": "Hello"}` is `Say("Hello")`. Raises ValueError for what is no step."""
    known = _STEPS.get(str(facts.get("do")))
    if known is None:
        raise ValueError(f"a step is one of {', '.join(_STEPS)}")
    try:
        return known(**{name: value for name, value in facts.items() if name != "do"})
    except TypeError as error:
        raise ValueError(str(error)) from error


def step_to_json(step: Step) -> dict[str, Any]:
    return {"do": _NAMES[type(step)], **{name: getattr(step, name) for name in step.__slots__}}


@dataclass(frozen=True, slots=True)
class Person:
    """Who calls or is called: what they do, in which voice, and how they take a call.

    When the steps are done the person stays on the line for `stays_ms` and hangs up then.
    """

    steps: Sequence[Step] = ()
    voice: str = DEFAULT_VOICE
    stays_ms: int = STAYS_MS
    rings_ms: int = 1000
    takes_call: Literal["answer", "busy", "no-answer", "failed"] = "answer"
    answered_by: str = "human"

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Person:
        """Raises ValueError for what is no person."""
        steps = tuple(step_from_json(step) for step in facts.get("steps", ()))
        try:
            return cls(**{**facts, "steps": steps})
        except TypeError as error:
            raise ValueError(str(error)) from error

    def to_json(self) -> dict[str, Any]:
        facts = {name: getattr(self, name) for name in self.__slots__}
        return {**facts, "steps": [step_to_json(step) for step in self.steps]}


def conversation(*phrases: str, goodbye: bool = True) -> tuple[Step, ...]:
    """Say each phrase when the agent has finished, and hang up after its last words."""
    steps: list[Step] = []
    for phrase in phrases:
        steps += [WaitForAgent(), Say(phrase)]
    return (*steps, WaitForAgent(), HangUp()) if goodbye else tuple(steps)


class Telephone(Protocol):
    """What a person does with a call."""

    handset: Handset
    beeped: asyncio.Event
    tone: asyncio.Event
    met: asyncio.Event

    def press(self, digit: str) -> None: ...
    def hang_up(self) -> None: ...
    def note(self, kind: str, **facts: Any) -> None: ...


Improvise = Callable[[Telephone], AsyncGenerator[Step, None]]


@dataclass(slots=True)
class Talker:
    """A person during one call: does what is in the script, and then what `improvise` thinks up as the call goes on."""

    person: Person
    speaker: Speaker
    improvise: Improvise | None = None
    _phrases: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _acted_ms: float = 0.0

    async def prepare(self) -> None:
        """Make every phrase before the call: synthesis takes the processor from the clock."""
        for text, voice in _spoken(self.person):
            self._phrases[text, voice] = await self.speaker.speak(text, voice)

    async def talk(self, telephone: Telephone) -> None:
        """Do everything in the script, then stay for a while and hang up."""
        clock = telephone.handset.clock
        self._acted_ms = clock.now_ms()
        for step in self.person.steps:
            await self._do(step, telephone)
        if self.improvise is not None:
            async with aclosing(self.improvise(telephone)) as steps:
                async for step in steps:
                    await self._do(step, telephone)
        await clock.sleep(self.person.stays_ms)
        telephone.hang_up()

    async def _do(self, step: Step, telephone: Telephone) -> None:
        clock = telephone.handset.clock
        match step:
            case Say(text, voice):
                await self._say(text, voice, telephone)
            case WaitForAgent(quiet_ms, timeout_ms):
                if not await self._agent_finished(telephone.handset, quiet_ms, timeout_ms):
                    telephone.note("waited in vain", for_ms=timeout_ms)
            case WaitForTone():
                await telephone.tone.wait()
            case WaitForPerson():
                await telephone.met.wait()
                self._acted_ms = clock.now_ms()
            case BargeIn(text, after_ms, voice, timeout_ms):
                if await self._agent_speaks(telephone.handset, after_ms, timeout_ms):
                    telephone.note("barged in")
                else:
                    telephone.note("waited in vain", for_ms=timeout_ms)
                await self._say(text, voice, telephone)
            case Pause(ms):
                await clock.sleep(ms)
            case StaySilent():
                await clock.sleep(24 * 3600 * 1000)
            case Press(digits):
                telephone.note("pressed", digits=digits)
                for digit in digits:
                    telephone.press(digit)
                    await clock.sleep(KEY_MS)
                self._acted_ms = clock.now_ms()
            case Noise(ms):
                telephone.handset.say(noise(ms), NOISE)
                await telephone.handset.said_all()
            case Beep(ms):
                telephone.handset.say(tone(ms), "")
                await telephone.handset.said_all()
                telephone.beeped.set()
            case HangUp():
                telephone.hang_up()
                await clock.sleep(24 * 3600 * 1000)

    async def _say(self, text: str, voice: str, telephone: Telephone) -> None:
        voice = voice or self.person.voice
        phrase = self._phrases.get((text, voice)) or await self.speaker.speak(text, voice)
        utterance = telephone.handset.say(phrase, text)
        await telephone.handset.said_all()
        self._acted_ms = utterance.voice_ended_ms or telephone.handset.clock.now_ms()

    async def _agent_finished(self, handset: Handset, quiet_ms: int, timeout_ms: int) -> bool:
        """Whether the agent has said something since we last did, and stopped, in time.

        What it began before we spoke counts only after a longer silence: it may have been cut, its answer is to come.
        """
        since, playback = handset.clock.now_ms(), handset.playback
        while True:
            now, until = handset.clock.now_ms(), playback.voiced_until_ms
            if until > self._acted_ms:
                answers = playback.spells[-1].start_ms >= self._acted_ms
                if now - until >= (quiet_ms if answers else max(quiet_ms, CUT_QUIET_MS)):
                    return True
            if until <= now and now - max(since, until) >= timeout_ms:
                return False
            await handset.clock.sleep(mulaw.FRAME_MS)

    async def _agent_speaks(self, handset: Handset, for_ms: int, timeout_ms: int) -> bool:
        """Whether the agent speaks, and has done so for a while since we last did, in time."""
        since = handset.clock.now_ms()
        while True:
            now = handset.clock.now_ms()
            spell = handset.playback.spell_at(now)
            if spell is not None and now - max(spell.start_ms, self._acted_ms) >= for_ms:
                return True
            if now - since >= timeout_ms:
                return False
            await handset.clock.sleep(mulaw.FRAME_MS)


def _spoken(person: Person) -> Iterable[tuple[str, str]]:
    for step in person.steps:
        if isinstance(step, Say | BargeIn):
            yield step.text, step.voice or person.voice
