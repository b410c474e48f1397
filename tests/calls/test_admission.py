"""May a call be answered, and by whom: with the database, and without it."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from django.db import connections

from agentos.draining import drain
from agentos.tenants import credentials
from agentos.tenants.models import Credential
from agentos.tenants.scoping import tenant_transaction
from agents.endpoints import endpoint
from agents.models import Agent
from calls import runtime
from calls.admission import Admission, Refused, admit, call_id_for, readmit
from calls.models import Call
from calls.runtime import CallClaims
from calls.snapshots import load_snapshot
from tests.factories import make_agent, make_call, suspend
from tests.fakes import PlayedLine

pytestmark = pytest.mark.django_db(transaction=True)


def ring(agent_id, sid="CA1") -> Admission:
    """One incoming call, and the end of everything that was warmed up for it."""

    async def scenario() -> Admission:
        try:
            return await admit(
                agent_id=agent_id,
                carrier_sid=sid,
                from_number="+12085550147",
                to_number="+12085550110",
                direction="inbound",
            )
        finally:
            await runtime.forget_prepared()

    return asyncio.run(scenario())


def refusal(agent_id) -> str:
    with pytest.raises(Refused) as refused:
        ring(agent_id)
    assert refused.value.sentence
    return refused.value.code


def test_a_call_is_opened_with_the_published_version(agent):
    admission = ring(agent.pk)
    with tenant_transaction(agent.tenant_id):
        call = Call.objects.get(pk=admission.call_id)
    assert (call.version_id, call.status, call.from_number) == (agent.published_id, "ringing", "+12085550147")
    assert load_snapshot(agent.pk) is not None


def keys_taken(agent: Agent, sid: str = "CA1") -> dict[str, str]:
    """The keys with which the call is equipped while the phone rings."""

    async def scenario() -> dict[str, str]:
        rest = {"from_number": "+12085550147", "to_number": "+12085550110", "direction": "inbound"}
        admission = await admit(agent_id=agent.pk, carrier_sid=sid, **rest)
        try:
            return dict(runtime._prepared[admission.call_id].keys)
        finally:
            await runtime.forget_prepared()

    return asyncio.run(scenario())


def test_a_call_takes_the_keys_of_its_own_business(agent, other_agent):
    with tenant_transaction(agent.tenant_id):
        credentials.store(Credential.Kind.VENDOR, "deepgram", "dg-of-juniper-1234")

    assert keys_taken(agent) == {"deepgram": "dg-of-juniper-1234"}
    assert keys_taken(other_agent) == {}
    assert endpoint("deepgram", {"deepgram": "dg-of-juniper-1234"}).api_key == "dg-of-juniper-1234"


def test_without_the_database_the_keys_come_from_this_host_where_they_never_stand_in_clear(agent, settings):
    with tenant_transaction(agent.tenant_id):
        credentials.store(Credential.Kind.VENDOR, "deepgram", "dg-of-juniper-1234")
    keys_taken(agent)

    kept = [file.read_bytes() for file in settings.DATA_DIR.rglob("*") if file.is_file()]
    assert any(str(agent.published_id).encode() in text for text in kept)
    assert not any(b"dg-of-juniper" in text for text in kept)
    assert load_snapshot(agent.pk).keys == {"deepgram": "dg-of-juniper-1234"}
    settings.VAULT_KEY = "another installation's key altogether"
    assert load_snapshot(agent.pk).keys == {}


def test_the_same_webhook_twice_is_one_call(agent):
    assert ring(agent.pk) == ring(agent.pk)
    with tenant_transaction(agent.tenant_id):
        assert Call.objects.count() == 1


def test_unknown_unpublished_archived_and_suspended_are_refused_politely(tenant, agent):
    assert refusal(uuid4()) == "unknown_agent"
    assert refusal(make_agent(tenant, "Draft only", published=False).pk) == "unpublished"
    suspend(tenant)
    assert refusal(agent.pk) == "suspended"


def test_a_tenant_whose_lines_are_all_in_use_is_busy_and_its_neighbour_is_not(tenant, agent, other_agent):
    tenant.max_concurrent_calls = 1
    tenant.save()
    make_call(agent, status=Call.Status.IN_PROGRESS)
    assert refusal(agent.pk) == "busy"
    assert ring(other_agent.pk).tenant_id == other_agent.tenant_id


def test_whoever_is_turned_away_is_found_among_the_calls_that_were_not_answered(tenant, agent):
    tenant.max_concurrent_calls = 0
    tenant.save()
    for _ in range(2):  # the carrier asks twice
        assert refusal(agent.pk) == "busy"

    with tenant_transaction(tenant):
        [call] = Call.objects.all()
    assert (call.status, call.ending, call.from_number) == ("ended", "refused", "+12085550147")
    assert call.answered_at is None

    tenant.max_concurrent_calls = 10
    tenant.save()
    assert refusal(agent.pk) == "busy"  # a call that was declined does not come back to life
    assert ring(agent.pk, "CA2").tenant_id == tenant.pk


def test_a_process_takes_no_more_calls_than_it_may(agent, settings):
    settings.CALLS_PER_PROCESS = 0

    assert refusal(agent.pk) == "busy"


def test_a_draining_process_takes_no_call(agent):
    drain.begun = True
    try:
        assert refusal(agent.pk) == "draining"
    finally:
        drain.begun = False


def test_without_the_database_the_last_known_version_answers(agent, settings):
    known = ring(agent.pk, "CA1")
    broken = settings.DATABASES["default"] | {"HOST": "/nowhere"}
    with broken_database(broken):
        admission = ring(agent.pk, "CA2")
        assert admission.tenant_id == known.tenant_id
        assert admission.call_id == call_id_for(agent.pk, "CA2")
        assert refusal(uuid4()) == "busy"


class broken_database:
    """The database cannot be reached by new connections."""

    def __init__(self, broken) -> None:
        self.broken = broken

    def __enter__(self) -> None:
        self.before = connections.settings["default"]["HOST"]
        connections["default"].close()
        connections.settings["default"]["HOST"] = self.broken["HOST"]

    def __exit__(self, *error: object) -> None:
        connections.settings["default"]["HOST"] = self.before


def test_a_call_that_lost_its_socket_is_readmitted_as_its_next_segment(agent):
    call_id = call_id_for(agent.pk, "CA9")
    make_call(agent, id=call_id, carrier_sid="CA9", status=Call.Status.IN_PROGRESS, segments=1)
    first = asyncio.run(readmit(agent_id=agent.pk, carrier_sid="CA9"))
    second = asyncio.run(readmit(agent_id=agent.pk, carrier_sid="CA9"))
    assert (first.segment, second.segment) == (2, 3)
    assert first.call_id == call_id


def test_a_conversation_that_is_over_is_not_resumed(agent):
    make_call(agent, id=call_id_for(agent.pk, "CA9"), carrier_sid="CA9", status=Call.Status.ENDED)
    for agent_id, sid in ((agent.pk, "CA9"), (agent.pk, "CAunknown")):
        with pytest.raises(Refused) as refused:
            asyncio.run(readmit(agent_id=agent_id, carrier_sid=sid))
        assert refused.value.code == "ended"


class Handset(PlayedLine):
    """A carrier's end that tells when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.released = asyncio.Event()

    def hang_up(self) -> None:
        super().hang_up()
        self.released.set()


