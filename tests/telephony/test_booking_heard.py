"""An appointment booked by voice in a calendar that is kept at Google, listened to: what the agent said is decoded
back from the sound, and the event is looked up where the business looks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx2
import pytest
from django.utils.timezone import now
from pytest_django import Settings

from agentos.jobs import TENANT_HEADER
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.providers.offline_voice.wording import ordinal
from calls.models import Appointment, Calendar
from calls.tasks import mirror_appointment
from telephony import addresses
from telephony.carrier_webhook import CarrierWebhook
from telephony.simulator.people import HangUp, Person, Say, WaitForAgent
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallOptions
from telephony.simulator.voices import OfflineSpeaker
from telephony.simulator.webhooks import Webhook
from tests import factories
from tests.campaigns.line import in_thread
from tests.conftest import SignIn
from tests.doubles.google import GoogleDouble
from tests.telephony.hearing import make_out
from tests.telephony.product import product_served
from tests.telephony.shelf import Shelf, writer_of
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN

pytestmark = pytest.mark.django_db(transaction=True)

CALLER, OURS = "+12085550147", "+12085550110"
ADDRESSES = (addresses.incoming_call_url, addresses.status_url)
THURSDAY = 3
ZONE = ZoneInfo("America/Phoenix")  # its clock is never changed
HOURS = "/t/juniper-dental/calendar/hours/"
TOOLS = [{"name": name, "settings": {}} for name in ("check_availability", "book_appointment")]


@pytest.fixture
def connected(google: GoogleDouble, tenant: Tenant, member: User, sign_in: SignIn) -> GoogleDouble:
    """Open from nine to eleven. At Google a person is busy until ten, on whichever Thursday comes next."""
    with tenant_transaction(tenant):
        Calendar.objects.create(zone=ZONE.key, hours={str(weekday): [["09:00", "11:00"]] for weekday in range(7)})
    desk = sign_in(member)
    back = urlsplit(httpx2.get(desk.get(HOURS).context["connect_url"]).headers["Location"])  # they press Allow
    desk.get(f"{back.path}?{back.query}")
    google.busy = [(f"{day}T09:00:00-07:00", f"{day}T10:00:00-07:00") for day in thursdays()]
    return google


def thursdays() -> list[date]:
    """The two that come next: midnight may pass in the meantime."""
    today = now().astimezone(ZONE).date()
    return [day for day in (today + timedelta(days=ahead) for ahead in range(1, 15)) if day.weekday() == THURSDAY]


def likely() -> list[str]:
    """What the agent might say, right or wrong."""
    days = [f"{near}thursday {day:%B} {ordinal(day.day)}".lower() for day in thursdays() for near in ("", "tomorrow ")]
    nine, ten = ("nine a.m.", "nine thirty a.m."), ("ten a.m.", "ten thirty a.m.")
    offered = (f"{' '.join(nine)} {' and '.join(ten)}", " and ".join(nine), " and ".join(ten))
    agreed = [f"a cleaning on {day} at {time}" for day in ("tuesday", "thursday") for time in nine + ten]
    return [
        "hello how can i help you",
        "let me look",
        *(f"free {day} {times}" for day in days for times in offered),
        "what time would you like",
        "what time would suit you",
        "may i have your name please",
        *(f"i have you down for {what}" for what in agreed),
        *(f"under the name {name} is that right" for name in ("maria lopez", "maya ortiz")),
        *(f"you are booked for {what}" for what in agreed),
        "is there anything else",
        "i am sorry",
    ]


@pytest.fixture
def desk_agent(tenant: Tenant, connected: GoogleDouble) -> Agent:
    tenant.timezone = ZONE.key
    tenant.save()
    clear = "en-us+adam"  # the voice that is made out best
    agent = factories.make_agent(tenant, tools=TOOLS, greeting="Hello, how can I help you?", tts_voice=clear)
    factories.make_number(tenant, OURS, agent=agent)
    return agent


@pytest.fixture
async def practice(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PracticeCarrier]:
    writer = writer_of(tmp_path / "events", Shelf())
    monkeypatch.setattr(CarrierWebhook, "events", staticmethod(lambda: writer))
    speaker, account = OfflineSpeaker(), Account(ACCOUNT_SID, AUTH_TOKEN)
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN
    quicker = CallOptions(time_scale=1.5)  # faster than twice as fast nobody is believed to speak
    async with product_served(settings), PracticeCarrier(account, speaker=speaker, options=quicker) as practice:
        settings.TWILIO_BASE_URL = practice.url
        yield practice
    await speaker.close()


def mirrored(tenant: Tenant) -> Appointment:
    """The booking, once the worker has told Google."""
    with tenant_transaction(tenant):
        booked = Appointment.objects.get()
    mirror_appointment.apply(args=[str(booked.pk)], headers={TENANT_HEADER: tenant.pk}, throw=True)
    return booked


async def test_a_caller_books_by_voice_what_is_free_at_google_and_it_stands_there(
    desk_agent: Agent, connected: GoogleDouble, practice: PracticeCarrier, tenant: Tenant
) -> None:
    lines = (
        "I would like to book a cleaning on Thursday",
        "at ten thirty",
        "my name is Maria Lopez",
        "Yes, that's right",
    )
    listens = WaitForAgent(quiet_ms=1500)
    person = Person((*(step for line in lines for step in (listens, Say(line))), listens, HangUp()))
    voice, status = (Webhook(url(desk_agent.pk).partition("#")[0]) for url in ADDRESSES)
    call = practice.exchange.ring(from_=CALLER, to=OURS, person=person, voice=voice, status=status)
    record = await practice.exchange.record(call.record.call_sid)

    heard = make_out(record.heard.part(0, record.heard.length_ms), likely())
    assert "ten a.m. and ten thirty a.m. what time would" in heard
    assert "nine a.m." not in heard
    assert "down for a cleaning on thursday at ten thirty" in heard
    assert "under the name maria lopez is that right" in heard
    assert "you are booked for a cleaning on thursday at ten thirty a.m." in heard
    assert record.errors == []

    booked = await in_thread(mirrored, tenant)
    here = booked.starts_at.astimezone(ZONE)
    assert (booked.name, f"{here:%A %H:%M}", booked.e164) == ("Maria Lopez", "Thursday 10:30", CALLER)
    assert connected.shown == [
        (booked.name, *(f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (booked.starts_at, booked.ends_at)))
    ]
