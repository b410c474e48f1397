"""What the carrier is to do next with a caller, and with the phone of a person: pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

RINGS_S = 20


@dataclass(frozen=True, slots=True)
class Step:
    """Ring this person, and let the caller talk with them. `caller_id` is the number that was called, which is ours."""

    address: str
    caller_id: str
    rings_s: int = RINGS_S


@dataclass(frozen=True, slots=True)
class Room:
    """Let the caller wait with music until a person comes in."""

    name: UUID


class After(Enum):
    """What becomes of a caller when nobody is left to be rung, or their talk is over."""

    AGENT = "agent"  # is back
    GOODBYE = "goodbye"
    ENDED = "ended"  # nobody is there to hear a word
    MESSAGE = "message"  # is asked for
    THANKS = "thanks"  # for the message
    CALL_BACK = "call_back"  # is promised


Next = Step | Room | After


@dataclass(frozen=True, slots=True)
class Told:
    """What the carrier says when a caller comes back from a person, from the room, or from leaving a message."""

    status: str = ""
    dial_sid: str = ""
    has_left: bool = False
    words: str | None = None  # of the message; None where none was asked for
    seconds: int = 0  # for which the line to the person was connected


class Hears(Enum):
    """What a person of the business hears who has picked up the phone."""

    INTRODUCTION = "introduction"
    CALLER = "caller"
    THANKS = "thanks"
    GONE = "gone"  # nobody is waiting any more


@dataclass(frozen=True, slots=True)
class PersonStep:
    """What the person hears, with the words of the introduction or the room to go to."""

    hears: Hears
    text: str = ""
    room: UUID | None = None


# What is to be done at the carrier


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """Ring a person. Comes up once for each ring: whoever gets it has just made its row."""

    agent_id: UUID
    ring_id: UUID
    to: str
    from_: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Put down the phone of a person who is not wanted any more."""

    ring_id: UUID
    carrier_sid: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """Take the caller out of the room. Comes up again until the caller is out."""

    agent_id: UUID
    carrier_sid: str


Errand = PlaceCall | HangUp | Fetch
