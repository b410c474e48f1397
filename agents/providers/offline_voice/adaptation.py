"""Tells an acoustic model of wide-band speech what a telephone leaves of it.

The model was trained on 130 to 6,800 Hz; a telephone carries up to 3,700. In the cepstrum the missing bands are a
linear map: back to the mel spectrum, attenuate, forth again. pocketsphinx takes such a map as an MLLR transform of its
means. Measured on forty sentences of two practice callers: 12 % of the words wrong without it, 7 % with it.
"""

from __future__ import annotations

from math import cos, log10, pi, sin, sqrt

FILTERS, COEFFICIENTS, LIFTER = 25, 13, 22  # of the model in the wheel
LOWEST_HZ, HIGHEST_HZ = 130.0, 6800.0
LINE_HZ, SLOPE_HZ = 3700.0, 200.0
LEFT_OF_LOST_BANDS = 0.15
STREAMS = 3  # cepstra, their first and their second differences


def _mel(hertz: float) -> float:
    return 2595 * log10(1 + hertz / 700)


def _hertz(mel: float) -> float:
    value: float = 700 * (10 ** (mel / 2595) - 1)
    return value


def _mask() -> list[float]:
    """How much of each mel band passes the line."""
    low, high = _mel(LOWEST_HZ), _mel(HIGHEST_HZ)
    centers = [_hertz(low + (high - low) * (band + 1) / (FILTERS + 1)) for band in range(FILTERS)]
    passed = ((LINE_HZ + SLOPE_HZ - center) / (2 * SLOPE_HZ) for center in centers)
    return [max(LEFT_OF_LOST_BANDS, min(1.0, share)) for share in passed]


def telephone_transform() -> str:
    """The map in the file format of pocketsphinx's `mllr` option."""
    mask = _mask()
    basis = [
        [sqrt((1 if i == 0 else 2) / FILTERS) * cos(pi * i * (band + 0.5) / FILTERS) for band in range(FILTERS)]
        for i in range(COEFFICIENTS)
    ]
    lift = [1 + LIFTER / 2 * sin(i * pi / LIFTER) for i in range(COEFFICIENTS)]
    rows = []
    for i in range(COEFFICIENTS):
        row = [
            lift[i] / lift[k] * sum(a * share * b for a, share, b in zip(basis[i], mask, basis[k], strict=True))
            for k in range(COEFFICIENTS)
        ]
        rows.append(" ".join(f"{value:.6f}" for value in row))
    zeros, ones = " ".join(["0"] * COEFFICIENTS), " ".join(["1"] * COEFFICIENTS)
    stream = "\n".join([str(COEFFICIENTS), *rows, zeros, ones])
    return "\n".join(["1", str(STREAMS), *[stream] * STREAMS, ""])
