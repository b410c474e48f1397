"""A warm transfer, listened to: what the caller and the people hear, decoded back from the sound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call, Colleague, Transfer
from calls.transfers import services
from telephony import addresses, putting_through
from telephony.carrier_webhook import CarrierWebhook
from telephony.hold_music import hold_music
from telephony.simulator.people import HangUp, Pause, Person, Press, Say, StaySilent, WaitForAgent, WaitForPerson
from telephony.simulator.record import CallRecord, new_sid
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallOptions
from telephony.simulator.sounds import read_sound
from telephony.simulator.voices import OfflineSpeaker
from telephony.simulator.webhooks import Webhook
from tests import factories
from tests.campaigns.line import in_thread
from tests.telephony.hearing import make_out
from tests.telephony.product import product_served
from tests.telephony.shelf import Shelf, writer_of
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN

pytestmark = pytest.mark.django_db(transaction=True)

CALLER, OURS, RAE, MATS = "+12085550147", "+12085550110", "+12085550125", "+12085550152"
COMPLAINT, GREETING = "I was billed twice for my cleaning.", "Hello, how can I help you today?"
PATIENT = 240_000
KNOWN = (
    "a call for june the dentist from somebody who gave no name it is about a wrong bill press one to take the call or "
    "two to decline",
    "press one to take the call or two to decline",
    "hello how can i help you today",
    "i was billed twice for my cleaning",
    "i am still trying to reach someone thank you for waiting",
    "thank you for your call goodbye",
    "i would like to book an appointment for tomorrow morning",
    "i am sorry nobody can take your call right now shall i take a message",
    "your appointment is on monday at ten in the morning",
)


@pytest.fixture
async def practice(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PracticeCarrier]:
    """Three times as fast as life. Behind it no thread is left with the database."""
    writer, threads = writer_of(tmp_path / "events", Shelf()), ThreadPoolExecutor(4)
    monkeypatch.setattr(CarrierWebhook, "events", staticmethod(lambda: writer))
    monkeypatch.setattr(putting_through, "_threads", threads)
    speaker, account = OfflineSpeaker(), Account(ACCOUNT_SID, AUTH_TOKEN)
    async with product_served(settings):
        async with PracticeCarrier(account, speaker=speaker, options=CallOptions(time_scale=3)) as practice:
            settings.TWILIO_BASE_URL = practice.url
            yield practice
        await in_thread(threads.shutdown)
    await speaker.close()


def waiting(agent: Agent, sid: str) -> Transfer:
    """A caller to whom the agent has just said that it will get somebody."""
    factories.make_number(agent.tenant, OURS)
    answered = {"status": Call.Status.IN_PROGRESS, "answered_at": now(), "carrier_sid": sid}
    call = factories.make_call(agent, from_number=CALLER, to_number=OURS, **answered)
    with tenant_transaction(agent.tenant_id):
        for place, (name, number) in enumerate((("Rae", RAE), ("Mats", MATS))):
            about = {"department": "Billing", "when": "always", "way": "introduce"}
            Colleague.objects.create(name=name, address=number, place=place, **about)
        asked = services.ask_for_person(call, key=f"{call.pk}:1", reason="A wrong bill", department="Billing")
    assert asked.transfer is not None
    return asked.transfer


def look(transfer: Transfer) -> Transfer:
    with tenant_transaction(transfer.tenant_id):
        return Transfer.objects.select_related("call").get(pk=transfer.pk)


def understood(record: CallRecord, since_ms: float, until_ms: float) -> str:
    return make_out(record.heard.part(since_ms, until_ms), KNOWN)


def moment(record: CallRecord, kind: str) -> float:
    return next(each.at_ms for each in record.happenings if each.kind == kind)


async def test_a_caller_hears_music_and_then_the_person_who_heard_what_it_is_about(
    agent: Agent, practice: PracticeCarrier
) -> None:
    sid = new_sid("CA")
    transfer = await in_thread(waiting, agent, sid)
    people = practice.exchange.people
    people[RAE] = Person(takes_call="busy", rings_ms=300)
    listens = WaitForAgent(quiet_ms=700, timeout_ms=PATIENT)
    talks = (Press("1"), Pause(800), Say(GREETING), listens, HangUp())
    people[MATS] = Person((listens, *talks), rings_ms=1500, voice="en-us+adam")
    caller = Person((WaitForPerson(), listens, Say(COMPLAINT), StaySilent()))

    resume = Webhook(addresses.resume_url(agent.pk).partition("#")[0])
    practice.exchange.ring(from_=CALLER, to=OURS, person=caller, voice=resume, sid=sid)
    record = await practice.exchange.record(sid)
    _, mats = [call.record for call in practice.exchange.calls.values() if call.setup.direction == "outbound-api"]

    begun = moment(record, "room begun")
    music = read_sound("audio/wav", hold_music())
    assert music[:8000] in bytes(record.heard.part(0, begun))
    assert "how can i help you" in understood(record, begun, begun + 4000)
    assert "thank you for your call" in understood(record, moment(record, "room left"), record.heard.length_ms)
    summary = understood(mats, 0, moment(mats, "room begun"))
    assert "about a wrong bill" in summary
    assert "press one to take the call" in summary
    assert "billed twice for my cleaning" in understood(mats, moment(mats, "room begun"), mats.heard.length_ms)
    assert record.errors == mats.errors == []

    after = await in_thread(look, transfer)
    assert (after.state, after.call.ending) == ("reached", "transferred")
    assert [(each["name"], each["outcome"]) for each in after.tried] == [("Rae", "busy"), ("Mats", "answered")]
