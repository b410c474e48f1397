"""Settings, Vendor keys: servers of a business's own, entered, tried, offered to agents and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from agentos.diagnosis import State, check_own_servers
from agentos.tenants import credentials
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.checklist import advice
from agents.endpoints import can_carry_sound, endpoint, whose_voice
from agents.models import Agent, AgentVersion
from agents.providers.ports import Endpoint
from calls.after.prices import cents_for
from calls.models import UsageLine
from calls.usage import used
from tests.agents.pages import draft, text
from tests.telephony.relay_specs import relay_spec

KEY = "sk-of-their-own-4f2a"
MODELS = b'{"data": [{"id": "qwen3-8b"}, {"id": "llama-4-8b"}, {"id": "whisper-large-v3"}, {"id": "embed-1"}]}'


class Machine(ThreadingHTTPServer):
    """What a business runs: says what it is told to say, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.body, self.headers = 200, MODELS, {"content-type": "application/json"}
        self.asked: list[tuple[str, str | None]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Machine

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["authorization"]))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *args: object) -> None:
        """Nothing to say."""


@pytest.fixture
def machine(settings: Settings) -> Iterator[Machine]:
    """It stands in a place that this installation has opened."""
    server = Machine()
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    settings.OUTGOING_TRUSTED = {f"127.0.0.1:{server.server_port}"}
    yield server
    server.shutdown()
    server.server_close()


def send(browser: Client, tenant: Tenant, **fields: str) -> HttpResponse:
    page = reverse("integrations:keys", args=[tenant.slug])
    return browser.post(page, {"vendor": "own_model", **fields}, follow=True)


def place_in(tenant: Tenant, name: str = "own_model") -> Endpoint:
    with tenant_transaction(tenant):
        return endpoint(name, credentials.vendor_keys())


def test_an_address_is_tried_and_kept_with_its_key(browser: Client, tenant: Tenant, machine: Machine):
    said = send(browser, tenant, address=f" {machine.address}/chat/completions ", key=KEY)

    assert machine.asked == [("/v1/models", f"Bearer {KEY}")]
    assert "Has qwen3-8b, llama-4-8b, whisper-large-v3 and 1 more." in text(said)
    assert "•••• 4f2a" in text(said)
    assert KEY not in said.content.decode()
    place = place_in(tenant)
    assert (place.base_url, place.api_key) == (machine.address, KEY)


def test_a_server_without_a_key_is_told_none(browser: Client, tenant: Tenant, machine: Machine):
    send(browser, tenant, address=machine.address.removesuffix("/v1"))

    assert machine.asked == [("/v1/models", None)]
    assert "Works" in text(send(browser, tenant, test="1"))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b"", "The server wants a key."),
        (404, b"", "has no list of models there. Check the path"),
        (302, b"", "sends us to another address, and we do not follow"),
        (500, b"", "answered with status 500"),
        (200, b"<html>Welcome</html>", "answers, but not as OpenAI"),
        (200, b'{"data": []}', "lists no models"),
    ],
)
def test_what_is_wrong_with_a_server_is_said_plainly(
    browser: Client, tenant: Tenant, machine: Machine, status: int, body: bytes, said: str
):
    machine.status, machine.body, machine.headers = status, body, {"location": "http://169.254.169.254/"}

    assert said in text(send(browser, tenant, address=machine.address))
    assert len(machine.asked) == 1
    assert place_in(tenant).base_url == machine.address, "it may be mended there"


def test_a_server_that_does_not_answer_and_a_key_that_it_refuses_are_told_apart(
    browser: Client, tenant: Tenant, machine: Machine
):
    machine.status = 403
    assert "The server refuses this key." in text(send(browser, tenant, address=machine.address, key=KEY))
    machine.shutdown()
    machine.server_close()
    assert "The server cannot be reached." in text(send(browser, tenant, test="1"))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "Enter the address"),
        ("http://models.example/v1", "has to begin with https://"),
        ("https://models.example:11434/v1", "ports 443 and 8443"),
        ("https://me:secret@models.example/v1", "not into the address"),
        ("https://models.example/v1?api-version=1", "without a question mark"),
        ("https://[::1]/v1", "not on the public internet"),
        ("https://[::1", "not the address of a server"),
        ("https://[::ffff:169.254.169.254]/v1", "not on the public internet"),
        ("https://169.254.169.254/latest/meta-data", "not on the public internet"),
        ("https://localhost/v1", "not on the public internet"),
    ],
)
def test_an_address_that_may_not_be_asked_is_not_kept(browser: Client, tenant: Tenant, address: str, said: str):
    refused = send(browser, tenant, address=address, key=KEY)

    assert refused.status_code == 422
    assert said in text(refused)
    assert place_in(tenant).base_url == ""


