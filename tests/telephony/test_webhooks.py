from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connections
from django.http import HttpResponse
from django.test import AsyncClient, Client

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.admission import Admission, EngineFailure, Refused, RelayWish
from calls.models import Call
from telephony import tokens
from telephony.event_writer import EventWriter
from telephony.models import CarrierEvent
from telephony.webhooks import CallStatus, IncomingCall, ResumeCall
from tests import factories
from tests.telephony.desk import AGENT, CALL, Desk, url, verbs
from tests.telephony.relay_specs import relay_spec
from tests.telephony.shelf import Shelf
from tests.telephony.signing import CALL_SID, FORM, call_fields, signature, webhook


async def never(**question: Any) -> Admission:
    await asyncio.Event().wait()
    raise AssertionError


Ask = Callable[..., Awaitable[HttpResponse]]


@pytest.fixture
def ring(events: Callable[[], EventWriter]) -> Ask:
    """Let the phone ring; the given desk decides."""

    async def ring(desk: Any, within_s: float = 3.0, **fields: str) -> HttpResponse:
        view = IncomingCall.as_view(admit=desk, events=events, within_s=within_s)
        return await view(webhook(url("incoming-call"), call_fields(**fields)), agent_id=AGENT)

    return ring


async def nobody_asked(agent_id: UUID, carrier_sid: str) -> None:
    """For a person: the usual case."""


@pytest.fixture
def resume(events: Callable[[], EventWriter]) -> Ask:
    async def resume(desk: Any, **fields: str) -> HttpResponse:
        view = ResumeCall.as_view(readmit=desk, next_step=nobody_asked, events=events)
        return await view(webhook(url("resume"), call_fields(CallStatus="in-progress", **fields)), agent_id=AGENT)

    return resume


# The phone rings


async def test_a_call_is_connected_to_its_own_socket_with_a_token_for_it(ring: Ask):
    (connect, redirect) = verbs(await ring(Desk()))

    (stream,) = connect
    (token,) = stream
    assert stream.attrib["url"] == f"wss://agents.example/agents/{AGENT}/media"
    assert "?" not in stream.attrib["url"]
    claims = tokens.read(token.attrib["value"])
    assert (claims.call_id, claims.agent_id, claims.tenant_id) == (CALL, AGENT, 7)
    assert (claims.segment, claims.carrier_sid) == (1, CALL_SID)
    assert (redirect.text or "").partition("#")[0] == url("resume")


async def test_the_desk_is_told_who_calls_whom(ring: Ask):
    desk = Desk()
    await ring(desk)
    await ring(desk, Direction="outbound-api")

    first, second = desk.asked
    assert first == {
        "agent_id": AGENT,
        "carrier_sid": CALL_SID,
        "from_number": "+15005550006",
        "to_number": "+15005550001",
        "direction": "inbound",
    }
    assert second["direction"] == "outbound"


@pytest.mark.parametrize("name", ["anonymous", "", "client:someone", "sip:a@b.example", "x" * 500, "\0"])
async def test_whoever_calls_is_welcome(ring: Ask, name: str):
    desk = Desk()
    assert [verb.tag for verb in verbs(await ring(desk, From=name))] == ["Connect", "Redirect"]

    assert len(desk.asked[0]["from_number"]) <= 40
    assert "\0" not in desk.asked[0]["from_number"]


async def test_the_same_webhook_twice_gives_the_same_instructions(ring: Ask):
    once, again = verbs(await ring(Desk())), verbs(await ring(Desk()))

    assert [verb.tag for verb in once] == [verb.tag for verb in again]
    first, second = (tokens.read(verb[0][0][0].attrib["value"]) for verb in (once, again))
    assert first == second


@pytest.mark.parametrize("code", ["unknown_agent", "unpublished", "suspended", "busy"])
async def test_a_call_that_is_not_taken_is_declined_in_a_sentence(ring: Ask, code: str):
    refused = Refused(code)

    (say, hangup) = verbs(await ring(Desk(refused)))

    assert (say.text, hangup.tag) == (refused.sentence, "Hangup")


