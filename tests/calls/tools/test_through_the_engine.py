"""The built-in tools behind the engine's guard, with a calendar at Google: what a conversation does to the world."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.providers.ports import ToolCall
from agents.versions import VersionSpec
from calls.calendar import google
from calls.models import Appointment, Calendar, Call, ToolRun
from calls.toolbox import Scene, open_toolbox
from tests import factories
from tests.doubles.google import CLIENT, google_double
from tests.fakes import Notebook

pytestmark = pytest.mark.django_db(transaction=True)

FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC)  # 11 AM in Boise
NAMES = ("check_availability", "book_appointment", "move_appointment", "cancel_appointment", "save_lead")
NOBODY = {"number": None, "reason": None}


@pytest.fixture(autouse=True)
def google_calendar(settings: Settings, agent: Agent) -> Iterator[None]:
    """On Tuesday from ten to twelve the business is busy elsewhere."""
    with google_double() as double, time_machine.travel(FRIDAY, tick=True):
        settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET = CLIENT
        settings.GOOGLE_BASE_URL = double.url
        double.busy = [("2026-11-24T10:00:00-07:00", "2026-11-24T12:00:00-07:00")]
        with tenant_transaction(agent.tenant_id):
            calendar = Calendar.objects.create(zone="America/Boise")
            google.connect(calendar, "code-1", factories.make_member(agent.tenant))
        yield


@pytest.fixture
def call(agent: Agent) -> Call:
    return factories.make_call(agent, status=Call.Status.IN_PROGRESS, from_number="+12085550147", answered_at=now())


def converse(call: Call, *turns: tuple[str, str, dict[str, Any]]) -> list[tuple[bool, str]]:
    """Each turn: what the caller says, and what the model then asks for."""
    with tenant_transaction(call.tenant_id):
        spec = replace(VersionSpec.of(call.version), tools=[{"name": name} for name in NAMES])

    async def conversation() -> list[tuple[bool, str]]:
        box, _ = open_toolbox(Scene(call.tenant_id, call.pk, spec, "Juniper Dental", call.from_number), Notebook(), int)
        told = []
        for turn, (said, name, arguments) in enumerate(turns, start=1):
            box.caller_said(said)
            result = await box.run(turn, ToolCall(f"c{turn}", name, json.dumps(arguments)))
            told.append((result.ok, result.content))
        await box.close(5.0)
        return told

    return asyncio.run(conversation())


def test_a_caller_books_around_what_is_taken_at_google_and_cancels_after_a_yes(call: Call) -> None:
    maya = {"name": "Maya Ortiz"}
    book = {"starts_at": "2026-11-24T09:30", **maya, **NOBODY}
    cancel = {**maya, "starts_at": None}

    told = converse(
        call,
        ("Anything on Tuesday?", "check_availability", {"day": "2026-11-24", "part_of_day": "morning"}),
        ("Ten, please. Maya Ortiz.", "book_appointment", book | {"starts_at": "2026-11-24T10:00"}),
        ("Nine thirty, then.", "book_appointment", book),
        ("Did you get that?", "book_appointment", book),
        ("I can't come after all.", "cancel_appointment", cancel),
        ("Yes, please cancel it.", "cancel_appointment", cancel),
    )

    assert [ok for ok, _ in told] == [True, False, True, True, False, True], told
    assert "9 AM (2026-11-24T09:00) and 9:30 AM (2026-11-24T09:30)" in told[0][1]
    assert told[2][1] == told[3][1] == "Booked for Maya Ortiz: Tuesday, November 24 at 9:30 AM (2026-11-24T09:30)."
    with tenant_transaction(call.tenant_id):
        assert [(each.name, each.state) for each in Appointment.objects.all()] == [("Maya Ortiz", "canceled")]
        done = ToolRun.objects.filter(call=call, state=ToolRun.State.DONE)
        assert [each.name for each in done] == ["book_appointment", "cancel_appointment"]


def test_a_number_that_nobody_said_is_not_believed(call: Call) -> None:
    book = {"starts_at": "2026-11-24T09:30", "name": "Maya Ortiz", "reason": None}

    told = converse(
        call,
        ("Nine thirty. Maya Ortiz.", "book_appointment", book | {"number": "+15035550199"}),
        ("My number is 503 555 0199.", "book_appointment", book | {"number": "+15035550199"}),
        ("I'd like a quote.", "save_lead", {"name": "Maya Ortiz", "number": None, "note": None, "details": []}),
    )

    assert [ok for ok, _ in told] == [False, True, True], told
