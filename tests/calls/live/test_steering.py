"""What people do to a running call from its page reaches the call, and stands in the log of the business."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from django.urls import path, reverse
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.models import LogEntry, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.calendar.models import Calendar
from calls.consumers import SoundConsumer
from calls.engines import RelayEngine
from calls.models import Call, Colleague, Transfer
from calls.transfers.desks import CLOSED, NOT_AT_THE_MOMENT, NOT_CALLED, desks
from tests import factories
from tests.agents.pages import text
from tests.calls.live.test_commands import running
from tests.calls.test_doing import QuickCarrier, in_thread
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = datetime(2026, 11, 24, 6, tzinfo=UTC)  # Monday, 11 PM in Boise


def make_people(tenant: Tenant) -> dict[str, int]:
    with tenant_transaction(tenant):
        Calendar.objects.create(zone="America/Boise")
        made = [
            Colleague.objects.create(name="Rae", department="Billing", address="+12085550125", when="always"),
            Colleague.objects.create(name="Mats", department="Billing", address="+12085550121", when="always", place=2),
            Colleague.objects.create(name="Dev", department="Desk", address="+12085550122", when="never"),
            Colleague.objects.create(name="Ina", department="Desk", address="+12085550123", when="open"),
            Colleague.objects.create(name="Ole", department="Desk", address="+19005551234", when="always"),
        ]
    return {each.name: each.pk for each in made}


class Steering:
    """Somebody beside the page of one call."""

    def __init__(self, tenant: Tenant, call_id: UUID, browser: Client) -> None:
        self.tenant, self.call_id, self.browser = tenant, call_id, browser

    async def do(self, what: str, **fields: Any) -> int:
        address = reverse("calls:steer", args=[self.tenant.slug, self.call_id])
        response = await in_thread(lambda: self.browser.post(address, {"do": what} | fields, HTTP_HX_REQUEST="true"))
        self.said = text(response)
        return int(response.status_code)

    async def log(self) -> list[tuple[str, str]]:
        def read() -> list[tuple[str, str]]:
            with tenant_transaction(self.tenant):
                found = LogEntry.objects.filter(subject=f"call {self.call_id}").order_by("pk")
                return list(found.values_list("what", "words"))

        return await in_thread(read)

    async def transfers(self) -> list[list[str]]:
        def read() -> list[list[str]]:
            with tenant_transaction(self.tenant):
                return [[each["name"] for each in transfer.people] for transfer in Transfer.objects.all()]

        return await in_thread(read)


async def test_each_use_is_recorded_and_the_chosen_person_alone_is_rung(tenant: Tenant, owner: User, sign_in: SignIn):
    async with running(tenant, RelayEngine.name) as (call, carrier):
        assert isinstance(carrier, QuickCarrier)
        page = Steering(tenant, call._claims.call_id, await in_thread(lambda: sign_in(owner)))
        people = await in_thread(lambda: make_people(tenant))

        assert await page.do("whisper", text="Maria Lopez is a regular.") == 200
        assert await page.do("put_through", person=people["Dev"]) == 409
        assert await page.do("put_through", person="0", department="Billing") == 409
        assert await page.do("put_through", person=people["Mats"]) == 200
        await carrier.hung_up.wait()
        assert await page.do("whisper", text="Too late.") == 409

        assert await page.transfers() == [["Mats"]]
        assert await page.log() == [
            ("call.whispered", "Whispered to the agent of a call in progress"),
            ("call.put_through", "Put a caller through to Mats"),
        ]


def socket_of(user: User, slug: str, call_id: UUID) -> WebsocketCommunicator:
    client = Client()
    client.force_login(user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}".encode()
    headers = [(b"host", b"127.0.0.1:8000"), (b"origin", b"http://127.0.0.1:8000"), (b"cookie", cookie)]
    address = path("t/<slug:slug>/calls/<uuid:call_id>/sound", AuthMiddlewareStack(SoundConsumer.as_asgi()))
    return WebsocketCommunicator(URLRouter([address]), f"/t/{slug}/calls/{call_id}/sound", headers=headers)


async def told(socket: WebsocketCommunicator, state: str) -> None:
    """Wait until the socket says so, between the sounds of the call."""
    while state not in (await socket.receive_output(timeout=10)).get("text", ""):
        pass


async def test_whoever_listens_and_speaks_stands_in_the_log(tenant: Tenant, owner: User, sign_in: SignIn):
    async with running(tenant, "media_streams") as (call, _):
        page = Steering(tenant, call._claims.call_id, await in_thread(lambda: sign_in(owner)))
        socket = await in_thread(lambda: socket_of(owner, tenant.slug, page.call_id))
        assert (await socket.connect(timeout=10))[0]
        await told(socket, "listening")
        for do, state in (("take_over", "speaking"), ("give_back", "agent")):
            await socket.send_to(text_data=json.dumps({"do": do}))
            await told(socket, state)
        await socket.disconnect()
        assert await page.do("goodbye") == 200

        assert [what for what, _ in await page.log()] == [
            "call.listened",
            "call.taken_over",
            "call.given_back",
            "call.hung_up",
        ]


async def test_what_may_not_have_arrived_is_recorded_too_and_nobody_waits_for_it(
    tenant: Tenant, agent: Agent, owner: User, sign_in: SignIn, settings: Settings
):
    facts = {"status": Call.Status.IN_PROGRESS, "carrier_sid": "CA7", "answered_at": now()}
    call = await in_thread(lambda: factories.make_call(agent, **facts))
    page = Steering(tenant, call.pk, await in_thread(lambda: sign_in(owner)))
    await in_thread(lambda: make_people(tenant))
    settings.REDIS_URL = "unix:///nowhere/redis.sock"

    assert await page.do("put_through") == 200
    assert "could not be reached just now" in page.said
    await page.do("at_once")

    assert await page.transfers() == []
    assert [words for _, words in await page.log()] == [
        "Put a caller through to Rae, Mats, Ole, and nobody knows whether it arrived",
        "Ended a call in progress at once, and nobody knows whether it arrived",
    ]


def test_the_page_shows_who_is_there_and_why_others_are_not(agent: Agent, tenant: Tenant, owner: User, sign_in: SignIn):
    make_people(tenant)
    call = factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now())
    with tenant_transaction(tenant):
        billing, desk = desks(NIGHT)
        assert billing.is_choice
        assert not desk.is_choice
        assert [(each.person.name, each.why_not, each.opens_at) for each in desk.desks] == [
            ("Dev", NOT_AT_THE_MOMENT, None),
            ("Ina", CLOSED, datetime(2026, 11, 24, 16, tzinfo=UTC)),
            ("Ole", NOT_CALLED, None),
        ]

    page = text(sign_in(owner).get(reverse("calls:call", args=[tenant.slug, call.pk])))

    assert "Put through to whom?" in page
    assert "Whoever is free in Billing" in page
    assert "Put through to Rae" in page
    assert "Dev Not at the moment" in page
    assert "Put through to Dev" not in page
