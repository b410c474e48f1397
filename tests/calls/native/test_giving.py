"""A ringing call is given to the vendor that runs its agent's conversations, or carried in another way."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.native.services import bring_into_step
from calls import engine_health, runtime
from calls.admission import Admission, Refused, admit, readmit
from calls.briefing import Briefing
from calls.models import Call, NativeCall
from calls.native import giving
from telephony.webhooks import connect
from tests.factories import make_agent

pytestmark = pytest.mark.django_db(transaction=True)

NATIVE = "elevenlabs_native"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a test fails for what it is about."""
    for limit in ("calls.admission.DATABASE_WITHIN_S", "calls.native.giving.WITHIN_S"):
        monkeypatch.setattr(limit, 20.0)
    monkeypatch.setattr(giving, "VENDOR_WITHIN_S", 20.0)


def hosted_agent(tenant, **version: Any) -> Agent:
    agent = make_agent(tenant, transport=NATIVE, **version)
    bring_into_step(tenant.pk, agent.pk)
    return agent


@pytest.fixture
def hosted(tenant, vendor) -> Agent:
    return hosted_agent(tenant)


def ring(agent: Agent, *sids: str, **rest: Any) -> Admission:
    """Calls, one after the other; the last one's admission."""

    async def scenario() -> Admission:
        asked = {"from_number": "+12085550147", "to_number": "+12085550110", "direction": "inbound"} | rest
        try:
            for sid in sids or ("CA1",):
                admission = await admit(agent_id=agent.pk, carrier_sid=sid, **asked)
            return admission
        finally:
            await runtime.forget_prepared()

    return asyncio.run(scenario())


def test_an_incoming_call_is_registered_and_the_carrier_told_what_the_vendor_says(hosted, vendor):
    admission = ring(hosted)

    [asked] = vendor.registered
    assert (asked["from_number"], asked["to_number"], asked["direction"]) == ("+12085550147", "+12085550110", "inbound")
    brought = asked["conversation_initiation_client_data"]
    assert brought["user_id"] == brought["dynamic_variables"]["agentos_call"] == str(admission.call_id)
    assert brought["dynamic_variables"]["caller_number"] == "(208) 555-0147"
    assert brought["dynamic_variables"]["business_name"] == hosted.tenant.name
    assert (brought["dynamic_variables"]["agentos_about"], brought["dynamic_variables"]["agentos_introduction"]) == (
        "",
        "",
    )
    stream = ElementTree.fromstring(connect(admission, "CA1")).find("Connect/Stream")  # noqa: S314
    assert stream is not None
    assert stream.attrib["url"].startswith("wss://api.elevenlabs.io/")
    with tenant_transaction(hosted.tenant_id):
        call = Call.objects.select_related("native").get(pk=admission.call_id)
    native = call.native
    assert (call.status, native.state, native.conversation_id) == ("in_progress", "open", asked["conversation_id"])


def test_every_value_that_the_texts_name_is_brought_along_and_none_of_them_is_expanded_again(tenant, vendor):
    agent = hosted_agent(
        tenant,
        greeting="Hello {{first_name}}, {{unknown}}",
        variables={"first_name": "{{now}}"},
        transport_options={"native_forget": False},
    )

    ring(agent)

    values = vendor.registered[0]["conversation_initiation_client_data"]["dynamic_variables"]
    assert (values["first_name"], values["unknown"]) == ("(now)", "")
    with tenant_transaction(tenant):
        assert NativeCall.objects.get().wants_deletion is False


def test_a_call_that_we_make_tells_the_vendor_whom_and_why_and_what_to_say_first(hosted, vendor):
    briefing = Briefing(reason="A reminder", introduction="This is an AI assistant of Juniper.", stopped="Understood.")

    ring(hosted, direction="outbound", briefing=briefing)

    [asked] = vendor.registered
    values = asked["conversation_initiation_client_data"]["dynamic_variables"]
    assert asked["direction"] == "outbound"
    assert values["agentos_introduction"] == "This is an AI assistant of Juniper."
    assert "Why you are calling: A reminder" in values["agentos_about"]
    assert 'say: "Understood." Then use end_call' in values["agentos_about"]


