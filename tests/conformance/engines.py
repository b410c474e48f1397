"""The engines by name, what each cannot do and why, and a call in progress with any of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.conformance.realtime_stage import Realtime
from tests.conformance.stages import ConversationRelay, MediaStreams, Talk
from tests.fakes import ScriptedModel

MakeTalk = Callable[[ScriptedModel, dict[str, Any], dict[str, Any]], Talk]
ENGINES: dict[str, MakeTalk] = {
    "media_streams": MediaStreams,
    "conversation_relay": ConversationRelay,
    "openai_realtime": Realtime,
}
TITLES = {
    "media_streams": "Media Streams",
    "conversation_relay": "ConversationRelay",
    "openai_realtime": "OpenAI Realtime",
}

# What an engine cannot do, and why; the table says so.
CANNOT: dict[tuple[str, str], str] = {
    ("openai_realtime", "to_the_word"): "the vendor does not say when a word sounds; its place is reckoned",
    (
        "openai_realtime",
        "goes_over",
    ): "the vendor does not tell in which language the caller speaks",
}

# An engine whose conversations a vendor runs: no scenario can be run there, and these it certainly does not do.
ELSEWHERE = "ElevenLabs"
NO_KEYS = "pressed keys do not reach us; an agent that asks for some leaves the call and takes them by Media Streams"
NOT_ELSEWHERE: dict[str, str] = {
    "to_the_word": "the vendor says what was spoken, not what was heard",
    "question": "the vendor does not report a wait that could be compared",
    "keys": NO_KEYS,
    "takes_keys": NO_KEYS,
    "stop_calling": "the model there may tell us at once; the rule reads the transcript, which comes later",
    "vendor_fails": "the sentence for failures is not known there",
    "vendor_dead": "what the caller hears then is the vendor's affair",
    "resume": "a connection that the vendor loses is lost",
    "escalation": "the words are not read before the transcript has come; the model there may put the caller through",
    "takes_over": "a vendor takes no call in the middle, and Media Streams carries it",
    "whisper": "the conversation is out of reach",
    "take_over": "the conversation is out of reach",
    "hung_up_on": "the conversation is out of reach",
    "put_through": "the conversation is out of reach",
    "language": "the copy of an agent there has one language",
    "goes_over": "the copy of an agent there has one language",
}


@asynccontextmanager
async def talk(engine: str, *thoughts: Any, **options: Any) -> AsyncIterator[Talk]:
    """Begin a call on this engine with a model that thinks this; what is left of it is hung up."""
    names = ("earlier_ms", "next_index", "on_stop", "tools", "summons", "said")
    session = {key: options.pop(key) for key in names if key in options}
    call = ENGINES[engine](ScriptedModel(*thoughts), options, session)
    await asyncio.sleep(0)
    try:
        yield call
    finally:
        await call.end()
