"""Commands from any process to the one that carries a call, over Redis, and what comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.urls import path
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.models import Membership, Tenant
from agentos.tenants.permissions import Permission
from agentos.tenants.scoping import tenant_transaction
from agents.versions import VersionSpec
from calls import runtime
from calls.conversation.commands import Answer, GiveBack, HangUp, Listen, TakeOver, Whisper
from calls.engines import RelayEngine
from calls.journal import spool
from calls.live import sound_socket
from calls.live.commands import SOUND, send, send_soon, sound_message, sound_of
from calls.live.exchange import Exchange, exchange
from calls.live.sound_socket import SoundSocket
from calls.models import Call
from calls.runtime import CallClaims, Prepared
from calls.services import NewCall, create_call
from tests import factories
from tests.calls.test_doing import QuickCarrier, in_thread
from tests.fakes import PlayedLine

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "0" * 31 + "7"
VOICE = bytes([7]) * 160
REDIS = settings.REDIS_URL


@asynccontextmanager
async def running(tenant: Tenant, engine: str) -> AsyncIterator[tuple[runtime.RunningCall, PlayedLine | QuickCarrier]]:
    """A call in progress, on a line of sound or of words."""

    def set_up() -> tuple[NewCall, VersionSpec]:
        agent = factories.make_agent(tenant)
        with tenant_transaction(tenant):
            spec = VersionSpec.of(agent.published)
            new = NewCall(uuid4(), agent.pk, spec.version_id, "phone", "inbound", "", "", None, now())
            create_call(new)
        return new, spec

    new, spec = await in_thread(set_up)
    runtime.prepare(Prepared(new, tenant.pk, tenant.name, spec, engine=engine))
    claims = CallClaims(new.call_id, new.agent_id, tenant.pk, 1, "")
    line: PlayedLine | QuickCarrier
    if engine == RelayEngine.name:
        line = QuickCarrier()
        call = line.call = await runtime.start_relayed_call(claims, line, greeted=False)
        await line.next()
    else:
        line = PlayedLine()
        call = await runtime.start_call(claims, line)
        line.on_mark = call.mark_reached
    async with asyncio.timeout(10):  # a call can be reached soon after it has begun
        while settings.REDIS_URL == REDIS and await send_soon(tenant.pk, new.call_id, GiveBack("")) is Answer.OVER:
            pass
    try:
        yield call, line
    finally:
        await call.line_closed(caller_hung_up=True)


async def test_a_page_whispers_and_hangs_up_and_hears_when_the_call_is_over(tenant: Tenant, other_tenant: Tenant):
    async with running(tenant, RelayEngine.name) as (call, carrier):
        call_id = call._claims.call_id
        assert isinstance(carrier, QuickCarrier)
        whisper = Whisper("Priya Nair", "Offer her the 3 PM slot.")
        assert await in_thread(lambda: send(other_tenant.pk, call_id, whisper)) is Answer.OVER
        assert await in_thread(lambda: send(tenant.pk, call_id, whisper)) is Answer.DONE
        assert await send_soon(tenant.pk, call_id, Listen("Priya Nair", begins=True)) is Answer.NO_SOUND
        assert await send_soon(tenant.pk, call_id, HangUp("Priya Nair", at_once=True)) is Answer.DONE
        await carrier.hung_up.wait()
        assert await send_soon(tenant.pk, call_id, whisper) is Answer.OVER

    def read() -> tuple[str, list[str]]:
        spool.recover(call_id)
        with tenant_transaction(tenant):
            found = Call.objects.get(pk=call_id)
            return found.ending, list(found.events.values_list("kind", flat=True))

    ending, kinds = await in_thread(read)
    assert (ending, kinds) == ("operator", ["engine_fallback", "whispered", "hung_up"])


def drained(queue: asyncio.Queue[bytes]) -> list[bytes]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


async def test_whoever_listens_hears_both_sides_and_speaks_in_the_agents_place(tenant: Tenant):
    async with running(tenant, "media_streams") as (call, line):
        assert isinstance(line, PlayedLine)
        call_id, told = call._claims.call_id, asyncio.Queue[bytes]()
        own = Exchange()  # another process
        own.subscribe(sound_of(tenant.pk, call_id), told.put_nowait)
        async with asyncio.timeout(10):
            while not await exchange().publish(sound_of(tenant.pk, call_id), SOUND):
                pass
        assert await told.get() == SOUND
        assert await send_soon(tenant.pk, call_id, TakeOver("Priya Nair", KEY)) is Answer.DONE
        assert json.loads(await told.get()) == {"state": "operator", "by": "Priya Nair"}
        assert await send_soon(tenant.pk, call_id, Listen("Priya Nair", begins=True)) is Answer.DONE
        await exchange().publish(call._attendance._channel, sound_message(KEY, bytes([7]) * 160))
        call.engine.hear(bytes([9]) * 160)
        both = b""
        while 7 not in both or 9 not in both:
            message = await told.get()
            assert message.startswith(SOUND)
            both += message[1:]
        assert (set(both[0::2]), set(both[1::2])) == ({9, 255}, {7, 255})
        assert await send_soon(tenant.pk, call_id, GiveBack(KEY)) is Answer.DONE
        await call.line_closed(caller_hung_up=True)
        while (message := await told.get()).startswith(SOUND) or json.loads(message)["state"] != "over":
            pass
        await own.unsubscribe(sound_of(tenant.pk, call_id), told.put_nowait)


async def test_a_call_goes_on_where_redis_is_away(tenant: Tenant, settings: Settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    async with running(tenant, RelayEngine.name) as (call, carrier):
        assert isinstance(carrier, QuickCarrier)
        assert await carrier.answer_to("Hello")
        assert await send_soon(tenant.pk, call._claims.call_id, Whisper("Priya Nair", "Hi")) is Answer.LOST
        assert await in_thread(lambda: send(tenant.pk, call._claims.call_id, Whisper("P", "Hi"))) is Answer.LOST


async def test_what_people_do_in_a_call_survives_the_process_that_carried_it(tenant: Tenant):
    async with running(tenant, "media_streams") as (lost, _):
        claims = lost._claims
        assert await send_soon(tenant.pk, claims.call_id, Whisper("Priya Nair", "Offer her the 3 PM slot."))
        assert await send_soon(tenant.pk, claims.call_id, TakeOver("Priya Nair", KEY)) is Answer.DONE
        own, told = Exchange(), asyncio.Queue[bytes]()  # of somebody who follows the call elsewhere
        own.subscribe(sound_of(tenant.pk, claims.call_id), told.put_nowait)
        await lost.line_closed(caller_hung_up=False)
        await in_thread(lambda: spool.recover(claims.call_id))

        line = PlayedLine()
        call = await runtime.start_call(replace(claims, segment=2), line)
        line.on_mark = call.mark_reached
        async with asyncio.timeout(10):
            while VOICE not in b"".join(audio for _, kind, audio in line.sent if kind == "audio"):
                await exchange().publish(call._attendance._channel, sound_message(KEY, VOICE))
        system = call._session._history.messages()[0].content
        assert "Offer her the 3 PM slot." in system
        assert {audio for _, kind, audio in line.sent if kind == "audio"} == {VOICE}, "the agent keeps quiet"
        assert await send_soon(tenant.pk, claims.call_id, GiveBack(KEY)) is Answer.DONE
        assert "Priya Nair, a colleague of yours, took over the call" in call._session._history.messages()[0].content
        await call.line_closed(caller_hung_up=True)
        states = [json.loads(message)["state"] for message in drained(told) if not message.startswith(SOUND)]
        assert states.count("over") == 1
        await own.unsubscribe(sound_of(tenant.pk, claims.call_id), told.put_nowait)


class Beside(SoundSocket):
    """Somebody who may listen, and says every moment that they do."""

    is_welcome, check_every_s = True, 0.05
    person: Membership

    def member(self, permission: Permission) -> Membership:
        return self.person


async def beside(tenant: Tenant, call_id: UUID) -> WebsocketCommunicator:
    """The socket of a member of the business, open."""
    user = await in_thread(lambda: factories.make_member(tenant, email=f"{uuid4()}@example.com"))
    person = await in_thread(lambda: Membership.objects.select_related("tenant", "user").get(user=user))
    router = URLRouter([path("<uuid:call_id>", type("Here", (Beside,), {"person": person}).as_asgi())])
    browser = WebsocketCommunicator(router, f"{call_id}")
    await browser.connect(timeout=10)
    return browser


async def test_whoever_listens_hears_the_next_process_that_carries_the_call(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sound_socket, "MOST_ALONE", 10_000)  # checks come quickly here
    async with running(tenant, "media_streams") as (lost, _):
        claims = lost._claims
        browser = await beside(tenant, claims.call_id)
        assert json.loads(await browser.receive_from(timeout=10)) == {"state": "listening"}
        await lost.line_closed(caller_hung_up=False)
        await in_thread(lambda: spool.recover(claims.call_id))

        call = await runtime.start_call(replace(claims, segment=2), PlayedLine())
        while VOICE[:20] not in (await browser.receive_output(timeout=10)).get("bytes", b"")[::2]:
            call.engine.hear(VOICE)
        await call.line_closed(caller_hung_up=True)
        while (told := await browser.receive_output(timeout=10)).get("text") != '{"state": "over", "by": ""}':
            assert told.get("bytes"), told
        await browser.disconnect()