def test_an_agent_begins_with_the_first_model_that_its_server_lists(
    browser: Client, agent: Agent, machine: Machine, settings: Settings
):
    settings.VENDORS = settings.VENDORS | {"openai": {"api_key": "key", "base_url": "http://127.0.0.1:9"}}
    send(browser, agent.tenant, address=machine.address)
    changes = {"llm_provider": "own_model", "second_llm_provider": "openai"}

    saved = services.save_draft(agent.tenant, agent.pk, changes=changes)

    assert not saved.errors
    chosen = draft(agent)
    assert (chosen.llm_provider, chosen.llm_model) == ("own_model", "llama-4-8b")
    assert chosen.second_llm_provider == "openai"
    page = text(browser.get(reverse("agents:edit", args=[agent.tenant.slug, agent.pk])))
    assert "Own server qwen3-8b" not in page
    assert "qwen3-8b" in page
    assert "embed-1" not in page


def told_of(version: AgentVersion) -> list[str]:
    with tenant_transaction(version.tenant_id):
        return [check.text for check in advice(version) if "own server" in check.text]


def test_the_checklist_asks_for_an_address_that_is_missing_and_points_at_a_model_that_is(
    browser: Client, agent: Agent, machine: Machine
):
    services.save_draft(agent.tenant, agent.pk, changes={"llm_provider": "own_model"})
    assert told_of(draft(agent)) == ["Your own server for thinking has no address"]

    send(browser, agent.tenant, address=machine.address)
    assert told_of(draft(agent)) == ["Your own server has no model default"]

    services.save_draft(agent.tenant, agent.pk, changes={"llm_model": "qwen3-8b"})
    assert told_of(draft(agent)) == []
    send(browser, agent.tenant, revoke="1")
    assert told_of(draft(agent)) == ["Your own server for thinking has no address"]


def test_the_doctor_tells_of_an_agent_whose_server_has_no_address_or_did_not_work(
    browser: Client, agent: Agent, machine: Machine
):
    assert check_own_servers().state is State.UNUSED
    services.save_draft(agent.tenant, agent.pk, changes={"second_llm_provider": "own_model"})
    services.publish(agent.tenant, agent.pk)
    assert "juniper-dental (no address for thinking)" in check_own_servers().sentence

    machine.status = 401
    send(browser, agent.tenant, address=machine.address)
    assert "thinking did not work when it was tried" in check_own_servers().sentence

    machine.status = 200
    send(browser, agent.tenant, test="1")
    assert check_own_servers().state is State.WELL


def test_an_estimate_is_shown_as_one_and_costs_what_was_counted_would():
    day = date(2026, 11, 22)
    lines = [
        UsageLine(kind="llm", provider="own_model", model="qwen3-8b", unit=unit, quantity=1200)
        for unit in ("input_tokens", "input_estimate")
    ]

    assert [line.quantity for line in used(lines, speculative=False)] == ["1,200 tokens", "about 1,200 tokens"]
    assert cents_for(1200, "llm", "own_model", "qwen3-8b", "input_estimate", day) == 0
    assert cents_for(1_000_000, "llm", "openai", "gpt-6-luna", "input_estimate", day) == 10


def test_a_neighbour_has_neither_the_address_nor_what_was_spoken_there(
    browser: Client, tenant: Tenant, other_tenant: Tenant, machine: Machine
):
    send(browser, tenant, vendor="own_voice", address=machine.address, key=KEY)

    assert place_in(other_tenant, "own_voice").base_url == ""
    assert KEY not in whose_voice("own_voice", place_in(tenant, "own_voice"))
    names = {whose_voice("own_voice", place_in(each, "own_voice")) for each in (tenant, other_tenant)}
    assert len(names) == 2
    assert place_in(tenant).base_url == "", "a server that speaks is not asked to think"


def test_an_installation_may_bring_the_server_itself(tenant: Tenant, settings: Settings):
    inside = {"api_key": "none", "base_url": "http://10.0.0.7:8000/v1"}
    settings.VENDORS = settings.VENDORS | {"own_ears": inside}

    assert place_in(tenant, "own_ears") == Endpoint("none", "http://10.0.0.7:8000/v1")
    assert can_carry_sound(relay_spec(stt_provider="own_ears", tts_provider="offline"), {})
    assert not can_carry_sound(relay_spec(stt_provider="own_ears", tts_provider="own_voice"), {})
