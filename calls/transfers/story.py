"""How a caller was put through, for whoever reads the call: who was tried, when, what came of it, who took it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from calls.models import Call
from calls.transfers.dialable import Barred
from calls.transfers.models import Ring, Transfer

CAME = {
    "answered": "took the call",
    "busy": "was busy",
    "no_answer": "did not answer",
    "declined": "declined",
    "no_key": "pressed no key, perhaps a mailbox",
    "canceled": "was still ringing when the caller hung up",
    Barred.UNREADABLE: "was not called: the address cannot be dialed",
    Barred.NOT_IN_SERVICE: "was not called: no such number is in service",
    Barred.COSTLY: "was not called: it is a premium or shared-cost number",
    Barred.ABROAD: "was not called: calls to that country are not enabled",
    Barred.OWN: "was not called: it is the number that the caller has called",
}
UNREACHABLE = "could not be reached"

State, Phone = Transfer.State, Ring.State
_RINGS = {Phone.ASKED: "is being rung", Phone.ANSWERED: "hears who is waiting"}


@dataclass(frozen=True, slots=True)
class Try:
    """One person. `at` is unknown for calls of long ago."""

    name: str
    came: str
    at: datetime | None
    is_taken: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """One time that a person was asked for."""

    transfer: Transfer
    tries: list[Try]

    @property
    def words(self) -> str:
        """What came of it, in a few words."""
        taker = next((each.name for each in self.tries if each.is_taken), "")
        match self.transfer.state:
            case State.REACHED:
                return f"{taker} took the call" if taker else "Put through"
            case State.TALKING:
                return f"Talking with {taker}"
            case State.UNREACHED | State.RETURNING:
                return "Nobody took the call"
            case State.LEFT:
                return "The caller hung up while waiting"
        return "Being put through"

    @property
    def waited_s(self) -> int | None:
        """How long the caller heard music; None where there was none, or it still plays."""
        taken = next((each.at for each in self.tries if each.is_taken), None)
        until = taken or self.transfer.ended_at
        if self.transfer.began_at is None or until is None:
            return None
        return max(0, round((until - self.transfer.began_at).total_seconds()))


def came_of(outcome: object) -> str:
    """How it came out with a person, as their name goes on."""
    return CAME.get(str(outcome), UNREACHABLE)


def stories(call: Call) -> list[Story]:
    """In their order; one that the agent only announced is none yet."""
    asked = Transfer.objects.filter(call=call).exclude(state=State.WAITING).prefetch_related("rings")
    return [Story(each, [*_tries(each)]) for each in asked]


def _tries(transfer: Transfer) -> Iterator[Try]:
    for each in transfer.tried:
        outcome = each["outcome"]
        yield Try(each["name"], came_of(outcome), parse_datetime(each.get("at", "")), outcome == "answered")
    for ring in transfer.rings.all():
        if ring.state in _RINGS:
            person: dict[str, Any] = transfer.people[ring.place]
            yield Try(person["name"], _RINGS[Phone(ring.state)], ring.asked_at)
