"""How people came out of a campaign, in the words and colors of its page."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from campaigns.models import Target

_Status = Target.Status
NAMED = ("confirmed", "rescheduled", "canceled", "voicemail", "spoken", "wrong_person", "opted_out")


@dataclass(frozen=True, slots=True)
class Group:
    """A share of the people in a campaign: its words, its tone on the bar, and which people it means."""

    name: str
    words: str
    tone: str
    means: Q


def _done(*dispositions: str) -> Q:
    return Q(status=_Status.DONE, disposition__in=dispositions)


GROUPS = (
    Group("confirmed", "Confirmed", "agent-deep", _done("confirmed")),
    Group("rescheduled", "Asked for another day", "agent", _done("rescheduled")),
    Group("canceled", "Canceled", "agent", _done("canceled")),
    Group("spoken", "Heard it", "agent", _done("spoken")),
    Group("live", "Being called", "caller", Q(status=_Status.LIVE)),
    Group("voicemail", "Voicemail left", "agent-soft", _done("voicemail")),
    Group("again", "Not reached, will try again", "operator", Q(status=_Status.WAITING, attempts_made__gt=0)),
    Group("unreached", "Not reached", "operator", Q(status=_Status.DONE) & ~Q(disposition__in=NAMED)),
    Group("wrong_person", "Wrong person", "warn", _done("wrong_person")),
    Group("opted_out", "Asked us to stop", "warn", _done("opted_out")),
    Group("left_out", "Not called, with reason", "edge", Q(status=_Status.LEFT_OUT)),
    Group("waiting", "Waiting", "rest", Q(status=_Status.WAITING, attempts_made=0)),
)

# They have heard us, or have told us something.
REACHED = _done("confirmed", "rescheduled", "canceled", "spoken", "wrong_person", "opted_out")

# An attempt's own outcome, and its tone as a tag.
ATTEMPTS = {
    "confirmed": ("Confirmed", "good"),
    "rescheduled": ("Asked for another day", "good"),
    "canceled": ("Canceled", "good"),
    "spoken": ("Heard it", "good"),
    "voicemail": ("Voicemail left", "idle"),
    "machine": ("Machine", "idle"),
    "fax": ("Fax", "idle"),
    "screened": ("Screened by an assistant", "idle"),
    "hung_up": ("Hung up", "idle"),
    "no_answer": ("No answer", "idle"),
    "busy": ("Busy", "idle"),
    "failed": ("Could not be connected", "bad"),
    "not_understood": ("Not understood", "warn"),
    "wrong_person": ("Wrong person", "warn"),
    "opted_out": ("Asked us to stop", "warn"),
    "stopped": ("Stopped", "idle"),
    "not_placed": ("Never placed", "idle"),
    "throttled": ("Put off by the carrier", "idle"),
    "void": ("Not dialed", "idle"),
    "refused": ("Refused at the last moment", "warn"),
}


def words_of(outcome: str) -> str:
    """An outcome as people read it; one that is not known here keeps its own words."""
    return ATTEMPTS[outcome][0] if outcome in ATTEMPTS else outcome.replace("_", " ").capitalize()


def in_a_sentence(moment: str) -> str:
    """Today, 3:34 PM within a sentence: today, 3:34 PM."""
    word, comma, rest = moment.partition(",")
    return f"{word.lower() if word in ('Today', 'Yesterday') else word}{comma}{rest}"
