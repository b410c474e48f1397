"""Pages about calls that change by themselves: what their sockets send, to whom, and until when."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import path
from django.utils.safestring import SafeString
from django.utils.timezone import now

from agentos.tenants.models import Membership, Role, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.announce import group_of
from calls.consumers import CallConsumer, CallListConsumer
from calls.models import Call, Turn
from calls.parts import Part, changes, everything
from calls.services import end_call
from tests import factories
from tests.calls.talks import asks, ended_call, says, short_talk

pytestmark = pytest.mark.django_db(transaction=True)

QUICK = {"check_every_s": 0.05, "send_every_s": 0.0}
ROUTER = URLRouter(
    [
        path("t/<slug:slug>/calls/live", AuthMiddlewareStack(CallListConsumer.as_asgi(**QUICK))),
        path("t/<slug:slug>/calls/<uuid:call_id>/live", AuthMiddlewareStack(CallConsumer.as_asgi(**QUICK))),
    ]
)
HERE = "http://127.0.0.1:8000"
LIST = "/t/juniper-dental/calls/"
SOCKET = "/t/juniper-dental/calls/live"


class Watcher:
    """A browser with a page about calls."""

    def __init__(self, user: User | None, address: str, *, origin: str = HERE) -> None:
        client = Client()
        if user is not None:
            client.force_login(user)
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}" if user else ""
        headers = [(b"host", b"127.0.0.1:8000"), (b"origin", origin.encode()), (b"cookie", cookie.encode())]
        self.client = client
        self.socket = WebsocketCommunicator(ROUTER, address, headers=headers)

    async def opens(self) -> bool:
        is_open, _ = await self.socket.connect(timeout=10)
        if not is_open:
            await self.socket.disconnect()
        return is_open

    async def told(self, about: str = "") -> str:
        """The next that is swapped in the page, or the next that is about something."""
        while True:
            message = await self.socket.receive_output(timeout=10)
            assert message["type"] == "websocket.send", message
            if about in message["text"]:
                return message["text"].replace("\u00a0", " ")

    async def settles(self) -> None:
        """Until it has looked for the first time."""
        while not await self.socket.receive_nothing(timeout=0.4):
            await self.told()

    async def closed_with(self) -> int:
        while (message := await self.socket.receive_output(timeout=10))["type"] != "websocket.close":
            pass
        return message["code"]


@asynccontextmanager
async def watching(user: User, address: str) -> AsyncIterator[Watcher]:
    watcher = await in_thread(lambda: Watcher(user, address))
    assert await watcher.opens()
    yield watcher
    await watcher.socket.disconnect()


async def in_thread(work: Callable[[], Any]) -> Any:
    """Database work from a test that runs on a loop."""

    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return await sync_to_async(run, thread_sensitive=False)()


async def happens(call: Call, work: Callable[[], Any] = lambda: None) -> None:
    """Something about the call changes, and the journal says so."""
    await in_thread(work)
    message = {"type": "calls.changed", "calls": [str(call.pk)]}
    await get_channel_layer().group_send(group_of(call.tenant_id), message)


def as_rendered(user: User, address: str) -> str:
    """The address of the socket in a page that this person is shown."""
    client = Client()
    client.force_login(user)
    return re.search(r'ws-connect="([^"]+)"', client.get(address).content.decode()).group(1).replace("&amp;", "&")


# The list


async def test_a_row_changes_where_it_stands_when_its_call_ends(owner: User, agent: Agent) -> None:
    call = await in_thread(lambda: factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now()))
    address = await in_thread(lambda: as_rendered(owner, LIST))
    async with watching(owner, address) as page:
        await happens(call, lambda: end_call(agent.tenant_id, call.pk, ending=Call.Ending.AGENT, at=now()))
        told = await page.told("Agent said goodbye")

    assert told.startswith(f'<tr hx-swap-oob="innerHTML:#call-{call.pk}">')


async def test_a_page_that_shows_everything_is_sent_nothing(owner: User, agent: Agent) -> None:
    await in_thread(lambda: short_talk(ended_call(agent)))
    address = await in_thread(lambda: as_rendered(owner, LIST))
    async with watching(owner, address) as page:
        assert await page.socket.receive_nothing(timeout=0.4)


async def test_a_page_that_was_away_is_brought_up_to_date(owner: User, agent: Agent) -> None:
    call = await in_thread(lambda: factories.make_call(agent))
    address = await in_thread(lambda: as_rendered(owner, LIST))
    await in_thread(lambda: end_call(agent.tenant_id, call.pk, ending=Call.Ending.NO_ANSWER, at=now()))
    async with watching(owner, address) as page:
        assert "No answer" in await page.told()


async def test_new_calls_wait_behind_a_link_and_are_counted_as_the_page_is_filtered(owner: User, agent: Agent) -> None:
    address = await in_thread(lambda: as_rendered(owner, f"{LIST}?direction=incoming"))
    async with watching(owner, address) as page:
        first = await in_thread(lambda: factories.make_call(agent))
        await happens(first)
        one = await page.told("#newer")
        await in_thread(lambda: factories.make_call(agent, channel=Call.Channel.BROWSER))
        second = await in_thread(lambda: factories.make_call(agent))
        await happens(second)
        two = await page.told("#newer")

    assert one.startswith('<p hx-swap-oob="innerHTML:#newer"><a')
    assert "1 new call<" in one
    assert "2 new calls<" in two
    assert 'href="?direction=incoming"' in two


async def test_a_call_that_outgrows_the_scale_redraws_the_others_on_a_larger_one(owner: User, agent: Agent) -> None:
    other = await in_thread(lambda: ended_call(agent, 20))
    call = await in_thread(lambda: ended_call(agent, 25))
    address = await in_thread(lambda: as_rendered(owner, LIST))

    def grow() -> None:
        with tenant_transaction(agent.tenant_id):
            Call.objects.filter(pk=call.pk).update(ended_at=call.answered_at.replace(year=call.answered_at.year + 1))

    async with watching(owner, address) as page:
        await happens(call, grow)
        told = [await page.told(), await page.told()]

    assert {str(other.pk) in each for each in told} == {True, False}


async def test_a_viewer_is_sent_masked_numbers(viewer: User, agent: Agent) -> None:
    call = await in_thread(lambda: factories.make_call(agent, from_number="+12085550147"))
    async with watching(viewer, SOCKET) as page:
        told = await page.told()

    assert f"#call-{call.pk}" in told
    assert "(208) 555-••47" in told


async def test_nobody_is_told_of_the_calls_of_another_business(owner: User, agent: Agent, other_agent: Agent) -> None:
    theirs = await in_thread(lambda: factories.make_call(other_agent))
    async with watching(owner, SOCKET) as page:
        await happens(theirs)
        message = {"type": "calls.changed", "calls": [str(theirs.pk)]}
        await get_channel_layer().group_send(group_of(agent.tenant_id), message)
        assert await page.socket.receive_nothing(timeout=0.4)


# One call


async def test_a_turn_is_added_after_the_one_before_it_and_then_changes_in_place(owner: User, agent: Agent) -> None:
    def begin() -> Call:
        call = factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now())
        says(call, "How can I help?", 0, 2000, index=0)
        return call

    call = await in_thread(begin)
    address = await in_thread(lambda: as_rendered(owner, f"{LIST}{call.pk}/"))

    def hear_the_rest() -> None:
        with tenant_transaction(agent.tenant_id):
            Turn.objects.filter(call=call, index=1).update(heard="From eight to five.", unheard="")

    async with watching(owner, address) as page:
        await page.settles()
        await happens(call, lambda: says(call, "From eight", 3000, 3500, index=1, unheard="to five."))
        added = await next_about(page, "t-1")
        await happens(call, hear_the_rest)
        changed = await next_about(page, "t-1")

    assert added.startswith('<ol hx-swap-oob="afterend:#t-0"><li id="t-1" class="turn turn--agent">')
    assert '<span class="coming">to five.</span>' in added
    assert changed.startswith('<li hx-swap-oob="innerHTML:#t-1">')
    assert "<p>From eight to five.</p>" in changed


async def test_a_call_that_ends_gets_its_outcome_in_the_head(owner: User, agent: Agent) -> None:
    call = await in_thread(lambda: factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now()))
    await in_thread(lambda: asks(call, "Bye.", 0, 500))
    address = await in_thread(lambda: as_rendered(owner, f"{LIST}{call.pk}/"))
    async with watching(owner, address) as page:
        await happens(call, lambda: end_call(agent.tenant_id, call.pk, ending=Call.Ending.CALLER, at=now()))
        while "Caller hung up" not in (told := await next_about(page, "head")):
            pass

    assert "talked with Front desk" in told


async def next_about(page: Watcher, element: str) -> str:
    while f"#{element}" not in (told := await page.told()) and f'id="{element}"' not in told:
        pass
    return told


async def test_a_page_on_which_nothing_happens_keeps_its_socket(owner: User, agent: Agent) -> None:
    """The Redis client ends an idle read after five seconds unless the channel layer tells it not to."""
    async with watching(owner, SOCKET) as page:
        assert await page.socket.receive_nothing(timeout=6)


# Who may watch


async def test_a_person_who_is_removed_is_told_nothing_more(member: User, agent: Agent) -> None:
    async with watching(member, SOCKET) as page:
        await in_thread(lambda: Membership.objects.filter(user=member).delete())

        assert await page.closed_with() == 4403


async def test_a_person_who_signs_out_is_told_nothing_more(member: User, agent: Agent) -> None:
    async with watching(member, SOCKET) as page:
        await in_thread(page.client.logout)

        assert await page.closed_with() == 4403


async def test_a_person_whose_account_is_closed_is_told_nothing_more(member: User, agent: Agent) -> None:
    async with watching(member, SOCKET) as page:
        await in_thread(lambda: User.objects.filter(pk=member.pk).update(is_active=False))

        assert await page.closed_with() == 4403


async def test_a_role_that_is_taken_away_counts_from_the_next_row(member: User, agent: Agent) -> None:
    call = await in_thread(lambda: factories.make_call(agent, from_number="+12085550147"))
    async with watching(member, SOCKET) as page:
        before = await page.told()
        await happens(call, lambda: Membership.objects.filter(user=member).update(role=Role.VIEWER))
        after = await page.told()

    assert "(208) 555-0147" in before
    assert "(208) 555-••47" in after


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://127.0.0.1:9999", "null", ""])
async def test_a_page_from_elsewhere_may_not_listen(owner: User, agent: Agent, origin: str) -> None:
    watcher = await in_thread(lambda: Watcher(owner, SOCKET, origin=origin))

    assert not await watcher.opens()


async def test_strangers_and_passers_by_may_not_listen(stranger: User, agent: Agent) -> None:
    assert not await (await in_thread(lambda: Watcher(stranger, SOCKET))).opens()
    assert not await (await in_thread(lambda: Watcher(None, SOCKET))).opens()


# What is swapped


def part(name: str, inside: str, **rest: str) -> Part:
    return Part(name, SafeString(inside), **rest)


def test_only_what_differs_is_swapped() -> None:
    before = {"a": part("a", "1"), "b": part("b", "2")}

    assert changes(before, [part("a", "1"), part("b", "3")]) == ['<div hx-swap-oob="innerHTML:#b">3</div>']


def test_what_is_new_in_a_list_follows_its_predecessor_or_comes_first() -> None:
    rows = [part(name, name, tag="li", list_id="script") for name in ("a", "b", "c")]

    assert changes({"b": rows[1]}, rows) == [
        '<ol hx-swap-oob="afterbegin:#script"><li id="a" class="">a</li></ol>',
        '<ol hx-swap-oob="afterend:#b"><li id="c" class="">c</li></ol>',
    ]


def test_what_is_new_outside_of_a_list_waits() -> None:
    assert changes({}, [part("call-1", "<td>1</td>", tag="tr")]) == []


def test_everything_replaces_lists_as_a_whole() -> None:
    rows = [part(name, name, tag="li", list_id="script") for name in ("a", "b")]

    assert everything([part("head", "h"), *rows]) == [
        '<div hx-swap-oob="innerHTML:#head">h</div>',
        '<ol hx-swap-oob="innerHTML:#script"><li id="a" class="">a</li><li id="b" class="">b</li></ol>',
    ]


def test_the_address_of_a_socket_carries_the_filters_of_its_page(owner: User, agent: Agent) -> None:
    ended_call(agent)
    address = as_rendered(owner, f"{LIST}?state=caller&day=month")

    assert dict(parse_qsl(address.partition("?")[2])).keys() == {"state", "day", "drawn_at", "shown", "lines"}


# The frame around the page


async def test_the_lines_in_use_are_counted_again_when_a_call_begins_or_ends(owner: User, agent: Agent) -> None:
    address = await in_thread(lambda: as_rendered(owner, LIST))
    async with watching(owner, address) as page:
        await page.settles()
        call = await in_thread(lambda: factories.make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now()))
        await happens(call)
        assert "1<span" in await page.told("#lines-count")
