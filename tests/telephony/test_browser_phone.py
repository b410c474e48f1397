from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.db import connections
from django.test import Client
from django.urls import path
from pytest_django import Settings
from websockets.exceptions import InvalidStatus

from agentos.tenants.models import Membership, Role, Tenant, User
from agents.models import Agent
from telephony.carrier_socket import Patience
from telephony.consumers import BrowserPhoneConsumer
from telephony.sockets import websocket_urlpatterns
from tests import factories
from tests.telephony.media_server import Calls, dialed, serving, token
from tests.telephony.signing import ORIGIN

pytestmark = pytest.mark.django_db(transaction=True)
FRAME = bytes(range(160))


def with_a_person(tenant: Tenant, role: str = Role.MEMBER) -> str:
    """The cookie of somebody who works there."""
    return cookie_of(factories.make_member(tenant, role))


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


@pytest.fixture
async def calls() -> Calls:
    return Calls()


@pytest.fixture
async def port(calls: Calls) -> AsyncIterator[int]:
    patience = Patience(media_s=0.01, watch_s=0.005, checking_s=0.01)
    phone = AuthMiddlewareStack(BrowserPhoneConsumer.as_asgi(start_call=calls.start, patience=patience))
    async with serving(URLRouter([path("t/<slug:slug>/agents/<uuid:agent_id>/phone", phone)])) as port:
        yield port


def phone_of(agent: Agent, tenant: Tenant) -> str:
    return f"/t/{tenant.slug}/agents/{agent.pk}/phone"


async def in_thread(work: Callable[[], Any]) -> Any:
    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


async def refused(port: int, path: str, **headers: str) -> int:
    with pytest.raises(InvalidStatus) as refused:
        async with dialed(port, path, headers):
            pass
    return refused.value.response.status_code


async def test_a_person_talks_types_and_reads_along(agent: Agent, tenant: Tenant, port: int, calls: Calls):
    cookie = await in_thread(lambda: with_a_person(tenant))
    async with dialed(port, phone_of(agent, tenant), {"Cookie": cookie, "Origin": ORIGIN}) as browser:
        await browser.begin(token(agent_id=agent.pk), accountSid="browser")
        call = await calls.next()
        await browser.media(FRAME)
        await browser.say('{"event":"typing"}')
        await browser.say('{"event":"text","text":"I would like an appointment."}')
        await call.until(lambda call: call.heard == [FRAME] and len(call.events) == 2)
        assert call.events == [("typing", ""), ("typed", "I would like an appointment.")]

        call.line.show("turn", {"index": 1, "kind": "speech", "heard": "I would like an appointment."})
        call.line.play(FRAME)
        assert await browser.hear() == {
            "event": "transcript",
            "kind": "turn",
            "data": {"index": 1, "kind": "speech", "heard": "I would like an appointment."},
        }
        assert await browser.audio() == FRAME


async def test_a_clear_takes_back_sound_and_no_text(agent: Agent, tenant: Tenant, port: int, calls: Calls):
    cookie = await in_thread(lambda: with_a_person(tenant))
    async with dialed(port, phone_of(agent, tenant), {"Cookie": cookie, "Origin": ORIGIN}) as browser:
        await browser.begin(token(agent_id=agent.pk))
        call = await calls.next()
        call.line.play(FRAME)
        call.line.show("interim", {"text": "I would"})
        call.line.clear()

        assert [(await browser.hear())["event"] for _ in range(2)] == ["transcript", "clear"]


async def test_somebody_without_a_microphone_is_not_given_up(agent: Agent, tenant: Tenant, port: int, calls: Calls):
    cookie = await in_thread(lambda: with_a_person(tenant))
    async with dialed(port, phone_of(agent, tenant), {"Cookie": cookie, "Origin": ORIGIN}) as browser:
        await browser.begin(token(agent_id=agent.pk))
        call = await calls.next()
        await asyncio.sleep(0.05)  # several times what a telephone would be given
        await browser.say('{"event":"text","text":"Hello"}')

        await call.until(lambda call: call.events == [("typed", "Hello")])


async def test_the_token_is_asked_for_here_too(agent: Agent, tenant: Tenant, port: int, calls: Calls):
    cookie = await in_thread(lambda: with_a_person(tenant))
    for wrong in ("", token(agent_id=uuid4())):
        async with dialed(port, phone_of(agent, tenant), {"Cookie": cookie, "Origin": ORIGIN}) as browser:
            await browser.begin(wrong)
            assert await browser.closed() == 1000
    assert calls.started.empty()


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.MEMBER])
async def test_who_may_make_test_calls_may_call(agent: Agent, tenant: Tenant, port: int, role: str):
    cookie = await in_thread(lambda: with_a_person(tenant, role))

    async with dialed(port, phone_of(agent, tenant), {"Cookie": cookie, "Origin": ORIGIN}):
        pass


async def test_who_only_looks_on_may_not(agent: Agent, tenant: Tenant, port: int):
    cookie = await in_thread(lambda: with_a_person(tenant, Role.VIEWER))

    assert await refused(port, phone_of(agent, tenant), Cookie=cookie, Origin=ORIGIN) == 403


async def test_who_is_not_signed_in_may_not(agent: Agent, tenant: Tenant, port: int):
    assert await refused(port, phone_of(agent, tenant), Origin=ORIGIN) == 403


async def test_a_stranger_may_not_whatever_the_address_says(
    agent: Agent, tenant: Tenant, other_agent: Agent, other_tenant: Tenant, port: int, stranger: User
):
    cookie = await in_thread(lambda: cookie_of(stranger))

    for path_ in (phone_of(agent, tenant), phone_of(agent, other_tenant), phone_of(other_agent, tenant)):
        assert await refused(port, path_, Cookie=cookie, Origin=ORIGIN) == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://agents.example.evil.example", ""])
async def test_a_page_from_elsewhere_may_not(agent: Agent, tenant: Tenant, port: int, origin: str):
    cookie = await in_thread(lambda: with_a_person(tenant))

    assert await refused(port, phone_of(agent, tenant), Cookie=cookie, Origin=origin) == 403


async def test_a_page_of_the_same_host_may_if_the_host_is_ours(
    agent: Agent, tenant: Tenant, port: int, settings: Settings
):
    cookie = await in_thread(lambda: with_a_person(tenant))
    own = f"http://127.0.0.1:{port}"
    async with dialed(port, phone_of(agent, tenant), {"Cookie": cookie, "Origin": own}):
        pass

    settings.ALLOWED_HOSTS = ["agents.example"]
    assert await refused(port, phone_of(agent, tenant), Cookie=cookie, Origin=own) == 403


async def test_a_person_who_is_removed_is_cut_off(agent: Agent, tenant: Tenant, port: int, calls: Calls):
    cookie = await in_thread(lambda: with_a_person(tenant))
    async with dialed(port, phone_of(agent, tenant), {"Cookie": cookie, "Origin": ORIGIN}) as browser:
        await browser.begin(token(agent_id=agent.pk))
        call = await calls.next()
        await in_thread(Membership.objects.all().delete)

        assert await browser.closed() == 1000
        assert await call.closed is False


async def test_the_browser_s_way_of_beginning_opens_no_carrier_socket(agent: Agent, tenant: Tenant):
    async with serving(URLRouter(websocket_urlpatterns)) as port:
        cookie = await in_thread(lambda: with_a_person(tenant))

        assert await refused(port, f"/agents/{agent.pk}/media", Cookie=cookie) == 403
        async with dialed(port, phone_of(agent, tenant), {"Cookie": cookie, "Origin": ORIGIN}):
            pass
