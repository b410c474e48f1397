"""The page of a tenant's numbers."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from telephony.models import PhoneNumber
from tests import factories
from tests.campaigns.rows import make_campaign
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


def page_of(tenant: Tenant) -> str:
    return reverse("numbers:index", args=[tenant.slug])


def at(name: str, number: PhoneNumber) -> str:
    return reverse(f"numbers:{name}", args=[number.tenant.slug, number.pk])


def text(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def all_numbers(tenant: Tenant) -> dict[str, str | None]:
    with tenant_transaction(tenant):
        numbers = PhoneNumber.objects.select_related("agent")
        return {str(number.e164): number.agent.name if number.agent else None for number in numbers}


def test_the_page_shows_who_answers_and_how_many_called_today(
    browser: Client, tenant: Tenant, agent: Agent, number: PhoneNumber
):
    factories.make_call(agent, to_number="+12085550110")
    factories.make_number(tenant, "+12085550118", label="Billing")
    draft = factories.make_agent(tenant, "Reminders", published=False)
    factories.make_number(tenant, "+12085550114", agent=draft)

    page = text(browser.get(page_of(tenant)))

    assert "(208) 555-0110 Main line Answered" in page
    assert "1 call" in page
    assert "(208) 555-0118 Billing No agent" in page
    assert "(208) 555-0114 Not published" in page


def test_a_number_is_added_as_people_write_it(browser: Client, tenant: Tenant, agent: Agent):
    typed = {"e164": "+1 (208) 555-0110", "label": "Main line", "agent": str(agent.pk)}

    response = browser.post(page_of(tenant), typed, follow=True)

    assert all_numbers(tenant) == {"+12085550110": "Front desk"}
    assert "is in the list" in text(response)


@pytest.mark.parametrize("typed", ["2085550110", "+1", "twelve", "+1208555011012345", ""])
def test_what_is_no_number_is_refused_beside_its_field_and_kept(browser: Client, tenant: Tenant, typed: str):
    response = browser.post(page_of(tenant), {"e164": typed, "label": "Main line", "agent": ""})

    page = response.content.decode()
    assert response.status_code == 422
    assert re.search(r'id="id_e164_error">[^<]*(country code|required)', page)
    assert 'value="Main line"' in page
    assert all_numbers(tenant) == {}


def test_a_number_of_another_business_is_taken_without_saying_whose(
    browser: Client, tenant: Tenant, other_tenant: Tenant
):
    factories.make_number(other_tenant, "+12085550110")

    page = text(browser.post(page_of(tenant), {"e164": "+12085550110", "label": "", "agent": ""}))

    assert "already in use" in page
    assert "Harbor" not in page


def test_another_agent_is_chosen_in_the_row(browser: Client, tenant: Tenant, agent: Agent, number: PhoneNumber):
    night = factories.make_agent(tenant, "After hours")

    response = browser.post(at("assign", number), {"agent": str(night.pk)}, **HTMX)

    page = response.content.decode()
    assert all_numbers(tenant) == {"+12085550110": "After hours"}
    assert page.lstrip().startswith(f'<tr id="number-{number.pk}"')
    assert f'id="carrier-{number.pk}"' in page
    assert str(night.pk) in page
    assert "After hours answers this number" in text(response)


def test_without_scripts_choosing_leads_back_to_the_page(browser: Client, tenant: Tenant, number: PhoneNumber):
    response = browser.post(at("assign", number), {"agent": ""}, follow=True)

    assert all_numbers(tenant) == {"+12085550110": None}
    assert "Nobody answers this number now." in text(response)


def test_an_agent_of_another_business_cannot_be_chosen(browser: Client, tenant: Tenant, number: PhoneNumber):
    stranger = factories.make_agent(factories.make_tenant("Cedar Vets"), "Theirs")

    response = browser.post(at("assign", number), {"agent": str(stranger.pk)}, **HTMX)

    assert response.status_code == 409
    assert all_numbers(tenant) == {"+12085550110": "Front desk"}


def test_the_addresses_for_the_carrier_are_those_of_the_agent(
    browser: Client, tenant: Tenant, agent: Agent, number: PhoneNumber, settings: Settings
):
    settings.PUBLIC_URL = "https://voice.example"

    page = browser.get(page_of(tenant)).content.decode()

    for leaf in ("incoming-call", "status"):
        address = f"https://voice.example/agents/{agent.pk}/{leaf}"
        assert f'data-copy="{address}"' in page
        assert f"<code>{address}</code>" in page


def test_removing_asks_first_and_then_removes(browser: Client, tenant: Tenant, number: PhoneNumber):
    page = browser.get(page_of(tenant)).content.decode()
    assert "Remove this number?" in page
    assert at("remove", number) in page

    response = browser.post(at("remove", number), follow=True)

    assert all_numbers(tenant) == {}
    assert "The number is removed." in text(response)
    assert browser.get(at("remove", number)).status_code == 405


def test_those_who_may_only_look_see_no_controls(sign_in: SignIn, member: User, tenant: Tenant, number: PhoneNumber):
    theirs = sign_in(member)

    page = theirs.get(page_of(tenant)).content.decode()

    assert "Front desk" in page
    assert "<select" not in page
    assert "Add a number" not in page
    assert theirs.post(page_of(tenant), {"e164": "+12085550199"}).status_code == 403
    assert theirs.post(at("assign", number), {"agent": ""}).status_code == 403
    assert theirs.post(at("remove", number)).status_code == 403
    assert all_numbers(tenant) == {"+12085550110": "Front desk"}


def test_an_empty_page_says_what_will_appear(browser: Client, tenant: Tenant):
    assert "No numbers yet" in text(browser.get(page_of(tenant)))


def test_a_number_that_a_campaign_calls_from_stays(browser: Client, tenant: Tenant, agent: Agent):
    number = factories.make_number(tenant, agent=agent)
    make_campaign(agent, number=number)

    response = browser.post(f"{page_of(tenant)}{number.pk}/remove/", follow=True)

    assert "A campaign calls from this number" in response.content.decode()
    with tenant_transaction(tenant):
        assert PhoneNumber.objects.filter(pk=number.pk).exists()


def test_calls_from_a_number_leave_by_a_trunk_of_our_own(browser: Client, number: PhoneNumber, agent: Agent) -> None:
    trunk = "BY" + "0" * 31 + "7"
    page = browser.post(at("assign", number), {"byoc_trunk": f" {trunk} "}, follow=True)

    assert "leave by your own trunk" in text(page)
    assert trunk in page.content.decode()
    with tenant_transaction(number.tenant):
        led = PhoneNumber.objects.get()
        assert (led.byoc_trunk, led.agent) == (trunk, agent)

    assert "A trunk begins with BY" in text(browser.post(at("assign", number), {"byoc_trunk": "trunk"}, follow=True))
    assert "by the carrier&#x27;s lines" in text(browser.post(at("assign", number), {"byoc_trunk": ""}, follow=True))
