"""What a visitor's browser gets from us: the script, the look of the button, the panel, and a call."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.after.models import Budget
from calls.models import Call
from telephony.tokens import read
from telephony.website import services
from telephony.website.models import WebCall, Widget
from tests import factories

SITE = "https://juniper.example"
PHONE = "+12085550110"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_cache")]


@pytest.fixture
def widget(agent: Agent) -> Widget:
    with tenant_transaction(agent.tenant_id):
        return services.make(agent=agent, domains=["juniper.example"], words="Talk to us", telephone=PHONE)


@pytest.fixture
def visitor() -> Client:
    """A browser that is signed in nowhere, and insists on nothing that only a session could have."""
    return Client(enforce_csrf_checks=True)


def panel(visitor: Client, widget: Widget, site: str = SITE, **headers: str) -> HttpResponse:
    return visitor.get(f"/widget/{widget.key}", {"site": site}, headers=headers)


def call(visitor: Client, widget: Widget, *, address: str = "203.0.113.7", **changed: Any) -> HttpResponse:
    """Press the button of a panel that was opened on the website."""
    given = {"pass": held(panel(visitor, widget))} | changed
    headers = {"Origin": "http://testserver"}
    return visitor.post(f"/widget/{widget.key}", given, headers=headers, REMOTE_ADDR=address)


def held(page: HttpResponse) -> str:
    return re.findall(r'data-pass="([^"]+)"', page.content.decode())[0]


def ancestors(page: HttpResponse) -> str:
    return re.findall(r"frame-ancestors ([^;]+)", page["Content-Security-Policy"])[0]


def calls_of(widget: Widget) -> list[Call]:
    with tenant_transaction(widget.tenant_id):
        return list(Call.objects.order_by("created_at"))


def change(widget: Widget, **fields: Any) -> None:
    with tenant_transaction(widget.tenant_id):
        Widget.objects.filter(pk=widget.pk).update(**fields)


def declined(response: HttpResponse) -> dict[str, str]:
    assert response.status_code == 409
    told: dict[str, str] = response.json()
    assert told["telephone"] == PHONE
    return told


def test_the_script_is_the_same_for_every_button_and_for_none(visitor: Client, widget: Widget) -> None:
    scripts = [visitor.get(f"/widget/{key}.js") for key in (widget.key, widget.pk)]

    assert [script["Content-Type"] for script in scripts] == ["text/javascript; charset=utf-8"] * 2
    assert scripts[0].content == scripts[1].content
    assert scripts[0]["Cache-Control"] == "public, max-age=3600"


def test_a_listed_website_learns_how_the_button_looks(visitor: Client, widget: Widget) -> None:
    answer = visitor.get(f"/widget/{widget.key}", headers={"Origin": "https://www.juniper.example"})

    assert answer.json() == {"words": "Talk to us", "color": "#146350", "ink": "#ffffff"}
    assert answer["Access-Control-Allow-Origin"] == "https://www.juniper.example"
    assert "Origin" in answer["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://juniper.example", ""])
def test_any_other_learns_nothing_not_even_that_there_is_one(visitor: Client, widget: Widget, origin: str) -> None:
    answers = [visitor.get(f"/widget/{key}", headers={"Origin": origin}) for key in (widget.key, widget.pk)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].content == answers[1].content
    assert "Access-Control-Allow-Origin" not in answers[0]


def test_the_panel_is_for_frames_of_the_website_that_asked(visitor: Client, widget: Widget) -> None:
    shown = panel(visitor, widget, Referer=f"{SITE}/contact")

    assert shown.status_code == 200
    assert ancestors(shown) == SITE
    assert "X-Frame-Options" not in shown
    assert not shown.cookies


def test_it_says_when_a_call_is_recorded(visitor: Client, widget: Widget, agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        agent.published = factories.make_version(agent, number=2, recording=False)
        agent.save()

    notice = ">This call is recorded.<"
    assert notice not in panel(visitor, widget).content.decode()
    with tenant_transaction(agent.tenant_id):
        agent.published = factories.make_version(agent, number=3, recording=True)
        agent.save()
    assert notice in panel(visitor, widget).content.decode()


@pytest.mark.parametrize(
    ("site", "headers"),
    [
        ("https://evil.example", {}),
        ("", {}),
        ("https://juniper.example; script-src *", {}),
        (SITE, {"Referer": "https://evil.example/"}),
        (SITE, {"Sec-Fetch-Dest": "document"}),
    ],
)
def test_elsewhere_a_plain_page_says_no(visitor: Client, widget: Widget, site: str, headers: dict[str, str]) -> None:
    refused = panel(visitor, widget, site, **headers)

    assert refused.status_code == 403
    assert ancestors(refused) == "*"
    assert "Calls are not available on this website" in refused.content.decode()
    assert "data-pass" not in refused.content.decode()


def test_a_call_is_opened_with_a_token_for_its_socket_alone(visitor: Client, widget: Widget) -> None:
    opened = call(visitor, widget).json()

    [stored] = calls_of(widget)
    claims = read(opened["token"])
    assert opened["call_id"] == claims.carrier_sid == f"web:{stored.pk}"
    assert opened["socket_url"] == "/website/phone"
    assert (claims.call_id, claims.agent_id, claims.most_s) == (stored.pk, widget.agent_id, 600)
    assert (stored.channel, stored.direction, stored.origin) == ("web", "inbound", SITE)
    assert (stored.from_number, stored.version_id) == ("", widget.agent.published_id)
    with tenant_transaction(widget.tenant_id):
        assert WebCall.objects.get().widget_id == widget.pk


@pytest.mark.parametrize("origin", [SITE, "https://evil.example", "null", ""])
def test_only_our_own_page_opens_calls(visitor: Client, widget: Widget, origin: str) -> None:
    given = held(panel(visitor, widget))

    answer = visitor.post(f"/widget/{widget.key}", {"pass": given}, headers={"Origin": origin})

    assert answer.status_code == 403
    assert calls_of(widget) == []


def test_without_a_pass_of_this_button_there_is_no_call(visitor: Client, widget: Widget, agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        other = services.make(agent=agent, domains=["juniper.example"], words="Call")

    for wrong in ("", "forged", held(panel(visitor, other))):
        assert call(visitor, widget, **{"pass": wrong}).status_code == 403
    assert calls_of(widget) == []


def test_a_button_brings_only_so_many_calls_at_once(visitor: Client, widget: Widget) -> None:
    change(widget, at_once=1)
    call(visitor, widget)

    told = declined(call(visitor, widget))

    assert told["code"] == "busy"
    assert "all our lines are busy" in told["message"]
    with tenant_transaction(widget.tenant_id):
        Call.objects.update(status="ended", ended_at=now())
    assert call(visitor, widget).status_code == 200


def test_a_button_brings_only_so_many_calls_in_a_day_of_the_business(visitor: Client, widget: Widget) -> None:
    change(widget, a_day=1)
    call(visitor, widget)
    assert declined(call(visitor, widget))["code"] == "day_full"

    with tenant_transaction(widget.tenant_id):
        Call.objects.update(created_at=now() - timedelta(days=2))
    assert call(visitor, widget).status_code == 200


def test_a_visitor_calls_only_so_often_in_an_hour(visitor: Client, widget: Widget) -> None:
    change(widget, an_hour_each=1)
    call(visitor, widget, address="2001:db8::1")

    assert declined(call(visitor, widget, address="2001:db8::2"))["code"] == "hour_full"  # the same household
    assert call(visitor, widget, address="2001:db8:0:1::1").status_code == 200
    assert call(visitor, widget, address="203.0.113.9").status_code == 200


def test_without_the_counter_of_visitors_the_other_limits_hold(
    visitor: Client, widget: Widget, settings: Settings
) -> None:
    change(widget, an_hour_each=1, a_day=2)
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1"}}

    assert [call(visitor, widget).status_code for _ in range(3)] == [200, 200, 409]


def test_a_full_house_a_suspension_and_a_spent_budget_are_said_politely(
    visitor: Client, widget: Widget, tenant: Tenant
) -> None:
    with tenant_transaction(tenant):
        month = factories.today(tenant).replace(day=1)
        Budget.objects.create(monthly_cents=1, spent_cents=2, month=month, at_limit=Budget.AtLimit.REFUSE)
    assert declined(call(visitor, widget))["code"] == "suspended"

    with tenant_transaction(tenant):
        Budget.objects.all().delete()
    Tenant.objects.filter(pk=tenant.pk).update(max_concurrent_calls=0)
    assert declined(call(visitor, widget))["code"] == "busy"

    factories.suspend(tenant)
    assert "cannot take calls at the moment" in declined(call(visitor, widget))["message"]
    assert calls_of(widget) == []


def test_an_agent_that_is_not_published_is_said_in_its_language(visitor: Client, widget: Widget, agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        Agent.objects.filter(pk=agent.pk).update(published=None)
    assert declined(call(visitor, widget))["code"] == "unpublished"

    with tenant_transaction(agent.tenant_id):
        agent.published = factories.make_version(agent, number=2, language="es-MX")
        agent.save()
    change(widget, at_once=1)
    call(visitor, widget)
    assert declined(call(visitor, widget))["message"].startswith("Lo sentimos")


def test_switched_off_it_shows_no_button_and_takes_no_call(visitor: Client, widget: Widget) -> None:
    open_since_before = held(panel(visitor, widget))
    with tenant_transaction(widget.tenant_id):
        services.switch(widget, on=False)

    assert visitor.get(f"/widget/{widget.key}", headers={"Origin": SITE}).status_code == 403
    assert declined(call(visitor, widget, **{"pass": open_since_before}))["code"] == "off"


def test_an_old_key_opens_nothing(visitor: Client, widget: Widget) -> None:
    old = widget.key
    with tenant_transaction(widget.tenant_id):
        services.renew_key(widget)

    assert visitor.get(f"/widget/{old}", headers={"Origin": SITE}).status_code == 403
    assert visitor.get(f"/widget/{widget.key}", headers={"Origin": SITE}).status_code == 200
