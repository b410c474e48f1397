"""The list of calls, as the people of a business see it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.models import Tenant, User
from agents.models import Agent
from calls.models import Call
from tests import factories
from tests.calls.talks import ended_call, says, short_talk, wait
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


def listed(browser: Client, tenant: Tenant, **asked: Any) -> HttpResponse:
    response = browser.get(reverse("calls:index", args=[tenant.slug]), asked)
    assert response.status_code == 200
    return response


def text(response: HttpResponse) -> str:
    plain = re.sub(r"<[^>]+>", " ", response.content.decode()).replace("\u00a0", " ")
    return " ".join(plain.split())


def row(response: HttpResponse, call: Call) -> str:
    found = re.search(rf'<tr id="call-{call.pk}".*?</tr>', response.content.decode(), re.DOTALL)
    return found.group() if found else ""


def plain_row(response: HttpResponse, call: Call) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", row(response, call)).replace("\u00a0", " ").split())


def test_a_row_says_who_called_what_became_of_it_and_how_long_they_waited(browser: Client, agent: Agent) -> None:
    call = ended_call(agent, 14, from_number="+12085550147")
    short_talk(call)

    shown = plain_row(listed(browser, agent.tenant), call)

    assert "(208) 555-0147 Incoming" in shown
    assert "Caller hung up Front desk 710 ms slowest 2,200 ms 0:14" in shown


def test_a_ribbon_draws_both_sides_what_was_not_heard_and_the_slow_wait(browser: Client, agent: Agent) -> None:
    call = ended_call(agent, 14)
    short_talk(call)

    shown = row(listed(browser, agent.tenant), call)

    assert 'viewBox="0 0 14000 24"' in shown
    assert 'class="ribbon__caller" d="M3500 11h1500v-9h-1500zM8800 11h1200v-9h-1200z"' in shown
    assert 'class="ribbon__agent" d="M0 13h3000v9h-3000zM5710 13h3290v9h-3290zM12200 13h1800v9h-1800z"' in shown
    assert 'class="ribbon__unheard" d="M9000 13h' in shown
    assert 'class="ribbon__slow" d="M10000 12H12200"' in shown
    assert "the caller spoke 2 times, the agent 3 times, 1 reply cut off, 1 slow reply" in shown


def test_the_ribbons_of_a_page_share_one_scale(browser: Client, agent: Agent) -> None:
    short, long = ended_call(agent, 30), ended_call(agent, 60)

    response = listed(browser, agent.tenant)

    widths = {call: float(re.search(r'width="([\d.]+)%"', row(response, call)).group(1)) for call in (short, long)}
    assert widths[long] == pytest.approx(2 * widths[short], rel=0.01)
    assert 80 <= widths[long] <= 100


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "ringing"}, "Ringing"),
        ({"status": "in_progress", "answered_at": now()}, "In progress"),
        ({"status": "ended", "ending": "caller"}, "Hung up in the greeting"),
        ({"status": "ended", "ending": "agent"}, "Agent said goodbye"),
        ({"status": "ended", "ending": "silence"}, "Nobody spoke"),
        ({"status": "ended", "ending": "limit"}, "Reached its longest duration"),
        ({"status": "ended", "ending": "failure"}, "Agent could not go on"),
        ({"status": "ended", "ending": "media_lost"}, "Audio was lost"),
        ({"status": "ended", "ending": "no_answer"}, "No answer"),
        ({"status": "ended", "ending": "refused"}, "Not answered"),
        ({"status": "ended", "ending": "carrier"}, "Carrier ended it"),
    ],
)
def test_a_row_says_in_words_how_the_call_stands(
    browser: Client, agent: Agent, fields: dict[str, Any], words: str
) -> None:
    call = factories.make_call(agent, **fields)

    assert words in plain_row(listed(browser, agent.tenant), call)


def test_a_test_call_and_a_withheld_number_have_names(browser: Client, agent: Agent) -> None:
    test = factories.make_call(agent, channel=Call.Channel.BROWSER, from_number="", to_number="")
    withheld = factories.make_call(agent, from_number="anonymous")

    response = listed(browser, agent.tenant)

    assert "Test call From the dashboard" in plain_row(response, test)
    assert "Unknown caller Incoming" in plain_row(response, withheld)


def test_a_viewer_sees_numbers_masked_and_cannot_find_them_by_their_digits(
    sign_in: SignIn, viewer: User, agent: Agent
) -> None:
    call = ended_call(agent, from_number="+12085550147")
    browser = sign_in(viewer)

    shown = listed(browser, agent.tenant)
    searched = listed(browser, agent.tenant, number="0199")

    assert "(208) 555-••47" in plain_row(shown, call)
    assert "0147" not in shown.content.decode()
    assert 'name="number"' not in shown.content.decode()
    assert row(searched, call), "a search that a viewer may not make narrows nothing"


def test_calls_are_found_by_part_of_a_number(browser: Client, agent: Agent) -> None:
    wanted, other = ended_call(agent, from_number="+12085550147"), ended_call(agent, from_number="+12085550163")

    response = listed(browser, agent.tenant, number="555-0147")

    assert row(response, wanted)
    assert not row(response, other)


def test_filters_are_links_with_addresses_that_keep_each_other(browser: Client, agent: Agent) -> None:
    incoming = ended_call(agent, ending=Call.Ending.FAILURE)
    outgoing = ended_call(agent, ending=Call.Ending.FAILURE, direction=Call.Direction.OUTBOUND)
    good = ended_call(agent, ending=Call.Ending.AGENT)

    response = listed(browser, agent.tenant, direction="incoming", state="trouble")

    assert row(response, incoming)
    assert not row(response, outgoing)
    assert not row(response, good)
    assert "?state=agent&amp;direction=incoming" in response.content.decode()
    assert "?state=trouble&amp;direction=outgoing" in response.content.decode()


def test_each_state_says_how_many_calls_are_in_it(browser: Client, agent: Agent) -> None:
    ended_call(agent, ending=Call.Ending.AGENT)
    ended_call(agent, ending=Call.Ending.AGENT)
    factories.make_call(agent)

    shown = text(listed(browser, agent.tenant))

    assert "All 3 In progress 1 Agent said goodbye 2" in shown
    assert "Went wrong" not in shown


def test_calls_of_a_day_are_those_of_the_day_in_the_zone_of_the_business(browser: Client, agent: Agent) -> None:
    tenant = agent.tenant
    tenant.timezone = "America/Boise"
    tenant.save()
    today = now().astimezone(tenant.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    early, late = (factories.make_call(agent, created_at=today - timedelta(minutes=minutes)) for minutes in (0, 30))

    assert row(listed(browser, tenant, day="today"), early)
    assert not row(listed(browser, tenant, day="today"), late)
    assert row(listed(browser, tenant, day="yesterday"), late)
    assert not row(listed(browser, tenant, day="yesterday"), early)
    assert row(listed(browser, tenant, day=f"{today:%Y-%m-%d}"), early)


def test_calls_of_one_agent(browser: Client, agent: Agent) -> None:
    second = factories.make_agent(agent.tenant, "Reminders")
    here, there = ended_call(agent), ended_call(second)

    response = listed(browser, agent.tenant, agent=second.pk)

    assert row(response, there)
    assert not row(response, here)


@pytest.mark.parametrize("asked", [{"state": "x"}, {"agent": "7"}, {"day": "13"}, {"page": "-1"}, {"page": "9" * 20}])
def test_an_address_that_means_nothing_shows_all_calls(browser: Client, agent: Agent, asked: dict[str, str]) -> None:
    call = ended_call(agent)

    assert row(listed(browser, agent.tenant, **asked), call)


def test_twenty_five_calls_are_on_a_page_newest_first(browser: Client, agent: Agent) -> None:
    calls = [factories.make_call(agent, created_at=now() - timedelta(minutes=age)) for age in range(26)]

    first, second = listed(browser, agent.tenant), listed(browser, agent.tenant, page=2)

    order = re.findall(r'<tr id="call-([\w-]+)"', first.content.decode())
    assert order == [str(call.pk) for call in calls[:25]]
    assert row(second, calls[25])
    assert "1–25 of 26" in text(first)


def test_a_business_without_calls_is_told_what_will_appear_and_what_to_do(browser: Client, agent: Agent) -> None:
    response = listed(browser, agent.tenant)

    assert "No calls yet" in text(response)
    assert f'href="{reverse("agents:index", args=[agent.tenant.slug])}">Try an agent' in response.content.decode()


def test_a_business_without_agents_begins_with_its_first(browser: Client, tenant: Tenant) -> None:
    new = reverse("agents:create", args=[tenant.slug])

    assert f'href="{new}">Make your first agent' in listed(browser, tenant).content.decode()


def test_filters_that_match_nothing_offer_to_be_dropped(browser: Client, agent: Agent) -> None:
    ended_call(agent)

    response = listed(browser, agent.tenant, state="live")

    assert "No calls match" in text(response)
    assert "Show all calls" in text(response)


def test_nobody_sees_the_calls_of_another_business(browser: Client, agent: Agent, other_agent: Agent) -> None:
    theirs = ended_call(other_agent, from_number="+15035550199")
    says(theirs, "Harbor Law, after hours.", 0, 2000, timing=wait())

    response = listed(browser, agent.tenant, number="5035550199")

    assert "No calls match" in text(response)
    assert not row(response, theirs)
