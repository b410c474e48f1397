"""Booking for real: once, for one of those who ask at once, and never over another."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.calendar import booking
from calls.calendar.booking import Guest, NotFree, Origin, Wish
from calls.calendar.models import Appointment, Calendar
from tests import factories

MAYA = Guest("Maya Ortiz", "+12085550147", "Cleaning")
ALWAYS = {str(weekday): [["00:00", "00:00"]] for weekday in range(7)}


@pytest.fixture
def calendar(tenant: Tenant) -> Calendar:
    """Open day and night, with appointments of half an hour."""
    with tenant_transaction(tenant):
        return Calendar.objects.create(zone="America/Boise", hours=ALWAYS)


@pytest.fixture
def slot(calendar: Calendar) -> datetime:
    """A free moment some days ahead."""
    since = now() + timedelta(days=3)
    with tenant_transaction(calendar.tenant_id):
        return booking.free_between(calendar, since, since + timedelta(hours=2))[0]


def in_tenant(calendar: Calendar, act: Callable[[], Appointment]) -> Appointment:
    with tenant_transaction(calendar.tenant_id):
        return act()


def book(calendar: Calendar, slot: datetime, guest: Guest = MAYA, **origin: object) -> Appointment:
    with tenant_transaction(calendar.tenant_id):
        return booking.book(calendar, guest, Wish(slot), Origin(**origin))  # type: ignore[arg-type]


def test_a_free_time_is_booked_and_then_not_free(calendar: Calendar, slot: datetime) -> None:
    appointment = book(calendar, slot)

    assert (appointment.ends_at - appointment.starts_at, appointment.reason) == (timedelta(minutes=30), "Cleaning")
    with pytest.raises(NotFree) as refused:
        book(calendar, slot, Guest("Tom"))
    assert {slot - timedelta(minutes=30), slot + timedelta(minutes=30)} <= set(refused.value.nearest)


@pytest.mark.django_db(transaction=True)
def test_of_two_callers_who_ask_at_once_one_gets_it_and_the_other_hears_what_is_free(
    calendar: Calendar, slot: datetime
) -> None:
    together = Barrier(2)

    def ask(name: str) -> Appointment | NotFree:
        try:
            together.wait(5)
            return book(calendar, slot, Guest(name))
        except NotFree as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(ask, ["Maya", "Tom"]))

    assert sorted(type(each).__name__ for each in got) == ["Appointment", "NotFree"]
    [refused] = [each for each in got if isinstance(each, NotFree)]
    assert slot + timedelta(minutes=30) in refused.nearest


def test_the_database_itself_refuses_what_overlaps(calendar: Calendar, slot: datetime) -> None:
    taken = book(calendar, slot)
    end = slot + timedelta(minutes=40)

    with tenant_transaction(calendar.tenant_id):
        again = {"calendar": calendar, "name": "Tom", "ends_at": end, "free_at": end}
        with pytest.raises(IntegrityError, match="never_overlap"), transaction.atomic():
            Appointment.objects.create(starts_at=slot + timedelta(minutes=10), **again)
        Appointment.objects.create(starts_at=taken.free_at, **again)


def test_a_repeated_request_books_once(calendar: Calendar, slot: datetime, agent: Agent) -> None:
    call = factories.make_call(agent)

    booked = {book(calendar, slot, key="call:1").pk, book(calendar, slot, key="call:1").pk}
    later = slot + timedelta(hours=3)
    of_one_call = {book(calendar, later, key=key, call_id=call.pk).pk for key in ("call:2", "call:3")}

    assert (len(booked), len(of_one_call)) == (1, 1)


def test_moving_frees_the_old_time_and_a_refused_move_changes_nothing(calendar: Calendar, slot: datetime) -> None:
    later = slot + timedelta(hours=1)
    maya = book(calendar, slot)
    tom = book(calendar, later, Guest("Tom"))

    with pytest.raises(NotFree):
        in_tenant(calendar, lambda: booking.move(maya, Wish(later)))
    assert in_tenant(calendar, lambda: Appointment.objects.get(pk=maya.pk)).starts_at == slot
    moved = in_tenant(calendar, lambda: booking.move(tom, Wish(later + timedelta(minutes=30))))
    assert moved.free_at == later + timedelta(hours=1)
    assert book(calendar, later, Guest("Ida")).is_booked


def test_a_canceled_time_is_free_again_and_stays_canceled(calendar: Calendar, slot: datetime) -> None:
    maya = book(calendar, slot)

    first = in_tenant(calendar, lambda: booking.cancel(maya))
    again = in_tenant(calendar, lambda: booking.cancel(maya))

    assert (again.state, again.canceled_at) == ("canceled", first.canceled_at)
    assert book(calendar, slot, Guest("Tom")).is_booked


def test_the_pause_after_an_appointment_belongs_to_it(calendar: Calendar) -> None:
    with tenant_transaction(calendar.tenant_id):
        Calendar.objects.update(buffer_minutes=15)
        calendar.refresh_from_db()
        since = now() + timedelta(days=3)
        first = booking.free_between(calendar, since, since + timedelta(hours=2))[0]
        booking.book(calendar, MAYA, Wish(first), Origin())

        with pytest.raises(NotFree):
            booking.book(calendar, MAYA, Wish(first + timedelta(minutes=30), by_hand=True), Origin())
        assert booking.book(calendar, MAYA, Wish(first + timedelta(minutes=45)), Origin()).is_booked


def test_only_a_person_books_outside_of_the_hours(calendar: Calendar, slot: datetime) -> None:
    with tenant_transaction(calendar.tenant_id):
        Calendar.objects.update(hours={})

        with pytest.raises(NotFree):
            booking.book(calendar, MAYA, Wish(slot), Origin())
        long = Wish(slot + timedelta(minutes=7), timedelta(minutes=90), by_hand=True)
        assert booking.book(calendar, MAYA, long, Origin()).ends_at == slot + timedelta(minutes=97)


def test_what_is_coming_is_found_by_number_or_by_call_and_for_nobody_else(
    calendar: Calendar, slot: datetime, agent: Agent
) -> None:
    call = factories.make_call(agent, from_number="anonymous")
    maya = book(calendar, slot)
    withheld = book(calendar, slot + timedelta(hours=1), Guest("Ida"), call_id=call.pk)

    with tenant_transaction(calendar.tenant_id):
        assert list(booking.upcoming("+12085550147", None)) == [maya]
        assert list(booking.upcoming("", call.pk)) == [withheld]
        assert list(booking.upcoming("", None)) == []
        assert list(booking.upcoming("+15035550199", None)) == []


def test_the_neighbour_sees_and_takes_nothing(calendar: Calendar, slot: datetime, other_tenant: Tenant) -> None:
    book(calendar, slot)

    with tenant_transaction(other_tenant):
        assert not booking.calendars().exists()
        assert list(booking.upcoming("+12085550147", None)) == []
        assert booking.usual_calendar().pk is None
