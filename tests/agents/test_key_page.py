"""Settings, Vendor keys: entered, tried, replaced and deleted, and never shown."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from agentos.tenants import credentials
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from tests.conftest import SignIn

GOOD, BAD = "sk-good-0123456789-4f2a", "sk-bad-0123456789-77aa"


@pytest.fixture
def openai(settings: Settings) -> Iterator[None]:
    """The vendor on this machine: it knows one key."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.headers["authorization"] == f"Bearer {GOOD}" else 401)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing to say."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    settings.VENDORS = settings.VENDORS | {"openai": {"api_key": "", "base_url": base}}
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(owner: User, sign_in: SignIn, openai: None) -> Client:
    return sign_in(owner)


def page(tenant: Tenant) -> str:
    return reverse("integrations:keys", args=[tenant.slug])


def send(browser: Client, tenant: Tenant, **fields: str) -> HttpResponse:
    return browser.post(page(tenant), {"vendor": "openai", **fields}, follow=True)


def keys_of(tenant: Tenant) -> dict[str, str]:
    with tenant_transaction(tenant):
        return credentials.vendor_keys()


def test_a_key_is_stored_and_tried_and_only_its_end_is_ever_shown(browser: Client, tenant: Tenant):
    said = send(browser, tenant, key=f" {GOOD} ").content.decode()

    assert keys_of(tenant) == {"openai": GOOD}
    assert "•••• 4f2a" in said
    assert "Works" in said
    assert GOOD not in said


def test_a_key_that_the_vendor_refuses_is_said_so(browser: Client, tenant: Tenant):
    said = send(browser, tenant, key=BAD).content.decode()

    assert "OpenAI refuses this key." in said
    assert BAD not in said
    send(browser, tenant, key=GOOD)
    assert "Works" in send(browser, tenant, test="1").content.decode()


def test_a_deleted_key_is_gone(browser: Client, tenant: Tenant):
    send(browser, tenant, key=GOOD)

    said = send(browser, tenant, revoke="1").content.decode()

    assert keys_of(tenant) == {}
    assert "4f2a" not in said


@pytest.mark.parametrize("key", ["", "short", "two words of it"])
def test_what_is_no_key_is_refused_and_the_one_there_is_stays(browser: Client, tenant: Tenant, key: str):
    send(browser, tenant, key=GOOD)

    refused = send(browser, tenant, key=key)

    assert refused.status_code == 422
    assert "does not look like a key" in refused.content.decode()
    assert keys_of(tenant) == {"openai": GOOD}


def test_a_vendor_that_is_not_on_the_page_has_no_key(browser: Client, tenant: Tenant):
    assert send(browser, tenant, vendor="offline", key=GOOD).status_code == 409
    assert send(browser, tenant, vendor="anthropic", test="1").status_code == 422
