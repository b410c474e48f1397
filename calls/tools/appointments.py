"""Appointments: what is free, book, look up, move, cancel. What a tool returns can be said aloud.

Whose appointment it is, the number of the line says together with the name; the model cannot choose a number to look
behind. Somebody whose number is withheld can change what was booked in the same call, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from zoneinfo import ZoneInfo

from agentos.errors import DomainError
from agents.providers.limits import Evidence, Limits
from agents.tools import Arguments, Choices, Setting, Tool, ToolContext, ToolOutcome, parameters
from calls.calendar import booking
from calls.calendar.booking import Guest, NotFree, Wish
from calls.calendar.models import Appointment, Calendar
from calls.calendar.names import is_same_name
from calls.calendar.slots import DAY
from calls.calendar.spoken import joined, read_day, read_moment, say_clock, say_day, say_moment, some, start_of, written
from calls.numbers import read_number

PARTS = {"morning": (0, 12), "afternoon": (12, 17), "evening": (17, 24)}
LOOKS_AHEAD = 14 * DAY


@dataclass(frozen=True, slots=True)
class Desk:
    """One calendar, as one caller meets it."""

    context: ToolContext
    calendar: Calendar

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.calendar.zone)

    @property
    def number(self) -> str:
        return read_number(self.context.caller_number)

    def say(self, moment: datetime) -> str:
        """With the way in which tools take it, for the model to hand back."""
        return f"{say_moment(moment, self.zone, self.context.now)} ({written(moment, self.zone)})"

    def offers(self, moments: Sequence[datetime]) -> str:
        return f"Free instead: {joined([self.say(each) for each in moments])}." if moments else "Nothing else is free."

    def moment(self, text: str) -> datetime:
        moment = read_moment(text, self.zone)
        if moment is None:
            raise DomainError("unreadable", "The clock here never shows that time. Write it like 2026-11-24T10:30.")
        return moment

    def own(self, arguments: Arguments) -> Appointment:
        """The one appointment of this caller that the arguments mean. Says the same whether others have one or not."""
        found = self.all_own(arguments)
        if arguments.get("starts_at"):
            wished = self.moment(arguments["starts_at"])
            found = [each for each in found if each.starts_at == wished]
        if not found:
            raise DomainError("not_found", NONE_FOUND)
        if len(found) > 1:
            said = joined([self.say(each.starts_at) for each in found], "and")
            raise DomainError("which", f"There are several: {said}. Ask which one is meant.")
        return found[0]

    def all_own(self, arguments: Arguments) -> list[Appointment]:
        coming = booking.upcoming(self.number, self.context.call_id)
        return [
            each
            for each in coming.order_by("starts_at")
            if each.call_id == self.context.call_id or is_same_name(arguments["name"], each.name)
        ]


NONE_FOUND = (
    "No coming appointment under this name and the number of this call. If it was booked from another phone, "
    "a person has to change it: offer a call-back."
)

Act = Callable[[Desk, Arguments], ToolOutcome]


def at_the_desk(act: Act) -> Callable[[ToolContext, Arguments], ToolOutcome]:
    """Find the calendar, and tell the model in a sentence what a rule refused."""

    @wraps(act)
    def run(context: ToolContext, arguments: Arguments) -> ToolOutcome:
        desk = Desk(context, booking.calendar_named(str(context.settings.get("calendar", ""))))
        try:
            return act(desk, arguments)
        except NotFree as refused:
            return ToolOutcome(f"This time is not free. {desk.offers(refused.nearest)}", ok=False)
        except DomainError as refused:
            return ToolOutcome(refused.message, ok=False)

    return run


@at_the_desk
def check_availability(desk: Desk, arguments: Arguments) -> ToolOutcome:
    """A day, or from today on; the whole day or a part of it."""
    day = read_day(arguments["day"] or "")
    if arguments["day"] and day is None:
        return ToolOutcome("That is no day. Write it like 2026-11-24.", ok=False)
    now = desk.context.now
    since = start_of(day, desk.zone) if day else now
    until = since + DAY if day else since + LOOKS_AHEAD
    free = [each for each in booking.free_between(desk.calendar, since, until) if _within(each, desk, arguments)]
    if day is None:
        days = [each.astimezone(desk.zone).date() for each in free[:1]]
        free = [each for each in free if each.astimezone(desk.zone).date() in days]
    if not free:
        said = f"on {say_day(day, now.astimezone(desk.zone).date())}" if day else "in the next two weeks"
        return ToolOutcome(f"Nothing is free {said}. {desk.offers(booking.free_near(desk.calendar, since + DAY / 2))}")
    return ToolOutcome(_free(desk, free))


def _within(moment: datetime, desk: Desk, arguments: Arguments) -> bool:
    begins, ends = PARTS.get(arguments["part_of_day"] or "", (0, 24))
    return begins <= moment.astimezone(desk.zone).hour < ends


def _free(desk: Desk, free: Sequence[datetime]) -> str:
    local = free[0].astimezone(desk.zone)
    said = [f"{say_clock(each, desk.zone)} ({written(each, desk.zone)})" for each in some(free)]
    more = f" {len(free)} times are free in all; these are some." if len(free) > len(said) else ""
    day = say_day(local.date(), desk.context.now.astimezone(desk.zone).date())
    length = f"An appointment takes {desk.calendar.slot_minutes} minutes."
    return f"Free {day}: {joined(said, 'and')}.{more} {length} Offer two or three, not all."


@at_the_desk
def book_appointment(desk: Desk, arguments: Arguments) -> ToolOutcome:
    name = arguments["name"].strip()
    if not name:
        return ToolOutcome("Ask for the name first.", ok=False)
    said = arguments["number"] or ""
    number = read_number(said, like=desk.context.caller_number) if said else desk.number
    if said and not number:
        return ToolOutcome("That is no telephone number. Ask for it again.", ok=False)
    guest = Guest(name, number, (arguments["reason"] or "").strip())
    origin = booking.origin_of(desk.context.call_id, desk.context.key)
    booked = booking.book(desk.calendar, guest, Wish(desk.moment(arguments["starts_at"])), origin)
    return ToolOutcome(f"Booked for {booked.name}: {desk.say(booked.starts_at)}.")


@at_the_desk
def find_appointments(desk: Desk, arguments: Arguments) -> ToolOutcome:
    found = desk.all_own(arguments)
    if not found:
        return ToolOutcome(NONE_FOUND, ok=False)
    return ToolOutcome(f"Coming: {joined([desk.say(each.starts_at) for each in found], 'and')}.")


@at_the_desk
def move_appointment(desk: Desk, arguments: Arguments) -> ToolOutcome:
    own = desk.own(arguments)
    moved = booking.move(own, Wish(desk.moment(arguments["to"])))
    return ToolOutcome(f"Moved from {desk.say(own.starts_at)} to {desk.say(moved.starts_at)}.")


@at_the_desk
def cancel_appointment(desk: Desk, arguments: Arguments) -> ToolOutcome:
    canceled = booking.cancel(desk.own(arguments))
    return ToolOutcome(f"Canceled: {desk.say(canceled.starts_at)}. The time is free for others now.")


def calendars_on_offer() -> Choices:
    return (("", "The first one"), *((each.name, each.name) for each in booking.calendars()))


TEXT, MAYBE = {"type": "string"}, {"type": ["string", "null"]}
STARTS_AT = {"type": "string", "description": "On the clock of the business, like 2026-11-24T10:30."}
WHICH = MAYBE | {"description": "When it is now, like 2026-11-24T10:30; null when the caller has only one."}
NAME = TEXT | {"description": "The name it is under, as the caller said it."}
CALENDAR = Setting("calendar", "Calendar", offers=calendars_on_offer, longest=60)

TOOLS = (
    Tool(
        name="check_availability",
        title="Look into the calendar",
        hint="Tells callers which times are free.",
        description="Which times are free for an appointment. Ask it before you offer or promise a time.",
        parameters=parameters(
            day=MAYBE | {"description": "Like 2026-11-24. Null: the next day with something free."},
            part_of_day={"type": ["string", "null"], "enum": [*PARTS, None]},
        ),
        run=check_availability,
        effect=False,
        settings=(CALENDAR,),
    ),
    Tool(
        name="book_appointment",
        title="Book appointments",
        hint="Puts the caller into the calendar. Nobody else can take that time.",
        description="Book an appointment at a time that is free, once the caller has chosen it and given a name.",
        parameters=parameters(
            starts_at=STARTS_AT,
            name=TEXT | {"description": "The caller's full name, as they said it."},
            number=MAYBE | {"description": "Only when the caller gives another number than the one they call from."},
            reason=MAYBE | {"description": "What it is about, in a few words."},
        ),
        run=book_appointment,
        limits=Limits(per_call=5, per_turn=2, said={"number": Evidence.DIGITS}),
        settings=(CALENDAR,),
    ),
    Tool(
        name="find_appointments",
        title="Look up the caller’s appointments",
        hint="Only those booked from the caller’s own number, under their name.",
        description="When this caller's own coming appointments are.",
        parameters=parameters(name=NAME),
        run=find_appointments,
        effect=False,
    ),
    Tool(
        name="move_appointment",
        title="Move appointments",
        hint="Gives the caller another time. If that is taken, the old one stays.",
        description="Move this caller's appointment to another free time.",
        parameters=parameters(name=NAME, starts_at=WHICH, to=STARTS_AT),
        run=move_appointment,
        limits=Limits(per_call=5, per_turn=2),
    ),
    Tool(
        name="cancel_appointment",
        title="Cancel appointments",
        hint="After the caller has confirmed it. The time is free for others at once.",
        description="Cancel this caller's appointment. Say which one, and ask whether you should, first.",
        parameters=parameters(name=NAME, starts_at=WHICH),
        run=cancel_appointment,
        limits=Limits(per_call=5, per_turn=2, after_yes=True),
    ),
)