@pytest.mark.parametrize("trouble", ["away", "garbles", "no key", "not written yet"])
def test_a_vendor_that_cannot_take_a_call_leaves_it_to_media_streams(hosted, vendor, settings, trouble):
    if trouble == "away":
        vendor.refuses = 503
    elif trouble == "garbles":
        vendor.garbles = True
    elif trouble == "no key":
        settings.VENDORS = {**settings.VENDORS, "elevenlabs": {"api_key": "", "base_url": vendor.url}}
    else:
        with tenant_transaction(hosted.tenant_id):
            hosted.native.version = None
            hosted.native.save()

    admission = ring(hosted)

    assert (admission.engine, admission.instructions) == ("media_streams", "")
    assert "/media" in connect(admission, "CA1")
    with tenant_transaction(hosted.tenant_id):
        assert not NativeCall.objects.exists()
    failed = asyncio.run(engine_health.health(NATIVE)).failed
    assert failed == (1 if trouble in ("away", "garbles") else 0)


def test_a_vendor_that_does_not_answer_is_given_up_in_time(hosted, vendor, monkeypatch):
    monkeypatch.setattr(giving, "WITHIN_S", 0.2)
    vendor.waits = threading.Event()

    admission = ring(hosted)
    vendor.waits.set()

    assert admission.engine == "media_streams"
    assert asyncio.run(engine_health.health(NATIVE)).failed == 1


def test_after_three_failures_the_vendor_is_not_asked_at_all(hosted, vendor):
    vendor.refuses = 503
    ring(hosted, "CA1", "CA2", "CA3")
    asked = len(vendor.requests)

    assert ring(hosted, "CA4").engine == "media_streams"
    assert len(vendor.requests) == asked


def test_settings_that_the_vendor_refuses_count_for_that_version_alone(hosted, vendor):
    vendor.refuses = 422
    ring(hosted)

    assert asyncio.run(engine_health.health(NATIVE)).failed == 0
    assert asyncio.run(engine_health.is_well(NATIVE, hosted.published_id)) is False


def test_where_nobody_can_carry_it_the_caller_hears_a_sentence(tenant, vendor):
    agent = hosted_agent(tenant, stt_provider="deepgram", stt_model="nova-3")
    vendor.refuses = 503

    with pytest.raises(Refused) as refused:
        ring(agent)
    assert refused.value.code == "speechless"


def test_a_call_from_a_browser_never_goes_there(hosted, vendor):
    assert ring(hosted, channel="browser").engine == "media_streams"
    assert vendor.registered == []


def come_back(agent: Agent, *, after_s: int) -> Admission:
    with tenant_transaction(agent.tenant_id):
        Call.objects.update(answered_at=now() - timedelta(seconds=after_s))
    return asyncio.run(readmit(agent_id=agent.pk, carrier_sid="CA1"))


def test_a_call_that_comes_back_from_the_vendor_is_over_unless_the_vendor_never_took_it(hosted, vendor):
    instructions = connect(ring(hosted), "CA1")
    assert instructions.index("</Connect>") < instructions.index(f"/agents/{hosted.pk}/resume")

    with pytest.raises(Refused) as refused:
        come_back(hosted, after_s=40)
    assert refused.value.code == "ended"

    admission = come_back(hosted, after_s=2)
    assert (admission.engine, admission.segment) == ("media_streams", 1)
    assert come_back(hosted, after_s=60).segment == 2  # from then on it is a call of ours
    assert asyncio.run(engine_health.health(NATIVE)).failed == 1


def test_a_copy_that_is_gone_is_noticed_by_the_first_call_and_made_anew(hosted, vendor, monkeypatch):
    vendor.agents.clear()
    queued: list[str] = []
    monkeypatch.setattr("agentos.jobs.current_app.send_task", lambda name, **_: queued.append(name))

    assert ring(hosted).engine == "media_streams"

    assert queued == ["agents.tasks.bring_into_step"]
    bring_into_step(hosted.tenant_id, hosted.pk)
    assert ring(hosted, "CA2").engine == NATIVE
