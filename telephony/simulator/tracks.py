"""One side of a call as mu-law on the call's clock, and both sides as a sound file."""

from __future__ import annotations

import io
import wave
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a track."""

    start_ms: int
    end_ms: int


def voiced_stretches(track: Track, *, pause_ms: int = 700, shortest_ms: int = 60) -> Iterator[Stretch]:
    """Where the track has voice. Pauses shorter than `pause_ms` are part of a stretch; clicks are not voice."""
    start = end = voiced = 0
    for at in range(0, len(track.audio), mulaw.FRAME_BYTES):
        if not mulaw.is_voiced(bytes(track.audio[at : at + mulaw.FRAME_BYTES])):
            continue
        at_ms = at // mulaw.BYTES_PER_MS
        if voiced and at_ms - end >= pause_ms:
            if voiced >= shortest_ms:
                yield Stretch(start, end)
            voiced = 0
        start = start if voiced else at_ms
        end, voiced = at_ms + mulaw.FRAME_MS, voiced + mulaw.FRAME_MS
    if voiced >= shortest_ms:
        yield Stretch(start, end)


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
