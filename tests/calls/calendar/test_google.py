"""A calendar that is also kept at Google: connected, read before each promise, written behind each booking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx2
import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from agentos.jobs import TENANT_HEADER
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.calendar.google import without
from calls.calendar.slots import Span
from calls.models import Appointment, Calendar, Call, GoogleLink
from calls.tasks import mirror_appointment
from tests import factories
from tests.calls.tools.asking import use
from tests.conftest import SignIn
from tests.doubles.google import GoogleDouble

FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC)  # 11 AM in Boise
HOURS = "/t/juniper-dental/calendar/hours/"
TEN = "2026-11-24T10:00"
TEN_AT_GOOGLE = ("2026-11-24T17:00:00Z", "2026-11-24T17:30:00Z")


@pytest.fixture(autouse=True)
def friday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FRIDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def calendar(tenant: Tenant) -> Calendar:
    with tenant_transaction(tenant):
        return Calendar.objects.create(zone="America/Boise")


@pytest.fixture
def desk(sign_in: SignIn, member: User) -> Client:
    return sign_in(member)


def way_to_google(desk: Client) -> str:
    return str(desk.get(HOURS).context["connect_url"])


def way_back(desk: Client) -> str:
    """The person presses Connect, and at Google Allow."""
    back = urlsplit(httpx2.get(way_to_google(desk)).headers["Location"])
    return f"{back.path}?{back.query}"


@pytest.fixture
def connected(desk: Client, calendar: Calendar, google: GoogleDouble) -> GoogleDouble:
    desk.get(way_back(desk))
    return google


@pytest.fixture
def call(agent: Agent) -> Call:
    return factories.make_call(agent)


def mirror(tenant: Tenant) -> None:
    """What the worker does behind a booking."""
    with tenant_transaction(tenant):
        ids = [each.pk for each in Appointment.objects.all()]
    for each in ids:
        mirror_appointment.apply(args=[str(each)], headers={TENANT_HEADER: tenant.pk}, throw=True)


def test_what_is_taken_at_google_is_neither_offered_nor_booked(call: Call, connected: GoogleDouble) -> None:
    connected.busy = [("2026-11-24T10:00:00-07:00", "2026-11-24T11:45:00-07:00")]

    told = use(call, "check_availability", day="2026-11-24", part_of_day="morning").content
    refused = use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz")

    assert told.startswith("Free Tuesday, November 24: 9 AM (2026-11-24T09:00) and 9:30 AM (2026-11-24T09:30).")
    assert (refused.ok, "9:30 AM" in refused.content) == (False, True)


def test_a_booking_appears_at_google_once_and_follows_every_change(
    call: Call, connected: GoogleDouble, tenant: Tenant
) -> None:
    use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz")
    mirror(tenant)
    mirror(tenant)
    assert connected.shown == [("Maya Ortiz", *TEN_AT_GOOGLE)]

    assert use(call, "move_appointment", name="Maya Ortiz", to="2026-11-24T10:30").ok
    mirror(tenant)
    assert connected.shown == [("Maya Ortiz", "2026-11-24T17:30:00Z", "2026-11-24T18:00:00Z")]

    use(call, "cancel_appointment", name="Maya Ortiz")
    assert use(call, "book_appointment", starts_at="2026-11-24T10:30", name="Maya Ortiz").ok
    mirror(tenant)
    mirror(tenant)
    assert connected.shown == [("Maya Ortiz", "2026-11-24T17:30:00Z", "2026-11-24T18:00:00Z")]


def test_a_booking_is_queued_for_google_once_it_stands(
    call: Call, connected: GoogleDouble, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as queued:
        use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz")

    assert len(queued) == 1
    assert connected.shown == []


def test_while_google_is_away_nothing_is_promised_and_a_person_may_still_book(
    call: Call, connected: GoogleDouble, desk: Client, tenant: Tenant
) -> None:
    connected.is_away = True

    told = {
        use(call, "check_availability").content,
        use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz").content,
    }
    assert told == {
        "The calendar cannot be read right now, so nothing can be promised. Offer that a person rings back."
    }
    form = {"name": "Tom", "day": "2026-11-24", "at": "10:00", "minutes": "30"}
    assert desk.post("/t/juniper-dental/calendar/", form).status_code == 302
    connected.is_away = False
    mirror(tenant)
    assert connected.shown == [("Tom", *TEN_AT_GOOGLE)]


def test_tokens_that_end_are_renewed_before_and_after_google_says_so(
    call: Call, connected: GoogleDouble, friday: time_machine.Traveller
) -> None:
    friday.move_to(FRIDAY + timedelta(minutes=59))
    assert use(call, "check_availability").ok
    connected.forget_access()
    assert use(call, "check_availability").ok

    assert connected.requests.count("POST token") == 3


def test_a_permission_taken_back_stands_on_the_page_until_it_is_given_again(
    call: Call, connected: GoogleDouble, desk: Client
) -> None:
    connected.take_back()
    assert not use(call, "check_availability").ok
    page = "/t/juniper-dental/calendar/"
    assert b"Google Calendar is not connected any more" in desk.get(page).content

    desk.get(way_back(desk))

    assert b"not connected any more" not in desk.get(page).content
    assert use(call, "check_availability").ok


def test_disconnecting_gives_the_permission_back_and_leaves_our_own_book(
    call: Call, connected: GoogleDouble, desk: Client
) -> None:
    connected.busy = [TEN_AT_GOOGLE]

    desk.post(HOURS, {"action": "disconnect"})

    assert connected.refresh_tokens == set()
    assert use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz").ok


def test_tokens_are_sealed(connected: GoogleDouble, tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        sealed = GoogleLink.objects.get().sealed

    assert not any(token in sealed for token in (*connected.refresh_tokens, *connected.access_tokens))


def test_what_is_coming_is_sent_when_google_is_connected(
    desk: Client, call: Call, calendar: Calendar, google: GoogleDouble, tenant: Tenant
) -> None:
    use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz")
    desk.get(way_back(desk))
    mirror(tenant)

    assert google.shown == [("Maya Ortiz", *TEN_AT_GOOGLE)]


def test_the_way_back_is_for_the_person_who_went_and_only_within_the_hour(
    desk: Client,
    calendar: Calendar,
    google: GoogleDouble,
    tenant: Tenant,
    sign_in: SignIn,
    owner: User,
    viewer: User,
    stranger: User,
    friday: time_machine.Traveller,
) -> None:
    back = way_back(desk)
    for other in (owner, viewer, stranger):
        sign_in(other).get(back)
    desk.get(back.replace("state=", "state=x"))
    desk.get("/calendar/google/?error=access_denied")
    friday.shift(timedelta(minutes=61))
    desk.get(back)

    assert google.requests == []
    with tenant_transaction(tenant):
        assert not GoogleLink.objects.exists()


def test_a_viewer_is_offered_no_way_to_google(
    calendar: Calendar, google: GoogleDouble, sign_in: SignIn, viewer: User
) -> None:
    assert "connect_url" not in sign_in(viewer).get(HOURS).context


def test_of_busy_time_our_own_is_cut_out() -> None:
    def span(start: int, end: int) -> Span:
        return Span(FRIDAY + timedelta(hours=start), FRIDAY + timedelta(hours=end))

    assert without([span(1, 6)], [span(2, 3), span(5, 7)]) == [span(1, 2), span(3, 5)]
    assert without([span(1, 2)], [span(1, 2)]) == []
    assert without([span(1, 2)], [span(4, 5)]) == [span(1, 2)]
