"""Nova through the official SDK, against a local server that speaks Deepgram's protocol."""

from collections.abc import Sequence
from typing import Any

import pytest

from agents.providers import stt
from agents.providers.ports import EndOfTurn, Hearing, HearingEvent, Interim, ProviderError, SpeechStarted
from tests.agents.providers.failing import until_failure
from tests.doubles import Close, Doubles
from tests.doubles.audio import frames, silence, voice
from tests.doubles.deepgram import results
from tests.doubles.listening import Word

NOVA = Hearing(model="nova-3", keyterms=("Acme", "two words"))


def said(text: str, start_ms: int, end_ms: int, *, from_ms: int | None = None, to_ms: int | None = None, **flags: bool):
    """A Results message whose words share the time evenly; its window may be wider than its words."""
    names = text.split()
    each = (end_ms - start_ms) / max(1, len(names))
    words = [Word(name, round(start_ms + i * each), round(start_ms + (i + 1) * each)) for i, name in enumerate(names)]
    first = start_ms if from_ms is None else from_ms
    return results(words, first, end_ms if to_ms is None else to_ms, **flags)


async def heard(doubles: Doubles, messages: Sequence[dict[str, Any]], hearing: Hearing = NOVA) -> list[HearingEvent]:
    """What the adapter makes of the messages; the vendor then hangs up."""
    doubles.deepgram.says(*messages)
    doubles.deepgram.faults.next(Close(1011, "NET-0001", after=len(messages)))
    ears = stt("deepgram", hearing, doubles.endpoint())
    await ears.open()
    ears.feed(silence(20))
    events, _ = await until_failure(ears.events())
    await ears.close()
    return events


async def test_a_turn_is_heard_from_its_first_sound_to_its_end(doubles):
    doubles.deepgram.hears("I would like to book")
    ears = stt("deepgram", NOVA, doubles.endpoint())
    await ears.open()
    for frame in frames(silence(200) + voice(1000) + silence(400)):
        ears.feed(frame)

    events = []
    async for event in ears.events():
        events.append(event)
        if isinstance(event, EndOfTurn):
            break
    await ears.close()

    assert events[0] == SpeechStarted(200)
    assert events[1] == Interim("I would", 200, 800)
    assert events[-2] == Interim("I would like to book", 200, 1200)
    assert events[-1] == EndOfTurn("I would like to book", 200, 1200)


async def test_the_query_asks_for_what_a_phone_call_needs(doubles):
    ears = stt("deepgram", NOVA, doubles.endpoint("secret"))
    await ears.open()
    await ears.close()

    (stream,) = doubles.deepgram.streams
    assert stream.headers["authorization"] == "Token secret"
    assert stream.query == {
        "model": ["nova-3"],
        "encoding": ["mulaw"],
        "sample_rate": ["8000"],
        "channels": ["1"],
        "interim_results": ["true"],
        "endpointing": ["300"],
        "utterance_end_ms": ["1000"],
        "vad_events": ["true"],
        "punctuate": ["true"],
        "numerals": ["true"],
        "language": ["en-US"],
        "keyterm": ["Acme", "two words"],
    }


async def test_options_change_the_query_but_not_the_audio_or_where_the_text_goes(doubles):
    hearing = Hearing(model="nova-2", keyterms=("Acme",), options={"smart_format": True, "numerals": None})
    ears = stt("deepgram", hearing, doubles.endpoint())
    await ears.open()
    await ears.close()

    (stream,) = doubles.deepgram.streams
    assert stream.query["smart_format"] == ["true"]
    assert stream.query["keywords"] == ["Acme"]
    assert "numerals" not in stream.query
    for name, value in {"encoding": "linear16", "callback": "https://elsewhere.example"}.items():
        with pytest.raises(ProviderError) as refusal:
            await stt("deepgram", Hearing("nova-3", options={name: value}), doubles.endpoint()).open()
        assert not refusal.value.retryable


async def test_an_utterance_is_all_its_final_parts_joined(doubles):
    events = await heard(
        doubles,
        [
            said("my number is", 100, 900, from_ms=0, to_ms=1000, is_final=True),
            said("five five", 1100, 1600, from_ms=1000, to_ms=1700),
            said("five five zero", 1100, 1900, from_ms=1000, to_ms=2000, is_final=True, speech_final=True),
        ],
    )

    assert events == [
        SpeechStarted(100, "my number is"),
        Interim("my number is", 100, 900),
        Interim("my number is five five", 100, 1600),
        EndOfTurn("my number is five five zero", 100, 1900),
    ]


