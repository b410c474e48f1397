"""Book, move and cancel. Each works inside the active tenant, and one at a time for each calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.log import record
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agentos.webhooks.events import emit
from calls.calendar.google import link_of, taken_there
from calls.calendar.models import Appointment, Calendar
from calls.calendar.slots import DAY, NEAR_DAYS, Span, free_starts, may_begin, nearest
from calls.models import Call

OVERLAP = "appointments_never_overlap"


class NotFree(DomainError):
    """Nobody can come then. `nearest` are the free moments around it."""

    def __init__(self, free: Sequence[datetime]) -> None:
        super().__init__("not_free", "This time is not free.")
        self.nearest = free


@dataclass(frozen=True, slots=True)
class Guest:
    """Who comes, as far as they said."""

    name: str
    e164: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """When somebody wants to come. `by_hand`: a person decided it, who may do so outside of the opening hours."""

    starts_at: datetime
    length: timedelta | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a booking comes from. The same `key` books once."""

    call_id: UUID | None = None
    key: str | None = None
    person: User | None = None


def origin_of(call_id: UUID, key: str) -> Origin:
    """Where a tool comes from. A call whose row has not arrived yet cannot be pointed at."""
    return Origin(call_id=call_id if Call.objects.filter(pk=call_id).exists() else None, key=key)


def calendars() -> QuerySet[Calendar]:
    """All of the business, the first one first."""
    found: QuerySet[Calendar] = Calendar.objects.all()
    return found


def usual_calendar() -> Calendar:
    """The first calendar of the business; before it has one, what the first would be, not saved."""
    first: Calendar | None = Calendar.objects.first()
    return first or Calendar(zone=Tenant.objects.get(pk=current_tenant_id()).timezone)


def calendar_named(name: str) -> Calendar:
    """The calendar of this name; where there is none, the usual one."""
    found: Calendar | None = Calendar.objects.filter(name__iexact=name).first() if name else None
    return found or usual_calendar()


def kept(calendar: Calendar) -> Calendar:
    """The calendar, saved if it was not: two who do so at once keep one."""
    if calendar.pk is None:
        calendar, _ = Calendar.objects.get_or_create(name=calendar.name, defaults={"zone": calendar.zone})
    return calendar


def free_between(calendar: Calendar, since: datetime, until: datetime) -> list[datetime]:
    """When an appointment may begin, in order. Raises DomainError when nobody knows what is taken."""
    span = Span(since - DAY, until + DAY)
    busy = [*taken(calendar, span), *taken_there(calendar, span)]
    return list(free_starts(calendar.rules, busy, now=now(), since=since, until=until))


def free_near(calendar: Calendar, wished: datetime) -> list[datetime]:
    """The free moments nearest to a wish."""
    span = _around(wished)
    return _nearest(calendar, wished, [*taken(calendar, span), *taken_there(calendar, span)])


def _around(wished: datetime) -> Span:
    return Span(wished - (NEAR_DAYS[-1] + 1) * DAY, wished + (NEAR_DAYS[-1] + 1) * DAY)


def _nearest(calendar: Calendar, wished: datetime, busy: Sequence[Span]) -> list[datetime]:
    return nearest(calendar.rules, busy, wished, now=now())


def taken(calendar: Calendar, span: Span, *, but: Appointment | None = None) -> list[Span]:
    """What is booked here and keeps others away."""
    booked = Appointment.objects.filter(calendar_id=calendar.pk, state=Appointment.State.BOOKED)
    if but is not None:
        booked = booked.exclude(pk=but.pk)
    own = booked.filter(starts_at__lt=span.ends, free_at__gt=span.starts).values_list("starts_at", "free_at")
    return [Span(*each) for each in own]


def book(calendar: Calendar, guest: Guest, wish: Wish, origin: Origin) -> Appointment:
    """Give the time to the guest. Raises NotFree. The same key, and the same time within one call, book once."""
    there = _taken_there(calendar, wish)
    with tenant_transaction(current_tenant_id()):
        calendar = Calendar.objects.select_for_update().get(pk=kept(calendar).pk)
        earlier = _booked_already(calendar, wish, origin)
        if earlier is not None:
            return earlier
        appointment = Appointment(
            calendar=calendar,
            name=guest.name[:120],
            e164=guest.e164,
            reason=guest.reason[:200],
            call_id=origin.call_id,
            key=origin.key,
            booked_by=origin.person,
        )
        _place(appointment, calendar, wish, there)
        _tell("booked", appointment)
        return appointment


