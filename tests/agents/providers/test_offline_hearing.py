"""What the offline ear understands: quiet and loud callers, noisy lines, words of one tenant."""

from __future__ import annotations

import math
import random
import tempfile
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents import providers
from agents.providers.offline_voice.ears import Ear, make_decoder
from agents.providers.offline_voice.espeak import Espeak
from agents.providers.offline_voice.loudness import KNOWN_AFTER, VoiceActivity
from agents.providers.offline_voice.mulaw import amplify, decode, encode, mix
from agents.providers.offline_voice.resampling import HALF_TAPS, Up
from agents.providers.ports import EndOfTurn, Endpoint, Hearing, HearingEvent, ProviderError, SpeechStarted

SILENCE = b"\xff" * 160
CALLER = "en-us+adam"
SENTENCES = (
    "hello my name is jennifer brown and i would like a check up next tuesday",
    "can i come in on friday at half past nine",
    "it's michael anderson",
    "my name is peter walsh",
    "yes please",
    "sorry could you say that again",
    "do you have parking",
    "how much does a filling cost",
    "i chipped a tooth and i'm in a lot of pain",
    "wednesday afternoon at four fifteen",
    "let's do thursday at eleven thirty",
    "actually make it two p.m.",
    "can you book me for an extraction on the twelfth",
    "today at five p.m.",
    "good afternoon i'm calling to reschedule my appointment",
    "can i talk to the dentist please",
    "are you taking new patients",
    "yes that's correct",
    "thank you very much goodbye",
    "it's for a consultation",
    "quarter to three on wednesday",
)


@pytest.fixture(scope="module")
def decoder() -> Any:
    return make_decoder()


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    return Espeak()


def say(espeak: Espeak, text: str) -> bytes:
    sounds: list[bytes] = []

    def keep(sound: bytes, words: list[tuple[int, int]]) -> bool:
        sounds.append(sound)
        return True

    espeak.speak(text, CALLER, 1.0, keep)
    return b"".join(sounds)


def hear(decoder: Any, sound: bytes) -> list[HearingEvent]:
    ear = Ear(decoder, endpointing_ms=400, eager=True)
    events = list(ear.hear(sound + SILENCE * 30))
    ear.close()
    return events


def texts(events: Sequence[HearingEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, EndOfTurn)]


def noise(seconds: float, loudness: float) -> bytes:
    chance = random.Random(1)
    return array("h", (round(chance.gauss(0, loudness)) for _ in range(int(8000 * seconds)))).tobytes()


def wrong_words(said: Sequence[str], heard: Sequence[str]) -> int:
    """The least number of words put in, left out or changed."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, start=1):
        before, row[0] = row[:], at
        for number, other in enumerate(heard, start=1):
            row[number] = min(before[number - 1] + (word != other), before[number] + 1, row[number - 1] + 1)
    return row[-1]


def test_less_than_one_word_in_eight_of_a_practice_caller_is_misheard(decoder, espeak):
    wrong = total = 0
    for sentence in SENTENCES:
        said = sentence.split()
        heard = " ".join(texts(hear(decoder, SILENCE * 20 + say(espeak, sentence)))).split()
        wrong, total = wrong + wrong_words(said, heard), total + len(said)
    assert wrong < total / 8


@pytest.mark.parametrize("factor", [0.25, 1.0, 2.0])
def test_a_caller_is_understood_at_any_loudness(decoder, espeak, factor):
    sound = decode(SILENCE * 20 + say(espeak, "do you have anything on thursday afternoon"))
    assert texts(hear(decoder, encode(amplify(sound, factor)))) == ["do you have anything on thursday afternoon"]


def test_the_hiss_of_a_line_is_no_voice_and_hides_none(decoder, espeak):
    quiet = decode(SILENCE * 100)
    voice = decode(say(espeak, "do you have anything on thursday afternoon"))
    sound = quiet + voice
    events = hear(decoder, encode(mix(sound, noise(len(sound) / 16_000, 40)[: len(sound)])))
    first = events[0]
    assert isinstance(first, SpeechStarted)
    assert 1900 <= first.at_ms <= 2300
    assert "thursday" in texts(events)[-1]


def test_a_noise_that_does_not_end_ends_the_turn(decoder):
    ear = Ear(decoder, endpointing_ms=400, eager=False)
    events = list(ear.hear(encode(noise(6, 2000))))
    ear.close()
    assert isinstance(events[-1], EndOfTurn)
    assert len(texts(events)) == 1


def test_a_line_is_known_after_half_a_second():
    line = VoiceActivity()
    assert line.voiced(300)
    for _ in range(KNOWN_AFTER):
        line.voiced(300)
    assert not line.voiced(300)
    assert line.voiced(1000)


def test_sound_that_is_passed_over_still_takes_its_time(decoder, espeak):
    sound = SILENCE * 20 + say(espeak, "yes please")
    ear = Ear(decoder, endpointing_ms=400, eager=True)
    ear.miss(SILENCE * 50)
    moved = next(event for event in ear.hear(sound) if isinstance(event, SpeechStarted))
    ear.close()
    first = hear(decoder, sound)[0]
    assert isinstance(first, SpeechStarted)
    assert moved.at_ms == first.at_ms + 1000


def test_keyterms_are_heard_where_the_dictionary_knows_their_sound(decoder, espeak):
    sound = SILENCE * 20 + say(espeak, "do you have an orthodontist")
    taught = make_decoder(keyterms=("Orthodontist", "Zzyzxify"))
    assert "orthodontist" not in texts(hear(decoder, sound))[0]
    assert texts(hear(taught, sound)) == ["do you have an orthodontist"]


def test_a_decoder_leaves_no_files_behind(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    make_decoder()
    assert list(tmp_path.iterdir()) == []


async def test_other_languages_are_refused():
    ear = providers.stt("offline", Hearing("offline", language="de-DE"), Endpoint())
    with pytest.raises(ProviderError, match="English only") as refused:
        await ear.open()
    assert not refused.value.retryable


def test_doubled_sound_is_the_same_tone():
    tone = [10_000 * math.sin(2 * math.pi * 1000 * n / 8000) for n in range(800)]
    doubled = array("h", Up().push(array("h", map(round, tone)).tobytes()))
    delay = HALF_TAPS // 2 + 1
    expected = [10_000 * math.sin(2 * math.pi * 1000 * (n / 2 - delay) / 8000) for n in range(len(doubled))]
    error = max(abs(a - b) for a, b in zip(doubled[100:], expected[100:], strict=True))
    assert error < 300
