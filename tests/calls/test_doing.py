"""A whole call in which the agent does what it says: the offline model, the real toolbox, the calendar."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils.timezone import now

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.versions import VersionSpec
from calls import runtime
from calls.briefing import Briefing
from calls.engines import RelayEngine
from calls.journal import spool
from calls.models import Appointment, Call, ToolRun
from calls.runtime import CallClaims, Prepared
from calls.services import NewCall, create_call
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

TOOLS = ("check_availability", "book_appointment", "leave_message", "end_call")


class QuickCarrier:
    """Speaks whatever it is given at once, and says so."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.hung_up = asyncio.Event()
        self.call: runtime.RunningCall[RelayEngine] | None = None
        self._saying = ""
        self._heard = asyncio.Event()

    def say(self, token: str, *, last: bool, interruptible: bool) -> None:
        self._saying += token
        if last:
            text, self._saying = self._saying, ""
            asyncio.get_running_loop().call_soon(self._speak, text)

    def _speak(self, text: str) -> None:
        assert self.call is not None
        voice = self.call.engine.voice
        voice.voice(begins=True)
        voice.played(text)
        voice.voice(begins=False)
        self.said.append(text.strip())
        self._heard.set()

    def switch_language(self, language: str) -> None: ...

    def press(self, keys: str) -> None: ...

    def hand_off(self, to: str) -> None:
        self.goes_on_with = to

    def show(self, kind: str, data: dict[str, Any]) -> None: ...

    def hang_up(self) -> None:
        self.hung_up.set()

    async def answer_to(self, words: str) -> str:
        """What the agent says to these words."""
        assert self.call is not None
        self._heard.clear()
        self.call.typed(words)
        return await self.next()

    async def next(self) -> str:
        async with asyncio.timeout(10):
            await self._heard.wait()
        return self.said[-1]


async def in_thread(work: Callable[[], Any]) -> Any:
    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


async def agreed(tenant: Tenant, *, channel: str = "phone", briefing: Briefing | None = None) -> NewCall:
    """A whole call in which an appointment is agreed on."""

    def set_up() -> tuple[NewCall, VersionSpec]:
        grants = [{"name": name, "settings": {}} for name in TOOLS]
        agent = factories.make_agent(tenant, tools=grants, prompt="Hours: Monday to Friday, 9 AM to 5 PM.")
        with tenant_transaction(tenant):
            spec = VersionSpec.of(agent.published)
            new = NewCall(
                call_id=uuid4(),
                agent_id=agent.pk,
                version_id=spec.version_id,
                channel=channel,
                direction="inbound",
                from_number="+12085550147",
                to_number="+12085550110",
                carrier_sid=None,
                created_at=now(),
                briefing=briefing or Briefing(),
            )
            create_call(new)
        return new, spec

    new, spec = await in_thread(set_up)
    carrier = QuickCarrier()
    runtime.prepare(Prepared(new, tenant.pk, tenant.name, spec, engine=RelayEngine.name))
    claims = CallClaims(new.call_id, new.agent_id, tenant.pk, 1, "")
    carrier.call = await runtime.start_relayed_call(claims, carrier, greeted=False)
    await carrier.next()

    await carrier.answer_to("I would like to book a cleaning")
    assert "Free" in await carrier.answer_to("On Tuesday")
    await carrier.answer_to("At ten in the morning")
    assert "Is that right?" in await carrier.answer_to("Maya Ortiz")
    assert (await carrier.answer_to("Yes, that is right")).startswith("You are booked")
    assert "Goodbye" in await carrier.answer_to("No, thank you, goodbye")
    async with asyncio.timeout(10):
        await carrier.hung_up.wait()
    return new


async def test_an_appointment_that_is_agreed_on_the_phone_stands_in_the_calendar(tenant: Tenant) -> None:
    new = await agreed(tenant)

    def read() -> tuple[Appointment, list[tuple[str, str]], str]:
        spool.recover(new.call_id)
        with tenant_transaction(tenant):
            runs = list(ToolRun.objects.filter(call_id=new.call_id).values_list("name", "state"))
            return Appointment.objects.get(), runs, Call.objects.get(pk=new.call_id).ending

    appointment, runs, ending = await in_thread(read)
    assert (appointment.name, appointment.reason, appointment.call_id) == ("Maya Ortiz", "a cleaning", new.call_id)
    assert f"{appointment.starts_at.astimezone(ZoneInfo(tenant.timezone)):%A %H:%M}" == "Tuesday 10:00"
    assert runs == [("check_availability", "done"), ("book_appointment", "done"), ("end_call", "done")]
    assert ending == "agent"


async def test_in_a_rehearsal_the_same_call_books_nothing(tenant: Tenant) -> None:
    new = await agreed(tenant, channel="rehearsal", briefing=Briefing(pretend={"book_appointment": "Booked in play."}))

    def read() -> tuple[int, list[tuple[str, str]]]:
        spool.recover(new.call_id)
        with tenant_transaction(tenant):
            runs = ToolRun.objects.filter(call_id=new.call_id, effect=True).values_list("name", "result")
            return Appointment.objects.count(), list(runs)

    assert await in_thread(read) == (0, [("book_appointment", "Booked in play.")])
