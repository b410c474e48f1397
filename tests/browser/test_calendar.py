"""The calendar as a receptionist uses it, and how it looks."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Appointment, Calendar
from tests import factories
from tests.browser.conftest import SignedIn
from tests.browser.test_looks import LOOKS, objections

HOME = "/t/juniper-dental/"
BOISE = ZoneInfo("America/Boise")
WEEK = [
    (0, "09:00", 30, "Maya Ortiz", "Cleaning", True),
    (0, "10:00", 60, "Tom Reyes", "Root canal, second visit", False),
    (1, "09:30", 30, "Ida Lind", "", True),
    (1, "13:00", 45, "Priya Raman", "First visit", True),
    (2, "11:00", 15, "Sam Cole", "Check-up", False),
    (3, "14:00", 90, "Rosa Delgado", "Crown", True),
    (4, "16:00", 30, "Jun Park", "Cleaning", True),
]


def monday() -> date:
    """Of next week: everything in it is still to come."""
    today = now().astimezone(BOISE).date()
    return today + timedelta(days=7 - today.weekday())


@pytest.fixture
def booked(agent: Agent) -> list[Appointment]:
    tenant = agent.tenant
    Tenant.objects.filter(pk=tenant.pk).update(timezone="America/Boise")
    call = factories.make_call(agent, status="ended")
    with tenant_transaction(tenant):
        lunch = {str(weekday): [["08:00", "12:00"], ["13:00", "17:00"]] for weekday in range(5)}
        calendar = Calendar.objects.create(zone="America/Boise", hours=lunch)
        made = []
        for weekday, at, minutes, name, reason, by_agent in WEEK:
            day = monday() + timedelta(days=weekday)
            starts_at = datetime.combine(day, time.fromisoformat(at), tzinfo=BOISE)
            ends_at = starts_at + timedelta(minutes=minutes)
            about = {"name": name, "reason": reason, "e164": "+12085550147", "call": call if by_agent else None}
            times = {"starts_at": starts_at, "ends_at": ends_at, "free_at": ends_at}
            made.append(Appointment.objects.create(calendar=calendar, **about, **times))
        return made


def heard(page: Page) -> str:
    return page.get_by_role("status").inner_text()


def test_a_receptionist_books_moves_and_cancels(signed_in: SignedIn, member: User, booked: list[Appointment]) -> None:
    page = signed_in(member)
    page.goto(f"{HOME}calendar/?week={monday()}")
    free = page.get_by_role("link", name="New appointment Wednesday 9:00 AM")
    free.click()
    page.get_by_label("Name", exact=True).fill("Ana Ferrer")
    page.get_by_role("button", name="Book").click()
    assert "Booked: Ana Ferrer" in heard(page)

    page.get_by_role("link", name="Ana Ferrer").first.click()
    page.get_by_label("From").fill("10:30")
    page.get_by_role("button", name="Move").click()
    assert "at 10:30 AM" in heard(page)

    page.get_by_role("button", name="Cancel appointment…").click()
    page.get_by_role("button", name="Cancel it").click()
    assert "Canceled: Ana Ferrer" in heard(page)


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_calendar_is_well_made(
    signed_in: SignedIn, owner: User, booked: list[Appointment], width: int, theme: str
) -> None:
    page = signed_in(owner)
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    week = f"{HOME}calendar/?week={monday()}"

    found = {}
    for address in (week, f"{HOME}calendar/{booked[0].pk}/", f"{HOME}calendar/hours/"):
        page.goto(address)
        found[address] = objections(page)

    assert {address: said for address, said in found.items() if said} == {}
