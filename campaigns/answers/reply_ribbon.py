"""A recorded reply along time: where somebody speaks in it."""

from __future__ import annotations

from agentos.vault import Unreadable
from campaigns.answers.replies import read_wav, recorded
from campaigns.models import Reply
from telephony import mulaw

PAUSE_MS, SHORTEST_MS = 240, 80  # what is quiet for less is a part of the word; what sounds for less is a click


def ribbon(reply: Reply) -> str:
    """The side of the caller, as the path of an SVG in milliseconds; empty where nothing can be drawn."""
    try:
        speech = read_wav(recorded(reply))
    except (FileNotFoundError, Unreadable, ValueError):
        return ""
    return "".join(f"M{start} 11h{length}v-9h-{length}z" for start, length in stretches(speech))


def stretches(speech: bytes) -> list[tuple[int, int]]:
    """When somebody begins to speak, and for how long, in milliseconds."""
    found: list[tuple[int, int]] = []
    for place, frame in enumerate(mulaw.frames(speech)):
        if not mulaw.is_voiced(frame):
            continue
        at = place * mulaw.FRAME_MS
        start, length = found[-1] if found else (at, 0)
        if found and at - (start + length) <= PAUSE_MS:
            found[-1] = start, at + mulaw.FRAME_MS - start
        else:
            found.append((at, mulaw.FRAME_MS))
    return [(start, length) for start, length in found if length >= SHORTEST_MS]
