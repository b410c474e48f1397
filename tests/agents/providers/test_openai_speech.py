"""OpenAI's speech through the official SDK: 24 kHz samples become telephone sound."""

from contextlib import aclosing

import pytest

from agents.providers import tts
from agents.providers.offline_voice.mulaw import decode, loudness
from agents.providers.ports import ProviderError, Voice
from tests.doubles import Cut, Refuse
from tests.doubles.elevenlabs import MS_PER_CHARACTER

ALLOY = Voice("gpt-4o-mini-tts", "alloy", options={"instructions": "Calmly."})


async def sounds_of(voice, piece: str) -> list[bytes]:
    async with aclosing(voice.speak(piece)) as sounds:
        return [speech.audio async for speech in sounds]


async def test_a_piece_comes_as_it_is_made_and_as_long_as_it_is_spoken(doubles):
    sounds = await sounds_of(tts("openai", ALLOY, doubles.endpoint()), "We open at nine. ")

    audio = b"".join(sounds)
    assert len(sounds) > 3
    assert abs(len(audio) / 8 - MS_PER_CHARACTER * len("We open at nine.")) < 10
    assert loudness(decode(audio)) > 2000
    assert doubles.openai_audio.speeches == [
        {
            "model": "gpt-4o-mini-tts",
            "voice": "alloy",
            "input": "We open at nine.",
            "response_format": "pcm",
            "instructions": "Calmly.",
        }
    ]


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        (Refuse(401), "401", False),
        (Refuse(402), "quota", False),
        (Refuse(429), "rate_limit", True),
        (Refuse(503), "503", True),
        (Cut(after=1), "connection", True),
    ],
)
async def test_a_failure_says_whether_to_try_again(doubles, fault, code, retryable):
    doubles.openai_audio.speech_faults.next(fault)

    with pytest.raises(ProviderError) as failure:
        await sounds_of(tts("openai", ALLOY, doubles.endpoint()), "Hello there.")

    assert (failure.value.code, failure.value.retryable) == (code, retryable)


async def test_a_name_that_is_no_voice_is_refused_before_anything_is_asked(doubles):
    with pytest.raises(ProviderError) as failure:
        await sounds_of(tts("openai", Voice("tts-1", "a/b"), doubles.endpoint()), "Hello.")

    assert (failure.value.code, doubles.openai_audio.speeches) == ("voice", [])
