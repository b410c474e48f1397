"""Hearing a clip again, with the ears of the tenant's agent.

The ears may expect the wording and how the names sound. Which day, time or sum it is, they are not told: a listener
who knows the answer hears it.
"""

from __future__ import annotations

import asyncio
import re
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from agentos.tenants.credentials import NO_KEYS, VendorKeys
from agents import providers
from agents.endpoints import endpoint
from agents.providers.offline_voice.ears import Ear, make_decoder, make_held_decoder
from agents.providers.offline_voice.grammar import Grammar, receptionist
from agents.providers.ports import EndOfTurn, Hearing, ProviderError, SpeechStarted, SpeechToText
from campaigns.texts import spoken
from campaigns.texts.messages import Fact, Kind
from telephony.mulaw import BYTES_PER_MS, FRAME_BYTES, SILENCE, decode, encode, frames

ENDPOINTING_MS = 700
TAIL = SILENCE * 75  # 1.5 s, so that a recogniser ends its last turn
PACE = 2.0  # times as fast as it is spoken: what live recognition still follows
LAST_WORD_WITHIN_S = 4.0
MOST_WORDINGS = 8
HELD_MS = 3000  # the silence that ends a clip which is heard as one sentence
HELD_TAIL = TAIL * 3
PITCHES = (1.0, 0.94, 1.06)  # as it is; faster and higher; slower and deeper: one of them may suit the ears better


@dataclass(frozen=True, slots=True)
class Ears:
    """Who listens."""

    provider: str
    model: str = ""
    language: str = "en-US"
    options: dict[str, Any] = field(default_factory=dict)


async def transcribe(ears: Ears, text: str, facts: Sequence[Fact], sound: bytes, keys: VendorKeys = NO_KEYS) -> str:
    """What is heard in this sound. Raises ProviderError."""
    names = _names(facts)
    if ears.provider == "offline":
        if not ears.language.lower().startswith("en"):
            raise ProviderError("offline", "it understands English only", retryable=False, code="language")
        return await asyncio.to_thread(_hear_offline, wording(text, facts), names, sound)
    return await listen(ears, sound, names, keys)


async def hear_facts(ears: Ears, text: str, facts: Sequence[Fact], sound: bytes) -> AsyncIterator[str]:
    """What is heard again by ears that hold to the wording and weigh each fact alone. Raises ProviderError.

    A vendor hears the same each time, and costs: it is not asked again.
    """
    if ears.provider == "offline":
        for pitch in PITCHES:
            if heard := await asyncio.to_thread(_hear_again, wording(text, facts), _names(facts), sound, pitch):
                yield heard


def _names(facts: Sequence[Fact]) -> tuple[str, ...]:
    return tuple(sorted({fact.said for fact in facts if fact.kind is Kind.NAME}))


async def listen(ears: Ears, sound: bytes, names: Sequence[str] = (), keys: VendorKeys = NO_KEYS) -> str:
    """What a vendor's recogniser hears that expects nothing but these names. Raises ProviderError."""
    recogniser = providers.stt(
        ears.provider,
        Hearing(ears.model, ears.language, tuple(names), ENDPOINTING_MS, eager=False, options=ears.options),
        endpoint(ears.provider, keys, hears=True),
    )
    try:
        await recogniser.open()
        return await _hear_live(recogniser, sound)
    finally:
        with suppress(ProviderError):
            await recogniser.close()


