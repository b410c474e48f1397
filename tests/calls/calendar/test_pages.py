"""The pages of the calendar: what a receptionist sees and does there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from agentos.tenants.models import LogEntry, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.calendar import booking, feed, icalendar
from calls.calendar.booking import Guest, Origin, Wish
from calls.calendar.spoken import read_moment
from calls.models import Appointment, Calendar
from tests import factories
from tests.conftest import SignIn

FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC)  # 11 AM in Boise
TUESDAY = datetime(2026, 11, 24, 17, tzinfo=UTC)  # 10 AM
BOISE = ZoneInfo("America/Boise")
PAGE = "/t/juniper-dental/calendar/"
NEW = {"name": "Tom Reyes", "number": "208 555 0190", "day": "2026-11-24", "at": "10:15", "minutes": "45", "reason": ""}


@pytest.fixture(autouse=True)
def friday() -> object:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture
def calendar(tenant: Tenant) -> Calendar:
    with tenant_transaction(tenant):
        return Calendar.objects.create(zone="America/Boise")


@pytest.fixture
def maya(calendar: Calendar, agent: Agent) -> Appointment:
    """Booked in a call, for Tuesday at ten."""
    call = factories.make_call(agent)
    with tenant_transaction(calendar.tenant_id):
        guest = Guest("Maya Ortiz", "+12085550147", "Cleaning")
        return booking.book(calendar, guest, Wish(TUESDAY), Origin(call_id=call.pk))


@pytest.fixture
def desk(sign_in: SignIn, member: User) -> Client:
    return sign_in(member)


def words(body: bytes) -> str:
    text = re.sub(r"<[^>]+>", " ", body.decode())
    return " ".join(text.replace("\u00a0", " ").split())


def booked(tenant: Tenant) -> list[tuple[str, datetime, timedelta, str]]:
    with tenant_transaction(tenant):
        return [
            (each.name, each.starts_at, each.ends_at - each.starts_at, each.state) for each in Appointment.objects.all()
        ]


def test_a_week_shows_who_comes_when_and_an_empty_one_the_hours(desk: Client, maya: Appointment) -> None:
    page = words(desk.get(f"{PAGE}?week=2026-11-24").content)

    assert "November 23 – 29, 2026" in page
    assert "Maya Ortiz 10:00 AM Cleaning" in page
    assert "9 AM – 5 PM" in words(desk.get(PAGE).content)


def test_who_opens_the_calendar_on_a_weekend_sees_the_week_to_come(desk: Client) -> None:
    with time_machine.travel(FRIDAY + timedelta(days=1), tick=False):
        assert "November 23 – 29, 2026" in words(desk.get(PAGE).content)
        assert "November 16 – 22, 2026" in words(desk.get(f"{PAGE}?week=2026-11-21").content)
    assert "November 16 – 22, 2026" in words(desk.get(PAGE).content)


def test_an_appointment_shows_who_booked_it_and_leads_to_the_call(desk: Client, maya: Appointment) -> None:
    answer = desk.get(f"{PAGE}{maya.pk}/")

    assert "Booked by Front desk" in words(answer.content)
    assert f"/t/juniper-dental/calls/{maya.call_id}/" in answer.content.decode()


def test_a_person_books_by_hand_also_outside_of_the_hours(desk: Client, tenant: Tenant, calendar: Calendar) -> None:
    desk.post(PAGE, NEW | {"at": "19:00"})

    assert booked(tenant) == [("Tom Reyes", TUESDAY + timedelta(hours=9), timedelta(minutes=45), "booked")]


def test_the_first_booking_of_a_business_makes_its_calendar(desk: Client, tenant: Tenant) -> None:
    assert desk.post(PAGE, NEW).status_code == 302
    assert len(booked(tenant)) == 1


def test_two_at_once_are_refused_with_what_is_free(desk: Client, tenant: Tenant, maya: Appointment) -> None:
    answer = desk.post(PAGE, NEW)

    assert answer.status_code == 422
    assert "Somebody else comes then. Free: Tuesday, November 24 at 9:30 AM" in words(answer.content)
    assert len(booked(tenant)) == 1


def test_an_appointment_is_moved_and_canceled_by_hand(desk: Client, tenant: Tenant, maya: Appointment) -> None:
    later = {"action": "move", "day": "2026-11-25", "at": "11:20", "minutes": "60"}
    desk.post(f"{PAGE}{maya.pk}/", later)
    moved = TUESDAY + timedelta(days=1, hours=1, minutes=20)
    assert booked(tenant) == [("Maya Ortiz", moved, timedelta(hours=1), "booked")]

    desk.post(f"{PAGE}{maya.pk}/", {"action": "cancel"})
    assert booked(tenant) == [("Maya Ortiz", moved, timedelta(hours=1), "canceled")]
    assert "Canceled" in words(desk.get(f"{PAGE}{maya.pk}/").content)


def test_the_list_is_searched_by_name_and_by_number(desk: Client, maya: Appointment) -> None:
    assert "Maya Ortiz" in words(desk.get(f"{PAGE}?view=list").content)
    assert "Maya Ortiz" in words(desk.get(f"{PAGE}?view=list&search=0147").content)
    assert "Nobody found" in words(desk.get(f"{PAGE}?view=list&search=Tom").content)


def test_a_viewer_sees_the_calendar_without_whole_numbers_and_changes_nothing(
    sign_in: SignIn, viewer: User, tenant: Tenant, maya: Appointment
) -> None:
    browser = sign_in(viewer)
    page = browser.get(f"{PAGE}{maya.pk}/").content

    assert "(208) 555-••47" in words(page)
    assert b"0147" not in page
    assert "Nobody found" in words(browser.get(f"{PAGE}?view=list&search=0147").content)
    assert browser.post(f"{PAGE}{maya.pk}/", {"action": "cancel"}).status_code == 403
    assert booked(tenant)[0][3] == "booked"


def hours(**changes: str) -> dict[str, str]:
    rest = {"name": "Appointments", "zone": "America/Boise", "slot_minutes": "60", "buffer_minutes": "15"}
    return rest | {"lead_minutes": "60", "horizon_days": "30"} | changes


def test_opening_hours_and_days_off_are_what_agents_offer(desk: Client, tenant: Tenant) -> None:
    morning = {"first_opens_1": "08:00", "first_closes_1": "11:00"}
    afternoon = {"second_opens_1": "13:00", "second_closes_1": "14:00"}
    off = {"off_from_0": "2026-12-01", "off_note_0": "Inventory"}

    assert desk.post(f"{PAGE}hours/", hours(**morning, **afternoon, **off)).status_code == 302

    with tenant_transaction(tenant):
        calendar = booking.usual_calendar()
        free = booking.free_between(calendar, FRIDAY, FRIDAY + timedelta(days=14))
        assert LogEntry.objects.get().what == "calendar.saved"
    assert [f"{each:%d %H:%M}" for each in free] == ["24 15:00", "24 16:15", "24 20:00"]
    assert "Inventory" in words(desk.get(f"{PAGE}?week=2026-12-01").content)


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_opens_1": "08:00"},
        {"first_opens_1": "11:00", "first_closes_1": "08:00"},
        {"first_opens_1": "08:00", "first_closes_1": "11:00", "second_opens_1": "10:00", "second_closes_1": "12:00"},
        {"off_from_0": "2026-12-03", "off_to_0": "2026-12-01"},
        {"zone": "Mars/Phobos"},
    ],
)
def test_hours_that_make_no_sense_are_not_saved(desk: Client, calendar: Calendar, wrong: dict[str, str]) -> None:
    assert desk.post(f"{PAGE}hours/", hours(**wrong)).status_code == 422

    with tenant_transaction(calendar.tenant_id):
        assert booking.usual_calendar().hours == calendar.hours


def test_the_feed_is_read_without_signing_in_until_its_address_is_withdrawn(
    desk: Client, client: Client, maya: Appointment, sign_in: SignIn, viewer: User
) -> None:
    desk.post(f"{PAGE}hours/", {"action": "share"})
    [address] = set(re.findall(r"http[^\"<]+\.ics", desk.get(f"{PAGE}hours/").content.decode()))
    path = re.sub(r"^http://[^/]+", "", address)

    feed = client.get(path)
    assert feed["Content-Type"].startswith("text/calendar")
    assert b"DTSTART:20261124T170000Z\r\nDTEND:20261124T173000Z\r\nSUMMARY:Maya Ortiz\r\n" in feed.content
    assert b".ics" not in sign_in(viewer).get(f"{PAGE}hours/").content
    assert client.get(path.replace(".ics", "x.ics")).status_code == 404
    desk.post(f"{PAGE}hours/", {"action": "share"})
    assert client.get(path).status_code == 404
    desk.post(f"{PAGE}hours/", {"action": "withdraw"})
    assert b".ics" not in desk.get(f"{PAGE}hours/").content


def test_other_programs_learn_that_an_appointment_was_moved_and_then_canceled(maya: Appointment) -> None:
    def told() -> tuple[str, ...]:
        with tenant_transaction(maya.tenant_id):
            lines = feed.written(maya.calendar).decode().split("\r\n")
        names = ("DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "STATUS", "DTSTART")
        return tuple(line.partition(":")[2] for name in names for line in lines if line.startswith(f"{name}:"))

    def act(what: Callable[[], object], days: int) -> None:
        with time_machine.travel(FRIDAY + timedelta(days=days), tick=False), tenant_transaction(maya.tenant_id):
            what()

    assert told() == ("20261120T180000Z", "20261120T180000Z", "0", "CONFIRMED", "20261124T170000Z")
    act(lambda: booking.move(maya, Wish(TUESDAY + timedelta(hours=2))), days=1)
    assert told() == ("20261121T180000Z", "20261121T180000Z", "1", "CONFIRMED", "20261124T190000Z")
    act(lambda: booking.cancel(maya), days=2)
    assert told() == ("20261122T180000Z", "20261122T180000Z", "2", "CANCELLED", "20261124T190000Z")
    with time_machine.travel(FRIDAY + timedelta(days=40), tick=False):
        assert told() == (), "a month later nobody has to be told any more"


def test_in_spring_nobody_is_booked_for_the_hour_that_is_skipped(desk: Client, tenant: Tenant) -> None:
    refused = desk.post(PAGE, NEW | {"day": "2027-03-14", "at": "02:30"})

    assert refused.status_code == 422
    assert "The clocks go forward in this hour" in words(refused.content)
    assert booked(tenant) == []
    assert read_moment("2027-03-14T02:30", BOISE) is None
    assert read_moment("2027-03-14T03:00", BOISE) == datetime(2027, 3, 14, 9, tzinfo=UTC)
    assert read_moment("2027-11-07T01:30", BOISE) == datetime(2027, 11, 7, 7, 30, tzinfo=UTC), "the first of the two"


def test_nothing_that_somebody_says_becomes_a_line_of_the_feed() -> None:
    name = "Zoë; a,b\\\r\nBEGIN:VEVENT" + "é" * 60
    event = icalendar.Event("1@agentos", TUESDAY, TUESDAY, name, "", TUESDAY, TUESDAY)

    lines = icalendar.feed("Practice", [event]).split(b"\r\n")

    assert lines.count(b"BEGIN:VEVENT") == 1
    assert max(len(line) for line in lines) <= 75
    whole = b"\r\n".join(lines).replace(b"\r\n ", b"").decode()
    assert f"SUMMARY:Zoë\\; a\\,b\\\\\\nBEGIN:VEVENT{'é' * 60}" in whole


def test_a_second_calendar_takes_its_own_appointments(desk: Client, tenant: Tenant, maya: Appointment) -> None:
    desk.post(f"{PAGE}hours/", {"action": "add", "name": "Hygiene"})
    with tenant_transaction(tenant):
        hygiene = Calendar.objects.get(name="Hygiene")

    assert desk.post(f"{PAGE}?calendar={hygiene.pk}", NEW).status_code == 302
    page = words(desk.get(f"{PAGE}?calendar={hygiene.pk}&week=2026-11-24").content)
    assert "Tom Reyes" in page
    assert "Maya Ortiz" not in page