async def test_an_empty_end_of_speech_ends_the_turn_with_the_words_that_came_before(doubles):
    events = await heard(
        doubles,
        [
            said("yes please", 100, 700, from_ms=0, to_ms=800, is_final=True),
            said("", 800, 1200, is_final=True, speech_final=True),
        ],
    )

    assert events[-1] == EndOfTurn("yes please", 100, 700)


async def test_voice_without_words_ends_in_a_turn_without_text(doubles):
    events = await heard(
        doubles,
        [
            {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 0.4},
            said("", 0, 1000, is_final=True, speech_final=True),
        ],
    )

    assert events == [SpeechStarted(400), EndOfTurn("", 400, 1000)]


async def test_silence_alone_is_no_turn(doubles):
    assert await heard(doubles, [said("", 0, 1000, is_final=True, speech_final=True)]) == []


async def test_a_gap_between_words_ends_the_turn_where_noise_hides_the_silence(doubles):
    hello, again = [Word("hello", 100, 400), Word("there", 400, 800)], Word("again", 2500, 2900)
    events = await heard(
        doubles,
        [
            results(hello, 0, 2000),
            {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 0.8},
            results(hello, 0, 2500),
            results([*hello, again], 0, 3000, is_final=True, speech_final=True),
        ],
    )

    assert events == [
        SpeechStarted(100, "hello there"),
        Interim("hello there", 100, 800),
        EndOfTurn("hello there", 100, 800),
        SpeechStarted(2500, "again"),
        EndOfTurn("again", 2500, 2900),
    ]


async def test_the_gap_is_ignored_when_the_silence_has_ended_the_same_words(doubles):
    events = await heard(
        doubles,
        [
            said("hello", 100, 500, from_ms=0, to_ms=800, is_final=True, speech_final=True),
            {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 1.0},
            {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 0.5},
        ],
    )

    assert events[1:] == [EndOfTurn("hello", 100, 500), SpeechStarted(1000)]


async def test_repeated_and_reordered_results_change_nothing(doubles):
    first = said("one two", 0, 800, to_ms=1000, is_final=True)
    second = said("three", 1000, 1400, to_ms=1500, is_final=True)
    end = said("", 1500, 1800, is_final=True, speech_final=True)
    late_guess = said("one too", 0, 800, to_ms=900)

    events = await heard(doubles, [second, first, first, late_guess, end, end, first, second])

    assert events == [
        SpeechStarted(1000, "three"),
        Interim("three", 1000, 1400),
        Interim("one two three", 0, 1400),
        EndOfTurn("one two three", 0, 1400),
    ]


async def test_a_guess_that_is_taken_back_is_gone_from_the_turn(doubles):
    events = await heard(
        doubles,
        [
            said("uh", 0, 300, to_ms=500),
            said("", 0, 600, is_final=True, speech_final=True),
        ],
    )

    assert events == [SpeechStarted(0, "uh"), Interim("uh", 0, 300), EndOfTurn("", 0, 600)]


async def test_speech_that_starts_again_within_a_turn_is_the_same_turn(doubles):
    started = {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 0.1}
    events = await heard(
        doubles,
        [
            started,
            said("well", 100, 500, from_ms=0, to_ms=800, is_final=True),
            started | {"timestamp": 0.9},
            said("yes", 900, 1200, from_ms=800, to_ms=1500, is_final=True, speech_final=True),
            started | {"timestamp": 2.0},
        ],
    )

    assert [event for event in events if isinstance(event, SpeechStarted)] == [SpeechStarted(100), SpeechStarted(2000)]


async def test_messages_that_we_do_not_know_or_cannot_read_are_ignored(doubles):
    events = await heard(
        doubles,
        [
            {"type": "Weather", "degrees": 20},
            {"type": "Results"},
            {"type": "Results", "start": "soon", "duration": None, "channel": {"alternatives": []}},
            {"type": "UtteranceEnd"},
            {"type": "Metadata", "request_id": "x"},
            said("hello", 0, 500, is_final=True, speech_final=True),
        ],
    )

    assert events == [SpeechStarted(0, "hello"), EndOfTurn("hello", 0, 500)]


async def test_an_error_message_is_an_error(doubles):
    doubles.deepgram.says({"type": "Error", "variant": "SchemaError", "description": "no", "message": "what you said"})
    ears = stt("deepgram", NOVA, doubles.endpoint())
    await ears.open()
    ears.feed(silence(20))

    with pytest.raises(ProviderError) as error:
        await anext(ears.events())
    await ears.close()

    assert error.value.code == "SchemaError"
    assert "what you said" not in str(error.value)
