"""Flux through the official SDK, against a local server that speaks Deepgram's protocol."""

import pytest

from agents.providers import stt
from agents.providers.ports import (
    EagerEndOfTurn,
    EndOfTurn,
    Hearing,
    HearingEvent,
    Interim,
    ProviderError,
    SpeechStarted,
    TurnResumed,
)
from tests.agents.providers.failing import until_failure
from tests.doubles import Close, Doubles
from tests.doubles.audio import frames, silence, voice
from tests.doubles.deepgram import turn_info
from tests.doubles.listening import Word

FLUX = Hearing(model="flux-general-en", keyterms=("Acme",))


async def heard(doubles: Doubles, audio: bytes, turns: int, hearing: Hearing = FLUX) -> list[HearingEvent]:
    """The events of so many turns."""
    ears = stt("deepgram", hearing, doubles.endpoint())
    await ears.open()
    for frame in frames(audio):
        ears.feed(frame)
    events: list[HearingEvent] = []
    async for event in ears.events():
        events.append(event)
        turns -= isinstance(event, EndOfTurn)
        if not turns:
            break
    await ears.close()
    return events


async def test_the_vendor_tells_the_turns(doubles):
    doubles.deepgram.hears("book a table", "for two")

    events = await heard(doubles, silence(100) + voice(900) + silence(400) + voice(600) + silence(400), 2)

    assert events == [
        SpeechStarted(100, "book"),
        Interim("book", 100, 400),
        Interim("book a", 100, 700),
        Interim("book a table", 100, 1000),
        EagerEndOfTurn("book a table", 100, 1000),
        EndOfTurn("book a table", 100, 1000, 0.85),
        SpeechStarted(1400, "for"),
        Interim("for", 1400, 1700),
        Interim("for two", 1400, 2000),
        EagerEndOfTurn("for two", 1400, 2000),
        EndOfTurn("for two", 1400, 2000, 0.85),
    ]


async def test_a_caller_who_goes_on_after_all_resumes_the_turn(doubles):
    doubles.deepgram.hears("book a table", "for two")

    events = await heard(doubles, voice(900) + silence(200) + voice(600) + silence(400), 1)

    eager = [event for event in events if isinstance(event, (EagerEndOfTurn, TurnResumed, EndOfTurn))]
    assert eager == [
        EagerEndOfTurn("book a table", 0, 900),
        TurnResumed(),
        EagerEndOfTurn("book a table for two", 0, 1700),
        EndOfTurn("book a table for two", 0, 1700, 0.85),
    ]


async def test_the_query_asks_for_eager_ends_of_turn(doubles):
    await heard(doubles, voice(100) + silence(400), 1)

    (stream,) = doubles.deepgram.streams
    assert stream.query == {
        "model": ["flux-general-en"],
        "encoding": ["mulaw"],
        "sample_rate": ["8000"],
        "eot_threshold": ["0.7"],
        "eager_eot_threshold": ["0.4"],
        "eot_timeout_ms": ["5000"],
        "keyterm": ["Acme"],
    }


async def test_without_speculation_no_eager_ends_are_asked_for(doubles):
    hearing = Hearing(model="flux-general-multi", language="es-MX", eager=False, options={"eager_eot_threshold": 0.5})

    events = await heard(doubles, voice(100) + silence(400), 1, hearing)

    (stream,) = doubles.deepgram.streams
    assert "eager_eot_threshold" not in stream.query
    assert stream.query["language_hint"] == ["es"]
    assert not [event for event in events if isinstance(event, EagerEndOfTurn)]


async def test_repeated_unknown_and_empty_messages_are_no_news(doubles):
    hello = [Word("Hello.", 100, 400)]
    end = turn_info("EndOfTurn", hello, sequence_id=5)
    messages = [
        turn_info("Update", [], sequence_id=1),
        turn_info("Update", hello, sequence_id=2),
        turn_info("Update", hello, sequence_id=2),
        turn_info("SomethingNew", hello, sequence_id=3),
        {"type": "Warning", "request_id": "x", "sequence_id": 4, "code": "SOME", "description": ""},
        {"type": "Weather"},
        {"type": "TurnInfo"},
        end,
        end,
        turn_info("EndOfTurn", [], sequence_id=6),
    ]
    doubles.deepgram.says(*messages)
    doubles.deepgram.faults.next(Close(1011, after=len(messages) + 1))
    ears = stt("deepgram", FLUX, doubles.endpoint())
    await ears.open()
    ears.feed(silence(20))
    events, _ = await until_failure(ears.events())
    await ears.close()

    assert events == [
        SpeechStarted(100, "Hello."),
        Interim("Hello.", 100, 400),
        EndOfTurn("Hello.", 100, 400, 0.85),
    ]


async def test_a_fatal_error_is_an_error(doubles):
    doubles.deepgram.says({"type": "Error", "sequence_id": 1, "code": "INTERNAL_SERVER_ERROR", "description": "oh"})
    ears = stt("deepgram", FLUX, doubles.endpoint())
    await ears.open()
    ears.feed(silence(20))

    with pytest.raises(ProviderError) as error:
        await anext(ears.events())
    await ears.close()

    assert (error.value.code, error.value.retryable) == ("INTERNAL_SERVER_ERROR", True)
