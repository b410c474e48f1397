"""A rehearsal by voice: somebody with a goal calls the draft, on the real media path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call, Recording, Rehearsal, RehearsalRun
from calls.rehearsal import running
from calls.rehearsal.conduct import BEHAVES
from calls.rehearsal.manners import MANNERS
from telephony import impromptu, rehearsing
from telephony.carrier_webhook import CarrierWebhook
from telephony.impromptu import Impromptu
from telephony.simulator.people import HangUp, Say, Telephone
from tests import factories
from tests.campaigns.line import in_thread
from tests.telephony.product import product_served
from tests.telephony.shelf import Shelf, writer_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_last_free_line_is_left_to_callers(agent: Agent):
    Tenant.objects.filter(pk=agent.tenant_id).update(max_concurrent_calls=2)
    factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now())
    with tenant_transaction(agent.tenant_id):
        rehearsal = Rehearsal.objects.create(agent=agent, name="Dora", lines=["hello"])
        (run,) = running.begin([rehearsal], agent.versions.get(number=None), by_voice=True)

    rehearsing.rehearse_aloud(agent.tenant_id, run.pk)

    with tenant_transaction(agent.tenant_id):
        run.refresh_from_db()
        assert (run.state, run.trouble, Call.objects.count()) == ("broken", rehearsing.LAST_LINE, 1)


class Repeats:
    """A caller who always says the same."""

    async def answer(self, script: Sequence[dict[str, Any]], *, cuts_off: bool = False) -> str | None:
        return "and then"


async def test_a_caller_who_is_still_there_after_the_last_line_leaves_and_says_so(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
):
    def ringing() -> Call:
        call = factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now())
        factories.make_turn(call, "And this.", speaker="agent")
        return call

    monkeypatch.setattr(impromptu, "MOST_LINES", 2)
    monkeypatch.setattr(impromptu, "HEARD_WITHIN_S", 0.1)
    call = await in_thread(ringing)
    caller = Impromptu(Repeats(), MANNERS["easy"], tenant_id=call.tenant_id, call_id=call.pk)

    steps = [step async for step in caller.steps(cast("Telephone", None))]

    assert [step.text for step in steps if isinstance(step, Say)] == ["and then", "and then"]
    assert isinstance(steps[-1], HangUp)
    assert caller.ran_out == "after 2 lines"


@pytest.mark.timeout(120)
async def test_somebody_who_wants_to_know_the_hours_is_told_and_hangs_up(
    agent: Agent, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    writer = writer_of(tmp_path / "events", Shelf())
    monkeypatch.setattr(CarrierWebhook, "events", staticmethod(lambda: writer))

    def begun() -> RehearsalRun:
        with tenant_transaction(agent.tenant_id):
            goal = {"goal": "To find out when you are open", "says": ["Monday to Friday"], "difficulty": "hard"}
            rehearsal = Rehearsal.objects.create(agent=agent, name="Dora", **goal)
            return running.begin([rehearsal], agent.versions.get(number=None), by_voice=True)[0]

    def played() -> tuple[RehearsalRun, Call, Recording]:
        with tenant_transaction(agent.tenant_id):
            run = RehearsalRun.objects.select_related("call").get()
            return run, run.call, Recording.objects.get(call=run.call)

    run = await in_thread(begun)
    async with product_served(settings):
        await in_thread(rehearsing.rehearse_aloud, agent.tenant_id, run.pk)
    run, call, recording = await in_thread(played)

    said = [(entry["who"], entry["text"]) for entry in run.script]
    held = {finding["check"]: finding["holds"] for finding in run.findings}
    assert [text for who, text in said if who == "caller"] == ["when are you open", "thank you goodbye"]
    assert any(who == "agent" and "we are open monday to friday" in text for who, text in said)
    assert held["Says “Monday to Friday”"]
    assert held[BEHAVES]
    assert run.state == ("passed" if all(held.values()) else "failed")
    assert len(run.measures["waits_ms"]) == 2
    assert (call.channel, call.ending, recording.duration_ms > 5_000) == ("rehearsal", "agent", True)
