"""The pages of agents: list, editor, checklist, comparison. Rendered for real, as the people of a business see them."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from agentos.tenants.models import Tenant, User
from agents import services
from agents.models import Agent
from tests import factories
from tests.agents.pages import HTMX, at, autosave, draft, live_number, text
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


# The list


def test_the_list_shows_who_is_live_and_what_is_being_written(browser: Client, agent: Agent, tenant: Tenant):
    factories.make_number(tenant, "+12085550110", agent=agent)
    factories.make_call(agent)
    factories.make_agent(tenant, "After hours", published=False)
    services.save_draft(tenant, agent.pk, changes={"greeting": "Good morning."})

    page = text(browser.get(reverse("agents:index", args=[tenant.slug])))

    assert "Front desk Live: version 1 (208) 555-0110 1 change 1 call" in page
    assert "After hours Not published No number Being written 0 calls" in page
    assert "Night line" not in page


def test_an_empty_list_offers_the_next_step_to_those_who_may_take_it(
    browser: Client, tenant: Tenant, sign_in: SignIn, viewer: User
):
    address = reverse("agents:index", args=[tenant.slug])

    assert reverse("agents:create", args=[tenant.slug]) in browser.get(address).content.decode()
    assert reverse("agents:create", args=[tenant.slug]) not in sign_in(viewer).get(address).content.decode()


def test_an_archived_agent_is_neither_listed_nor_found(browser: Client, agent: Agent, tenant: Tenant):
    browser.post(at("archive", agent))

    assert "Front desk" not in text(browser.get(reverse("agents:index", args=[tenant.slug]))).partition("put away")[2]
    assert browser.get(at("edit", agent)).status_code == 404


# Creating


def test_an_agent_is_created_from_a_ready_made_one(browser: Client, tenant: Tenant):
    response = browser.post(
        reverse("agents:create", args=[tenant.slug]), {"ready_made": "booking", "name": "Booking line"}, follow=True
    )

    assert response.redirect_chain
    assert "You book appointments" in response.content.decode()


@pytest.mark.parametrize(("name", "message"), [("", "required"), ("Front desk", "called Front desk already")])
def test_a_name_that_cannot_be_is_refused_beside_its_field(
    browser: Client, agent: Agent, tenant: Tenant, name: str, message: str
):
    response = browser.post(reverse("agents:create", args=[tenant.slug]), {"ready_made": "blank", "name": name})

    assert response.status_code == 422
    assert re.search(rf'id="id_name_error">[^<]*{message}', response.content.decode())


# Publishing


def test_the_checklist_is_a_page_and_for_scripts_the_inside_of_a_dialog(browser: Client, agent: Agent):
    whole, part = browser.get(at("publish", agent)), browser.get(at("publish", agent), **HTMX)

    assert "<!doctype html>" in whole.content.decode()
    assert "<!doctype html>" not in part.content.decode()
    assert "Nothing to publish" in text(part)
    assert "Lines in use 0 of 10" in text(whole)


def test_the_checklist_says_which_number_and_what_comes_next(browser: Client, agent: Agent, tenant: Tenant):
    factories.make_number(tenant, agent=agent, label="Main line")
    autosave(browser, agent, greeting="Good morning.", farewell="So long.")

    page = text(browser.get(at("publish", agent)))

    assert "Publish as version 2? Main line will use it from the next call on." in page
    assert "Calls in progress keep version 1. 2 changes" in page
    assert "Try one test call with this draft" in page


def test_a_test_call_of_the_draft_is_taken_off_the_list(browser: Client, agent: Agent):
    factories.make_call(agent, draft(agent))

    assert "Try one test call" not in text(browser.get(at("publish", agent)))


def test_publishing_goes_live_with_a_note_and_says_so(browser: Client, agent: Agent, owner: User):
    autosave(browser, agent, greeting="Good morning.")

    response = browser.post(at("publish", agent), {"note": "Shorter greeting"}, follow=True)

    assert live_number(agent) == 2
    assert "Version 2 is live." in text(response)
    assert f"{owner} · “Shorter greeting”" in text(response)


def test_what_must_be_fixed_keeps_the_button_shut_and_leads_to_the_field(browser: Client, agent: Agent):
    autosave(browser, agent, greeting="")

    page = browser.get(at("publish", agent)).content.decode()
    refused = browser.post(at("publish", agent), {"note": ""})

    assert 'aria-disabled="true"' in page
    assert f'href="{at("edit", agent)}#id_greeting"' in page
    assert refused.status_code == 422
    assert live_number(agent) == 1


# Going back


def test_two_versions_are_compared_word_by_word(browser: Client, agent: Agent):
    autosave(browser, agent, prompt=factories.PROMPT.replace("8 AM", "9 AM"), endpointing_ms="450")

    page = browser.get(at("compare", agent)).content.decode()

    assert "<del>8 </del><ins>9 </ins>" in page
    assert "<del>300 ms</del>" in page
    assert browser.get(at("compare", agent), {"before": "1", "after": "1"}).content.decode().count("<ins>") == 0
    assert browser.get(at("compare", agent), {"before": "77"}).status_code == 404


def test_what_people_wrote_is_shown_and_not_run(browser: Client, agent: Agent):
    autosave(browser, agent, greeting="<script>alert(1)</script>", prompt="<b>" * 40)

    for page in ("edit", "compare", "publish"):
        shown = browser.get(at(page, agent)).content.decode()
        assert "<script>alert" not in shown
        assert "<b><b>" not in shown


def test_an_older_version_is_loaded_into_the_draft_or_made_live_again(browser: Client, agent: Agent):
    autosave(browser, agent, greeting="Second.")
    browser.post(at("publish", agent))

    browser.post(at("restore", agent, 1))
    assert (draft(agent).greeting, live_number(agent)) == (factories.GREETING, 2)

    autosave(browser, agent, greeting="Third, unfinished.")
    browser.post(at("make_live", agent, 1))
    assert (draft(agent).greeting, live_number(agent)) == ("Third, unfinished.", 3)


def test_the_draft_can_be_discarded(browser: Client, agent: Agent):
    autosave(browser, agent, greeting="Second.")

    browser.post(at("discard", agent))

    assert draft(agent).greeting == factories.GREETING


def test_an_agent_is_renamed_on_a_page_of_its_own(browser: Client, agent: Agent, tenant: Tenant):
    factories.make_agent(tenant, "Taken")

    assert browser.post(at("rename", agent), {"name": "Taken"}).status_code == 422
    assert "Reception" in text(browser.post(at("rename", agent), {"name": "Reception"}, follow=True))


# Who may


def test_a_viewer_reads_everything_and_changes_nothing(sign_in: SignIn, viewer: User, agent: Agent):
    theirs = sign_in(viewer)

    page = theirs.get(at("edit", agent)).content.decode()
    assert "<fieldset" in page
    assert re.search(r'<fieldset class="stack" disabled>', page)
    assert "hx-post" not in page
    assert theirs.get(at("compare", agent)).status_code == 200
    for name in ("edit", "publish", "discard", "archive", "rename"):
        assert theirs.post(at(name, agent), {"greeting": "Mine.", "only": "greeting"}).status_code == 403
    assert draft(agent).greeting == factories.GREETING


def test_a_member_edits_but_does_not_publish(sign_in: SignIn, member: User, agent: Agent):
    theirs = sign_in(member)

    autosave(theirs, agent, greeting="Good morning.")

    assert draft(agent).greeting == "Good morning."
    assert theirs.post(at("publish", agent)).status_code == 403
    assert theirs.post(at("make_live", agent, 1)).status_code == 403
    assert at("publish", agent) not in theirs.get(at("edit", agent)).content.decode()


def test_an_agent_of_another_business_is_not_there(browser: Client, tenant: Tenant, other_agent: Agent):
    address = reverse("agents:edit", args=[tenant.slug, other_agent.pk])

    assert browser.get(address).status_code == 404
    assert browser.post(address, {"greeting": "Mine.", "only": "greeting"}, **HTMX).status_code == 404
    assert draft(other_agent).greeting == "Harbor Law, after hours."


def test_no_page_carries_styles_or_scripts_of_its_own(browser: Client, agent: Agent, tenant: Tenant):
    pages = [at(name, agent) for name in ("edit", "publish", "compare", "rename")]
    pages += [reverse("agents:index", args=[tenant.slug]), reverse("agents:create", args=[tenant.slug])]

    for page in pages:
        html = browser.get(page).content.decode()
        assert not re.search(r"\sstyle=|\son\w+=|<style", html), page
        assert not re.search(r"<script(?![^>]*\bsrc=)", html), page
