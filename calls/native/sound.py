"""A vendor's recording as one of ours, so that it is heard, drawn and erased like every other."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from agents.providers.offline_voice.mulaw import encode
from calls.recorder import BYTES_PER_S, SILENCE

AT_A_TIME = BYTES_PER_S  # a second


class NotSound(Exception):
    """It cannot be decoded: it is no sound, or this machine has no decoder."""


def write_as_ours(recording: Path, target: Path, *, before_ms: int) -> int:
    """Write the sound of `recording` into `target`, on both sides, `before_ms` into the call; returns where it ends.

    What the target holds of other moments stays. Nothing is written where nothing can be decoded: then it raises
    NotSound.
    """
    try:
        import miniaudio  # it has no wheel for every machine
    except ImportError:
        raise NotSound from None
    mono_16_bit = {"output_format": miniaudio.SampleFormat.SIGNED16, "nchannels": 1, "sample_rate": BYTES_PER_S}
    try:
        parts = miniaudio.stream_file(str(recording), frames_to_read=AT_A_TIME, **mono_16_bit)
        return _write(target, (encode(part.tobytes()) for part in parts), before_ms * BYTES_PER_S // 1000)
    except miniaudio.MiniaudioError:
        raise NotSound from None


def _write(target: Path, parts: Iterable[bytes], start: int) -> int:
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size < 2 * start:
            os.pwrite(descriptor, bytes([SILENCE]) * (2 * start - size), size)
        for part in parts:
            both = bytearray(2 * len(part))
            both[0::2] = both[1::2] = part
            os.pwrite(descriptor, bytes(both), 2 * start)
            start += len(part)
    finally:
        os.close(descriptor)
    return start * 1000 // BYTES_PER_S
