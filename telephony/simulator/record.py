"""What one practice call was, from the first ring to the last frame."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from .handset import Utterance
from .playback import Gap
from .tracks import Track, wav_of_both


def new_sid(prefix: str) -> str:
    """An id as the carrier makes them: two letters and 32 digits of hex."""
    return prefix + secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened: a webhook, a mark, a clear, a socket that closed."""

    at_ms: float
    wall: float
    kind: str
    facts: dict[str, Any]


@dataclass(slots=True)
class CallRecord:
    """Both sides of a call as mu-law on one clock, and everything that happened, on the same clock.

    `said` and `heard` are empty where the call was made without keeping audio. `happenings` has `perf_counter`
    readings beside the positions. `failure` says why the simulation itself broke, which is not the call's fault.
    """

    call_sid: str
    from_: str
    to: str
    direction: str
    status: str = "queued"
    began: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    answered_ms: float | None = None
    ended_ms: float | None = None
    ended_by: str = ""
    answered_by: str = ""
    failure: str = ""
    happenings: list[Happening] = field(default_factory=list)
    utterances: list[Utterance] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    said: Track = field(default_factory=Track)
    heard: Track = field(default_factory=Track)
    frames: int = 0
    late_frames: int = 0

    @property
    def duration_s(self) -> int:
        """Seconds since the answer, as the carrier counts them."""
        if self.answered_ms is None or self.ended_ms is None:
            return 0
        return round((self.ended_ms - self.answered_ms) / 1000)

    @property
    def errors(self) -> list[Happening]:
        """What the carrier's debugger would show."""
        return [happening for happening in self.happenings if happening.kind in ("error", "warning")]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """The facts of every happening of this kind, in order."""
        return [happening.facts for happening in self.happenings if happening.kind == kind]

    @property
    def underruns(self) -> list[Gap]:
        """Holes in what the agent was saying. While the caller speaks or has just spoken, a pause is no hole."""
        turns = [(said.began_ms or 0.0, said.reply_ms or (said.voice_ended_ms or 0.0)) for said in self.utterances]
        return [
            gap
            for gap in self.gaps
            if not any(start < gap.at_ms + gap.length_ms and gap.at_ms < end for start, end in turns)
        ]

    def save_wav(self, path: Path) -> None:
        """Caller on the left, the agent as it was heard on the right."""
        path.write_bytes(wav_of_both(self.said, self.heard))

    def drop_audio(self) -> None:
        """Keep the facts only."""
        self.said.audio.clear()
        self.heard.audio.clear()

    def facts(self) -> dict[str, Any]:
        """Everything but the audio, for JSON."""
        return {
            "call_sid": self.call_sid,
            "from": self.from_,
            "to": self.to,
            "direction": self.direction,
            "status": self.status,
            "answered_by": self.answered_by,
            "ended_by": self.ended_by,
            "failure": self.failure,
            "duration_s": self.duration_s,
            "answered_ms": self.answered_ms,
            "ended_ms": self.ended_ms,
            "frames": self.frames,
            "late_frames": self.late_frames,
            "utterances": [_utterance(utterance) for utterance in self.utterances],
            "underruns": [{"at_ms": round(gap.at_ms), "length_ms": round(gap.length_ms)} for gap in self.underruns],
            "happenings": [{"at_ms": round(one.at_ms, 1), "kind": one.kind, **one.facts} for one in self.happenings],
        }


def _utterance(utterance: Utterance) -> dict[str, Any]:
    def in_ms(seconds: float | None) -> float | None:
        return None if seconds is None else round(seconds * 1000, 1)

    return {
        "text": utterance.text,
        "began_ms": utterance.began_ms,
        "voice_ended_ms": utterance.voice_ended_ms,
        "reply_ms": utterance.reply_ms,
        "wait_ms": in_ms(utterance.wait_s),
        "barge_in_ms": in_ms(utterance.barge_in_s),
        "unasked_bytes": utterance.unasked_bytes,
    }
