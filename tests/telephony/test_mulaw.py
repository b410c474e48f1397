from __future__ import annotations

import math
import random
import warnings
from array import array

import pytest

from telephony import mulaw

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

EVERY_CODE = bytes(range(256))
EVERY_SAMPLE = array("h", range(-32768, 32768)).tobytes()


def tone(amplitude: int, *, samples: int = mulaw.FRAME_BYTES) -> bytes:
    return mulaw.encode(array("h", (round(amplitude * math.sin(n / 4)) for n in range(samples))).tobytes())


def test_every_code_decodes_as_in_the_standard_library():
    assert mulaw.decode(EVERY_CODE) == audioop.ulaw2lin(EVERY_CODE, 2)


def test_every_sample_encodes_as_in_the_standard_library():
    assert mulaw.encode(EVERY_SAMPLE) == audioop.lin2ulaw(EVERY_SAMPLE, 2)


def test_silence_is_a_frame_of_nothing():
    assert mulaw.decode(mulaw.SILENCE) == bytes(2 * 160)


@pytest.mark.parametrize(("length", "count"), [(0, 0), (1, 1), (160, 1), (161, 2), (480, 3)])
def test_audio_of_any_length_is_cut_into_frames_of_20_ms(length: int, count: int):
    audio = random.Random(length).randbytes(length)

    cut = list(mulaw.frames(audio))

    assert [len(frame) for frame in cut] == [160] * count
    assert b"".join(cut)[:length] == audio
    assert set(b"".join(cut)[length:]) <= {0xFF}


@pytest.mark.parametrize("amplitude", [1000, 4000, 20_000])
def test_a_voice_is_voiced(amplitude: int):
    assert mulaw.is_voiced(tone(amplitude))


@pytest.mark.parametrize("amplitude", [0, 30, 400])
def test_the_hiss_of_a_line_is_not_voiced(amplitude: int):
    assert not mulaw.is_voiced(tone(amplitude))


def test_a_click_in_a_silent_frame_is_not_voiced():
    assert not mulaw.is_voiced(tone(20_000, samples=16) + mulaw.SILENCE[16:])


def test_no_audio_is_not_voiced():
    assert not mulaw.is_voiced(b"")
