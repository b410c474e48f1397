"""Between 16-bit samples and mu-law, by the standard library's codec."""

from __future__ import annotations

import io
import warnings
import wave

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # from Python 3.13 on, audioop-lts provides it
    import audioop

LOUDNESS = 2500


def encode(samples: bytes) -> bytes:
    return audioop.lin2ulaw(samples, 2)


def decode(sound: bytes) -> bytes:
    return audioop.ulaw2lin(sound, 2)


def amplify(samples: bytes, factor: float) -> bytes:
    return audioop.mul(samples, 2, factor)


def loudness(samples: bytes) -> int:
    """The root mean square."""
    return audioop.rms(samples, 2)


def mix(samples: bytes, others: bytes) -> bytes:
    """The sum of two stretches of the same length."""
    return audioop.add(samples, others, 2)


def as_wav(sound: bytes) -> bytes:
    """8 kHz mu-law as a file of plain samples that everything can read."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(decode(sound))
    return file.getvalue()
