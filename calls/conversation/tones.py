"""Keys as the sounds that telephones make of them (ITU-T Q.23), for machines at the other end of a line."""

from __future__ import annotations

import math
from array import array
from functools import cache

from agents.providers.offline_voice.mulaw import encode

RATE = 8000
TONE_S, GAP_S, PAUSE_S = 0.12, 0.08, 0.5
LOUD = 9_000
KEYS = frozenset("0123456789*#w")  # w: a pause

_ROWS = {key: row for keys, row in (("123", 697), ("456", 770), ("789", 852), ("*0#", 941)) for key in keys}
_COLUMNS = {key: column for keys, column in (("147*", 1209), ("2580", 1336), ("369#", 1477)) for key in keys}


def tones(keys: str) -> bytes:
    """8 kHz mu-law of the keys, one after another."""
    return b"".join(_tone(key) for key in keys if key in KEYS)


@cache
def _tone(key: str) -> bytes:
    if key == "w":
        return encode(bytes(2 * int(RATE * PAUSE_S)))
    angles = [2 * math.pi * hertz / RATE for hertz in (_ROWS[key], _COLUMNS[key])]
    waves = array("h", (int(LOUD * sum(math.sin(angle * n) for angle in angles)) for n in range(int(RATE * TONE_S))))
    return encode(waves.tobytes() + bytes(2 * int(RATE * GAP_S)))
