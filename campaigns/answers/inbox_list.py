"""Which replies a person looks at: read from the address, as a list, as the one that is open, and as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.timezone import localtime, now

from agentos.tenants.models import User
from campaigns.answers.inbox import What
from campaigns.models import Campaign, Reply
from campaigns.outcomes import words_of

PER_PAGE = 25
OVERDUE = timedelta(minutes=10)  # from then on a recording that does not come is work as well
NAMES = ("show", "campaign", "proposed", "search", "page")
SHOWN = {"": "Open", "mine": "Mine", "handled": "Handled", "tests": "Test calls"}
SOUNDS = {
    "confirmed": "yes",
    "rescheduled": "another day",
    "canceled": "cancel",
    "opted_out": "stop calling",
    "wrong_person": "wrong person",
}
HEAD = (
    "Received",
    "Name",
    "Number",
    "Campaign",
    "Answered",
    "Words",
    "Sounds like",
    "How sure",
    "State",
    "Handled as",
    "By",
    "At",
    "Assigned to",
    "Note",
)


def open_replies() -> QuerySet[Reply]:
    """Everything that waits for a person, those who have waited longest first. Test calls leave no work."""
    late = Q(status=Reply.Status.FETCHING, received_at__lt=now() - OVERDUE)
    replies: QuerySet[Reply] = Reply.objects.filter(Q(status=Reply.Status.OPEN) | late)
    replies = replies.filter(attempt__campaign__is_test=False)
    return replies.order_by("received_at", "pk")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. What it cannot mean is taken as not asked."""

    show: str = ""
    campaign: str = ""
    proposed: str = ""
    search: str = ""
    page: int = 1

    @classmethod
    def read(cls, parameters: Mapping[str, Any]) -> Wanted:
        given = {name: str(parameters.get(name, "")).strip() for name in NAMES}
        return cls(
            show=given["show"] if given["show"] in SHOWN else "",
            campaign=given["campaign"] if _is_id(given["campaign"]) else "",
            proposed=given["proposed"] if given["proposed"] in (*SOUNDS, "unclear") else "",
            search=given["search"][:80].replace("\0", ""),
            page=max(1, int(given["page"])) if given["page"].isdecimal() and len(given["page"]) < 7 else 1,
        )

    @property
    def is_narrow(self) -> bool:
        return bool(self.campaign or self.proposed or self.search)

    def address(self, **changes: Any) -> str:
        """The part of an address that asks for this, with something changed; that leads to the first page."""
        return f"?{urlencode(replace(self, **({'page': 1} | changes)).asked)}"

    @property
    def here(self) -> str:
        return self.address(page=self.page)

    @property
    def asked(self) -> list[tuple[str, str]]:
        usual = Wanted()
        return [(name, str(value)) for name in NAMES if (value := getattr(self, name)) != getattr(usual, name)]

    def apply(self, user: User) -> QuerySet[Reply]:
        """The replies, in the order of the list."""
        if self.show == "handled":
            handled = Reply.objects.filter(status=Reply.Status.HANDLED, attempt__campaign__is_test=False)
            replies = handled.order_by("-handled_at", "-pk")
        elif self.show == "tests":
            replies = Reply.objects.filter(attempt__campaign__is_test=True).order_by("-received_at", "-pk")
        else:
            replies = open_replies()
        if self.show == "mine":
            replies = replies.filter(assigned_to=user)
        return self._narrowed(replies)

    def _narrowed(self, replies: QuerySet[Reply]) -> QuerySet[Reply]:
        if self.campaign:
            replies = replies.filter(attempt__campaign=UUID(self.campaign))
        if self.proposed:
            replies = replies.filter(proposed="" if self.proposed == "unclear" else self.proposed)
        if self.search:
            fits = Q(target__contact__name__icontains=self.search) | Q(transcript__icontains=self.search)
            if digits := "".join(each for each in self.search if each.isdigit()):
                replies = replies.annotate(digits=Cast("attempt__e164", CharField()))
                fits |= Q(digits__contains=digits)
            replies = replies.filter(fits)
        return replies


@dataclass(frozen=True, slots=True)
class Row:
    """One reply in the list."""

    reply: Reply
    sounds: str
    handled_as: str
    is_open: bool


