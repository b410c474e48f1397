"""Between 16-bit samples and mu-law, by the standard library's codec."""

from __future__ import annotations

import warnings

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
