"""Settings, Webhooks: an address is added, its secret shown once, its log read, and what failed sent again."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from agentos.tenants.models import LogEntry, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agentos.webhooks import services
from agentos.webhooks.events import trial_event
from agentos.webhooks.models import Delivery, Endpoint, Try
from tests.conftest import SignIn

URL = "https://crm.example/hook"


@pytest.fixture
def browser(owner: User, sign_in: SignIn) -> Client:
    return sign_in(owner)


@pytest.fixture
def endpoint(tenant: Tenant) -> Endpoint:
    with tenant_transaction(tenant):
        return services.create(url=URL, note="CRM", events=["call.ended"])[0]


def index(tenant: Tenant) -> str:
    return reverse("webhooks:index", args=[tenant.slug])


def page(endpoint: Endpoint) -> str:
    return reverse("webhooks:endpoint", args=[endpoint.tenant.slug, endpoint.pk])


def test_a_new_address_shows_its_secret_once(browser: Client, tenant: Tenant):
    said = browser.post(index(tenant), {"url": URL, "note": "CRM", "events": ["call.ended"]}).content.decode()

    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]{20,}", said))
    assert secret not in browser.get(index(tenant)).content.decode()
    with tenant_transaction(tenant):
        assert secret not in browser.get(page(Endpoint.objects.get())).content.decode()


@pytest.mark.parametrize("wrong", [{"url": "http://crm.example/"}, {"url": "https://10.0.0.1:22/"}, {"events": []}])
def test_what_cannot_be_told_is_refused_beside_its_field(browser: Client, tenant: Tenant, wrong: dict[str, object]):
    answer = browser.post(index(tenant), {"url": URL, "events": ["call.ended"], **wrong})

    assert answer.status_code == 422
    assert "field__error" in answer.content.decode() or "errorlist" in answer.content.decode()
    with tenant_transaction(tenant):
        assert not Endpoint.objects.exists()


def test_the_log_shows_what_was_sent_and_what_came_back(browser: Client, endpoint: Endpoint):
    with tenant_transaction(endpoint.tenant_id):
        delivery = Delivery.objects.create(endpoint=endpoint, event=trial_event(), state="failed", tries=2)
        Try.objects.create(delivery=delivery, error="timeout", took_ms=10_000)
        Try.objects.create(delivery=delivery, status=503, answer="<b>busy</b>", took_ms=90)

    said = browser.get(page(endpoint)).content.decode()

    assert "This is a test." in said
    assert "No answer within ten seconds" in said
    assert "Answered 503" in said
    assert "&lt;b&gt;busy&lt;/b&gt;" in said


def test_what_was_given_up_can_be_sent_again(browser: Client, endpoint: Endpoint):
    with tenant_transaction(endpoint.tenant_id):
        delivery = Delivery.objects.create(endpoint=endpoint, event=trial_event(), state="failed", tries=11)

    browser.post(page(endpoint), {"resend": str(delivery.pk)})

    with tenant_transaction(endpoint.tenant_id):
        delivery.refresh_from_db()
        assert (delivery.state, delivery.tries) == ("waiting", 1)
        assert LogEntry.objects.filter(what="webhook.resent").count() == 1
    assert browser.post(page(endpoint), {"resend": "nonsense"}).status_code == 409


def test_a_removed_address_is_gone_and_its_secret_forgotten(browser: Client, endpoint: Endpoint):
    browser.post(page(endpoint), {"remove": "1"})

    assert browser.get(page(endpoint)).status_code == 404
    with tenant_transaction(endpoint.tenant_id):
        endpoint.secret.refresh_from_db()
        assert endpoint.secret.sealed == ""


def test_an_address_is_switched_off_and_on_and_tried_by_buttons(browser: Client, endpoint: Endpoint):
    browser.post(page(endpoint), {"disable": "1"})
    assert "Nothing is sent to CRM." in browser.get(page(endpoint)).content.decode()
    assert browser.post(page(endpoint), {"test": "1"}).status_code == 409

    browser.post(page(endpoint), {"enable": "1"})
    browser.post(page(endpoint), {"test": "1"})
    with tenant_transaction(endpoint.tenant_id):
        assert Delivery.objects.get().state == "waiting"
