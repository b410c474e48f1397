"""A week as it is drawn: one column a day, one row each quarter of an hour, and what fills them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.template.defaultfilters import capfirst

from calls.calendar.models import Appointment, Calendar
from calls.calendar.slots import DAY, MIDNIGHT, Span
from calls.calendar.spoken import clock_of

HOUR, WHOLE_DAY = 60, 24 * 60
COARSE, FINE = 15, 5
USUAL_HOURS = (9 * HOUR, 17 * HOUR)
WEEKEND = 5
SHORT = 20  # minutes in which only one line of words has room


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of one day: an appointment, time that is taken elsewhere, open, or closed."""

    rows: int
    kind: str
    starts_at: datetime
    appointment: Appointment | None = None
    is_short: bool = False


@dataclass(slots=True)
class Row:
    """What begins in one quarter of an hour; `hour` where an hour begins, with how many rows it has."""

    hour: str = ""
    rows: int = 0
    cells: list[Cell] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Day:
    """A day: what is open, and who comes."""

    date: date
    is_today: bool
    closed: str
    """Why nobody works, or nothing."""
    open: Sequence[tuple[int, int]]
    """From and to, in minutes."""
    appointments: Sequence[Appointment]

    @property
    def hours(self) -> str:
        if self.closed:
            return self.closed
        return ", ".join(f"{_said(opens)} – {_said(closes)}" for opens, closes in self.open) or "Closed"

    @property
    def doors(self) -> str:
        """When the first opens and the last closes, in a word or two."""
        if self.closed or not self.open:
            return self.hours
        return f"{_said(self.open[0][0])} – {_said(self.open[-1][1])}"

    @property
    def booked(self) -> int:
        return sum(each.is_booked for each in self.appointments)


