from __future__ import annotations

import wave
from pathlib import Path

import pytest

from telephony import mulaw
from telephony.simulator.handset import Utterance
from telephony.simulator.instructions import TwimlError
from telephony.simulator.playback import Gap
from telephony.simulator.record import CallRecord
from telephony.simulator.sounds import read_sound, wav_of
from telephony.simulator.tracks import Track, read_both, wav_of_both
from telephony.simulator.voices import noise, tone


def test_gaps_of_a_track_are_silence():
    track = Track()
    track.write(40, tone(20))
    track.write(100, tone(20))

    assert bytes(track.audio) == mulaw.SILENCE * 2 + tone(20) + mulaw.SILENCE * 2 + tone(20)


def test_a_cut_forgets_what_comes_later():
    track = Track()
    track.write(0, tone(100))
    track.cut(40)
    track.write(60, tone(20))

    assert bytes(track.audio) == tone(40) + mulaw.SILENCE + tone(20)


def test_both_sides_fit_into_one_file_and_come_out_unchanged():
    said, heard = Track(tone(300)), Track(noise(100))

    left, right = read_both(wav_of_both(said, heard))

    assert left.audio == said.audio
    assert bytes(right.audio) == noise(100) + mulaw.SILENCE * 10


def test_a_record_is_saved_as_two_channels_of_sixteen_bits(tmp_path: Path):
    record = CallRecord("CA1", "+1", "+2", "inbound", said=Track(tone(200)), heard=Track(tone(100)))

    record.save_wav(tmp_path / "call.wav")

    with wave.open(str(tmp_path / "call.wav")) as file:
        shape = (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes())
    assert shape == (2, 2, 8000, 1600)


def test_sounds_are_read_from_wav_and_from_raw_mulaw():
    assert read_sound("audio/x-wav", wav_of(tone(40))) == tone(40)
    assert read_sound("audio/basic", tone(40)) == tone(40)


@pytest.mark.parametrize("body", [b"", b"ID3", b"RIFF\0\0\0\0WAVE", wav_of(tone(20)).replace(b"\x40\x1f", b"\x80\x3e")])
def test_a_sound_that_cannot_be_played_is_refused(body: bytes):
    with pytest.raises(TwimlError) as refused:
        read_sound("audio/mpeg", body)

    assert refused.value.code == 12300


def test_a_hole_in_what_the_agent_says_is_told_from_the_pause_of_a_turn():
    utterance = Utterance("Hello", tone(100), began_ms=1000.0, voice_ended_ms=1500.0, reply_ms=2000.0)
    gaps = [Gap(at_ms, 200) for at_ms in (500.0, 900.0, 1200.0, 1790.0, 2500.0)]
    record = CallRecord("CA1", "+1", "+2", "inbound", utterances=[utterance], gaps=gaps)

    assert [gap.at_ms for gap in record.underruns] == [500.0, 2500.0]
