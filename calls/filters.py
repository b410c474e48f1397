"""Which calls a person wants to see: read from the address of the list, and written back into addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from string import digits
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.after.models import Analysis
from calls.models import Call

Ending = Call.Ending
ENDED = Call.Status.ENDED


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several that a filter offers: its value in the address, its words, and which calls it means."""

    value: str
    words: str
    means: Q


def _ended(*endings: str) -> Q:
    return Q(status=ENDED, ending__in=endings)


STATES = (
    Choice("", "All", Q()),
    Choice("live", "In progress", ~Q(status=ENDED)),
    Choice("caller", "Caller hung up", _ended(Ending.CALLER, Ending.CARRIER)),
    Choice("agent", "Agent said goodbye", _ended(Ending.AGENT, Ending.LIMIT, Ending.TRANSFERRED, Ending.OPERATOR)),
    Choice("silence", "Fell silent", _ended(Ending.SILENCE)),
    Choice("unanswered", "Not answered", _ended(Ending.REFUSED, Ending.NO_ANSWER)),
    Choice("trouble", "Went wrong", _ended(Ending.FAILURE, Ending.MEDIA_LOST)),
)
DIRECTIONS = (
    Choice("", "Any direction", Q()),
    Choice("incoming", "Incoming", Q(channel=Call.Channel.PHONE, direction=Call.Direction.INBOUND)),
    Choice("outgoing", "Outgoing", Q(channel=Call.Channel.PHONE, direction=Call.Direction.OUTBOUND)),
    Choice("website", "From your website", Q(channel=Call.Channel.WEB)),
    Choice("test", "Test calls", Q(channel__in=[Call.Channel.BROWSER, Call.Channel.REHEARSAL])),
)
RESULTS = (
    Choice("", "Any result", Q()),
    *(Choice(value, words, Q(analysis__result=value)) for value, words in Analysis.Result.choices),
    Choice("unhappy", "Caller unhappy", Q(analysis__sentiment=Analysis.Sentiment.NEGATIVE)),
    Choice("criteria", "A criterion not met", Q(analysis__criteria__contains=[{"verdict": "not_met"}])),
)
DAYS = {"": "Any day", "today": "Today", "yesterday": "Yesterday", "week": "Last 7 days", "month": "Last 30 days"}
NAMES = ("state", "direction", "agent", "result", "day", "number", "page")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. What it cannot mean is taken as not asked."""

    state: str = ""
    direction: str = ""
    agent: str = ""
    result: str = ""
    day: str = ""
    number: str = ""
    page: int = 1

    @classmethod
    def read(cls, parameters: Mapping[str, Any], *, may_search: bool) -> Wanted:
        """`may_search`: by number, which would tell a person the digits that are hidden from them."""
        given = {name: str(parameters.get(name, "")).strip() for name in NAMES}
        return cls(
            state=_one_of(STATES, given["state"]),
            direction=_one_of(DIRECTIONS, given["direction"]),
            agent=given["agent"] if _is_id(given["agent"]) else "",
            result=_one_of(RESULTS, given["result"]),
            day=given["day"] if given["day"] in DAYS or _date(given["day"]) else "",
            number="".join(each for each in given["number"] if each in digits)[:15] if may_search else "",
            page=max(1, int(given["page"])) if given["page"].isdecimal() and len(given["page"]) < 7 else 1,
        )

    @property
    def is_narrow(self) -> bool:
        return replace(self, page=1) != Wanted()

    def address(self, **changes: Any) -> str:
        """The part of an address that asks for this, with something changed; that leads to the first page."""
        return f"?{urlencode(replace(self, **({'page': 1} | changes)).asked)}"

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What an address must say: everything that is not as usual."""
        usual = Wanted()
        return [(name, str(value)) for name in NAMES if (value := getattr(self, name)) != getattr(usual, name)]

    def apply(self, calls: QuerySet[Call]) -> QuerySet[Call]:
        return self.apply_rest(calls).filter(_meaning(STATES, self.state))

    def apply_rest(self, calls: QuerySet[Call]) -> QuerySet[Call]:
        """Everything but the state, so that states can be counted."""
        calls = calls.filter(_meaning(DIRECTIONS, self.direction), _meaning(RESULTS, self.result))
        if self.agent:
            calls = calls.filter(agent_id=self.agent)
        if self.number:
            calls = calls.filter(Q(from_number__contains=self.number) | Q(to_number__contains=self.number))
        first, last = _days(self.day)
        if first:
            calls = calls.filter(created_at__gte=_midnight(first))
        if last:
            calls = calls.filter(created_at__lt=_midnight(last + timedelta(days=1)))
        return calls


def _one_of(choices: tuple[Choice, ...], value: str) -> str:
    return value if any(choice.value == value for choice in choices) else ""


def _meaning(choices: tuple[Choice, ...], value: str) -> Q:
    return next(choice.means for choice in choices if choice.value == value)


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _days(value: str) -> tuple[date | None, date | None]:
    """The first and the last day, in the zone of the page."""
    today = timezone.localdate()
    match value:
        case "":
            return None, None
        case "today":
            return today, None
        case "yesterday":
            return today - timedelta(days=1), today - timedelta(days=1)
        case "week":
            return today - timedelta(days=6), None
        case "month":
            return today - timedelta(days=29), None
    return _date(value), _date(value)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())