def move(appointment: Appointment, wish: Wish) -> Appointment:
    """Give the guest another time. Raises NotFree; then the appointment stays where it was."""
    there = _taken_there(appointment.calendar, wish)
    with tenant_transaction(current_tenant_id()):
        calendar = Calendar.objects.select_for_update().get(pk=appointment.calendar_id)
        moved: Appointment = Appointment.objects.get(pk=appointment.pk)
        if not moved.is_booked:
            raise DomainError("canceled", "This appointment was canceled.")
        length = wish.length or moved.ends_at - moved.starts_at
        if (moved.starts_at, moved.ends_at) != (wish.starts_at, wish.starts_at + length):
            before = moved.starts_at
            moved.revise(now())
            _place(moved, calendar, Wish(wish.starts_at, length, wish.by_hand), there)
            _tell("moved", moved, before=before.isoformat())
        return moved


def cancel(appointment: Appointment) -> Appointment:
    """Free the time. Canceled twice is canceled once."""
    with tenant_transaction(current_tenant_id()):
        canceled: Appointment = Appointment.objects.select_for_update().get(pk=appointment.pk)
        if canceled.is_booked:
            canceled.state, canceled.canceled_at = Appointment.State.CANCELED, now()
            canceled.revise(canceled.canceled_at)
            canceled.key = None  # the same wish may be had again
            canceled.save(update_fields=["state", "canceled_at", "key", "changed_at", "revision"])
            _tell("canceled", canceled)
        return canceled


def upcoming(number: str, call_id: UUID | None) -> QuerySet[Appointment]:
    """What is booked for a number from now on, and what was booked in this call; nothing for nobody."""
    booked = Appointment.objects.filter(state=Appointment.State.BOOKED, ends_at__gt=now()).select_related("calendar")
    theirs = Q(e164=number) if number else Q(pk=None)
    found: QuerySet[Appointment] = booked.filter(theirs | Q(call_id=call_id) if call_id else theirs)
    return found


def _booked_already(calendar: Calendar, wish: Wish, origin: Origin) -> Appointment | None:
    if origin.key:
        found: Appointment | None = Appointment.objects.filter(key=origin.key).first()
        if found is not None:
            return found
    if origin.call_id is None:
        return None
    again: Appointment | None = Appointment.objects.filter(
        calendar=calendar, call_id=origin.call_id, starts_at=wish.starts_at, state=Appointment.State.BOOKED
    ).first()
    return again


def _taken_there(calendar: Calendar, wish: Wish) -> list[Span]:
    """Asked before the calendar is locked. What a person decides by hand waits for nobody."""
    return [] if wish.by_hand else taken_there(calendar, _around(wish.starts_at))


def _place(appointment: Appointment, calendar: Calendar, wish: Wish, there: Sequence[Span]) -> None:
    """Save it at the time of the wish, if that is free. The lock of the calendar is held."""
    rules, start = calendar.rules, wish.starts_at
    length = wish.length or rules.length
    others = [*taken(calendar, _around(start), but=appointment), *there]
    appointment.starts_at, appointment.ends_at = start, start + length
    appointment.free_at = appointment.ends_at + rules.buffer
    wanted = Span(start, appointment.free_at)
    is_free = not any(wanted.overlaps(each) for each in others)
    if not is_free or not (wish.by_hand or may_begin(rules, others, start, now=now())):
        raise NotFree(_nearest(calendar, start, others))
    try:
        with transaction.atomic():
            appointment.save()
    except IntegrityError as error:  # the lock makes it impossible; the constraint makes it certain
        if OVERLAP not in str(error):
            raise
        raise NotFree(_nearest(calendar, start, others)) from error


def _told(appointment: Appointment) -> dict[str, Any]:
    return {
        "appointment_id": str(appointment.pk),
        "call_id": str(appointment.call_id) if appointment.call_id else None,
        "name": appointment.name,
        "number": appointment.e164,
        "reason": appointment.reason,
        "starts_at": appointment.starts_at,
        "ends_at": appointment.ends_at,
    }


def _tell(what: str, appointment: Appointment, **details: str) -> None:
    """The log of the business, its own systems, and Google where the calendar is also kept there."""
    words = f"{what.capitalize()} an appointment"
    key = f"appointment.{what}:{appointment.pk}:{now().isoformat()}"
    emit(f"appointment.{what}", lambda: _told(appointment) | details, key=key)
    record(f"appointment.{what}", words, subject=f"appointment {appointment.pk}", **details)
    if link_of(appointment.calendar):
        enqueue("calls.tasks.mirror_appointment", appointment.pk)