async def test_a_process_about_to_end_asks_the_caller_to_hold_on(ring: Ask, resume: Ask):
    (say, pause, redirect) = verbs(await ring(Desk(Refused("draining"))))
    assert (say.text, pause.tag, redirect.text) == ("One moment, please.", "Pause", url("incoming-call"))

    (_, _, redirect) = verbs(await resume(Desk(Refused("draining"))))
    assert (redirect.text or "").partition("#")[0] == url("resume")


@pytest.mark.parametrize("error", [RuntimeError("x"), LookupError("x"), OSError("x")], ids=repr)
async def test_no_error_reaches_the_caller(ring: Ask, error: Exception, caplog: pytest.LogCaptureFixture):
    (say, hangup) = verbs(await ring(Desk(error)))

    assert "sorry" in (say.text or "")
    assert hangup.tag == "Hangup"
    assert "call not answered" in caplog.text


async def test_a_call_without_a_name_is_declined(ring: Ask):
    assert [verb.tag for verb in verbs(await ring(Desk(), CallSid="../etc"))] == ["Say", "Hangup"]


async def test_a_desk_that_never_answers_does_not_keep_the_caller_waiting(ring: Ask):
    assert [verb.tag for verb in verbs(await ring(never, within_s=0.01))] == ["Say", "Hangup"]


async def test_a_conversation_goes_on_in_its_next_segment(resume: Ask):
    desk = Desk(segment=2)
    (connect, _) = verbs(await resume(desk))

    assert desk.asked == [{"agent_id": AGENT, "carrier_sid": CALL_SID}]
    assert tokens.read(connect[0][0].attrib["value"]).segment == 2


async def test_a_conversation_that_is_over_ends_without_a_word(resume: Ask):
    assert [verb.tag for verb in verbs(await resume(Desk(Refused("ended"))))] == ["Hangup"]


async def test_a_call_of_words_is_connected_to_its_socket_with_its_greeting(ring: Ask):
    wish = RelayWish(relay_spec(), "Hello there.")
    (connect, redirect) = verbs(await ring(Desk(Admission(CALL, AGENT, 7, 1, "conversation_relay", wish))))

    (relay,) = connect
    assert relay.tag == "ConversationRelay"
    assert relay.attrib["url"] == f"wss://agents.example/agents/{AGENT}/ws"
    assert relay.attrib["welcomeGreeting"] == "Hello there."
    parameters = {each.attrib["name"]: each.attrib["value"] for each in relay}
    assert parameters["greeted"] == "yes"
    assert tokens.read(parameters["token"]).call_id == CALL
    assert connect.attrib["action"] == redirect.text
    assert (redirect.text or "").partition("#")[0] == url("resume")


async def test_what_became_of_a_session_for_words_is_told_to_the_desk(resume: Ask):
    desk = Desk(segment=2)
    await resume(desk, SessionStatus="failed", ErrorCode="64106", SessionDuration="1")
    await resume(desk, SessionStatus="failed", ErrorCode="64105", SessionDuration="30")
    await resume(desk, SessionStatus="ended", SessionDuration="30", HandoffData='{"reason":"over"}')
    await resume(desk, SessionStatus="ended", SessionDuration="30", HandoffData='{"reason":"sound"}')

    assert [asked["wants_sound"] for asked in desk.asked] == [False, False, False, True]
    assert [asked["failed"] for asked in desk.asked] == [
        EngineFailure(of_engine=True, of_settings=True, at_once=True),
        EngineFailure(of_engine=False),
        None,
        None,
    ]


async def test_a_caller_who_left_a_session_for_words_is_not_connected_again(events: Callable[[], EventWriter]):
    desk, left = Desk(), Desk()
    view = ResumeCall.as_view(readmit=desk, caller_left=left, next_step=nobody_asked, events=events)
    fields = call_fields(CallStatus="completed", SessionStatus="completed", SessionDuration="30")
    answer = await view(webhook(url("resume"), fields), agent_id=AGENT)

    assert [verb.tag for verb in verbs(answer)] == ["Hangup"]
    assert left.asked == [{"agent_id": AGENT, "carrier_sid": CALL_SID}]
    assert desk.asked == []


