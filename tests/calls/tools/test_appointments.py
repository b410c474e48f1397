"""What an agent can do with the calendar, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Appointment, Calendar, Call
from tests import factories
from tests.calls.tools.asking import use

FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC)  # 11 AM in Boise
TUESDAY, TEN = "2026-11-24", "2026-11-24T10:00"


@pytest.fixture(autouse=True)
def friday() -> object:
    with time_machine.travel(FRIDAY, tick=False):
        yield


@pytest.fixture(autouse=True)
def calendar(tenant: Tenant) -> Calendar:
    with tenant_transaction(tenant):
        return Calendar.objects.create(zone="America/Boise", lead_minutes=60)


@pytest.fixture
def call(agent: Agent) -> Call:
    return factories.make_call(agent)


def appointments(tenant: Tenant) -> list[tuple[str, str, str, str]]:
    with tenant_transaction(tenant):
        rows = Appointment.objects.order_by("starts_at", "created_at")
        return [(each.name, each.e164, f"{each.starts_at:%d %H:%M}", each.state) for each in rows]


def test_free_times_are_told_in_words_and_as_tools_take_them(call: Call) -> None:
    told = use(call, "check_availability", day=TUESDAY, part_of_day="morning")

    assert told.content == (
        "Free Tuesday, November 24: 9 AM (2026-11-24T09:00), 9:30 AM (2026-11-24T09:30), 10 AM (2026-11-24T10:00), "
        "10:30 AM (2026-11-24T10:30), 11 AM (2026-11-24T11:00) and 11:30 AM (2026-11-24T11:30). "
        "An appointment takes 30 minutes. Offer two or three, not all."
    )


def test_without_a_day_the_next_free_one_is_told(call: Call) -> None:
    assert use(call, "check_availability").content.startswith(
        "Free today, Friday, November 20: 12 PM (2026-11-20T12:00)"
    )
    evening = use(call, "check_availability", part_of_day="evening")
    assert evening.content.startswith("Nothing is free in the next two weeks. Free instead: ")


def test_a_day_without_room_names_the_nearest_times(call: Call) -> None:
    told = use(call, "check_availability", day="2026-11-22")

    assert told.content.startswith("Nothing is free on Sunday, November 22. Free instead:")
    assert "Monday, November 23 at 9 AM (2026-11-23T09:00)" in told.content


def test_a_booking_belongs_to_the_number_of_the_line(call: Call, tenant: Tenant) -> None:
    told = use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz", reason="Cleaning")

    assert told.content == "Booked for Maya Ortiz: Tuesday, November 24 at 10 AM (2026-11-24T10:00)."
    assert appointments(tenant) == [("Maya Ortiz", "+12085550147", "24 17:00", "booked")]


def test_what_is_taken_is_refused_with_the_nearest_free_times(call: Call, tenant: Tenant) -> None:
    use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz")

    told = use(
        factories.make_call(call.agent, from_number="+15035550199"), "book_appointment", starts_at=TEN, name="Tom"
    )

    assert not told.ok
    assert told.content.startswith("This time is not free. Free instead: Tuesday, November 24 at 9 AM")
    assert len(appointments(tenant)) == 1


def test_the_same_wish_books_once(call: Call, tenant: Tenant) -> None:
    told = {use(call, "book_appointment", key="wish", starts_at=TEN, name="Maya Ortiz").content for _ in range(2)}

    assert (len(told), len(appointments(tenant))) == (1, 1)


def test_what_was_canceled_can_be_wished_for_again(call: Call, tenant: Tenant) -> None:
    use(call, "book_appointment", key="wish", starts_at=TEN, name="Maya Ortiz")
    use(call, "cancel_appointment", name="Maya Ortiz")

    use(call, "book_appointment", key="wish", starts_at=TEN, name="Maya Ortiz")

    assert [state for *_, state in appointments(tenant)] == ["canceled", "booked"]


def test_a_later_call_from_the_same_number_moves_and_cancels(call: Call, tenant: Tenant) -> None:
    use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz")
    again = factories.make_call(call.agent)

    assert "at 10 AM" in use(again, "find_appointments", name="Maya Ortez").content
    moved = use(again, "move_appointment", name="Ortiz", to="2026-11-25T09:00")
    assert moved.content == (
        "Moved from Tuesday, November 24 at 10 AM (2026-11-24T10:00) "
        "to Wednesday, November 25 at 9 AM (2026-11-25T09:00)."
    )
    assert use(again, "cancel_appointment", name="Maya").ok
    assert appointments(tenant) == [("Maya Ortiz", "+12085550147", "25 16:00", "canceled")]


@pytest.mark.parametrize(
    ("number", "name"),
    [("+15035550199", "Maya Ortiz"), ("+12085550147", "Tom Reyes"), ("anonymous", "Maya Ortiz"), ("", "Maya Ortiz")],
)
def test_nobody_else_finds_moves_or_cancels_it(call: Call, tenant: Tenant, number: str, name: str) -> None:
    use(call, "book_appointment", starts_at=TEN, name="Maya Ortiz")
    before, other = appointments(tenant), factories.make_call(call.agent, from_number=number)

    told = [
        use(other, "find_appointments", name=name),
        use(other, "move_appointment", name=name, to="2026-11-25T09:00"),
        use(other, "cancel_appointment", name=name, starts_at=TEN),
    ]

    assert {(each.ok, each.content[:52]) for each in told} == {
        (False, "No coming appointment under this name and the number")
    }
    assert appointments(tenant) == before


def test_who_withholds_the_number_can_take_back_what_was_booked_in_the_same_call(call: Call, tenant: Tenant) -> None:
    withheld = factories.make_call(call.agent, from_number="anonymous")
    use(withheld, "book_appointment", starts_at=TEN, name="Ida", number="(208) 555-0190")

    assert use(withheld, "cancel_appointment", name="Ida").ok
    assert appointments(tenant) == [("Ida", "+12085550190", "24 17:00", "canceled")]


def test_of_several_the_caller_is_asked_which(call: Call) -> None:
    for starts_at in (TEN, "2026-11-25T10:00"):
        use(call, "book_appointment", starts_at=starts_at, name="Maya Ortiz")

    told = use(call, "cancel_appointment", name="Maya Ortiz")

    assert (told.ok, told.content.startswith("There are several: Tuesday")) == (False, True)
    assert use(call, "cancel_appointment", name="Maya Ortiz", starts_at=TEN).ok


@pytest.mark.parametrize(
    "starts_at",
    ["tomorrow", "2026-02-30T10:00", "2026-11-24T10:10", "2026-11-20T11:30", TUESDAY, "0001-01-01", "9999-12-31T23:59"],
)
def test_what_is_no_time_or_no_time_of_the_calendar_is_refused(call: Call, tenant: Tenant, starts_at: str) -> None:
    assert not use(call, "book_appointment", starts_at=starts_at, name="Maya Ortiz").ok
    use(call, "check_availability", day=starts_at[:10])
    assert appointments(tenant) == []


def test_a_business_that_never_opened_its_calendar_is_open_from_nine_to_five(call: Call, tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        Calendar.objects.all().delete()

    assert use(call, "check_availability", day=TUESDAY).ok
    assert use(call, "book_appointment", starts_at="2026-11-24T10:00", name="Maya Ortiz").ok


def test_an_agent_books_into_the_calendar_that_its_version_names(call: Call, tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        hygiene = Calendar.objects.create(name="Hygiene", zone="America/Boise")

    use(call, "book_appointment", settings={"calendar": "hygiene"}, starts_at=TEN, name="Maya Ortiz")

    with tenant_transaction(tenant):
        assert Appointment.objects.get().calendar_id == hygiene.pk
