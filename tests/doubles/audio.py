"""The two kinds of audio that the doubles tell apart, as 8 kHz mu-law."""

from __future__ import annotations

BYTES_PER_MS = 8


def voice(ms: int) -> bytes:
    """Something loud."""
    return b"\x10\x90\x30\xb0\x20\xa0\x18\x98" * ms


def silence(ms: int) -> bytes:
    """Nothing at all."""
    return b"\xff" * (BYTES_PER_MS * ms)


def frames(audio: bytes) -> list[bytes]:
    """As a carrier sends it: 20 ms at a time."""
    return [audio[start : start + 160] for start in range(0, len(audio), 160)]
