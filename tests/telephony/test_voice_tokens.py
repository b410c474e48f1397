"""Tokens for websites that use Twilio's own kit: what they allow, and whom a browser reaches with one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import jwt
import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now
from pytest_django import Settings

from agentos import diagnosis
from agentos.diagnosis import State
from agentos.errors import DomainError
from agentos.tenants.keys import SCOPES, create_key
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call
from telephony import voice_tokens
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN, CALL_SID, FORM, ORIGIN, call_fields, signature

AGENT = uuid4()
SECRET = "a-secret-that-nobody-may-see-0123456789"
APP_SID = "AP00000000000000000000000000000001"


@pytest.fixture(autouse=True)
def account(settings: Settings) -> None:
    settings.PUBLIC_URL, settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ORIGIN, ACCOUNT_SID, AUTH_TOKEN
    settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET = "SK1", SECRET
    settings.TWILIO_TWIML_APP_SID = APP_SID


def read(token: str) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(token, SECRET, algorithms=["HS256"])
    return read


def called_with(token: str) -> dict[str, str]:
    """What the carrier says when a browser has called with the token."""
    voice = read(token)["grants"]
    return {"From": f"client:{voice['identity']}", **voice["voice"]["outgoing"]["params"]}


def test_a_token_lets_a_browser_call_our_application_and_nothing_else() -> None:
    token = voice_tokens.issue(AGENT)

    told = read(token.text)
    assert jwt.get_unverified_header(token.text) == {"typ": "JWT", "alg": "HS256", "cty": "twilio-fpa;v=1"}
    assert (told["iss"], told["sub"]) == ("SK1", ACCOUNT_SID)
    assert told["grants"]["identity"] == token.identity
    assert told["grants"]["voice"].keys() == {"outgoing"}
    assert told["grants"]["voice"]["outgoing"]["application_sid"] == APP_SID
    assert timedelta(minutes=9) < token.expires_at - now() <= timedelta(minutes=10)
    assert abs(told["exp"] - token.expires_at.timestamp()) <= 1


def test_everybody_gets_an_identity_of_their_own() -> None:
    assert voice_tokens.issue(AGENT).identity != voice_tokens.issue(AGENT).identity


def test_a_browser_reaches_the_agent_of_its_token_alone() -> None:
    ours, another = (called_with(voice_tokens.issue(AGENT).text) for _ in range(2))

    assert voice_tokens.agent_of(ours) == AGENT
    assert voice_tokens.agent_of(ours | {"From": another["From"]}) is None
    assert voice_tokens.agent_of(ours | {"agent": AGENT.hex}) is None
    assert voice_tokens.agent_of({"From": ours["From"]}) is None


def test_what_we_signed_ends_with_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = called_with(voice_tokens.issue(AGENT).text)
    monkeypatch.setattr(voice_tokens, "LEEWAY_S", -voice_tokens.LASTS_S - 1)

    assert voice_tokens.agent_of(ours) is None


@pytest.mark.parametrize("name", ["TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET", "TWILIO_TWIML_APP_SID"])
def test_without_an_application_there_are_no_tokens_and_doctor_says_why(settings: Settings, name: str) -> None:
    setattr(settings, name, "")

    with pytest.raises(DomainError):
        voice_tokens.issue(AGENT)
    finding = diagnosis.check_website_calls()
    assert finding.state is State.BROKEN
    assert name in finding.sentence


@pytest.mark.django_db
class TestAsked:
    @pytest.fixture
    def program(self, tenant: Tenant, owner: User) -> Client:
        secret = create_key(tenant, name="Website", scopes=list(SCOPES), by=owner)[1]
        return Client(headers={"Authorization": f"Bearer {secret}"})

    def test_a_key_gets_a_token_for_an_agent_of_its_business(
        self, program: Client, agent: Agent, other_agent: Agent
    ) -> None:
        told = program.post(f"/api/v1/agents/{agent.pk}/voice-token", content_type="application/json").json()

        assert voice_tokens.agent_of(called_with(told["token"])) == agent.pk
        assert told["identity"] == read(told["token"])["grants"]["identity"]
        assert parse_datetime(told["expires_at"])
        assert (
            program.post(f"/api/v1/agents/{other_agent.pk}/voice-token", content_type="application/json").status_code
            == 404
        )

    def test_it_is_told_what_is_missing(self, program: Client, agent: Agent, settings: Settings) -> None:
        settings.TWILIO_TWIML_APP_SID = ""
        refused = program.post(f"/api/v1/agents/{agent.pk}/voice-token", content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (409, "no_voice_kit")

        with tenant_transaction(agent.tenant_id):
            Agent.objects.filter(pk=agent.pk).update(published=None)
        assert (
            program.post(f"/api/v1/agents/{agent.pk}/voice-token", content_type="application/json").json()["code"]
            == "unpublished"
        )


async def answered(fields: dict[str, str], *, signed: str | None = None) -> str:
    url = f"{ORIGIN}/agents/website-call"
    headers = {"X-Twilio-Signature": signature(url, fields) if signed is None else signed}
    response = await AsyncClient().post("/agents/website-call", urlencode(fields), content_type=FORM, headers=headers)
    return str(response.content.decode()) if response.status_code == 200 else str(response.status_code)


@pytest.mark.django_db(transaction=True)
class TestCalled:
    async def test_the_agent_takes_the_call_of_a_website(self, agent: Agent) -> None:
        fields = call_fields(**called_with(voice_tokens.issue(agent.pk).text), To="")

        text = await answered(fields)

        assert f"wss://agents.example/agents/{agent.pk}/media" in text
        call = await stored(agent)
        assert (call.channel, call.from_number, call.carrier_sid) == ("web", "", CALL_SID)
        assert call.is_by_carrier

    async def test_without_our_word_nobody_is_called(self, agent: Agent) -> None:
        fields = call_fields(From="client:visitor_1", agent=agent.pk.hex)

        assert "this number is not in use" in await answered(fields)
        assert await answered(fields, signed="forged") == "403"


async def stored(agent: Agent) -> Call:
    def find() -> Call:
        with tenant_transaction(agent.tenant_id):
            call: Call = Call.objects.get()
            return call

    return await sync_to_async(find)()
