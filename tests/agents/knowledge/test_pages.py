"""The pages of knowledge, as the people of a business use them."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents import tasks
from agents.knowledge import services
from agents.models import Agent, KnowledgeGap, KnowledgeSource
from tests.agents.pages import text
from tests.conftest import SignIn
from tests.doubles.pages import WebPage, web_page

pytestmark = pytest.mark.django_db

FOR_ALL = {"agent": "", "language": "en-US"}
PARKING = {"kind": "answer", "question": "Where can I park?", "answer": "Behind the house.", **FOR_ALL}


def index(tenant: Tenant) -> str:
    return reverse("knowledge:index", args=[tenant.slug])


def only_source(tenant: Tenant) -> KnowledgeSource:
    with tenant_transaction(tenant):
        return KnowledgeSource.objects.get()


def test_an_answer_is_written_down_and_found_at_once(browser: Client, tenant: Tenant, agent: Agent):
    browser.post(index(tenant), PARKING)

    page = text(browser.get(index(tenant), {"question": "is there a place to park", "agent": agent.pk}))
    assert "Where can I park? Question and answer Known Every agent" in page
    assert "Behind the house." in page


def test_a_question_to_which_nothing_is_found_is_answered_as_the_agent_would(
    browser: Client, tenant: Tenant, agent: Agent
):
    page = text(browser.get(index(tenant), {"question": "do you sell bicycles"}))

    assert "Nothing was found. The agent would say that it does not know." in page


def test_a_document_is_taken_in_and_shown_as_agents_read_it(browser: Client, tenant: Tenant):
    file = SimpleUploadedFile("house.md", b"# Parking\nBehind the house.")
    browser.post(index(tenant), {"kind": "document", "file": file, **FOR_ALL})
    source = only_source(tenant)
    assert "Being read" in text(browser.get(index(tenant)))
    with tenant_transaction(tenant):
        tasks.read_source.run(source.pk)

    page = text(browser.get(reverse("knowledge:source", args=[tenant.slug, source.pk])))
    assert "1 passage, each found by itself Parking Behind the house." in page


def test_a_file_of_an_unknown_kind_is_refused_beside_its_field(browser: Client, tenant: Tenant):
    file = SimpleUploadedFile("house.exe", b"MZ")
    response = browser.post(index(tenant), {"kind": "document", "file": file, **FOR_ALL})

    assert response.status_code == 422
    assert "Choose one of these kinds of files" in text(response)


def test_a_question_asked_in_vain_becomes_an_answer(browser: Client, tenant: Tenant, agent: Agent):
    with tenant_transaction(tenant):
        services.note_gap("Do you have a lift?", agent_id=agent.pk, call_id=UUID(int=1))
        gap = KnowledgeGap.objects.get()
    assert "“Do you have a lift?” Front desk 1 time" in text(browser.get(index(tenant)))
    asked = browser.get(index(tenant), {"answer": gap.pk}).content.decode()
    assert 'value="Do you have a lift?"' in asked

    browser.post(f"{index(tenant)}?answer={gap.pk}", PARKING | {"question": "Do you have a lift?"})

    assert "Asked, and not known" not in text(browser.get(index(tenant)))


def test_a_question_that_needs_no_answer_goes_away(browser: Client, tenant: Tenant, agent: Agent):
    with tenant_transaction(tenant):
        services.note_gap("Do you have a lift?", agent_id=agent.pk, call_id=UUID(int=1))
        gap = KnowledgeGap.objects.get()

    browser.post(reverse("knowledge:close_gap", args=[tenant.slug, gap.pk]))

    assert "Do you have a lift?" not in text(browser.get(index(tenant)))


def test_an_answer_is_made_better_and_forgotten(browser: Client, tenant: Tenant):
    browser.post(index(tenant), PARKING)
    address = reverse("knowledge:source", args=[tenant.slug, only_source(tenant).pk])

    browser.post(address, PARKING | {"answer": "In the garage."})
    assert "In the garage." in browser.get(address).content.decode()
    browser.post(address, {"action": "remove"})

    assert "Nothing is written down yet" in text(browser.get(index(tenant)))


def test_whoever_only_looks_is_offered_nothing_to_change(tenant: Tenant, sign_in: SignIn, viewer: User, owner: User):
    sign_in(owner).post(index(tenant), PARKING)

    page = text(sign_in(viewer).get(index(tenant)))
    assert "Where can I park?" in page
    assert "Bring a document" not in page


# Pages of the web


@pytest.fixture
def site(settings: Settings) -> Iterator[WebPage]:
    with web_page() as page:
        settings.OUTGOING_TRUSTED = frozenset({page.place})
        yield page


def read_page(browser: Client, tenant: Tenant, url: str) -> KnowledgeSource:
    browser.post(index(tenant), {"kind": "page", "url": url, **FOR_ALL})
    with tenant_transaction(tenant):
        source = KnowledgeSource.objects.get()
        tasks.read_source.run(source.pk)
        return KnowledgeSource.objects.get()


def test_a_page_is_read_and_read_again(browser: Client, tenant: Tenant, site: WebPage):
    source = read_page(browser, tenant, site.url)
    assert (source.title, source.status) == ("Juniper", "ready")
    address = reverse("knowledge:source", args=[tenant.slug, source.pk])
    assert "Behind the house." in text(browser.get(address))

    site.body = site.body.replace("Behind the house", "In the garage")
    browser.post(address, {"action": "read"})
    with tenant_transaction(tenant):
        tasks.read_source.run(source.pk)

    assert "In the garage." in text(browser.get(address))


def test_a_page_that_is_away_says_so_and_what_was_known_stays_known(browser: Client, tenant: Tenant, site: WebPage):
    source = read_page(browser, tenant, site.url)
    site.status = 503
    address = reverse("knowledge:source", args=[tenant.slug, source.pk])
    browser.post(address, {"action": "read"})
    with tenant_transaction(tenant):
        tasks.read_source.run(source.pk)

    page = text(browser.get(address))
    assert "It was not read. The page answers with 503." in page
    assert "Behind the house." in page


def test_a_page_inside_our_own_network_is_never_asked(browser: Client, tenant: Tenant):
    response = browser.post(index(tenant), {"kind": "page", "url": "http://169.254.169.254/latest/", **FOR_ALL})

    assert response.status_code == 422
    with tenant_transaction(tenant):
        assert not KnowledgeSource.objects.exists()
