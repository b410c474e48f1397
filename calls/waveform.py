"""How loud each side of a recording is along time: the bars of the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from calls.recorder import BYTES_PER_S

BARS = 400
SHORTEST_BAR_MS = 60
LISTENED_PER_BAR = 600  # samples of each side
LOUDEST = 32_124  # the largest sample of mu-law
TALLEST, QUIETEST = 45.0, 2.0
FAINTEST = 40  # of 255: a recording in which nothing is louder than this is not blown up any further


def _loudness(code: int) -> int:
    """0 to 255, for the magnitude of a mu-law byte (ITU-T G.711)."""
    code = ~code & 0x7F
    sample = ((((code & 15) << 3) + 0x84) << (code >> 4)) - 0x84
    return round(255 * sqrt(sample / LOUDEST))


_LOUDNESS = bytes(_loudness(code) for code in range(256))


@dataclass(frozen=True, slots=True)
class Waveform:
    """The heights of the bars of either side, each `bar_ms` wide; 0 where that side is silent."""

    bar_ms: int
    caller: list[float]
    agent: list[float]

    def told_apart(self, begun: Sequence[tuple[int, bool]]) -> Waveform:
        """Of a recording with both sides mixed: a bar belongs to whoever began to speak last.

        `begun` says when somebody did, and whether that was the agent.
        """
        steps, is_agent = sorted(begun), False
        sides: tuple[list[float], list[float]] = ([], [])
        for place, height in enumerate(self.caller):
            while steps and steps[0][0] < (place + 1) * self.bar_ms:
                is_agent = steps.pop(0)[1]
            sides[is_agent].append(height)
            sides[not is_agent].append(0)
        return Waveform(self.bar_ms, *sides)

    def parted(self, spans: Sequence[tuple[int, int]]) -> tuple[list[float], list[float]]:
        """The agent's side outside of these stretches of time, and within them: where a person spoke in its place."""
        is_within = [False] * len(self.agent)
        for start_ms, end_ms in spans:
            for place in range(start_ms // self.bar_ms, min(len(is_within), -(-end_ms // self.bar_ms))):
                is_within[place] = True
        parts = list(zip(self.agent, is_within, strict=True))
        outside = [0 if within else height for height, within in parts]
        return outside, [height if within else 0 for height, within in parts]


def waveform(path: Path) -> Waveform:
    """Listen to samples all over the file. Raises OSError."""
    length = path.stat().st_size // 2
    bar_ms = max(SHORTEST_BAR_MS, length * 1000 // BYTES_PER_S // BARS)
    bar = bar_ms * BYTES_PER_S // 1000
    step = max(1, bar // LISTENED_PER_BAR)
    sides: tuple[list[int], list[int]] = ([], [])
    with path.open("rb") as file:
        while both := file.read(bar * 2):
            for side, loudness in enumerate(sides):
                loudness.append(max(both[side :: 2 * step].translate(_LOUDNESS), default=0))
    loudest = max([FAINTEST, *sides[0], *sides[1]])
    return Waveform(bar_ms, _heights(sides[0], loudest), _heights(sides[1], loudest))


def _heights(loudness: list[int], loudest: int) -> list[float]:
    heights = (round(TALLEST * each / loudest, 1) for each in loudness)
    return [height if height >= QUIETEST else 0 for height in heights]