def test_a_caller_whom_no_voice_could_reach_is_told_in_the_carriers_voice(tenant, settings):
    nobody = {"api_key": "k", "base_url": "http://127.0.0.1:9"}
    settings.VENDORS = settings.VENDORS | {"elevenlabs": nobody}
    voice = {"tts_provider": "elevenlabs", "tts_model": "eleven_flash_v2_5", "tts_voice": "june"}
    agent = make_agent(tenant, "Voiceless", **voice)

    async def call_and_come_back() -> str:
        rest = {"from_number": "+12085550147", "to_number": "+12085550110", "direction": "inbound"}
        admission = await admit(agent_id=agent.pk, carrier_sid="CA1", **rest)
        handset = Handset()
        claims = CallClaims(admission.call_id, agent.pk, tenant.pk, admission.segment, "CA1")
        carried = await runtime.start_call(claims, handset)  # and held, as its socket does: else it may be collected
        await handset.released.wait()
        await carried.line_closed(caller_hung_up=False)
        assert "audio" not in handset.kinds()
        with pytest.raises(Refused) as refused:
            await readmit(agent_id=agent.pk, carrier_sid="CA1")
        assert "we cannot speak with you right now" in refused.value.sentence
        return refused.value.code

    assert asyncio.run(call_and_come_back()) == "speechless"


def test_an_archived_agent_is_unknown(agent):
    with tenant_transaction(agent.tenant_id):
        Agent.objects.filter(pk=agent.pk).update(archived_at=agent.created_at)
    assert refusal(agent.pk) == "unknown_agent"
