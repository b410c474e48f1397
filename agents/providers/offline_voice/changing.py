"""Appointments that are there already: what a caller wants of one, and how the receptionist by rules talks about it."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum, auto

from . import intents


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


def is_settled(heard: str) -> bool:
    """Whether the agent's last words end the matter, one way or the other."""
    ends = (MOVED, CANCELED, NOT_FOUND, SEVERAL, NOT_DONE)
    return any(each.lower().rstrip(".:") in heard for each in ends)
