"""Appointments that are there already: what a caller wants of one, and how the receptionist by rules talks about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import Enum, auto

from . import intents
from .when import When


class Change(Enum):
    """What somebody wants of their appointment."""

    MOVE = auto()
    CANCEL = auto()
    HEAR = auto()


TOOL = {Change.MOVE: "move_appointment", Change.CANCEL: "cancel_appointment", Change.HEAR: "find_appointments"}
FIND = "find_appointments"

NOT_FOUND = "I find no coming appointment under this name and your number."
SEVERAL = "There are several under this name:"
MOVED, CANCELED = "Your appointment has been moved to", "Your appointment has been canceled."
NOT_DONE = "I could not change anything."

_APPOINTMENT = r"(?:(?:my|the|an|our|this|that|it) ?)(?:appointment|booking|visit|one|time)?"
_CANCEL = re.compile(
    rf"\bcancel(?:ing)? {_APPOINTMENT}"
    r"|\b(?:calling|like|want|need|have) to cancel\b|^cancel(?: please)?$"
)
_MOVE = re.compile(
    rf"\b(?:reschedule|move|change|postpone|push back|shift)(?:ing)? {_APPOINTMENT}|\breschedule\b|\bpostpone\b"
    r"|\bi can't make it\b|\b(?:another|different|new) (?:time|day) for my\b"
)
_HEAR = re.compile(
    r"\bwhen is (?:my|our) (?:next )?(?:appointment|visit)\b|\bconfirm (?:my|our|the) (?:appointment|booking|visit)\b"
    r"|\b(?:do|did) i have an appointment\b|\bwhat time is my (?:appointment|visit)\b"
)
_OLD_TIME = re.compile(r"\b(appointment|booking|visit|it) (?:on|for|at|of|from) .*?(?= to (?!the old)|$)")
_OWN = re.compile(r"(?P<said>[^()]+?) \((?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d)\)")
_BETWEEN = re.compile(r"^(?:,|and|or|\s)+")
_PLACE = re.compile(
    r"(?:(?:the|i|it|is|was|mean|meant|that|would|be) )*(?P<place>first|earlier|second|third|last|later)"
    r"(?: (?:one|appointment|visit))?(?: please)?"
)
PLACES = {"first": 0, "earlier": 0, "second": 1, "third": 2, "last": -1, "later": -1}
PARTS = {"morning": range(12), "afternoon": range(12, 17), "evening": range(17, 24)}
KEEPS = re.compile(r"\b(?:keep|leave) (?:it|that|my appointment|the appointment)\b|\bnever ?mind\b|\bchanged my mind\b")


def wanted(text: str, *, is_known: bool, abilities: Collection[str]) -> Change | None:
    """What these words ask for, if it can be done. Of "it" only where an appointment was spoken of before."""
    speaks_of_one = is_known or intents.EXISTING.search(text) or _HEAR.search(text)
    if not speaks_of_one:
        return None
    for change, words in ((Change.CANCEL, _CANCEL), (Change.MOVE, _MOVE), (Change.HEAR, _HEAR)):
        if words.search(text):
            return change if TOOL[change] in abilities else None
    return None


def without_old_time(text: str) -> str:
    """The wish without when the appointment is now: "move my visit on Monday to Friday" is about Friday."""
    return re.sub(r"\bfrom .*?(?= to )", "", _OLD_TIME.sub(r"\1", text))


def is_told(heard: str) -> bool:
    """Whether the agent's last words say when the caller's appointments are."""
    return "found your appointment" in heard or SEVERAL.lower().rstrip(":") in heard


def is_settled(heard: str) -> bool:
    """Whether the agent's last words end the matter, one way or the other."""
    ends = (MOVED, CANCELED, NOT_FOUND, NOT_DONE)
    return any(each.lower().rstrip(".:") in heard for each in ends)


def own_in(told: str) -> dict[str, str]:
    """The caller's appointments in what a tool has answered: how each is said, by when it is. Else none."""
    if not told.startswith(("Coming: ", "There are several: ")):
        return {}
    _, _, listed = told.partition(": ")
    return {found["at"]: _BETWEEN.sub("", found["said"]) for found in _OWN.finditer(listed)}


def meant(own: Mapping[str, str], text: str, when: When, today: date | None) -> str:
    """The one that these words single out; empty where they do not."""
    times = sorted(own)
    if placed := _PLACE.fullmatch(text):
        place = PLACES[placed["place"]]
        return times[place] if place < len(times) else ""
    if when.day is None and when.minutes is None and not when.part:
        return ""
    fitting = [at for at in times if _fits(datetime.fromisoformat(at), when, today)]
    return fitting[0] if len(fitting) == 1 else ""


def _fits(at: datetime, when: When, today: date | None) -> bool:
    day = when.day
    if day and day.on is None and day.weekday is not None:
        is_day = at.weekday() == day.weekday
    else:
        is_day = day is None or at.date() == (day.after(today) if today else day.on)
    is_time = when.minutes is None or at.hour * 60 + at.minute == when.minutes
    return is_day and is_time and (not when.part or at.hour in PARTS.get(when.part, range(24)))
