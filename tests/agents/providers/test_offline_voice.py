"""The voice and the ear without keys: what is spoken, when each word is, and whether it is understood."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise

import pytest

from agents import providers
from agents.providers.offline_voice.adaptation import COEFFICIENTS, telephone_transform
from agents.providers.offline_voice.client import stop_worker, worker
from agents.providers.offline_voice.grammar import receptionist
from agents.providers.offline_voice.language import arpa
from agents.providers.offline_voice.mulaw import decode
from agents.providers.offline_voice.resampling import Down
from agents.providers.offline_voice.wire import Kind, Reader, event_from_bytes, event_to_bytes, message
from agents.providers.ports import (
    EagerEndOfTurn,
    EndOfTurn,
    Endpoint,
    Hearing,
    HearingEvent,
    Interim,
    ProviderError,
    Speech,
    SpeechStarted,
    SpeechToText,
    TurnResumed,
    Voice,
)

SILENCE = b"\xff" * 160
CALLER = Voice("offline", "en-us+adam")


@pytest.fixture(autouse=True)
async def no_worker_stays() -> AsyncIterator[None]:
    yield
    await stop_worker()


async def spoken(text: str, voice: Voice = CALLER) -> list[Speech]:
    async with aclosing(providers.tts("offline", voice, Endpoint()).speak(text)) as sounds:
        return [sound async for sound in sounds]


async def listening(*, eager: bool = True) -> SpeechToText:
    ear = providers.stt("offline", Hearing("offline", endpointing_ms=400, eager=eager), Endpoint())
    await ear.open()
    return ear


async def heard(ear: SpeechToText, sound: bytes) -> list[HearingEvent]:
    """What is heard of `sound`, until the turn ends."""
    for at in range(0, len(sound), 160):
        ear.feed(sound[at : at + 160])
    events: list[HearingEvent] = []
    async for event in ear.events():
        events.append(event)
        if isinstance(event, EndOfTurn):
            break
    return events


def tone(hertz: float, rate: int, seconds: float = 0.5) -> bytes:
    return array(
        "h", (round(10_000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(int(rate * seconds)))
    ).tobytes()


def loudness(samples: array[int]) -> float:
    middle = samples[400:-400]
    return math.sqrt(sum(value * value for value in middle) / len(middle))


def test_a_tone_that_a_telephone_cannot_carry_does_not_come_back_as_another():
    kept, lost = (Down().push(tone(hertz, 22_050)) for hertz in (1000, 5000))
    assert loudness(kept) == pytest.approx(10_000 / math.sqrt(2), rel=0.02)
    assert 20 * math.log10(loudness(lost) / loudness(kept)) < -50


def test_sound_that_arrives_in_pieces_is_the_same_as_in_one():
    sound, pieces = tone(440, 22_050), Down()
    whole = Down().push(sound)
    parts = array("h")
    for at in range(0, len(sound), 1234):
        parts += pieces.push(sound[at : at + 1234])
    assert parts == whole


def test_the_language_model_knows_every_sentence_that_taught_it():
    text, words = arpa(receptionist())
    assert {"appointment", "tuesday", "cleaning", "toothache"} <= set(words)
    assert text.count("\\1-grams:") == text.count("\\end\\") == 1


def test_the_telephone_transform_has_one_row_for_each_coefficient():
    lines = telephone_transform().splitlines()
    assert lines[:3] == ["1", "3", str(COEFFICIENTS)]
    assert len(lines) == 2 + 3 * (1 + COEFFICIENTS + 2)


@pytest.mark.parametrize(
    "event", [SpeechStarted(20), Interim("hi", 0, 40), EagerEndOfTurn("hi", 0, 40), TurnResumed(), EndOfTurn("", 0, 1)]
)
def test_events_survive_the_pipe(event):
    assert event_from_bytes(event_to_bytes(event)) == event


def test_messages_are_put_together_from_any_pieces():
    data = message(Kind.AUDIO, 7, b"abc") + message(Kind.HUSH, 8)
    reader = Reader()
    found = [found for byte in data for found in reader.feed(bytes([byte]))]
    assert found == [(Kind.AUDIO, 7, b"abc"), (Kind.HUSH, 8, b"")]


async def test_every_word_has_its_time_and_sound():
    sounds = await spoken("We open at eight, and close at five.")
    words = [word for sound in sounds for word in sound.words]
    audio = b"".join(sound.audio for sound in sounds)

    assert [word.word for word in words] == ["We", "open", "at", "eight,", "and", "close", "at", "five."]
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(words))
    assert words[-1].end_ms == len(audio) // 8
    samples = array("h", decode(audio))
    assert 1000 < loudness(samples) < 8000
    assert len(sounds) > 3


async def test_a_voice_that_does_not_exist_is_a_clear_failure():
    with pytest.raises(ProviderError, match="no voice"):
        await spoken("Hello.", Voice("offline", "nobody"))


async def test_a_voice_that_is_cut_off_falls_silent_and_others_go_on():
    long = providers.tts("offline", CALLER, Endpoint()).speak("This sentence goes on and on. " * 40)
    async with aclosing(long) as sounds:
        await anext(sounds)
    assert b"".join(sound.audio for sound in await spoken("Short."))


async def test_a_booking_is_spoken_and_understood():
    sound = b"".join(part.audio for part in await spoken("hello i would like to book an appointment for a cleaning"))
    ear = await listening()
    events = await heard(ear, SILENCE * 25 + sound + SILENCE * 50)
    await ear.close()

    assert isinstance(events[0], SpeechStarted)
    assert 300 <= events[0].at_ms <= 700
    end = events[-1]
    assert isinstance(end, EndOfTurn)
    assert "book an appointment" in end.text
    assert "cleaning" in end.text
    last_guess = max(at for at, event in enumerate(events) if isinstance(event, EagerEndOfTurn))
    assert events[last_guess].text == end.text or isinstance(events[last_guess + 1], TurnResumed)
    assert any(isinstance(event, Interim) for event in events)
    assert abs(end.end_ms - 500 - len(sound) / 8) < 400


async def test_a_pause_in_a_sentence_resumes_the_turn():
    first = b"".join(part.audio for part in await spoken("my name is maria lopez"))
    second = b"".join(part.audio for part in await spoken("on thursday afternoon please"))
    ear = await listening()
    events = await heard(ear, SILENCE * 10 + first + SILENCE * 14 + second + SILENCE * 50)
    await ear.close()

    assert any(isinstance(event, TurnResumed) for event in events)
    assert "thursday" in events[-1].text


async def test_noise_without_words_ends_as_an_empty_turn():
    ear = await listening(eager=False)
    noise = bytes(0x90 if n % 3 else 0x10 for n in range(1600))
    events = await heard(ear, SILENCE * 10 + noise + SILENCE * 50)
    await ear.close()
    assert isinstance(events[-1], EndOfTurn)
    assert len(events[-1].text.split()) <= 3


async def test_a_dead_worker_fails_its_calls_and_the_next_use_starts_another():
    ear = await listening()
    process = worker()._process
    assert process is not None
    process.kill()
    with pytest.raises(ProviderError, match="worker ended"):
        async for _ in ear.events():
            pass
    await process.wait()
    assert b"".join(sound.audio for sound in await spoken("Still here."))


async def test_two_calls_are_heard_at_the_same_time():
    sound = b"".join(part.audio for part in await spoken("do you have anything on thursday afternoon"))
    ears = [await listening(), await listening()]
    both = await asyncio.gather(*(heard(ear, SILENCE * 10 + sound + SILENCE * 50) for ear in ears))
    for ear in ears:
        await ear.close()
    assert all("thursday" in events[-1].text for events in both)
