"""Speech made in advance, through the vendor's SDK, against a local server that speaks its protocol."""

from __future__ import annotations

import asyncio

import pytest

from agents.providers import tts_ahead
from agents.providers.ports import Endpoint, Voice
from tests.agents.providers.failing import until_failure
from tests.agents.providers.test_elevenlabs import RACHEL, failure_of, spoken
from tests.doubles import Cut, Refuse
from tests.doubles.elevenlabs import TONE


@pytest.fixture
async def voice(doubles):
    speaker = tts_ahead("elevenlabs", RACHEL, doubles.endpoint("secret"))
    yield speaker
    await speaker.close()


async def test_a_piece_is_its_whole_audio(doubles, voice):
    parts = await spoken(voice, "We expect you on Monday.")

    assert b"".join(part.audio for part in parts) == TONE * 60 * len("We expect you on Monday.")


async def test_the_vendor_is_asked_for_a_telephones_sound_in_this_voice(doubles):
    chosen = Voice("eleven_flash_v2_5", RACHEL.voice, "es-MX", options={"stability": 0.4, "speed": 1.1, "seed": 7})
    speaker = tts_ahead("elevenlabs", chosen, doubles.endpoint("secret"))

    await spoken(speaker, "Hasta luego.")
    await speaker.close()

    (request,) = doubles.elevenlabs.requests
    assert request.path == f"/v1/text-to-speech/{RACHEL.voice}"
    assert request.query["output_format"] == ["ulaw_8000"]
    assert request.headers["xi-api-key"] == "secret"
    assert request.json() == {
        "text": "Hasta luego.",
        "model_id": "eleven_flash_v2_5",
        "language_code": "es",
        "seed": 7,
        "voice_settings": {"stability": 0.4, "speed": 1.1},
    }


async def test_pieces_are_spoken_side_by_side(doubles, voice):
    both = await asyncio.gather(spoken(voice, "One."), spoken(voice, "Two, and more."))

    lengths = [sum(len(part.audio) for part in parts) for parts in both]
    assert lengths == [480 * len("One."), 480 * len("Two, and more.")]


@pytest.mark.parametrize(("status", "retryable"), [(401, False), (422, False), (429, True), (503, True)])
async def test_a_refusal_says_whether_to_try_again_and_is_not_tried_behind_our_back(doubles, voice, status, retryable):
    doubles.elevenlabs.faults.next(Refuse(status))

    failure = await failure_of(voice)

    assert (failure.code, failure.retryable) == (str(status), retryable)


async def test_a_used_up_quota_is_no_reason_to_try_again(doubles, voice):
    doubles.elevenlabs.faults.next(Refuse(401, body='{"detail": {"status": "quota_exceeded", "message": "no"}}'))

    failure = await failure_of(voice)

    assert (failure.code, failure.retryable) == ("quota", False)


async def test_a_cut_in_the_middle_is_an_error_after_what_came(doubles, voice):
    doubles.elevenlabs.faults.next(Cut(after=1))

    _, failure = await until_failure(voice.speak("We expect you on Monday."))

    assert (failure.code, failure.retryable) == ("connection", True)


async def test_a_server_that_is_not_there_is_worth_another_try(unused_tcp_port):
    speaker = tts_ahead("elevenlabs", RACHEL, Endpoint("key", f"http://127.0.0.1:{unused_tcp_port}"))

    failure = await failure_of(speaker)
    await speaker.close()

    assert (failure.code, failure.retryable) == ("connection", True)


async def test_a_voice_that_cannot_exist_is_not_asked_for(doubles):
    speaker = tts_ahead("elevenlabs", Voice("eleven_flash_v2_5", "a/../b"), doubles.endpoint("secret"))

    assert (await failure_of(speaker)).code == "voice"
    assert doubles.elevenlabs.requests == []
