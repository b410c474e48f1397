"""8 kHz mu-law (G.711): one byte is one sample, 160 bytes are a frame of 20 ms."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from functools import cache

BYTES_PER_MS = 8
FRAME_MS = 20
FRAME_BYTES = FRAME_MS * BYTES_PER_MS
SILENCE = b"\xff" * FRAME_BYTES

LOUD_FROM = 512  # 36 dB below full scale: above the hiss of a telephone line, below a soft voice
LOUD_SHARE = 8  # one loud sample in so many makes a frame voiced; a click of 2 ms does not

_BIAS = 33
_CLIP = 8159


def _decoded(code: int) -> int:
    code = ~code & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << (code >> 4 & 0x07)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def _encoded(sample: int) -> int:
    magnitude, mask = sample >> 2, 0xFF
    if magnitude < 0:
        magnitude, mask = -magnitude, 0x7F
    magnitude = min(magnitude, _CLIP) + _BIAS
    segment = magnitude.bit_length() - 6
    if segment > 7:
        return 0x7F ^ mask
    return (segment << 4 | magnitude >> segment + 1 & 0x0F) ^ mask


DECODED = tuple(_decoded(code) for code in range(256))
_QUIET = bytes(code for code, sample in enumerate(DECODED) if abs(sample) < LOUD_FROM)


@cache
def _encoder() -> bytes:
    """The code of every 16-bit sample, by its value without sign."""
    return bytes(_encoded(value - 0x10000 if value & 0x8000 else value) for value in range(0x10000))


def decode(audio: bytes) -> bytes:
    """Mu-law to 16-bit little-endian samples."""
    samples = array("h", map(DECODED.__getitem__, audio))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def encode(samples: bytes) -> bytes:
    """16-bit little-endian samples to mu-law."""
    values = array("H", samples)
    if sys.byteorder == "big":
        values.byteswap()
    return bytes(map(_encoder().__getitem__, values))


def frames(audio: bytes) -> Iterator[bytes]:
    """Cut into frames of 20 ms; silence fills up the last."""
    for start in range(0, len(audio), FRAME_BYTES):
        yield audio[start : start + FRAME_BYTES].ljust(FRAME_BYTES, SILENCE[:1])


def is_voiced(frame: bytes) -> bool:
    """Whether the frame is as loud as a voice. It counts loud samples in C and knows nothing of speech."""
    return len(frame.translate(None, _QUIET)) * LOUD_SHARE > len(frame)
