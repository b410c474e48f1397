"""A vendor's recording becomes one of ours, also where a part of the call was ours already."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from calls.native.sound import NotSound, write_as_ours
from calls.waveform import Waveform, waveform
from tests.doubles.elevenlabs_agents import MP3


def tone(path: Path, ms: int) -> Path:
    """Loud, in stereo, and in another format than ours."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((b"\x00\x20" * 16 + b"\x00\xe0" * 16) * ms)
    return path


def test_it_stands_at_its_moment_on_both_sides_and_what_was_there_of_another_stays(tmp_path):
    ours = tmp_path / "call.ulaw2"
    ours.write_bytes(b"\xff" * 16_000 + b"\x80\x00" * 800)  # from the first second on

    ends_ms = write_as_ours(tone(tmp_path / "theirs.wav", 500), ours, before_ms=200)

    assert ends_ms == pytest.approx(700, abs=2)
    assert ours.read_bytes()[16_000:] == b"\x80\x00" * 800
    drawn = waveform(ours)
    loud = [place for place, height in enumerate(drawn.caller[:16]) if height > 20]
    assert drawn.caller[:16] == drawn.agent[:16]
    assert (loud[0] * drawn.bar_ms, loud[-1] * drawn.bar_ms) == pytest.approx((200, 660), abs=60)


def test_what_is_no_sound_leaves_nothing_behind(tmp_path):
    (tmp_path / "theirs.mp3").write_bytes(MP3)

    with pytest.raises(NotSound):
        write_as_ours(tmp_path / "theirs.mp3", tmp_path / "call.ulaw2", before_ms=0)

    assert not (tmp_path / "call.ulaw2").exists()


def test_bars_of_a_mixed_recording_belong_to_whoever_began_to_speak_last():
    mixed = Waveform(100, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5])

    apart = mixed.told_apart([(320, False), (110, True)])

    assert (apart.caller, apart.agent) == ([1, 0, 0, 4, 5], [0, 2, 3, 0, 0])
