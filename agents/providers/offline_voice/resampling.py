"""Sound from one rate to another, without the whistling that dropped or repeated samples would bring."""

from __future__ import annotations

from array import array
from functools import cache
from math import cos, gcd, pi, sin
from operator import mul

TAPS = 48
TELEPHONE_HZ = 8000
PASS_HZ = 3650  # what fits into 8 kHz, with room for the filter to fall


@cache
def _phases(rate: int, steps: int) -> tuple[tuple[float, ...], ...]:
    """A windowed-sinc low-pass, one set of taps for each position between two samples."""
    length, cut = TAPS * steps, 2 * PASS_HZ / rate
    taps = []
    for n in range(length):
        x = (n - (length - 1) / 2) / steps
        ideal = cut if x == 0 else sin(pi * cut * x) / (pi * x)
        window = 0.42 - 0.5 * cos(2 * pi * n / (length - 1)) + 0.08 * cos(4 * pi * n / (length - 1))
        taps.append(ideal * window)
    phases = [taps[phase::steps][::-1] for phase in range(steps)]
    return tuple(tuple(tap / sum(phase) for tap in phase) for phase in phases)


class Down:
    """A voice's rate to 8,000 Hz, as the sound arrives. 16-bit samples in and out."""

    def __init__(self, rate: int = 22_050) -> None:
        whole = gcd(rate, TELEPHONE_HZ)
        self._top, self._bottom = TELEPHONE_HZ // whole, rate // whole
        self._phases = _phases(rate, self._top)
        self._samples = array("h", bytes(2 * (TAPS // 2)))
        self._at = 0  # position of the next output sample, in steps of one top-th input sample

    def push(self, sound: bytes) -> array[int]:
        self._samples.frombytes(sound)
        out = array("h")
        samples, phases, at = self._samples, self._phases, self._at
        last = (len(samples) - TAPS) * self._top
        while at < last:
            start, phase = divmod(at, self._top)
            value = sum(map(mul, phases[phase], samples[start : start + TAPS]))
            out.append(max(-32768, min(32767, round(value))))
            at += self._bottom
        used = at // self._top
        del samples[:used]
        self._at = at - used * self._top
        return out

    def flush(self) -> array[int]:
        """The rest, once nothing more will come."""
        return self.push(bytes(2 * TAPS))


HALF_TAPS = 16


@cache
def _between() -> tuple[float, ...]:
    """The sample halfway between two others, from those around it."""
    taps = []
    for n in range(HALF_TAPS):
        x = n - (HALF_TAPS - 1) / 2
        angle = 2 * pi * (n + 0.5) / HALF_TAPS
        taps.append(sin(0.95 * pi * x) / (pi * x) * (0.42 - 0.5 * cos(angle) + 0.08 * cos(2 * angle)))
    return tuple(tap / sum(taps) for tap in taps)


class Up:
    """8 kHz to 16 kHz, as the sound arrives, half a millisecond late. 16-bit samples in and out."""

    def __init__(self) -> None:
        self._samples = array("h", bytes(2 * HALF_TAPS))

    def push(self, sound: bytes) -> bytes:
        self._samples.frombytes(sound)
        samples, taps, out = self._samples, _between(), array("h")
        count = len(samples) - HALF_TAPS
        for at in range(count):
            out.append(samples[at + HALF_TAPS // 2 - 1])
            value = sum(map(mul, taps, samples[at : at + HALF_TAPS]))
            out.append(max(-32768, min(32767, round(value))))
        del samples[:count]
        return out.tobytes()
