"""Both sides of a call, decoded back from the audio: what was understood, not what was meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from agents import providers
from agents.providers.ports import EndOfTurn, Endpoint, Hearing
from telephony import mulaw

from .tracks import Track, voiced_stretches

Side = Literal["caller", "agent"]
MARGIN_MS = 200
"""What the recogniser is given before and after a stretch of voice, so that no first or last sound is lost."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said. `text` is empty where nothing was understood."""

    side: Side
    start_ms: int
    end_ms: int
    text: str

    def facts(self) -> dict[str, Any]:
        return {"side": self.side, "start_ms": self.start_ms, "end_ms": self.end_ms, "text": self.text}


Transcribe = Callable[[bytes], Awaitable[str]]


async def listen_back(said: Track, heard: Track, transcribe: Transcribe | None = None) -> list[Line]:
    """Cut both sides where they pause, write down every part, and put all in the order of their beginnings."""
    write_down = transcribe or offline_transcript
    lines = []
    sides: tuple[tuple[Side, Track], ...] = (("caller", said), ("agent", heard))
    for side, track in sides:
        for stretch in voiced_stretches(track):
            audio = track.part(max(0, stretch.start_ms - MARGIN_MS), stretch.end_ms + MARGIN_MS)
            lines.append(Line(side, stretch.start_ms, stretch.end_ms, await write_down(audio)))
    return sorted(lines, key=lambda line: line.start_ms)


async def offline_transcript(audio: bytes) -> str:
    """What the offline recogniser understands."""
    ears = providers.stt("offline", Hearing(model="offline"), Endpoint())
    await ears.open()
    try:
        for frame in mulaw.frames(audio + mulaw.SILENCE * 50):
            ears.feed(frame)
        async for event in ears.events():
            if isinstance(event, EndOfTurn):
                return event.text
        return ""
    finally:
        await ears.close()
