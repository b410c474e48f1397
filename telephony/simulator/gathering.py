"""What the carrier gathers: keys, and words, which it knows because the person's script has them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from telephony import mulaw

from .handset import Handset, Utterance
from .instructions import Verb
from .people import NOISE

CONFIDENCE = "0.95"
AUTO_PAUSE_MS = 800  # after which the carrier takes what was said for finished, where it may choose
MOST_DIGITS = 1000


class Gathering:
    """One `<Gather>`, from its first prompt to what somebody gave, if anything. A key or a voice ends the prompts."""

    def __init__(self, verb: Verb, handset: Handset, digits: asyncio.Queue[str], prompts: asyncio.Task[None]) -> None:
        self._handset, self._keys, self._prompts = handset, digits, prompts
        self._input = verb.get("input", "dtmf").split()
        self._finish, self._wanted = verb.get("finishOnKey", "#"), int(verb.number("numDigits", MOST_DIGITS))
        self._timeout_ms = verb.number("timeout", 5) * 1000
        is_auto = verb.get("speechTimeout") == "auto"
        self._pause_ms = AUTO_PAUSE_MS if is_auto else verb.number("speechTimeout", self._timeout_ms / 1000) * 1000
        self._began_ms = handset.clock.now_ms()

    async def given(self) -> Mapping[str, str]:
        """The fields that tell our side of it; empty when nothing came in time. Raises TwimlError of a prompt."""
        digits, quiet_from_ms = "", self._began_ms
        while True:
            key = await self._key_within(mulaw.FRAME_MS)
            now = self._handset.clock.now_ms()
            if self._prompts.done() and not self._prompts.cancelled():
                self._prompts.result()
            if key and "dtmf" in self._input:
                self._prompts.cancel()
                if key in self._finish:
                    return {"Digits": digits} if digits else {}
                digits, quiet_from_ms = digits + key, now
                if len(digits) >= self._wanted:
                    return {"Digits": digits}
            elif not digits and (spoken := self._spoken()):
                self._prompts.cancel()
                ends_ms = spoken[-1].voice_ended_ms
                if ends_ms is not None and now - ends_ms >= self._pause_ms:
                    return {"SpeechResult": " ".join(each.text for each in spoken), "Confidence": CONFIDENCE}
            elif not self._prompts.done():
                quiet_from_ms = now
            elif now - quiet_from_ms >= self._timeout_ms:
                return {"Digits": digits} if digits else {}

    def _spoken(self) -> list[Utterance]:
        """What was said since we began to listen, or is being said; a cough and a beep are no words."""
        if "speech" not in self._input:
            return []
        since = [
            each
            for each in self._handset.utterances
            if each.voice_ended_ms is None or each.voice_ended_ms > self._began_ms
        ]
        return [each for each in since if each.text not in ("", NOISE)]

    async def _key_within(self, ms: float) -> str:
        try:
            async with asyncio.timeout(ms / 1000 / self._handset.clock.scale):
                return await self._keys.get()
        except TimeoutError:
            return ""