# Who may ask


@pytest.mark.parametrize("leaf", ["incoming-call", "resume", "status", "stream-status"])
@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options", "trace"])
def test_only_the_carrier_s_method_is_answered(leaf: str, method: str):
    assert getattr(Client(), method)(f"/agents/{AGENT}/{leaf}").status_code == 405


@pytest.mark.parametrize("leaf", ["incoming-call/", "Incoming-Call", "answer"])
def test_other_spellings_are_not_redirected(leaf: str):
    assert Client().post(f"/agents/{AGENT}/{leaf}").status_code == 404


@pytest.mark.django_db(transaction=True)
class TestTheDoor:
    @pytest.mark.parametrize("leaf", ["incoming-call", "resume", "status", "stream-status"])
    async def test_a_stranger_learns_nothing_and_leaves_nothing(self, agent: Agent, leaf: str):
        response = await AsyncClient().post(
            f"/agents/{agent.pk}/{leaf}",
            urlencode(call_fields()),
            content_type=FORM,
            headers={"X-Twilio-Signature": "x"},
        )

        assert (response.status_code, response.content) == (403, b"")
        assert not await stored(agent)

    async def test_an_unknown_agent_is_declined_in_a_sentence(self, tenant: Tenant):
        response = await post(uuid4(), "incoming-call", call_fields())

        assert [verb.tag for verb in verbs(response)] == ["Say", "Hangup"]

    async def test_the_carrier_needs_no_csrf_token(self, agent: Agent):
        assert (await post(agent.pk, "status", call_fields(), AsyncClient(enforce_csrf_checks=True))).status_code == 204


async def post(agent_id: UUID, leaf: str, fields: dict[str, str], client: AsyncClient | None = None) -> HttpResponse:
    return await (client or AsyncClient()).post(
        f"/agents/{agent_id}/{leaf}",
        urlencode(fields),
        content_type=FORM,
        headers={"X-Twilio-Signature": signature(url(leaf, agent_id), fields)},
    )


async def stored(agent: Agent) -> list[CarrierEvent]:
    def read() -> list[CarrierEvent]:
        with tenant_transaction(agent.tenant_id):
            return list(CarrierEvent.objects.order_by("key"))

    return await asyncio.to_thread(_closing, read)


def _closing(work: Any) -> Any:
    try:
        return work()
    finally:
        connections.close_all()


# What the carrier reports


