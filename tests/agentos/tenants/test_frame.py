"""The frame of every page: where one is, how busy the lines are, which other tenants there are."""

from __future__ import annotations

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from agentos.tenants.models import Membership, Role, Tenant, User
from agents.models import Agent
from tests import factories
from tests.conftest import SignIn

SETTINGS = "/t/juniper-dental/settings/"


@pytest.fixture
def page(tenant: Tenant, owner: User, sign_in: SignIn) -> str:
    return sign_in(owner).get(SETTINGS).content.decode()


def test_the_navigation_says_where_one_is(page: str) -> None:
    current = re.findall(r'<a href="([^"]+)" data-keys="[^>]*aria-current="page"', page)

    assert current == [SETTINGS]


def test_the_address_of_a_business_leads_to_its_first_page(tenant: Tenant, owner: User, sign_in: SignIn) -> None:
    response = sign_in(owner).get(f"/t/{tenant.slug}/")

    assert response.headers["Location"] == f"/t/{tenant.slug}/calls/"


def test_the_frame_counts_the_lines_in_use_of_this_tenant_only(
    tenant: Tenant, agent: Agent, other_agent: Agent, owner: User, sign_in: SignIn
) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(max_concurrent_calls=8)
    for status in ("ringing", "in_progress", "ended"):
        factories.make_call(agent, status=status)
    factories.make_call(other_agent, status="in_progress")

    page = sign_in(owner).get(SETTINGS).content.decode()

    assert 'aria-label="2 of 8 lines in use"' in page
    assert "2 live" in page


def test_many_lines_are_drawn_as_one_bar(tenant: Tenant, agent: Agent, owner: User, sign_in: SignIn) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(max_concurrent_calls=200)
    factories.make_call(agent, status="in_progress")

    page = sign_in(owner).get(SETTINGS).content.decode()

    assert page.count('class="tone tone--') == 2
    assert 'width="0.5%"' in page


def test_one_tenant_is_a_name_and_several_are_a_choice(
    tenant: Tenant, other_tenant: Tenant, owner: User, sign_in: SignIn
) -> None:
    client = sign_in(owner)
    assert "Harbor Law" not in client.get(SETTINGS).content.decode()

    Membership.objects.create(tenant=other_tenant, user=owner, role=Role.VIEWER)
    assert 'href="/t/harbor-law/calls/"' in client.get(SETTINGS).content.decode()


def test_the_frame_asks_the_database_few_questions(
    tenant: Tenant, owner: User, sign_in: SignIn, django_assert_max_num_queries: object
) -> None:
    client = sign_in(owner)
    client.get(SETTINGS)

    with django_assert_max_num_queries(14):  # type: ignore[operator]
        client.get(SETTINGS)


def test_no_page_carries_inline_scripts_styles_or_handlers(page: str, tenant: Tenant) -> None:
    for text in (page, Client().get("/account/login/").content.decode()):
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
        assert "<style" not in text
        assert not re.search(r"<[^>]+\s(style|on\w+)=", text)


def test_the_policy_for_content_has_no_unsafe_word(tenant: Tenant) -> None:
    policy = Client().get("/account/login/")["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_modules_import_each_other_by_the_names_they_were_collected_under(
    tenant: Tenant, owner: User, sign_in: SignIn, settings: Settings
) -> None:
    manifest = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}
    call_command("collectstatic", interactive=False, verbosity=0)

    answer = sign_in(owner).get(SETTINGS)

    [(nonce, imports)] = re.findall(r'<script type="importmap" nonce="([^"]+)">(.+?)</script>', answer.content.decode())
    assert f"'nonce-{nonce}'" in answer["Content-Security-Policy"]
    assert re.fullmatch(r"/static/js/keys\.\w{12}\.js", json.loads(imports)["imports"]["/static/js/keys.js"])


@pytest.mark.django_db
def test_an_unknown_address_has_a_page_of_its_own(client: Client) -> None:
    answer = client.get("/nowhere/")

    assert answer.status_code == 404
    assert "Nothing is here" in answer.content.decode()


def test_a_missing_csrf_token_is_explained(tenant: Tenant, owner: User, sign_in: SignIn) -> None:
    answer = sign_in(owner, enforce_csrf_checks=True).post("/account/logout/")

    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()
