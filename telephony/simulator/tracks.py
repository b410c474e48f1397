"""One side of a call as mu-law on the call's clock, and both sides as a sound file."""

from __future__ import annotations

import io
import wave
from array import array
from itertools import chain

from telephony import mulaw

SILENT = mulaw.SILENCE[:1]


class Track:
    """Everything that one side said. Where nothing was said there is silence."""

    def __init__(self, audio: bytes = b"") -> None:
        self.audio = bytearray(audio)

    @property
    def length_ms(self) -> float:
        return len(self.audio) / mulaw.BYTES_PER_MS

    def write(self, at_ms: float, audio: bytes) -> None:
        """Add what follows everything that is there already."""
        gap = round(at_ms * mulaw.BYTES_PER_MS) - len(self.audio)
        if gap > 0:
            self.audio += SILENT * gap
        self.audio += audio

    def cut(self, at_ms: float) -> None:
        """Forget everything from that moment on."""
        del self.audio[max(0, round(at_ms * mulaw.BYTES_PER_MS)) :]

    def part(self, start_ms: float, end_ms: float) -> bytes:
        return bytes(self.audio[round(start_ms * mulaw.BYTES_PER_MS) : round(end_ms * mulaw.BYTES_PER_MS)])


def wav_of_both(left: Track, right: Track) -> bytes:
    """Two channels of 16 bits at 8 kHz; the shorter side is filled up with silence."""
    length, buffer = max(len(left.audio), len(right.audio)), io.BytesIO()
    channels = (array("h", mulaw.decode(bytes(side.audio).ljust(length, SILENT))) for side in (left, right))
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(array("h", chain.from_iterable(zip(*channels, strict=True))).tobytes())
    return buffer.getvalue()


def read_both(wav: bytes) -> tuple[Track, Track]:
    """The two sides of a file that `wav_of_both` made."""
    with wave.open(io.BytesIO(wav)) as file:
        samples = array("h", file.readframes(file.getnframes()))
    left, right = (mulaw.encode(samples[channel::2].tobytes()) for channel in (0, 1))
    return Track(left), Track(right)