@pytest.mark.django_db(transaction=True)
class TestReports:
    async def test_a_status_is_stored_before_it_is_acknowledged(self, agent: Agent):
        response = await post(
            agent.pk, "status", call_fields(CallStatus="completed", SequenceNumber="3", CallToken="t")
        )

        assert response.status_code == 204
        (event,) = await stored(agent)
        assert (event.kind, event.call_sid) == ("status", CALL_SID)
        assert event.key == f"status:{CALL_SID}:completed:3"
        assert event.payload == call_fields(CallStatus="completed", SequenceNumber="3")

    async def test_a_status_moves_its_call_on_and_repeats_do_not(self, agent: Agent):
        call = await asyncio.to_thread(_closing, lambda: factories.make_call(agent, carrier_sid=CALL_SID))
        for status, number in (("in-progress", "2"), ("completed", "3"), ("in-progress", "2"), ("ringing", "1")):
            fields = call_fields(CallStatus=status, SequenceNumber=number)
            assert (await post(agent.pk, "status", fields)).status_code == 204

        def read() -> str:
            with tenant_transaction(agent.tenant_id):
                return Call.objects.get(pk=call.pk).status

        assert await asyncio.to_thread(_closing, read) == Call.Status.ENDED
        assert len(await stored(agent)) == 3

    async def test_a_status_of_the_neighbour_s_agent_is_filed_with_the_neighbour(
        self, agent: Agent, other_agent: Agent
    ):
        await post(other_agent.pk, "status", call_fields())

        assert await stored(agent) == []
        assert len(await stored(other_agent)) == 1

    async def test_a_flood_of_fields_is_kept_within_bounds(self, agent: Agent):
        fields = call_fields(CallStatus="completed") | {f"Extra{n}": "x\0" * 1000 for n in range(30)}
        assert (await post(agent.pk, "status", fields)).status_code == 403  # over 64 KiB

        fields = call_fields() | {f"Extra{n}": "x\0" * 10 for n in range(150)}
        assert (await post(agent.pk, "status", fields)).status_code == 204
        (event,) = await stored(agent)
        assert len(event.payload) == 100
        assert event.payload["Extra0"] == "x" * 10

    @pytest.mark.parametrize("missing", [{"CallSid": ""}, {"CallStatus": ""}])
    async def test_a_status_of_nothing_is_a_mistake(self, agent: Agent, missing: dict[str, str]):
        assert (await post(agent.pk, "status", call_fields(**missing))).status_code == 400

    async def test_what_the_carrier_thinks_of_a_stream_is_kept(self, agent: Agent):
        fields = call_fields(StreamSid="MZ1", StreamEvent="stream-error", StreamError="31921")
        assert (await post(agent.pk, "stream-status", fields)).status_code == 204
        await settled()

        (event,) = await stored(agent)
        assert event.key == f"stream:{CALL_SID}:MZ1:stream-error"

    async def test_incoming_calls_and_resumptions_are_on_file(self, agent: Agent):
        admission = Admission(call_id=CALL, agent_id=agent.pk, tenant_id=agent.tenant_id, segment=2)
        await IncomingCall.as_view(admit=Desk(Refused("busy")))(
            webhook(url("incoming-call", agent.pk), call_fields()), agent_id=agent.pk
        )
        await ResumeCall.as_view(readmit=Desk(admission))(
            webhook(url("resume", agent.pk), call_fields()), agent_id=agent.pk
        )
        await settled()

        assert [event.key for event in await stored(agent)] == [f"incoming:{CALL_SID}:busy", f"resume:{CALL_SID}:2"]


async def settled() -> None:
    """Until everything kept so far has its row: files are stored in order of arrival."""
    fields = call_fields(CallSid="CAlast")
    await CallStatus.as_view()(webhook(url("status"), fields), agent_id=AGENT)


# With the database away


async def test_without_the_database_the_phone_is_answered_all_the_same(ring: Ask, shelf: Shelf, tmp_path: Path):
    shelf.error = OperationalError("away")

    assert [verb.tag for verb in verbs(await ring(Desk()))] == ["Connect", "Redirect"]

    assert await asyncio.to_thread(shelf.tried.wait, 10)
    assert len(list((tmp_path / "events").iterdir())) == 1


async def test_without_the_database_the_carrier_is_asked_to_repeat_a_status_which_is_kept_nonetheless(
    events: Callable[[], EventWriter], shelf: Shelf, tmp_path: Path
):
    shelf.error = OperationalError("away")
    view = CallStatus.as_view(events=events, within_s=0.05)

    response = await view(webhook(url("status"), call_fields(CallStatus="completed")), agent_id=AGENT)
    assert response.status_code == 503

    shelf.error = None
    again = CallStatus.as_view(events=events)
    response = await again(webhook(url("status"), call_fields(CallStatus="completed")), agent_id=AGENT)
    assert response.status_code == 204
    assert [event.key for event in shelf.stored] == [f"status:{CALL_SID}:completed:"] * 2
    assert not list((tmp_path / "events").iterdir())


async def test_on_a_full_disk_the_phone_is_answered_and_a_status_stored(
    ring: Ask, events: Callable[[], EventWriter], shelf: Shelf, tmp_path: Path
):
    (tmp_path / "events").write_text("not a folder")

    assert [verb.tag for verb in verbs(await ring(Desk()))] == ["Connect", "Redirect"]
    response = await CallStatus.as_view(events=events)(webhook(url("status"), call_fields()), agent_id=AGENT)
    assert response.status_code == 204
    assert [event.kind for event in shelf.stored] == ["incoming", "status"]
