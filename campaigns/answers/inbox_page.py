"""One opened reply, for its page: what was said, by whom, what it sounds like, and what can be done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from django.utils.timezone import now

from agentos.tenants.models import Tenant, User
from campaigns.answers.inbox import What, colleagues, undoable
from campaigns.answers.inbox_list import how_answered, said_words, sounds_like
from campaigns.answers.reply_ribbon import ribbon
from campaigns.models import Contact, Reply, ReplyStep
from campaigns.people.contact_page import ContactPage, Touch

MOST_TOUCHES = 6


@dataclass(frozen=True, slots=True)
class Button:
    """Something that can be done with one key."""

    what: What
    words: str
    key: str


BUTTONS = (
    Button(What.CONFIRM, "Confirm", "c"),
    Button(What.RESCHEDULE, "Another day", "r"),
    Button(What.CANCEL, "Cancel", "x"),
    Button(What.STOP, "Stop calling", "s"),
    Button(What.WRONG_PERSON, "Wrong person", "w"),
    Button(What.OTHER, "Handled", "o"),
    Button(What.CALL_AGAIN, "Call again", "a"),
)


class ReplyPage:
    """Ask for it inside the tenant."""

    def __init__(self, reply: Reply, tenant: Tenant, user: User) -> None:
        self.reply, self._tenant, self._user = reply, tenant, user
        self.contact: Contact | None = reply.target.contact
        self.sounds = sounds_like(reply)

    @property
    def answered(self) -> str:
        return how_answered(self.reply)

    @property
    def said(self) -> list[tuple[str, bool]]:
        """The transcript in parts, and which of them led to the proposal."""
        words = re.findall(r"[\w']+", self.reply.because) if self.reply.proposed_by != Reply.Sorter.KEY else []
        parts = re.split(f"({_between(words)})", self.reply.transcript, maxsplit=1, flags=re.I) if words else []
        return [(part, place == 1) for place, part in enumerate(parts or [self.reply.transcript]) if part]

    @property
    def ribbon(self) -> str:
        return ribbon(self.reply)

    @property
    def is_promised(self) -> bool:
        """Whether the call ended with the promise that somebody finds another time."""
        return self.reply.status != Reply.Status.HANDLED and self.reply.attempt.outcome == What.RESCHEDULE

    @property
    def suggested(self) -> str:
        return self.reply.proposed if self.reply.proposed in set(What) else ""

    @property
    def handled_as(self) -> str:
        return said_words(self.reply.disposition)

    @property
    def can_reopen(self) -> bool:
        return self.reply.status == Reply.Status.HANDLED and self.reply.disposition != What.STOP

    @cached_property
    def undoable(self) -> ReplyStep | None:
        return undoable(self.reply, now())

    @property
    def steps(self) -> list[tuple[ReplyStep, str]]:
        """What was done with it so far, the latest first."""
        steps = self.reply.steps.select_related("by", "undone_by").order_by("-version")
        return [(step, What(step.what).words) for step in steps]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What is known of the person, and of what the call was about."""
        contact = self.contact or Contact()
        known = contact.fields | self.reply.target.variables
        known |= {"state": contact.state, "language": contact.language, "tags": ", ".join(contact.tags)}
        return [(str(name).replace("_", " ").capitalize(), str(value)) for name, value in known.items() if value]

    @property
    def touches(self) -> list[Touch]:
        return self._person.touches[:MOST_TOUCHES]

    @property
    def colleagues(self) -> list[User]:
        return colleagues(self._tenant)

    @cached_property
    def _person(self) -> ContactPage:
        return ContactPage(self.contact or Contact(e164=self.reply.attempt.e164))


def _between(words: list[str]) -> str:
    """These words in a row, whatever marks stand between them."""
    return r"[^\w']+".join(re.escape(word).replace("'", "['\u2019]") for word in words)
