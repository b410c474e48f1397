"""What a person of the business may do to a running call from the outside, and what comes of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Whisper:
    """A private instruction for the agent's next answers."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call: with a goodbye, or at once."""

    by: str
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Listen:
    """Somebody hears the call, and says so again before `LISTEN_FOR_S` is over; `begins`: only now."""

    by: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Carry the call with sound from now on, so that somebody can listen to it."""

    by: str


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Somebody speaks in the agent's place, as `operator`, which names one microphone.

    A call that is carried as words has to be carried with sound first: asked for again, it says when that is so.
    """

    by: str
    operator: str


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The agent goes on; `lost`: because the operator's connection is."""

    operator: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Escalate:
    """A person is needed."""

    reason: str


@dataclass(frozen=True, slots=True)
class PutThrough:
    """A transfer is waiting: let the agent say so and leave."""

    by: str


Command = Whisper | HangUp | PutThrough | Listen | Move | TakeOver | GiveBack | Escalate

LISTEN_FOR_S = 12.0
_ALL = (Whisper, HangUp, PutThrough, Listen, Move, TakeOver, GiveBack, Escalate)
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in _ALL}


class Answer(StrEnum):
    """What came of a command."""

    DONE = "done"
    OVER = "over"  # the conversation has ended, or is ending
    NO_SOUND = "no_sound"  # the carrier hears and speaks itself: there is nothing to listen to
    MOVING = "moving"  # the call is about to be carried with sound, and can be reached again in a moment
    TAKEN = "taken"  # somebody else is speaking, or nobody is
    LOST = "lost"  # it is not known whether it arrived


def encode(command: Command, reply_to: str) -> bytes:
    """A command as it travels; whoever carries it out answers at `reply_to`."""
    return json.dumps({"kind": type(command).__name__, "reply_to": reply_to, **asdict(command)}).encode()


def decode(message: bytes) -> tuple[Command, str]:
    """The command, and where to answer. Raises ValueError for anything else."""
    try:
        data = json.loads(message)
        kind, reply_to = _KINDS[data.pop("kind")], str(data.pop("reply_to"))
        command: Command = kind(**data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no command") from error
    return command, reply_to
