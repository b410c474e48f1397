"""What our calls say around the message: who calls, how to stop it, how to answer, and goodbye. Pure.

Identity comes first, in the first sentence that it is automated, and how to stop it right behind (47 CFR 64.1200(b)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from campaigns import spoken

LANGUAGE = "en-US"  # of these sentences, whatever the message is in

STOP_KEY, AGENT_KEY, AGENT = "9", "0", "agent"
_OFFERS = {
    "confirmed": "to confirm",
    "rescheduled": "for another time",
    "canceled": "to cancel",
    "wrong_person": "if we have the wrong person",
    AGENT: "to speak with us",
}
_THANKS = {
    "confirmed": "Thank you, that is confirmed.",
    "rescheduled": "Thank you. Somebody will get in touch about another time.",
    "canceled": "Thank you, that is canceled.",
    "wrong_person": "Thank you. We are sorry for the trouble.",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the registered name, and a number to call back."""

    name: str
    number: str = ""

    @property
    def contact(self) -> str:
        return f"Our number is {spoken.phone(self.number)}." if self.number else ""


def identification(caller: Caller) -> str:
    """The first words of every call."""
    return _joined(
        f"This is an automated call for {caller.name}.",
        "Press 9 or say stop to end calls from us.",
        caller.contact,
    )


def offers(keys: Mapping[str, str], message: str) -> str:
    """How to answer, unless the message says so itself."""
    told = {key: _OFFERS[means] for key, means in sorted(keys.items()) if means in _OFFERS}
    if not told or "press" in message.lower():
        return ""
    return f"Press {', '.join(f'{key} {what}' for key, what in told.items())}."


def thanks(disposition: str, caller: Caller) -> str:
    return _joined(_THANKS.get(disposition, "Thank you."), goodbye(caller))


def stopped(caller: Caller) -> str:
    """The one sentence after an opt-out: nothing more is wanted."""
    return f"This is {caller.name}. You will get no more calls from us. Goodbye."


def how_to_record() -> str:
    return "Please say your answer after the tone. It is recorded and written down. To leave it at that, hang up."


def left_on_machine(caller: Caller) -> str:
    """The end of a message that nobody can answer by key."""
    return _joined(f"This was {caller.name}.", caller.contact, "Call it to end calls from us." if caller.number else "")


def unsaid(caller: Caller) -> str:
    """In place of a message that cannot be said to this person."""
    return _joined("We have a message for you. Please call us.", caller.contact)


def goodbye(caller: Caller) -> str:
    return _joined(f"This was {caller.name}.", caller.contact, "Goodbye.")


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
