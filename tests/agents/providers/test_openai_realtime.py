"""OpenAI Realtime through the vendor's own SDK, against a server that refuses what the vendor refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from agents import providers
from agents.providers.ports import Endpoint, Message, ProviderError, ToolSpec, Usage
from agents.providers.realtime.openai import OpenAIRealtime
from agents.providers.realtime.openai_messages import usage_of
from agents.providers.realtime.ports import (
    Answered,
    Kept,
    Said,
    Sign,
    Sounded,
    SpeechToSpeech,
    TalkEvent,
    Talking,
    Understood,
    VoiceBegan,
    VoiceEnded,
)
from tests.doubles import Doubles
from tests.doubles.faults import Close, Refuse
from tests.doubles.openai_realtime import RealtimeVendor, hum

TALKING = Talking("gpt-realtime-2.1", "marin", "gpt-transcribe", "en-US", ("Juniper",), endpointing_ms=300)
VOICE, SILENCE = bytes((0x90, 0x10)) * 4000, b"\xff" * 8000
LOOK = ToolSpec("look", "Look it up.", {"type": "object", "properties": {}})


@asynccontextmanager
async def talk(doubles: Doubles) -> AsyncIterator[SpeechToSpeech]:
    model = providers.realtime("openai", TALKING, doubles.endpoint())
    await model.open()
    try:
        yield model
    finally:
        await model.close()


async def until(events: AsyncIterator[TalkEvent], last: type[TalkEvent]) -> list[TalkEvent]:
    """Everything up to the first event of this kind."""
    seen: list[TalkEvent] = []
    async with asyncio.timeout(5):
        async for event in events:
            seen.append(event)
            if isinstance(event, last):
                return seen
    raise AssertionError(f"no {last.__name__} among {seen}")


def vendor(doubles: Doubles) -> RealtimeVendor:
    return doubles.openai_audio.talks[-1].vendor


async def hears(model: SpeechToSpeech, doubles: Doubles, events: AsyncIterator[TalkEvent]) -> list[TalkEvent]:
    """The caller asks when it is open."""
    while not doubles.openai_audio.talks:
        await asyncio.sleep(0)
    vendor(doubles).hears.append("when do you open")
    model.hear(VOICE)
    model.hear(SILENCE)
    return [event for event in await until(events, Understood) if not isinstance(event, Kept | Sign)]


async def test_the_caller_is_heard_in_mulaw_and_answered_only_when_we_say_so(doubles: Doubles):
    async with talk(doubles) as model:
        events = model.events()
        heard = await hears(model, doubles, events)
        assert isinstance(heard[0], VoiceBegan)
        assert isinstance(heard[1], VoiceEnded)
        assert isinstance(heard[2], Understood)
        assert heard[2].text == "when do you open"

        config = vendor(doubles).config
        assert config["audio"]["input"]["format"] == config["audio"]["output"]["format"] == {"type": "audio/pcmu"}
        assert config["audio"]["input"]["turn_detection"]["create_response"] is False
        transcription = {"model": "gpt-transcribe", "language": "en", "keywords": ["Juniper"]}
        assert config["audio"]["input"]["transcription"] == transcription
        assert config["audio"]["output"]["voice"] == "marin"
        assert doubles.openai_audio.talks[-1].query["model"] == ["gpt-realtime-2.1"]
        assert doubles.openai_audio.talks[-1].headers["authorization"] == "Bearer key"


def test_a_caller_who_may_speak_several_languages_is_written_down_in_any_of_them():
    model = OpenAIRealtime(replace(TALKING, several=("en-US", "es")), Endpoint())

    assert model._heard("es")["transcription"]["languages"] == ["en", "es"]
    assert "language" not in model._heard("es")["transcription"]


async def test_an_answer_is_its_words_its_sound_and_what_it_cost(doubles: Doubles):
    async with talk(doubles) as model:
        events = model.events()
        await hears(model, doubles, events)
        model.instruct("You are June.", [LOOK])
        model.keep("own_1", Message("assistant", "Hello there."), "")
        model.answer()
        seen = await until(events, Answered)

        assert "".join(event.text for event in seen if isinstance(event, Said)) == "We open at eight."
        sound = b"".join(event.audio for event in seen if isinstance(event, Sounded))
        assert sound == b"".join(hum(word) for word in ("We", "open", "at", "eight."))
        assert seen[-1] == Answered(seen[-1].usage if isinstance(seen[-1], Answered) else None)
        assert vendor(doubles).config["tools"][0]["name"] == "look"
        assert vendor(doubles).memory() == [
            ("assistant", "Hello there."),
            ("user", "when do you open"),
            ("assistant", "We open at eight."),
        ]


async def test_what_was_not_heard_of_an_answer_is_forgotten(doubles: Doubles):
    async with talk(doubles) as model:
        events = model.events()
        await hears(model, doubles, events)
        model.instruct("You are June.", [])
        model.answer()
        item = next(event.item for event in await until(events, Answered) if isinstance(event, Said))
        model.cut(item, len(hum("We") + hum("open")) // 8 + 10)
        model.forget(vendor(doubles).items[0].item["id"])
        model.answer()
        await until(events, Answered)

        assert vendor(doubles).memory()[0] == ("assistant", "We open")
        assert not vendor(doubles).refused


async def test_a_refused_key_and_a_lost_line_are_told_apart(doubles: Doubles):
    doubles.openai_audio.talk_faults.next(Refuse(401), Close(1011, after=2))
    with pytest.raises(ProviderError) as refused:
        async with talk(doubles):
            pass
    assert (refused.value.code, refused.value.retryable) == ("401", False)

    async with talk(doubles) as model:
        with pytest.raises(ProviderError) as lost:
            await until(model.events(), Answered)
    assert lost.value.retryable


def test_what_the_model_had_read_or_heard_before_is_counted_apart():
    heard = {
        "audio_tokens": 800,
        "cached_tokens": 900,
        "cached_tokens_details": {"text_tokens": 200, "audio_tokens": 700},
    }
    told = {"input_tokens": 1100, "output_tokens": 60, "input_token_details": heard}

    usage = usage_of({"usage": told | {"output_token_details": {"audio_tokens": 50}}})

    assert usage is not None
    assert dict(usage.by_unit()) == {
        "input_tokens": 100,
        "cached_tokens": 200,
        "output_tokens": 10,
        "heard_tokens": 100,
        "heard_again_tokens": 700,
        "spoken_tokens": 50,
    }
    assert min(quantity for _, quantity in Usage(100, 10, cached=300).by_unit()) == 0
