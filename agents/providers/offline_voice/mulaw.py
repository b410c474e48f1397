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


class Doubler:
    """8 kHz to 16 kHz, as the sound arrives."""

    def __init__(self) -> None:
        self._state: object = None

    def push(self, samples: bytes) -> bytes:
        doubled, self._state = audioop.ratecv(samples, 2, 1, 8000, 16_000, self._state)  # type: ignore[arg-type]
        return doubled
