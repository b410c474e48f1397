"""Spoken answers: fetched whole, kept unreadable, written down and sorted."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.answers import inbox
from campaigns.answers.inbox import What
from campaigns.answers.replies import (
    NOT_FETCHED,
    NOT_WRITTEN_DOWN,
    NotYet,
    fetch,
    give_up,
    read_conversation,
    read_wav,
    recorded,
)
from campaigns.models import Attempt, DoNotCall, Reply, Target
from telephony.carrier import delete_recording
from telephony.simulator.call_flow import SimulatedCall
from telephony.simulator.people import Person
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallSetup
from telephony.simulator.sounds import wav_of
from telephony.simulator.voices import Humming, OfflineSpeaker, tone
from tests import factories
from tests.campaigns.line import ROSA, asked, in_thread
from tests.campaigns.rows import NOON
from tests.doubles import Doubles, Refuse
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN

RECORDING = "RE00000000000000000000000000000001"


# Recordings


def stereo() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(bytes(400))
    return buffer.getvalue()


@pytest.mark.parametrize("sound", [b"", b"<html>", wav_of(tone(500))[:-100], wav_of(b""), stereo()])
def test_a_recording_that_is_not_whole_is_none(sound: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_wav(sound)


def test_a_whole_recording_is_as_long_as_it_was() -> None:
    assert len(read_wav(wav_of(tone(500)))) == 4000


# From the carrier to the inbox


@pytest.fixture
async def practice(settings: Settings) -> AsyncIterator[PracticeCarrier]:
    async with PracticeCarrier(Account(ACCOUNT_SID, AUTH_TOKEN), speaker=Humming()) as practice:
        settings.TWILIO_BASE_URL = practice.url
        yield practice


@pytest.fixture
def keeps(practice: PracticeCarrier) -> Callable[[bytes], None]:
    """Let the carrier have a recording of this sound."""

    def keep(audio: bytes) -> None:
        setup = CallSetup(from_="+12085550110", to=ROSA)
        exchange = practice.exchange
        call = SimulatedCall(
            exchange.account, setup, Person(), courier=exchange.courier, speaker=exchange.speaker, options=None
        )
        call.recordings[RECORDING] = wav_of(audio)
        exchange.calls[call.record.call_sid] = call

    return keep


@pytest.fixture
async def voice() -> AsyncIterator[Callable[[str], Any]]:
    speaker = OfflineSpeaker()

    async def speak(text: str) -> bytes:
        from telephony.simulator.voices import DEFAULT_VOICE

        return await speaker.speak(text, DEFAULT_VOICE)

    yield speak
    await speaker.close()


def waiting(agent: Agent, **campaign: Any) -> tuple[UUID, int]:
    _, attempt_id = asked(agent, records_reply=True, **campaign)
    with tenant_transaction(agent.tenant_id):
        attempt = Attempt.objects.get(pk=attempt_id)
        Attempt.objects.filter(pk=attempt_id).update(state="ended", outcome="spoken", ended_at=NOON)
        Target.objects.filter(pk=attempt.target_id).update(status="done", disposition="spoken")
        reply = Reply.objects.create(attempt=attempt, target=attempt.target, recording_sid=RECORDING)
        return attempt_id, reply.pk


def opened(reply: Reply) -> bytes:
    with tenant_transaction(reply.tenant_id):
        return recorded(reply)


def look(agent: Agent, reply_id: int) -> Reply:
    with tenant_transaction(agent.tenant_id):
        return Reply.objects.select_related("target").get(pk=reply_id)


def listed(agent: Agent) -> list[str]:
    with tenant_transaction(agent.tenant_id):
        return [entry.evidence for entry in DoNotCall.objects.filter(e164=ROSA)]


@pytest.mark.django_db(transaction=True)
async def test_a_hum_is_stored_and_left_to_a_person(
    agent: Agent, keeps: Callable[[bytes], None], private_files: Path
) -> None:
    keeps(tone(2000))
    _, reply_id = await in_thread(waiting, agent)

    await in_thread(fetch, agent.tenant_id, reply_id, NOON)

    reply = await in_thread(look, agent, reply_id)
    assert (reply.status, reply.disposition, reply.duration_ms) == ("open", "", 2000)
    stored = (private_files / reply.file).read_bytes()
    assert b"RIFF" not in stored
    assert await in_thread(opened, reply) == wav_of(tone(2000))


@pytest.mark.django_db(transaction=True)
async def test_what_is_kept_sealed_is_left_nowhere_else(agent: Agent, keeps: Callable[[bytes], None]) -> None:
    keeps(tone(500))

    await in_thread(delete_recording, RECORDING)
    await in_thread(delete_recording, RECORDING)  # gone already

    _, reply_id = await in_thread(waiting, agent)
    with pytest.raises(NotYet):
        await in_thread(fetch, agent.tenant_id, reply_id, NOON)


@pytest.mark.django_db(transaction=True)
async def test_a_spoken_stop_is_honored_without_a_person(
    agent: Agent, keeps: Callable[[bytes], None], voice: Callable[[str], Any]
) -> None:
    keeps(await voice("Please stop calling me."))
    _, reply_id = await in_thread(waiting, agent)

    await in_thread(fetch, agent.tenant_id, reply_id, NOON)

    reply = await in_thread(look, agent, reply_id)
    assert "stop" in reply.transcript
    assert (reply.status, reply.disposition, reply.target.disposition) == ("handled", "opted_out", "opted_out")
    (evidence,) = await in_thread(listed, agent)
    assert RECORDING in evidence


@pytest.mark.django_db(transaction=True)
async def test_a_reply_in_a_language_that_nobody_here_understands_is_for_a_person(
    agent: Agent, keeps: Callable[[bytes], None]
) -> None:
    keeps(tone(1000))
    _, reply_id = await in_thread(waiting, agent, language="es-US")

    await in_thread(fetch, agent.tenant_id, reply_id, NOON)

    reply = await in_thread(look, agent, reply_id)
    assert (reply.status, reply.transcript, reply.problem) == ("open", "", NOT_WRITTEN_DOWN)


@pytest.mark.django_db(transaction=True)
async def test_fetching_twice_changes_nothing(agent: Agent, keeps: Callable[[bytes], None]) -> None:
    keeps(tone(1000))
    _, reply_id = await in_thread(waiting, agent, language="es-US")
    await in_thread(fetch, agent.tenant_id, reply_id, NOON)
    first = await in_thread(look, agent, reply_id)

    await in_thread(fetch, agent.tenant_id, reply_id, NOON)

    assert (await in_thread(look, agent, reply_id)).file == first.file


@pytest.mark.django_db(transaction=True)
async def test_a_recording_that_is_not_there_yet_is_asked_for_again_and_given_up_in_the_end(
    agent: Agent, practice: PracticeCarrier
) -> None:
    _, reply_id = await in_thread(waiting, agent)

    with pytest.raises(NotYet):
        await in_thread(fetch, agent.tenant_id, reply_id, NOON)
    assert (await in_thread(look, agent, reply_id)).status == "fetching"

    await in_thread(give_up, agent.tenant_id, reply_id)
    reply = await in_thread(look, agent, reply_id)
    assert (reply.status, reply.problem) == ("open", NOT_FETCHED)


@pytest.fixture
async def vendor(settings: Settings) -> AsyncIterator[Doubles]:
    async with Doubles() as doubles:
        settings.VENDORS = settings.VENDORS | {"deepgram": {"api_key": "key", "base_url": doubles.url}}
        yield doubles


@pytest.mark.django_db(transaction=True)
async def test_a_reply_is_written_down_by_the_ears_of_the_agent_that_the_business_chose(
    tenant: Tenant, keeps: Callable[[bytes], None], vendor: Doubles
) -> None:
    hearing = {"stt_provider": "deepgram", "stt_model": "nova-3"}
    agent = await in_thread(factories.make_agent, tenant, "Reminders", **hearing)
    vendor.deepgram.hears("could we find another day")
    keeps(tone(2000))
    _, reply_id = await in_thread(waiting, agent)

    await in_thread(fetch, agent.tenant_id, reply_id, NOON)

    reply = await in_thread(look, agent, reply_id)
    assert (reply.transcript, reply.proposed, reply.because) == (
        "could we find another day",
        "rescheduled",
        "another day",
    )


@pytest.mark.django_db(transaction=True)
async def test_where_the_ears_fail_the_offline_ear_listens(
    tenant: Tenant, keeps: Callable[[bytes], None], voice: Callable[[str], Any], vendor: Doubles
) -> None:
    hearing = {"stt_provider": "deepgram", "stt_model": "nova-3"}
    agent = await in_thread(factories.make_agent, tenant, "Reminders", **hearing)
    vendor.deepgram.faults.next(Refuse(500))
    keeps(await voice("Please stop calling me."))
    _, reply_id = await in_thread(waiting, agent)

    await in_thread(fetch, agent.tenant_id, reply_id, NOON)

    assert (await in_thread(look, agent, reply_id)).disposition == "opted_out"


@pytest.mark.django_db(transaction=True)
async def test_a_stop_in_a_recording_counts_though_somebody_has_decided_already(
    agent: Agent, keeps: Callable[[bytes], None], voice: Callable[[str], Any]
) -> None:
    keeps(await voice("Please stop calling me."))
    _, reply_id = await in_thread(waiting, agent)
    by = await in_thread(factories.make_member, agent.tenant)
    await in_thread(inbox.handle, agent.tenant, reply_id, what=What.CONFIRM, seen=0, by=by)

    await in_thread(fetch, agent.tenant_id, reply_id, NOON)

    reply = await in_thread(look, agent, reply_id)
    assert (reply.disposition, reply.target.disposition, reply.handled_by_id) == ("opted_out", "opted_out", None)
    assert len(await in_thread(listed, agent)) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("outcome", "sorted_as"),
    [("rescheduled", ("open", "rescheduled", "key", "")), ("opted_out", ("handled", "opted_out", "key", "opted_out"))],
)
async def test_a_key_that_ended_the_recording_says_more_than_a_hum(
    agent: Agent, keeps: Callable[[bytes], None], outcome: str, sorted_as: tuple[str, ...]
) -> None:
    keeps(tone(1000))
    attempt_id, reply_id = await in_thread(waiting, agent)

    def press() -> None:
        with tenant_transaction(agent.tenant_id):
            Attempt.objects.filter(pk=attempt_id).update(key_pressed="2", outcome=outcome)

    await in_thread(press)
    await in_thread(fetch, agent.tenant_id, reply_id, NOON)

    reply = await in_thread(look, agent, reply_id)
    assert (reply.status, reply.proposed, reply.proposed_by, reply.disposition) == sorted_as


@pytest.mark.django_db(transaction=True)
async def test_without_the_right_key_to_the_account_nothing_is_fetched(
    agent: Agent, keeps: Callable[[bytes], None], settings: Settings
) -> None:
    keeps(tone(1000))
    settings.TWILIO_AUTH_TOKEN = "wrong"
    _, reply_id = await in_thread(waiting, agent)

    await in_thread(fetch, agent.tenant_id, reply_id, NOON)

    assert (await in_thread(look, agent, reply_id)).problem == NOT_FETCHED


# What the live agent was told


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("said", "is_stop"), [("Please don't call me again.", True), ("Could you call me back before noon?", False)]
)
def test_stop_is_heard_in_a_conversation_as_well(agent: Agent, said: str, is_stop: bool) -> None:
    attempt_id, _ = waiting(agent)
    call = factories.make_call(agent, status="ended")
    factories.make_turn(call, "Please stop calling, said the agent.", speaker="agent")
    factories.make_turn(call, said)
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(call=call)

    assert read_conversation(agent.tenant_id, attempt_id, NOON) is is_stop
    assert read_conversation(agent.tenant_id, attempt_id, NOON) is is_stop

    assert len(listed(agent)) == is_stop
    with tenant_transaction(agent.tenant_id):
        assert Target.objects.get(e164=ROSA).disposition == ("opted_out" if is_stop else "spoken")


def test_a_call_that_no_agent_took_has_nothing_to_read(agent: Agent) -> None:
    attempt_id, _ = waiting(agent)

    assert not read_conversation(agent.tenant_id, attempt_id, NOON)
