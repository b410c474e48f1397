"""What a vendor reports of a conversation becomes an ordinary call; what it does not report is asked for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, NativeAgent
from agents.native.services import bring_into_step
from calls import engine_health
from calls.after.analysis import queue_ended
from calls.after.retention import erase_call
from calls.briefing import Briefing
from calls.models import Call, NativeCall, ToolRun
from calls.native.services import MOST_TRIES, look_after, settle
from calls.services import advance_call, end_forgotten
from tests.doubles.elevenlabs_agents import MP3, SILENT_MP3, HostedAgents
from tests.factories import make_agent, make_call

pytestmark = pytest.mark.django_db

NATIVE = "elevenlabs_native"


def hosted_agent(tenant, **version: Any) -> Agent:
    agent = make_agent(tenant, transport=NATIVE, **version)
    bring_into_step(tenant.pk, agent.pk)
    return agent


@pytest.fixture
def hosted(tenant, vendor) -> Agent:
    return hosted_agent(tenant)


def given(agent: Agent, vendor: HostedAgents, **fields: Any) -> Call:
    """A call that the vendor has, as it was given to it."""
    native = {"wants_deletion": True} | fields.pop("native", {})
    call = make_call(agent, carrier_sid="CA1", status=Call.Status.IN_PROGRESS, answered_at=now(), **fields)
    with tenant_transaction(agent.tenant_id):
        vendor_agent = NativeAgent.objects.get(agent=agent).vendor_id
        asked = {"agent_id": vendor_agent, "from_number": call.from_number, "to_number": call.to_number}
        brought = {"user_id": str(call.pk), "dynamic_variables": {"agentos_call": str(call.pk)}}
        twiml = vendor.register({**asked, "conversation_initiation_client_data": brought})
        assert b"<Connect>" in twiml
        over = call.created_at + timedelta(seconds=call.version.max_duration_s + 120)
        NativeCall.objects.create(call=call, vendor_agent=vendor_agent, lasts_until=over, **native)
    return call


def again(call: Call) -> Call:
    """As it is now."""
    with tenant_transaction(call.tenant_id):
        return Call.objects.select_related("native", "cost", "recording", "analysis").get(pk=call.pk)


def turns_of(call: Call) -> list[tuple[str, str, int, int]]:
    with tenant_transaction(call.tenant_id):
        return [(t.speaker, t.heard, t.started_ms, t.ended_ms) for t in call.turns.all()]


def report(agent: Agent, vendor: HostedAgents, told: dict[str, Any] | None = None, **how: Any) -> int:
    body, signature = vendor.signed(told if told is not None else vendor.talk(), **how)
    return post(agent, body, signature)


def post(agent: Agent, body: bytes, signature: str) -> int:
    headers = {"ElevenLabs-Signature": signature}
    where = f"/agents/{agent.pk}/elevenlabs"
    return Client().post(where, body, content_type="application/json", headers=headers).status_code


def hang_up(call: Call, ago_s: int = 0) -> None:
    at = now() - timedelta(seconds=ago_s)
    advance_call(call.tenant_id, agent_id=call.agent_id, carrier_sid="CA1", status="completed", at=at)


def test_a_report_becomes_an_ordinary_call(hosted, vendor):
    call = given(hosted, vendor)

    assert report(hosted, vendor) == 204

    assert turns_of(call) == [
        ("agent", "Juniper Dental, good morning.", 0, 1538),
        ("caller", "Hi, are you open on Friday?", 3000, 5000),
        ("agent", "Yes, from eight to five.", 5000, 6923),
    ]
    call = again(call)
    assert (call.status, call.ending, call.native.state) == ("ended", "caller", "imported")
    with tenant_transaction(hosted.tenant_id):
        assert not call.turns.filter(exact=True).exists()
        used = sorted(call.usage.values_list("kind", "model", "unit", "quantity"))
    assert used == [("llm", "gpt-6-luna", "microdollars", 2100), ("native", "agents", "seconds", 9)]
    assert {name: float(cents) for name, cents in call.cost.parts.items()} == {
        "carrier": 1.25,
        "native": 1.2,
        "llm": 0.21,
    }
    assert asyncio.run(engine_health.health(NATIVE)) == engine_health.Health(1, 0)


def test_a_report_that_comes_again_changes_nothing(hosted, vendor):
    call = given(hosted, vendor)
    told = vendor.talk()
    body, signature = vendor.signed(told)

    assert [post(hosted, body, signature) for _ in range(2)] == [204, 204]

    assert len(turns_of(call)) == 3
    with tenant_transaction(hosted.tenant_id):
        assert call.usage.count() == 2


def test_our_own_analysis_reads_it_afterwards(hosted, vendor):
    call = given(hosted, vendor)
    report(hosted, vendor)

    queue_ended(hosted.tenant_id, now() + timedelta(seconds=5))

    assert again(call).analysis.state == "waiting"


def test_who_hung_up_and_why_is_kept_whoever_tells_it_first(hosted, vendor):
    call = given(hosted, vendor)
    hang_up(call)
    said = [{"role": "agent", "message": "Bye.", "time_in_call_secs": 1, "tool_calls": [{"tool_name": "end_call"}]}]

    report(hosted, vendor, vendor.talk(transcript=said))

    assert again(call).ending == "agent"


def test_what_the_agent_did_stands_behind_the_turn_that_asked_for_it(hosted, vendor):
    call = given(hosted, vendor)
    with tenant_transaction(hosted.tenant_id):
        ToolRun.objects.create(call=call, key="leave_message:1:0", turn=9, name="leave_message", started_ms=5900)
    keys = {"tool_name": "play_keypad_touch_tone", "request_id": "r2", "params_as_json": '{"dtmf_tones": "2"}'}
    said = [
        {"role": "agent", "message": "Juniper.", "time_in_call_secs": 0},
        {"role": "user", "message": "A message, please.", "time_in_call_secs": 3},
        {"role": "agent", "message": None, "time_in_call_secs": 4, "tool_calls": [{"tool_name": "leave_message"}]},
        {"role": "agent", "message": "Done.", "time_in_call_secs": 5, "tool_calls": [keys]},
    ]

    report(hosted, vendor, vendor.talk(transcript=said))

    with tenant_transaction(hosted.tenant_id):
        runs = list(call.tool_runs.values_list("name", "turn", "started_ms", "arguments"))
    assert runs == [("leave_message", 1, 4000, {}), ("send_digits", 0, 5000, {"dtmf_tones": "2"})]


def test_an_interrupted_reply_says_what_was_not_heard_of_it(hosted, vendor):
    call = given(hosted, vendor)
    cut = {"role": "agent", "message": "We are open from...", "original_message": "We are open from eight to five."}
    report(hosted, vendor, vendor.talk(transcript=[{**cut, "interrupted": True, "time_in_call_secs": 0}]))

    with tenant_transaction(hosted.tenant_id):
        turn = call.turns.get()
    assert (turn.heard, turn.unheard, turn.interrupted) == ("We are open from...", "eight to five.", True)


def test_what_the_version_leaves_out_never_reaches_the_database(tenant, vendor):
    agent = hosted_agent(tenant, redaction=["phone"])
    call = given(agent, vendor)
    said = [{"role": "user", "message": "Call me at 208 555 0199.", "time_in_call_secs": 1}]

    report(agent, vendor, vendor.talk(transcript=said))

    assert turns_of(call)[0][1] == "Call me at [phone]."


def test_a_report_that_is_not_the_vendors_is_refused(hosted, vendor, other_tenant):
    call = given(hosted, vendor)
    body, signature = vendor.signed(vendor.talk())

    assert post(hosted, body + b" ", signature) == 403
    assert post(hosted, body, "") == 403
    assert post(make_agent(other_tenant), body, signature) == 403
    assert turns_of(call) == []


def test_a_report_about_a_call_of_another_business_is_none_of_ours(hosted, vendor, other_tenant):
    call = given(hosted, vendor)
    theirs = hosted_agent(other_tenant)
    told = vendor.talk()
    with tenant_transaction(other_tenant):
        told["agent_id"] = theirs.native.vendor_id
    secret = {name: hook for name, hook in vendor.webhooks.items() if str(theirs.pk) in hook["webhook_url"]}
    vendor.webhooks = secret

    assert report(theirs, vendor, told) == 204
    assert turns_of(call) == []


asked_to_stop: list[str] = []


def note_stop(tenant_id: int, call_id: Any, said: str, at: Any) -> None:
    asked_to_stop.append(said)


def test_somebody_who_asked_not_to_be_called_is_not_called_any_more(hosted, vendor, settings):
    settings.STOP_CALLS = f"{__name__}.note_stop"
    given(hosted, vendor, direction="outbound", briefing=Briefing(stopped="Understood.").to_json())
    said = [{"role": "user", "message": "Please stop calling me.", "time_in_call_secs": 2}]

    report(hosted, vendor, vendor.talk(transcript=said))

    assert asked_to_stop == ["Please stop calling me."]


# Asked for


def test_a_call_at_the_vendor_is_kept_alive_and_one_that_ended_is_asked_for(hosted, vendor):
    call = given(hosted, vendor)
    with tenant_transaction(hosted.tenant_id):
        Call.objects.update(seen_at=now() - timedelta(seconds=80))
    assert look_after(hosted.tenant_id, now()) == 0
    assert end_forgotten(hosted.tenant_id) == 0
    vendor.talk()
    hang_up(call, ago_s=61)

    assert look_after(hosted.tenant_id, now()) == 1
    settle(hosted.tenant_id, call.pk)

    assert len(turns_of(call)) == 3
    assert look_after(hosted.tenant_id, now()) == 0  # nothing is left to do, and nothing is left there
    assert vendor.conversations == {}


def test_a_call_of_which_nobody_knows_the_end_is_asked_for_when_it_must_be_over(tenant, vendor):
    agent = hosted_agent(tenant, max_duration_s=60)
    call = given(agent, vendor)
    vendor.talk()

    assert look_after(tenant.pk, now() + timedelta(seconds=181)) == 1
    settle(tenant.pk, call.pk)

    call = again(call)
    assert (call.status, call.duration_ms is not None) == ("ended", True)


def test_a_call_that_the_vendor_never_heard_of_is_given_up_at_last(hosted, vendor):
    call = given(hosted, vendor)
    hang_up(call, ago_s=61)
    at = now()
    for _ in range(MOST_TRIES + 1):
        at += timedelta(days=1)
        assert look_after(hosted.tenant_id, at) == 1
        settle(hosted.tenant_id, call.pk)

    assert again(call).native.state == "lost"
    assert look_after(hosted.tenant_id, at + timedelta(days=1)) == 0


def test_the_recording_is_fetched_and_heard_and_then_all_is_deleted_there(tenant, vendor, client, owner):
    agent = hosted_agent(tenant, recording=True, consent_notice="This call is recorded.")
    theirs = next(iter(vendor.agents.values()))
    assert theirs["conversation_config"]["agent"]["first_message"].startswith(
        "{{agentos_introduction}} This call is recorded."
    )
    assert theirs["platform_settings"]["privacy"]["record_voice"] is True
    call = given(agent, vendor, native={"wants_recording": True})
    report(agent, vendor, vendor.talk(has_audio=True))

    settle(tenant.pk, call.pk)

    call = again(call)
    assert vendor.conversations == {}
    client.force_login(owner)
    heard = client.get(f"/t/{tenant.slug}/calls/{call.pk}/recording.wav", headers={"Range": "bytes=3-9"})
    assert (heard.status_code, heard["Content-Type"]) == (206, "audio/mpeg")
    assert asyncio.run(_all_of(heard)) == MP3[3:10]
    assert client.get(f"/t/{tenant.slug}/calls/{call.pk}/").status_code == 200


def test_the_recording_becomes_one_like_ours_with_its_waveform(tenant, vendor, client, owner):
    agent = hosted_agent(tenant, recording=True, consent_notice="This call is recorded.")
    vendor.recording = SILENT_MP3
    call = given(agent, vendor, native={"wants_recording": True})
    report(agent, vendor, vendor.talk(has_audio=True))

    settle(tenant.pk, call.pk)

    recording = again(call).recording
    assert recording.file == f"{tenant.pk}/{call.pk}.ulaw2"
    assert 2000 <= recording.duration_ms <= 2020
    client.force_login(owner)
    heard = client.get(f"/t/{tenant.slug}/calls/{call.pk}/recording.wav", headers={"Range": "bytes=0-3"})
    assert (heard["Content-Type"], asyncio.run(_all_of(heard))) == ("audio/wav", b"RIFF")


async def _all_of(response: Any) -> bytes:
    return b"".join([part async for part in response.streaming_content])


def test_a_call_that_is_erased_before_its_report_stays_erased_and_is_deleted_there(hosted, vendor):
    call = given(hosted, vendor)
    vendor.talk()
    hang_up(call)
    with tenant_transaction(hosted.tenant_id):
        erase_call(again(call))

    assert report(hosted, vendor) == 204
    assert turns_of(call) == []
    assert look_after(hosted.tenant_id, now() + timedelta(seconds=1)) == 1
    settle(hosted.tenant_id, call.pk)
    assert vendor.conversations == {}


def test_a_version_may_leave_conversations_at_the_vendor_until_they_are_erased_here(tenant, vendor):
    agent = hosted_agent(tenant)
    call = given(agent, vendor, native={"wants_deletion": False})
    report(agent, vendor)

    assert look_after(tenant.pk, now() + timedelta(days=1)) == 0
    assert len(vendor.conversations) == 1

    with tenant_transaction(tenant):  # until it is erased here
        erase_call(again(call))
    assert look_after(tenant.pk, now() + timedelta(seconds=1)) == 1
    settle(tenant.pk, call.pk)
    assert vendor.conversations == {}
    with tenant_transaction(tenant):
        erase_call(again(call))
