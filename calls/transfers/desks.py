"""Who of the business is there at a moment, and why others are not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from calls.calendar.models import Calendar
from calls.transfers.dialable import barred, enabled_countries
from calls.transfers.models import Colleague

NOT_AT_THE_MOMENT = "Not at the moment"
CLOSED = "Closed now"
NOT_CALLED = "Number is not called"


@dataclass(frozen=True, slots=True)
class Desk:
    """One person. `why_not` is empty for whoever may be rung now; `opens_at`: when they are there again, if known."""

    person: Colleague
    why_not: str = ""
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Department:
    """The people of a department, in the order in which they are tried."""

    name: str
    desks: list[Desk]

    @property
    def is_choice(self) -> bool:
        """Whether more than one of them is there, so that the department can be asked for as a whole."""
        return len([desk for desk in self.desks if not desk.why_not]) > 1


def available(department: str, at: datetime, *, person_id: int | None = None) -> list[Colleague]:
    """Who may be put through to now, in the order in which they are tried; of one department, or of all."""
    wanted = department.strip().casefold()
    return [
        person
        for person, is_there in _present(at, Calendar.objects.first())
        if is_there
        and (not wanted or person.department.casefold() == wanted)
        and (person_id is None or person.pk == person_id)
    ]


def departments() -> list[str]:
    """Those that have people, in their order."""
    return list(dict.fromkeys(Colleague.objects.values_list("department", flat=True)))


def desks(at: datetime) -> list[Department]:
    """Everybody, by department, with who is there now and why the others are not."""
    calendar = Calendar.objects.first()
    opens_at = calendar.rules.next_opening(at) if calendar is not None else None
    countries = enabled_countries()
    found = [_desk(person, countries, opens_at, is_there=is_there) for person, is_there in _present(at, calendar)]
    return [Department(name, list(each)) for name, each in groupby(found, lambda desk: desk.person.department)]


def _desk(person: Colleague, countries: frozenset[str], opens_at: datetime | None, *, is_there: bool) -> Desk:
    if barred(person.address, countries=countries):
        return Desk(person, NOT_CALLED)
    if is_there:
        return Desk(person)
    if person.when == Colleague.When.NEVER:
        return Desk(person, NOT_AT_THE_MOMENT)
    return Desk(person, CLOSED, opens_at)


def _present(at: datetime, calendar: Calendar | None) -> Iterable[tuple[Colleague, bool]]:
    there = {Colleague.When.ALWAYS: True, Colleague.When.OPEN: calendar is None or calendar.is_open(at)}
    return [(person, there.get(Colleague.When(person.when), False)) for person in Colleague.objects.all()]
