"""Two channels on one clock, and what a browser gets of them."""

import asyncio
import io
import wave
from pathlib import Path

import pytest

from calls.recorder import HEADER_BYTES, Recorder, wav_bytes, wav_size

CALLER, AGENT, SILENCE = 0x10, 0x20, 0xFF


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.at = 50.0

    def __call__(self) -> float:
        return self.at


async def recorded(path: Path, recorder: Recorder) -> tuple[bytes, bytes]:
    await recorder.finish()
    both = await asyncio.to_thread(path.read_bytes)
    return both[0::2], both[1::2]


async def test_both_sides_stand_where_they_were_heard(tmp_path):
    clock = Clock()
    recorder = Recorder(tmp_path / "a" / "call.ulaw2", earlier_ms=0, now=clock)
    recorder.played(bytes([AGENT]) * 800)
    for _ in range(5):
        clock.at += 0.02
        recorder.heard(bytes([CALLER]) * 160)
    clock.at += 0.1
    caller, agent = await recorded(tmp_path / "a" / "call.ulaw2", recorder)

    assert len(caller) == len(agent) == 1600
    assert agent == bytes([AGENT]) * 800 + bytes([SILENCE]) * 800
    assert caller.count(CALLER) == 800


async def test_audio_that_was_cleared_before_it_was_heard_is_not_in_the_recording(tmp_path):
    clock = Clock()
    recorder = Recorder(tmp_path / "call.ulaw2", earlier_ms=0, now=clock)
    recorder.played(bytes([AGENT]) * 16_000)
    clock.at += 0.5
    recorder.cleared()
    clock.at += 0.5
    _, agent = await recorded(tmp_path / "call.ulaw2", recorder)

    assert agent == bytes([AGENT]) * 4000 + bytes([SILENCE]) * 4000


async def test_a_resumed_call_goes_on_at_its_place_after_silence(tmp_path):
    path, clock = tmp_path / "call.ulaw2", Clock()
    first = Recorder(path, earlier_ms=0, now=clock)
    first.played(bytes([AGENT]) * 800)
    clock.at += 0.1
    await first.finish()
    second = Recorder(path, earlier_ms=300, now=clock)
    second.played(bytes([AGENT]) * 800)
    clock.at += 0.1
    assert await second.finish() == 400

    agent = path.read_bytes()[1::2]
    assert agent == bytes([AGENT]) * 800 + bytes([SILENCE]) * 1600 + bytes([AGENT]) * 800


async def test_it_is_written_while_the_call_lasts(tmp_path):
    loop = asyncio.get_running_loop()
    recorder = Recorder(tmp_path / "call.ulaw2", earlier_ms=0, now=lambda: loop.time() * 20)
    recorder.start()
    recorder.played(bytes([AGENT]) * 8000)
    for _ in range(100):
        await asyncio.sleep(0.05)
        if (tmp_path / "call.ulaw2").exists():
            break
    assert (tmp_path / "call.ulaw2").stat().st_size > 0
    await recorder.finish()


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "call.ulaw2"
    path.write_bytes(bytes(range(256)) * 400)
    return path


def test_a_browser_gets_a_wav_file_with_two_channels(recording):
    data = b"".join(wav_bytes(recording, 0, wav_size(recording)))
    assert len(data) == wav_size(recording)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        assert file.getnframes() == 256 * 200


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 10), (10, 100), (43, 3), (HEADER_BYTES, 1), (45, 7), (1001, 70_001), (204_843, 1), (204_800, 44)],
)
def test_any_part_of_it_is_the_same_as_in_the_whole(recording, start, length):
    whole = b"".join(wav_bytes(recording, 0, wav_size(recording)))
    assert b"".join(wav_bytes(recording, start, length)) == whole[start : start + length]