async def _hear_live(recogniser: SpeechToText, sound: bytes) -> str:
    """Feed at the pace of live recognition, and wait a moment for the last words."""
    said: list[str] = []
    turn_over = asyncio.Event()

    async def listen() -> None:
        async for event in recogniser.events():
            match event:
                case SpeechStarted():
                    turn_over.clear()
                case EndOfTurn(text):
                    said.append(text)
                    turn_over.set()

    listening = asyncio.ensure_future(listen())
    resting = asyncio.ensure_future(turn_over.wait())
    try:
        for frame in frames(sound + TAIL):
            recogniser.feed(frame)
            await asyncio.wait({listening}, timeout=FRAME_BYTES / BYTES_PER_MS / 1000 / PACE)
        if resting.done() and not turn_over.is_set():  # it was over once, and somebody spoke again
            resting = asyncio.ensure_future(turn_over.wait())
        await asyncio.wait({listening, resting}, timeout=LAST_WORD_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            listening.result()
    finally:
        listening.cancel()
        resting.cancel()
        await asyncio.wait({listening, resting})
    return " ".join(said)


# Offline -----------------------------------------------------------------------------------------------


def _hear_offline(expected: str, names: tuple[str, ...], sound: bytes) -> str:
    """In this thread, as fast as it can. Raises ProviderError where pocketsphinx is not installed."""
    try:
        decoder = make_decoder(_grammar(_source(expected, names)), names, fwdflat=True)
    except (ImportError, RuntimeError) as error:
        raise ProviderError("offline", str(error), retryable=False, code="not_installed") from error
    return _turns(Ear(decoder, endpointing_ms=ENDPOINTING_MS, eager=False), sound + TAIL)


def _hear_again(expected: str, names: tuple[str, ...], sound: bytes, pitch: float) -> str:
    """Held to the wording; or else, where that has a word without a known sound, as before but at another pitch."""
    decoder = make_held_decoder(_source(expected, names))
    if decoder is not None:
        return _turns(Ear(decoder, endpointing_ms=HELD_MS, eager=False), pitched(sound, pitch) + HELD_TAIL)
    return _hear_offline(expected, names, pitched(sound, pitch)) if pitch != 1.0 else ""


def _turns(ear: Ear, sound: bytes) -> str:
    said = [event.text for event in ear.hear(sound) if isinstance(event, EndOfTurn)]
    ear.close()
    return " ".join(said)


def pitched(sound: bytes, ratio: float) -> bytes:
    """Mu-law that takes `ratio` times as long, and is that much deeper."""
    if ratio == 1.0:
        return sound
    samples = array("h", decode(sound))
    last = len(samples) - 2
    stretched = array("h")
    for place in range(int(last * ratio)):
        before, share = divmod(place / ratio, 1)
        one = samples[int(before)]
        stretched.append(round(one + (samples[int(before) + 1] - one) * share))
    return encode(stretched.tobytes())


def wording(text: str, facts: Sequence[Fact]) -> str:
    """The words of a message with a slot for each fact: what all messages of a template have in common."""
    for fact in sorted(facts, key=lambda fact: -len(fact.said)):
        text = re.sub(rf"(?<!\w){re.escape(fact.said)}(?!\w)", f" <{_slot(fact)}> ", text)
    return " ".join(re.findall(r"<\w+>|[a-z]+(?:'[a-z]+)?", text.lower()))


def _slot(fact: Fact) -> str:
    if fact.kind is Kind.NUMBER and len(fact.said.split()) > 1 and set(re.findall(r"\w+", fact.said)) <= _DIGITS:
        return "phone"
    return fact.kind.value


_DIGITS = set(spoken.UNITS[:10])


def _any(words: Sequence[str]) -> str:
    return " | ".join(word.lower().replace("-", " ") for word in words)


_SLOTS = f"""
<person> = [doctor | mister | misses] <first> [<last>];
<date> = /8/ [<weekday>] <month> <ordinal> [<year>] | /1/ today | /1/ tomorrow | /1/ <weekday>;
<weekday> = {_any(spoken.DAYS)};
<month> = {_any(spoken.MONTHS)};
<ordinal> = {_any([spoken.ordinal(day) for day in range(1, 32)])};
<year> = twenty <tens> [<unit>];
<time> = /9/ <hour> [<minute>] <half> | /2/ <hour> <minute> | noon | midnight | <hour> o'clock;
<hour> = {_any([spoken.cardinal(hour) for hour in range(1, 13)])};
<minute> = oh <unit> | {_any([spoken.cardinal(minute) for minute in range(10, 60)])};
<half> = in the morning | in the afternoon | in the evening | at night;
<amount> = <number> dollars [and <below> cents] | <below> cents;
<number> = /4/ <below> | /2/ <unit> hundred [<below>] | /1/ <below> thousand [<unit> hundred] [<below>];
<below> = {_any([spoken.cardinal(number) for number in range(1, 100)])};
<tens> = {_any(spoken.TENS)};
<unit> = {_any(spoken.UNITS[1:10])};
<digit> = {_any(spoken.UNITS[:10])};
<phone> = <digit> <digit> <digit> <digit> <digit> <digit> <digit> [<digit> <digit> <digit>];
"""


def _source(expected: str, names: tuple[str, ...]) -> str:
    """How this wording sounds with any date, time, sum or number in its slots, and with these names or others."""
    callers = receptionist()
    own = [word for name in names for word in re.findall(r"[a-z]+(?:'[a-z]+)*", name.lower())]
    others = {rule: callers.phrases(rule)[:: 1 if not own else 8] for rule in ("first", "last")}
    callers_names = "\n".join(f"<{rule}> = {' | '.join([*others[rule], *own])};" for rule in others)
    turn = expected.replace("<name>", "<person>") or "hello"
    return f"#JSGF V1.0; grammar message;\npublic <turn> = {turn};\n{_SLOTS}\n{callers_names}\n"


@lru_cache(MOST_WORDINGS)
def _grammar(source: str) -> Grammar:
    return Grammar(source)
