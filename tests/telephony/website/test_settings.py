"""Settings, Website: a person makes a button, changes it, switches it off and gives it a new key."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from agentos.tenants.log import entries_about
from agentos.tenants.models import PublicRoute, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from telephony.models import PhoneNumber
from telephony.website import services
from telephony.website.models import Widget
from tests.conftest import SignIn

PAGE = reverse("website:index", args=["juniper-dental"])

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("number")]


@pytest.fixture
def browser(sign_in: SignIn, member: User) -> Client:
    return sign_in(member)


def make(browser: Client, agent: Agent, **changed: Any) -> HttpResponse:
    entered = {
        "agent": str(agent.pk),
        "domains": "https://www.Juniper.example/contact\r\njuniper.example:8443, localhost:5173\r\n",
        "words": "Talk to us",
        "color": "#146350",
        "telephone": "+12085550110",
        "captions": "on",
        "at_once": 3,
        "a_day": 100,
        "an_hour_each": 6,
        "minutes": 10,
        "save": "1",
    }
    return browser.post(PAGE, entered | changed)


def only(agent: Agent) -> Widget:
    with tenant_transaction(agent.tenant_id):
        return Widget.objects.get()


def told(agent: Agent) -> list[str]:
    with tenant_transaction(agent.tenant_id):
        return [entry.words for entry in entries_about(services.LOG)]


def test_a_new_button_comes_with_the_line_for_the_website(browser: Client, agent: Agent, number: PhoneNumber) -> None:
    assert '<option value="+12085550110" selected>' in browser.get(PAGE).content.decode()

    shown = browser.get(make(browser, agent)["Location"]).content.decode()

    widget = only(agent)
    assert widget.domains == ["www.juniper.example", "juniper.example:8443", "localhost:5173"]
    assert f"/widget/{widget.key}.js&quot; async&gt;&lt;/script&gt;" in shown
    assert PublicRoute.objects.get(pk=widget.key).tenant_id == agent.tenant_id
    assert told(agent) == ["Put Front desk on www.juniper.example and 2 more"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"domains": "*.juniper.example"}, "without stars"),
        ({"domains": "juniper"}, "juniper is not the name of a website"),
        ({"domains": " "}, "Enter at least one website"),
        ({"words": ""}, "Enter a few words"),
        ({"color": "red"}, "Choose a color"),
        ({"minutes": 61}, "less than or equal to 60"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    browser: Client, agent: Agent, changed: dict[str, Any], words: str
) -> None:
    refused = make(browser, agent, **changed)

    assert refused.status_code == 422
    assert words in refused.content.decode()


def test_the_agent_of_another_business_cannot_be_chosen(browser: Client, agent: Agent, other_agent: Agent) -> None:
    assert make(browser, other_agent).status_code == 422


def test_a_change_is_recorded_and_no_change_is_not(browser: Client, agent: Agent) -> None:
    make(browser, agent)
    page = f"{PAGE}?button={only(agent).pk}"
    entered = {"words": "Call June", "agent": str(agent.pk), "domains": "juniper.example", "color": "#b00020"}
    entered |= {"at_once": "3", "a_day": "100", "an_hour_each": "6", "minutes": "10", "save": "1"}

    for _ in range(2):
        assert browser.post(page, entered).status_code == 302

    widget = only(agent)
    assert (widget.words, widget.color, widget.captions, widget.telephone) == ("Call June", "#b00020", False, "")
    assert told(agent)[:-1] == ["Changed the button Call June"]


def test_it_is_switched_off_and_on_gets_a_new_key_and_is_removed(browser: Client, agent: Agent) -> None:
    make(browser, agent)
    key = only(agent).key

    browser.post(PAGE, {"off": "1"})
    assert not only(agent).is_on
    browser.post(PAGE, {"on": "1"})
    assert only(agent).is_on
    browser.post(PAGE, {"renew": "1"})
    assert only(agent).key != key
    assert not PublicRoute.objects.filter(pk=key).exists()
    browser.post(PAGE, {"remove": "1"})

    assert only(agent).removed_at is not None
    assert not PublicRoute.objects.filter(pk=only(agent).key).exists()
    assert told(agent)[:4] == [
        "Removed the button Talk to us",
        "Gave the button Talk to us a new key",
        "Switched on the button Talk to us",
        "Switched off the button Talk to us",
    ]


def test_the_button_of_another_business_is_not_there(browser: Client, agent: Agent, other_agent: Agent) -> None:
    with tenant_transaction(other_agent.tenant_id):
        theirs = services.make(agent=other_agent, domains=["harbor.example"])
    make(browser, agent)

    assert browser.get(f"{PAGE}?button={theirs.pk}").status_code == 404
    assert browser.post(f"{PAGE}?button={theirs.pk}", {"remove": "1"}).status_code == 404


def test_a_viewer_finds_no_buttons(sign_in: SignIn, viewer: User) -> None:
    assert sign_in(viewer).get(PAGE).status_code == 403