class Week:
    """Seven days from Monday on. Saturday and Sunday are drawn only when there is something to see."""

    def __init__(
        self,
        calendar: Calendar,
        around: date,
        appointments: Iterable[Appointment],
        now: datetime,
        *,
        busy: Sequence[Span] = (),
    ) -> None:
        self.calendar, self.now, self.zone = calendar, now, ZoneInfo(calendar.zone)
        self.monday = around - around.weekday() * DAY
        self._appointments, self._busy = list(appointments), busy
        self.days = [self._day(self.monday + place * DAY) for place in range(7)]
        self.drawn = [day for day in self.days if self._is_drawn(day)]

    @classmethod
    def span(cls, calendar: Calendar, around: date) -> tuple[datetime, datetime]:
        """From when until when appointments are needed to draw it."""
        monday = datetime.combine(around - around.weekday() * DAY, time(), tzinfo=ZoneInfo(calendar.zone))
        return monday, monday + 7 * DAY

    @property
    def previous(self) -> date:
        return self.monday - 7 * DAY

    @property
    def next(self) -> date:
        return self.monday + 7 * DAY

    @property
    def is_this_one(self) -> bool:
        return self.monday <= self._today <= self.monday + 6 * DAY

    @property
    def title(self) -> str:
        """November 23 – 29, 2026"""
        last = self.monday + 6 * DAY
        ends = f"{last.day}" if last.month == self.monday.month else f"{last:%B} {last.day}"
        return f"{self.monday:%B} {self.monday.day} – {ends}, {last.year}"

    @property
    def booked(self) -> int:
        return sum(day.booked for day in self.days)

    def rows(self) -> list[Row]:
        step, (first, last) = self._step(), self._hours()
        rows = [Row() for _ in range((last - first) // step)]
        for minute in range(first, last, HOUR):
            rows[(minute - first) // step].hour, rows[(minute - first) // step].rows = _said(minute), HOUR // step
        for day in self.drawn:
            for begins, cell in self._cells(day, first, last, step):
                rows[(begins - first) // step].cells.append(cell)
        return rows

    @property
    def _today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def _day(self, day: date) -> Day:
        closed = self.calendar.closed_days.why(day) or ""
        stretches = self.calendar.rules.stretches(day)
        opened = sorted((_minutes(opens), _minutes(closes) or WHOLE_DAY) for opens, closes in stretches)
        comes = [each for each in self._appointments if self._local(each.starts_at).date() == day]
        return Day(day, day == self._today, capfirst(closed), opened, comes)

    def _is_drawn(self, day: Day) -> bool:
        return day.date.weekday() < WEEKEND or bool(day.open or day.booked)

    def _hours(self) -> tuple[int, int]:
        """The first and the last hour that anything happens in."""
        edges = [edge for day in self.drawn for stretch in day.open for edge in stretch]
        edges += [edge for day in self.drawn for each in day.appointments for edge in self._edges(each)]
        edges = edges or [*USUAL_HOURS]
        return min(edges) // HOUR * HOUR, -(-max(edges) // HOUR) * HOUR

    def _step(self) -> int:
        """Quarters of an hour, and finer only where something does not begin or end on one."""
        edges = [edge for day in self.drawn for each in day.appointments for edge in self._edges(each)]
        edges += [edge for day in self.drawn for stretch in day.open for edge in stretch]
        return FINE if any(edge % COARSE for edge in edges) else COARSE

    def _edges(self, appointment: Appointment) -> tuple[int, int]:
        starts = self._local(appointment.starts_at)
        begins = _minutes(starts.time())
        length = int((appointment.ends_at - appointment.starts_at) / timedelta(minutes=1))
        return begins, min(WHOLE_DAY, begins + max(length, FINE))

    def _cells(self, day: Day, first: int, last: int, step: int) -> Iterator[tuple[int, Cell]]:
        free = first
        for starts, ends, each in self._taken(day, first, last):
            begins = max(free, starts // step * step)
            until = min(last, max(begins + step, -(-ends // step) * step))
            yield from self._empty(day, free, begins, step)
            if until > begins:
                moment = each.starts_at if each else self._moment(day, begins)
                kind = "booked" if each else "busy"
                yield begins, Cell((until - begins) // step, kind, moment, each, ends - starts <= SHORT)
            free = max(free, until)
        yield from self._empty(day, free, last, step)

    def _taken(self, day: Day, first: int, last: int) -> list[tuple[int, int, Appointment | None]]:
        """What fills the day, in order: whom we expect, and what is taken elsewhere, as far as it is drawn."""
        found: list[tuple[int, int, Appointment | None]] = [
            (*self._edges(each), each) for each in day.appointments if each.is_booked
        ]
        midnight = datetime.combine(day.date, time(), tzinfo=self.zone)
        for each in self._busy:
            if each.ends <= midnight or each.starts >= midnight + DAY:
                continue
            starts = 0 if each.starts < midnight else _minutes(self._local(each.starts).time())
            ends = WHOLE_DAY if each.ends >= midnight + DAY else _minutes(self._local(each.ends).time())
            if starts < last and ends > first:
                found.append((max(first, starts), min(last, ends), None))
        return sorted(found, key=lambda each: each[:2])

    def _empty(self, day: Day, begins: int, ends: int, step: int) -> Iterator[tuple[int, Cell]]:
        """Time that is not booked, parted at each hour and wherever the doors open or close."""
        doors = {edge // step * step for stretch in day.open for edge in stretch}
        cuts = sorted({begins, ends, *(cut for cut in {*range(0, WHOLE_DAY, HOUR), *doors} if begins < cut < ends)})
        for start, end in pairwise(cuts):
            moment = self._moment(day, start)
            is_open = any(opens <= start and end <= -(-closes // step) * step for opens, closes in day.open)
            kind = "closed" if not is_open else "past" if moment < self.now else "open"
            yield start, Cell((end - start) // step, kind, moment)

    def _moment(self, day: Day, minute: int) -> datetime:
        return datetime.combine(day.date, time(minute // HOUR, minute % HOUR), tzinfo=self.zone)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)


def _minutes(at: time) -> int:
    return at.hour * HOUR + at.minute


def _said(minutes: int) -> str:
    """540 → 9 AM"""
    at = time() if minutes >= WHOLE_DAY else time(minutes // HOUR, minutes % HOUR)
    return "midnight" if at == MIDNIGHT else clock_of(at)
