"""Somebody on the telephone without a script: what they say next depends on what they have heard.

They hear by the journal, which holds what was played to them and no more. Decoding the sound would be truer, but the
offline ears know only words that were told to them before, and a model's are not; what they cannot hear is lost on a
caller who has to answer. Whether the sound itself was right is checked afterwards (rehearsing, listening).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

from django.db import connection

from agentos.tenants.credentials import VendorKeys
from agentos.tenants.scoping import tenant_transaction
from agents import providers
from agents.catalog import Kind, provider
from agents.endpoints import endpoint
from agents.providers.ports import Endpoint, Voice
from agents.versions import VersionSpec
from calls.models import Turn
from calls.rehearsal.callers import SimulatedCaller
from calls.rehearsal.manners import Manner
from telephony.simulator.people import BargeIn, HangUp, Press, Say, Step, Telephone, WaitForAgent
from telephony.simulator.voices import DEFAULT_VOICE

MOST_LINES = 20
MOST_CHARACTERS = 3_000  # that one caller says, and a vendor's voice is paid for
MOST_SILENCES = 2
HEARD_WITHIN_S = 3.0  # what was played stands in the database a second or two later
LOOKS_EVERY_S = 0.2
LAST_WORDS_MS = 6_000
PRESSED = re.compile(r"(?:i )?press(?:ed)?:? ([\d#*][\d#* ]*)\.?", re.IGNORECASE)


def step_of(line: str, *, cuts_off: bool = False) -> Step:
    """A line as somebody on the telephone does it: "press 1" is a key, everything else is said."""
    if pressed := PRESSED.fullmatch(line.strip()):
        return Press(pressed[1].replace(" ", ""))
    return BargeIn(line) if cuts_off else Say(line)


class Impromptu:
    """One caller in one call. `script` is what was said so far, as they know it; `characters` what they have said.

    `ran_out` says when they had to leave though nobody had ended it.
    """

    def __init__(self, caller: SimulatedCaller, manner: Manner, *, tenant_id: int, call_id: UUID) -> None:
        self._caller, self._manner, self._tenant_id, self._call_id = caller, manner, tenant_id, call_id
        self._known: dict[int, int] = {}
        self.script: list[dict[str, Any]] = []
        self.characters = 0
        self.ran_out = ""

    async def steps(self, telephone: Telephone) -> AsyncGenerator[Step, None]:
        """What they do, as it comes to them. Ends with hanging up."""
        manner, silences = self._manner, 0
        for place in range(MOST_LINES):
            cuts_off = manner.interrupts and place % 2 == 1
            if not cuts_off:
                yield WaitForAgent(quiet_ms=manner.quiet_ms, timeout_ms=manner.waits_ms)
                silences = 0 if await self._listen() else silences + 1
            if silences >= MOST_SILENCES:
                break
            if self.characters >= MOST_CHARACTERS:
                self.ran_out = f"after {MOST_CHARACTERS:,} characters"
                break
            line = await self._caller.answer(self.script, cuts_off=cuts_off)
            if line is None:
                break
            self.script.append({"who": "caller", "text": line})
            self.characters += len(line)
            yield step_of(line, cuts_off=cuts_off)
        else:
            self.ran_out = f"after {MOST_LINES} lines"
        yield WaitForAgent(timeout_ms=LAST_WORDS_MS)
        yield HangUp()

    async def _listen(self) -> bool:
        """Take in what was heard of the agent since; whether it was anything."""
        deadline, heard = time.monotonic() + HEARD_WITHIN_S, ""
        while time.monotonic() < deadline:
            heard, is_whole = await asyncio.to_thread(self._heard)
            if heard and is_whole:
                break
            await asyncio.sleep(LOOKS_EVERY_S)
        if heard:
            self.script.append({"who": "agent", "text": heard})
            self._known |= self._lengths
        return bool(heard)

    def _heard(self) -> tuple[str, bool]:
        """The agent's words that are new, and whether none of them is still to be played."""
        try:
            with tenant_transaction(self._tenant_id):
                turns = list(Turn.objects.filter(call_id=self._call_id, speaker=Turn.Speaker.AGENT))
        finally:
            connection.close()
        self._lengths = {turn.index: len(turn.heard) for turn in turns}
        new = [turn.heard[self._known.get(turn.index, 0) :].strip() for turn in turns]
        is_whole = not turns or not turns[-1].unheard or turns[-1].interrupted
        return " ".join(filter(None, new)), is_whole


class CallersVoice:
    """How a caller sounds: in another voice than the agent's.

    Offline ears understand the offline voice. A vendor's are spoken to in a voice of the vendor that the agent speaks
    with, which sounds like a person; `characters` tells what of it has to be paid.
    """

    def __init__(self, spec: VersionSpec, keys: VendorKeys) -> None:
        offer = provider(Kind.TTS, spec.tts_provider)
        place = endpoint(spec.tts_provider, keys)
        is_vendors = bool(offer and offer.needs_key and offer.voices and place.api_key)
        self.name = spec.tts_provider if is_vendors and spec.stt_provider != "offline" else "offline"
        self.model = spec.tts_model if self.name != "offline" else "offline"
        self._place = place if self.name != "offline" else Endpoint()
        self._voice = Voice(self.model, self._other_than(spec), spec.language)
        self._phrases: dict[str, bytes] = {}
        self.characters = 0

    def _other_than(self, spec: VersionSpec) -> str:
        if self.name == "offline":
            return DEFAULT_VOICE if spec.tts_voice != DEFAULT_VOICE else "en-us"
        offer = provider(Kind.TTS, self.name)
        voices = [each.name for each in offer.voices] if offer and not offer.needs_address else []
        return next((each for each in voices if each != spec.tts_voice), spec.tts_voice)

    async def speak(self, text: str, voice: str) -> bytes:
        """As Speaker, in the one voice that this caller has. Raises ProviderError."""
        if text not in self._phrases:
            self.characters += len(text)
            self._phrases[text] = await self._synthesized(text)
        return self._phrases[text]

    async def _synthesized(self, text: str) -> bytes:
        speech = providers.tts(self.name, self._voice, self._place)
        await speech.open()
        try:
            return b"".join([piece.audio async for piece in speech.speak(text)])
        finally:
            await speech.close()
