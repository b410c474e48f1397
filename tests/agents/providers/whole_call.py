"""Uses every vendor as a call does, in a process that has prepared for it: nothing is imported any more."""

from __future__ import annotations

import asyncio
import sys

from agents import providers as p
from agents.providers.ports import Endpoint, Hearing, Message, Thinking, Voice
from agents.providers.realtime.ports import Talking
from tests.doubles.server import Doubles

VOICES = {"elevenlabs": "abc123", "deepgram": "aura-2-thalia-en", "openai": "alloy"}


async def use(there: Endpoint) -> None:
    """What a call does with each of them."""
    for vendor in ("openai", "anthropic"):
        mind = p.llm(vendor, Thinking("claude-haiku-5-5" if vendor == "anthropic" else "gpt-6-luna"), there)
        await mind.warm()
        assert [thought async for thought in mind.reply([Message("user", "hello")])]
    for vendor, name in VOICES.items():
        mouth = p.tts(vendor, Voice("eleven_flash_v2_5" if vendor == "elevenlabs" else "aura-2", name), there)
        await mouth.open()
        assert [sound async for sound in mouth.speak("hello")]
        await mouth.close()
    for vendor, model in (("deepgram", "nova-3"), ("deepgram", "flux-general-en"), ("openai", "gpt-transcribe")):
        ears = p.stt(vendor, Hearing(model), there)
        await ears.open()
        await ears.close()
    talk = p.realtime("openai", Talking("gpt-realtime", "marin", "gpt-live-transcribe"), there)
    await talk.open()
    await talk.close()


async def call() -> None:
    """Fails when it brings in a module of anybody but Python."""
    doubles = Doubles()
    await doubles.start()
    try:
        before = set(sys.modules)
        await use(doubles.endpoint("key"))
        late = sorted(name for name in set(sys.modules) - before if name.split(".")[0] not in sys.stdlib_module_names)
        assert not late, late
    finally:
        await p.close_clients()
        await doubles.stop()


def main() -> None:
    p.preload()
    asyncio.run(call())
