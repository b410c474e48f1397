"""What people of the business did in a call before its present segment: whispers hold on, and so does who speaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from calls.conversation.operator_side import TALKED, WHISPERED, Microphone

KINDS = ("whispered", "taken_over", "given_back")


@dataclass(frozen=True, slots=True)
class Left:
    """`notes` are what the agent has been told; `speaker` is who speaks in its place, where somebody still does."""

    notes: tuple[str, ...] = ()
    speaker: Microphone | None = None


def left_by(events: Iterable[tuple[str, Mapping[str, Any]]]) -> Left:
    """From the events of the call, in order."""
    notes: list[str] = []
    speaker: Microphone | None = None
    for kind, data in events:
        by = str(data.get("by", ""))
        match kind:
            case "whispered":
                notes.append(WHISPERED.format(by=by, text=data.get("text", "")))
            case "taken_over":
                speaker = Microphone.from_number(by, data.get("microphone"))
            case "given_back":
                notes.append(TALKED.format(by=by))
                speaker = None
    return Left(tuple(notes), speaker)
