"""The page of an agent says whether its copy at the vendor reads as it was published, and mends it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, NativeAgent
from tests.agents.pages import at
from tests.factories import make_agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(sign_in, owner) -> Client:
    return sign_in(owner)


@pytest.fixture
def hosted(tenant) -> Agent:
    return make_agent(tenant, transport="elevenlabs_native")


def page(browser: Client, agent: Agent) -> str:
    return " ".join(browser.get(at("edit", agent)).content.decode().split())


def test_the_page_says_how_the_copy_stands(browser, hosted):
    assert "Not at ElevenLabs yet." in page(browser, hosted)
    with tenant_transaction(hosted.tenant_id):
        copy = NativeAgent.objects.create(agent=hosted, version=hosted.published, written_at=now(), checked_at=now())
    assert "The copy at ElevenLabs is in step." in page(browser, hosted)
    for fields, words in (
        ({"differs": ["First words", "Voice"], "differs_since": now()}, "Changed there: First words, Voice."),
        ({"trouble": "422"}, "It does not take these settings."),
        ({"trouble": "no_key"}, "There is no key for ElevenLabs."),
    ):
        with tenant_transaction(hosted.tenant_id):
            NativeAgent.objects.filter(pk=copy.pk).update(**fields)
        assert words in page(browser, hosted)


def test_an_agent_whose_conversations_run_here_has_no_copy_to_speak_of(browser, tenant):
    assert 'id="native"' not in page(browser, make_agent(tenant))


@pytest.mark.parametrize(("action", "task"), [("compare", "compare_copy"), ("step", "bring_into_step")])
def test_a_button_compares_it_and_another_writes_it_anew(
    browser, hosted, action, task, monkeypatch, django_capture_on_commit_callbacks
):
    queued: list[str] = []
    monkeypatch.setattr("agentos.jobs.current_app.send_task", lambda name, **_: queued.append(name))

    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post(at("native", hosted), {"action": action})

    assert response.status_code == 302
    assert queued == [f"agents.tasks.{task}"]
