"""What loudness tells of a line: whether somebody speaks, and how much louder he should be for the recogniser."""

from __future__ import annotations

import random
from array import array
from collections import deque

from .mulaw import amplify, mix
from .resampling import Up

REMEMBERED = 150  # frames: in three seconds of speech there is a pause, in three seconds of noise there is none
QUIET_LINE, KNOWN_AFTER = 50, 25  # what is expected before half a second was heard
ABOVE_NOISE, FAINTEST_VOICE = 3.0, 120

USUAL_PEAK = 3300  # the loudest frame of somebody who is heard well
PEAK_KEPT = 0.998  # per frame: halved in seven seconds
FIRST_TRUST, LATER_TRUST = 0.4, 0.8  # in the measured peak; a first syllable says little
LEAST_GAIN, MOST_GAIN = 0.2, 8.0

HISS, HISS_SAMPLES = 14, 32_000


class VoiceActivity:
    """Somebody speaks when it is clearly louder than the quietest moment of the last seconds."""

    def __init__(self) -> None:
        self._recent: deque[int] = deque(maxlen=REMEMBERED)

    def voiced(self, loudness: int) -> bool:
        self._recent.append(loudness)
        noise = min(self._recent) if len(self._recent) >= KNOWN_AFTER else QUIET_LINE
        return loudness > max(FAINTEST_VOICE, ABOVE_NOISE * noise)


class Level:
    """Brings every caller to about the same loudness, in steps between two stretches of voice."""

    def __init__(self) -> None:
        self.gain = 1.0
        self._peak = 0.0
        self._trust = FIRST_TRUST

    def hear(self, loudness: int) -> None:
        self._peak = max(self._peak * PEAK_KEPT, loudness)

    def settle(self) -> None:
        """Choose the gain for the stretch of voice that begins."""
        wanted: float = (USUAL_PEAK / max(1.0, self._peak)) ** self._trust
        self.gain = max(LEAST_GAIN, min(MOST_GAIN, wanted))
        self._trust = LATER_TRUST


class WideBand:
    """8 kHz sound as the wide-band model wants it: at 16 kHz, with an even hiss where the telephone carries nothing.

    Without the hiss the empty bands hold rounding noise, whose logarithm swings wildly. On forty sentences of four
    practice callers it takes away a third of the wrong words.
    """

    def __init__(self) -> None:
        self._up = Up()
        self._hissed = 0

    def push(self, samples: bytes, gain: float) -> bytes:
        sound = self._up.push(amplify(samples, gain))
        if self._hissed + len(sound) > len(_HISS):
            self._hissed = 0
        start, self._hissed = self._hissed, self._hissed + len(sound)
        return mix(sound, _HISS[start : self._hissed])


def _hiss() -> bytes:
    chance = random.Random(1)
    return array("h", (round(chance.gauss(0, HISS)) for _ in range(HISS_SAMPLES))).tobytes()


_HISS = _hiss()
