"""The page of follow-ups: call-backs to make, and leads to take along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import CallBack, Lead, LeftMessage
from tests import factories
from tests.conftest import SignIn

PAGE = "/t/juniper-dental/follow-ups/"
NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def friday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def waiting(tenant: Tenant, agent: Agent) -> CallBack:
    call = factories.make_call(agent)
    with tenant_transaction(tenant):
        about = {"e164": "+12085550147", "name": "Maya Ortiz", "reason": "Her invoice", "call": call}
        return CallBack.objects.create(due_at=NOW - timedelta(hours=1), **about)


def test_a_call_back_is_done_with_one_press_and_can_be_taken_back(
    sign_in: SignIn, member: User, waiting: CallBack
) -> None:
    desk = sign_in(member)
    assert b"Her invoice" in desk.get(PAGE).content

    desk.post(PAGE, {"action": "done", "call_back": waiting.pk})
    with tenant_transaction(waiting.tenant_id):
        waiting.refresh_from_db()
    assert (waiting.done_at, waiting.done_by) == (NOW, member)
    assert b"Nobody waits" in desk.get(PAGE).content

    desk.post(PAGE, {"action": "undo", "call_back": waiting.pk})
    with tenant_transaction(waiting.tenant_id):
        waiting.refresh_from_db()
    assert (waiting.done_at, waiting.done_by) == (None, None)


def test_whom_it_is_night_for_is_not_to_be_rung_now(sign_in: SignIn, member: User, waiting: CallBack) -> None:
    with tenant_transaction(waiting.tenant_id):
        CallBack.objects.update(e164="+81312345678")

    assert b"3 AM there now: too early or too late" in sign_in(member).get(PAGE).content


def test_leads_are_a_file_in_which_nothing_becomes_a_formula(
    sign_in: SignIn, member: User, tenant: Tenant, client: Client
) -> None:
    with tenant_transaction(tenant):
        Lead.objects.create(name="Maya Ortiz", e164="+12085550147", note="=1+1", fields={"Budget": "9"})
        Lead.objects.create(name="Tom Reyes", fields={"When": "soon"})

    rows = sign_in(member).get(f"{PAGE}?file=leads").content.decode().splitlines()

    assert rows[0].removeprefix("\ufeff") == "When,Name,Number,Note,Agent,When,Budget"
    assert rows[2].endswith("Maya Ortiz,+12085550147,'=1+1,,,9")
    assert "Tom Reyes" in sign_in(member).get(f"{PAGE}?tab=leads").content.decode()


def test_messages_are_read_in_the_words_of_the_caller(sign_in: SignIn, member: User, tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        LeftMessage.objects.create(text="The key is under the mat.", for_whom="Dr. Lind", name="Maya Ortiz")

    page = sign_in(member).get(f"{PAGE}?tab=messages").content.decode()

    assert "The key is under the mat." in page
    assert "Dr. Lind" in page