class InboxList:
    """One page of replies, and the one that is open in it."""

    def __init__(self, wanted: Wanted, user: User, opened: Reply | None = None) -> None:
        self.wanted, self._user, self.opened = wanted, user, opened
        found = with_people(wanted.apply(user))
        self.page: Page[Reply] = Paginator(found, PER_PAGE).get_page(wanted.page)
        self._replies: list[Reply] = list(self.page)

    @property
    def rows(self) -> list[Row]:
        return [
            Row(each, sounds_like(each), said_words(each.disposition), each == self.opened) for each in self._replies
        ]

    @cached_property
    def shows(self) -> list[tuple[str, str, str, int]]:
        """The choices above the list: value, words, address, how many."""
        each = [(value, words, replace(self.wanted, show=value, page=1)) for value, words in SHOWN.items()]
        counted = [(value, words, wanted.address(), wanted.apply(self._user).count()) for value, words, wanted in each]
        return [chip for chip in counted if chip[0] != "tests" or chip[3] or self.wanted.show == "tests"]

    @property
    def menus(self) -> list[dict[str, Any]]:
        replied = Campaign.objects.filter(attempts__reply__isnull=False, is_test=self.wanted.show == "tests").distinct()
        campaigns = [("", "Any campaign"), *((str(pk), name) for pk, name in replied.values_list("pk", "name"))]
        sounds = [("", "Any answer"), *((value, f"Sounds like {w}") for value, w in SOUNDS.items())]
        sounds.append(("unclear", "Unclear"))
        return [self._menu("campaign", campaigns), self._menu("proposed", sounds)]

    def _menu(self, name: str, choices: list[tuple[str, str]]) -> dict[str, Any]:
        held = getattr(self.wanted, name)
        chosen = next((words for value, words in choices if value == held), choices[0][1])
        offered = [(words, self.wanted.address(**{name: value}), value == held) for value, words in choices]
        return {"id": name, "chosen": chosen, "holds": bool(held), "choices": offered}

    @property
    def next(self) -> Reply | None:
        """Below the one that is open; the first one where that is not on the list."""
        place = self._place
        return next(iter(self._replies[0 if place is None else place + 1 :]), None)

    @property
    def previous(self) -> Reply | None:
        return self._replies[self._place - 1] if self._place else None

    @property
    def _place(self) -> int | None:
        return self._replies.index(self.opened) if self.opened in self._replies else None


def with_people(replies: QuerySet[Reply]) -> QuerySet[Reply]:
    return replies.select_related("attempt__campaign", "attempt__call", "target__contact", "assigned_to", "handled_by")


def export_rows(replies: QuerySet[Reply]) -> Iterator[tuple[object, ...]]:
    """For a file: one row for each reply, as HEAD says."""
    for reply in with_people(replies).iterator(chunk_size=1000):
        contact = reply.target.contact
        yield (
            f"{localtime(reply.received_at):%Y-%m-%d %H:%M}",
            contact.name if contact else "",
            reply.attempt.e164,
            reply.attempt.campaign.name,
            how_answered(reply),
            reply.transcript,
            SOUNDS.get(reply.proposed, ""),
            f"{reply.confidence:.0%}" if reply.proposed else "",
            reply.get_status_display(),
            said_words(reply.disposition),
            reply.handled_by or ("" if not reply.disposition else "By rule"),
            f"{localtime(reply.handled_at):%Y-%m-%d %H:%M}" if reply.handled_at else "",
            reply.assigned_to or "",
            reply.note,
        )


def sounds_like(reply: Reply) -> str:
    """The proposal in words: how sure, and of what."""
    if reply.proposed not in SOUNDS:
        return "Unclear" if reply.transcript else ""
    if reply.proposed_by == Reply.Sorter.KEY:
        return f"Pressed {reply.because} for {SOUNDS[reply.proposed]}" if reply.because else "By key"
    return f"Sounds like {SOUNDS[reply.proposed]}, {reply.confidence:.0%} sure"


def how_answered(reply: Reply) -> str:
    """By what the answer reached us."""
    if reply.recording_sid:
        return "Recorded"
    if reply.attempt.call_id:
        return "In a conversation"
    return "By key" if reply.proposed_by == Reply.Sorter.KEY or reply.problem else "Said in the call"


def said_words(disposition: str) -> str:
    if not disposition:
        return ""
    return What(disposition).words if disposition in set(What) else words_of(disposition)


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
