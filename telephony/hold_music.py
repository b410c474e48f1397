"""What callers hear while they wait for a person: four calm chords, note by note, made here and free of any rights."""

from __future__ import annotations

import io
import math
import wave
from array import array
from functools import cache

RATE = 8000
NOTE_S, FADES_S = 0.5, 2.4
LOUDEST = 5000  # of 32,767: music is there to be talked over
CHORDS = (
    (48, 64, 67, 71, 76, 71),  # C major seventh, as notes of MIDI: the low one first, then up and back
    (45, 60, 64, 67, 72, 67),
    (41, 57, 60, 64, 69, 64),
    (43, 59, 62, 64, 71, 62),
)


@cache
def hold_music() -> bytes:
    """A WAV file of twelve seconds that goes on without a seam when it is played again."""
    notes = [note for chord in CHORDS for note in chord]
    length = round(len(notes) * NOTE_S * RATE)
    mixed = [0.0] * length
    for place, note in enumerate(notes):
        start = round(place * NOTE_S * RATE)
        for offset, sample in enumerate(_sound(note)):
            mixed[(start + offset) % length] += sample
    loudest = max(map(abs, mixed))
    samples = array("h", (round(each / loudest * LOUDEST) for each in mixed))
    return _wav(samples)


@cache
def _sound(note: int) -> tuple[float, ...]:
    """One note, soft at its beginning and fading away."""
    step = 2 * math.pi * 440 * 2 ** ((note - 69) / 12) / RATE
    return tuple(
        min(1.0, at / 160) * math.exp(-3 * at / (FADES_S * RATE)) * (math.sin(step * at) + math.sin(2 * step * at) / 5)
        for at in range(round(FADES_S * RATE))
    )


def _wav(samples: array[int]) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()
