"""What our calls say around the message: who calls, how to stop it, how to answer, and goodbye. Pure.

Identity comes first, in the first sentence that it is automated, and how to stop it right behind (47 CFR 64.1200(b)).
The words of each language stand in `phrasebook`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from campaigns.texts import spoken
from campaigns.texts.phrasebook import Book, book

STOP_KEY, AGENT_KEY, AGENT = "9", "0", "agent"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and in which language: the registered name, and a number to call back."""

    name: str
    number: str = ""
    language: str = "en"

    @property
    def book(self) -> Book:
        return book(self.language)

    @property
    def contact(self) -> str:
        return self.book.number.format(number=self._number) if self.number else ""

    @property
    def _number(self) -> str:
        """Digit by digit; in other languages than English the voice names the digits."""
        if self.language.lower().startswith("en"):
            return spoken.phone(self.number)
        digits = self.number.removeprefix("+1") if len(self.number) == 12 else self.number.removeprefix("+")
        return " ".join(digits)


def identification(caller: Caller) -> str:
    """The first words of every call."""
    return _joined(caller.book.automated.format(name=caller.name), caller.book.how_to_stop, caller.contact)


def introduction_of_agent(caller: Caller) -> str:
    """The first words of a conversation: who calls, that it is an AI, and how to stop it."""
    return _joined(caller.book.assistant.format(name=caller.name), caller.book.how_to_stop)


def offers(caller: Caller, keys: Mapping[str, str], message: str) -> str:
    """How to answer, unless the message says so itself."""
    words = caller.book
    told = {key: words.offers[means] for key, means in sorted(keys.items()) if means in words.offers}
    if not told or any(word in message.lower() for word in words.presses):
        return ""
    return words.press.format(keys=", ".join(f"{key} {what}" for key, what in told.items()))


def thanks(disposition: str, caller: Caller) -> str:
    return _joined(caller.book.thanks.get(disposition, caller.book.thank_you), goodbye(caller))


def stopped(caller: Caller) -> str:
    """The one sentence after an opt-out: nothing more is wanted."""
    return caller.book.stopped.format(name=caller.name)


def another_time(caller: Caller) -> str:
    """To somebody who picked up when calls had become unwanted: the hour is over, or the campaign is."""
    return caller.book.another_time.format(name=caller.name)


def how_to_record(caller: Caller) -> str:
    return caller.book.how_to_record


def no_such_key(caller: Caller) -> str:
    return caller.book.no_such_key


def for_screening(caller: Caller, person: str) -> str:
    """To an assistant that asks who is calling: a sentence, and nothing that is not for everybody's ears."""
    if person:
        return caller.book.for_screening.format(name=caller.name, person=person)
    return caller.book.for_screening_unnamed.format(name=caller.name)


def left_on_machine(caller: Caller) -> str:
    """The end of a message that nobody can answer by key."""
    words = caller.book
    return _joined(words.this_was.format(name=caller.name), caller.contact, words.call_to_stop if caller.number else "")


def unsaid(caller: Caller) -> str:
    """In place of a message that cannot be said to this person."""
    return _joined(caller.book.unsaid, caller.contact)


def goodbye(caller: Caller) -> str:
    return _joined(caller.book.this_was.format(name=caller.name), caller.contact, caller.book.goodbye)


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
