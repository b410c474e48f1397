"""A call that is carried as words moves to a line of sound when a person wants to hear it, or to speak in it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from uuid import UUID

import pytest
from channels.testing import WebsocketCommunicator
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.models import LogEntry, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from calls import runtime
from calls.conversation import operator_side
from calls.conversation.commands import Answer, TakeOver, Whisper
from calls.engines import RelayEngine
from calls.live import sound_socket
from calls.live.commands import send_soon
from calls.models import Call
from calls.moving import Moved
from calls.services import end_call
from tests import factories
from tests.agents.pages import text
from tests.calls.live.test_commands import VOICE, beside, running
from tests.calls.live.test_steering import Steering
from tests.calls.test_doing import QuickCarrier, in_thread
from tests.conftest import SignIn
from tests.fakes import PlayedLine

pytestmark = pytest.mark.django_db(transaction=True)
OTHER = "0" * 31 + "9"


async def told(browser: WebsocketCommunicator, state: str) -> None:
    """Wait until the socket says so, between the sounds of the call."""
    while state not in (await browser.receive_output(timeout=10)).get("text", ""):
        pass


async def ask(browser: WebsocketCommunicator, do: str) -> None:
    await browser.send_to(text_data=json.dumps({"do": do}))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_socket, "MOST_ALONE", 10_000)  # checks come quickly here


def log_of(tenant: Tenant, call_id: UUID) -> list[str]:
    with tenant_transaction(tenant):
        return list(LogEntry.objects.filter(subject=f"call {call_id}").order_by("pk").values_list("what", flat=True))


async def test_a_person_takes_over_a_call_of_words_and_speaks_at_once_on_its_line_of_sound(tenant: Tenant):
    async with running(tenant, RelayEngine.name) as (words, carrier):
        assert isinstance(carrier, QuickCarrier)
        await carrier.answer_to("When can I come?")
        claims, said = words._claims, len(carrier.said)
        browser = await beside(tenant, claims.call_id)
        await told(browser, "words")

        await ask(browser, "take_over")
        await told(browser, "connecting")
        await carrier.hung_up.wait()
        assert (carrier.goes_on_with, len(carrier.said)) == ("sound", said)
        second = await beside(tenant, claims.call_id)
        line = PlayedLine()
        call = await runtime.start_call(replace(claims, segment=2), line)
        line.on_mark = call.mark_reached
        await told(browser, "speaking")
        await browser.send_to(bytes_data=VOICE)
        while VOICE not in (played := b"".join(audio for _, kind, audio in line.sent if kind == "audio")):
            await browser.receive_output(timeout=10)
        assert set(played) == set(VOICE), "the agent keeps quiet"
        await told(second, "listening")
        await ask(second, "take_over")
        await told(second, "Somebody else is speaking")
        assert "when can i come" in str(call._session._history.messages()).lower()

        await ask(browser, "give_back")
        await told(browser, "agent")
        await browser.disconnect()
        await second.disconnect()
        await call.line_closed(caller_hung_up=True)
        whats = await in_thread(lambda: log_of(tenant, claims.call_id))
        assert [what for what in whats if what != "call.listened"] == [
            "call.moved",
            "call.taken_over",
            "call.given_back",
        ]


async def test_nobody_waits_for_a_person_who_closed_the_page_before_they_were_connected(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(operator_side, "LOST_AFTER_S", 1000.0)
    async with running(tenant, RelayEngine.name) as (words, carrier):
        assert isinstance(carrier, QuickCarrier)
        claims = words._claims
        browser = await beside(tenant, claims.call_id)
        await ask(browser, "take_over")
        await told(browser, "connecting")
        await carrier.hung_up.wait()
        colleague = await beside(tenant, claims.call_id)
        await browser.disconnect()

        call = await runtime.start_call(replace(claims, segment=2), PlayedLine())
        async with asyncio.timeout(10):
            await told(colleague, "agent")
        await colleague.disconnect()
        await call.line_closed(caller_hung_up=True)


async def test_whoever_wants_to_listen_has_it_moved_and_the_agent_goes_on_by_itself(tenant: Tenant):
    async with running(tenant, RelayEngine.name) as (words, carrier):
        assert isinstance(carrier, QuickCarrier)
        claims = words._claims
        browser = await beside(tenant, claims.call_id)
        await told(browser, "words")
        await ask(browser, "move")
        await told(browser, "connecting")
        await carrier.hung_up.wait()
        assert carrier.said[-1] == "One moment, please."
        call = await runtime.start_call(replace(claims, segment=2), PlayedLine())
        await told(browser, "listening")
        assert "the line was changed" in call._session._history.messages()[0].content
        await browser.disconnect()
        await call.line_closed(caller_hung_up=True)


async def test_who_is_told_when_the_caller_hangs_up_meanwhile(tenant: Tenant):
    async with running(tenant, RelayEngine.name) as (words, carrier):
        assert isinstance(carrier, QuickCarrier)
        claims = words._claims
        browser = await beside(tenant, claims.call_id)
        await ask(browser, "take_over")
        await carrier.hung_up.wait()
        await told(browser, "connecting")
        assert await send_soon(tenant.pk, claims.call_id, Whisper("P", "Hi")) in (Answer.OVER, Answer.MOVING)
        await in_thread(lambda: end_call(tenant.pk, claims.call_id, ending="caller", at=now()))
        await told(browser, "This call is over.")
        await browser.disconnect()
        assert "call.not_moved" in await in_thread(lambda: log_of(tenant, claims.call_id))


def test_a_call_that_was_moved_keeps_to_sound_and_knows_whether_it_has_just_been():
    assert Moved.of([]) == Moved()
    assert Moved.of([("resumed", 10), ("moved", 20), ("taken_over", 20)]) == Moved(is_moved=True, since_ms=20)
    assert Moved.of([("moved", 20), ("resumed", 30)]) == Moved(is_moved=True)


async def test_whoever_whispers_in_between_waits_for_the_next_line(tenant: Tenant, owner: User, sign_in: SignIn):
    async with running(tenant, RelayEngine.name) as (words, carrier):
        assert isinstance(carrier, QuickCarrier)
        claims = words._claims
        page = Steering(tenant, claims.call_id, await in_thread(lambda: sign_in(owner)))
        assert await send_soon(tenant.pk, claims.call_id, TakeOver("Priya Nair", OTHER)) is Answer.MOVING
        await carrier.hung_up.wait()

        whispered = asyncio.create_task(page.do("whisper", text="She is a regular."))
        call = await runtime.start_call(replace(claims, segment=2), PlayedLine())
        assert await whispered == 200
        assert "She is a regular." in call._session._history.messages()[0].content
        await call.line_closed(caller_hung_up=True)


@pytest.mark.parametrize(
    ("ears", "words"),
    [("offline", "it moves to a line of sound"), ("deepgram", "no vendor keys for hearing and speaking")],
)
def test_the_panel_says_what_taking_over_does_or_why_it_cannot_be(
    tenant: Tenant, owner: User, sign_in: SignIn, ears: str, words: str
):
    agent = factories.make_agent(tenant, transport=RelayEngine.name, stt_provider=ears, stt_model="nova-3")
    facts = {"status": Call.Status.IN_PROGRESS, "carrier_sid": "CA7", "answered_at": now()}
    call = factories.make_call(agent, **facts)

    page = text(sign_in(owner).get(reverse("calls:call", args=[tenant.slug, call.pk])))

    assert words in page
    assert ("Take over" in page) is (ears == "offline")
