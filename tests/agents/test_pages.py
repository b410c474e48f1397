"""The pages of agents: list, editor, checklist, comparison. Rendered for real, as the people of a business see them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.comparison import values
from agents.forms import DraftForm
from agents.models import Agent, AgentVersion
from tests import factories
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


def at(name: str, agent: Agent, *args: Any) -> str:
    return reverse(f"agents:{name}", args=[agent.tenant.slug, agent.pk, *args])


def draft(agent: Agent) -> AgentVersion:
    with tenant_transaction(agent.tenant_id):
        return services.draft_of(Agent.objects.get(pk=agent.pk))


def live_number(agent: Agent) -> int | None:
    with tenant_transaction(agent.tenant_id):
        published = Agent.objects.select_related("published").get(pk=agent.pk).published
        return published.number if published else None


def filled(agent: Agent, **typed: str) -> dict[str, str]:
    """What a browser without scripts sends: every field of the page."""
    with tenant_transaction(agent.tenant_id):
        form = DraftForm(values(services.draft_of(Agent.objects.get(pk=agent.pk))))
        shown = {field.html_name: field.value() for field in form}
    sent = {
        name: "on" if value is True else "" if value is None else str(value)
        for name, value in shown.items()
        if value is not False
    }
    return sent | typed


def text(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def autosave(browser: Client, agent: Agent, **typed: str) -> HttpResponse:
    return browser.post(at("edit", agent), {"only": " ".join(typed), **typed}, **HTMX)


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


# The editor without scripts


def test_saving_the_page_untouched_changes_nothing(browser: Client, agent: Agent):
    services.save_draft(
        agent.tenant,
        agent.pk,
        changes={
            "tts_provider": "elevenlabs",
            "tts_options": {"speed": 1.1},
            "stt_provider": "deepgram",
            "stt_model": "flux-general-en",
            "second_llm_provider": "openai",
            "second_tts_provider": "elevenlabs",
            "llm_provider": "openai",
            "llm_model": "my-own/model",
            "llm_options": {"temperature": 0.5},
            "variables": {"hours": "9 = 5", "b": ""},
            "keyterms": ["Delta Dental", "crown"],
            "max_duration_s": 1234,
            "recording": True,
        },
    )
    before = values(draft(agent))

    response = browser.post(at("edit", agent), filled(agent))

    assert response.status_code == 302
    assert values(draft(agent)) == before


def test_the_whole_page_can_be_saved_at_once(browser: Client, agent: Agent):
    browser.post(
        at("edit", agent),
        filled(
            agent,
            greeting="Good morning.",
            keyterms="Invisalign, Delta Dental\ncrown",
            silence_prompts="Hello?\nStill there?",
            variables="hours = 9 to 5",
            llm_provider="openai",
        ),
    )

    now = draft(agent)
    assert (now.greeting, now.keyterms) == ("Good morning.", ["Invisalign", "Delta Dental", "crown"])
    assert (now.silence_prompts, now.variables) == (["Hello?", "Still there?"], {"hours": "9 to 5"})
    assert (now.llm_provider, now.llm_model) == ("openai", "gpt-6-luna")


def test_settings_that_the_page_still_shows_are_dropped_with_their_provider_or_model(browser: Client, agent: Agent):
    settings = {"eot_threshold": 0.8, "profanity_filter": True}
    changes = {"stt_provider": "deepgram", "stt_model": "flux-general-en", "stt_options": settings}
    services.save_draft(agent.tenant, agent.pk, changes=changes)

    browser.post(at("edit", agent), filled(agent, stt_model="nova-3"))
    assert draft(agent).stt_options == {"profanity_filter": True}

    browser.post(at("edit", agent), filled(agent, stt_provider="offline"))
    assert (draft(agent).stt_model, draft(agent).stt_options) == ("offline", {})


def test_what_is_refused_comes_back_as_it_was_typed_with_the_error_beside_it(browser: Client, agent: Agent):
    response = browser.post(at("edit", agent), filled(agent, timezone="Mars/Olympus", variables="no value here"))

    page = response.content.decode()
    assert response.status_code == 422
    assert re.search(r'id="id_timezone_error">There is no time zone', page)
    assert re.search(r'id="id_variables_error">“no value here” has no value', page)
    assert "2 things to fix" in page
    assert "no value here</textarea>" in page
    assert page.count('aria-invalid="true"') == 2


def test_a_model_that_is_not_listed_can_be_named(browser: Client, agent: Agent):
    services.save_draft(agent.tenant, agent.pk, changes={"llm_provider": "openai"})

    browser.post(at("edit", agent), filled(agent, llm_model_other="meta/llama-4"))

    assert draft(agent).llm_model == "meta/llama-4"
    assert '<option value="meta/llama-4" selected>' in browser.get(at("edit", agent)).content.decode()


# The editor with scripts


def test_a_field_is_saved_by_itself_and_the_answer_says_what_differs(browser: Client, agent: Agent):
    response = autosave(browser, agent, greeting="Good morning, and how are you?")

    page = response.content.decode()
    assert draft(agent).greeting == "Good morning, and how are you?"
    assert 'data-changed="greeting" data-refused="" data-wrong=""' in page
    assert "Draft: 1 change" in text(response)
    assert "2 seconds when spoken." in page


def test_saving_one_field_leaves_what_a_colleague_changed_meanwhile(browser: Client, agent: Agent, tenant: Tenant):
    services.save_draft(tenant, agent.pk, changes={"farewell": "So long."})

    autosave(browser, agent, greeting="Good morning.")

    assert (draft(agent).greeting, draft(agent).farewell) == ("Good morning.", "So long.")


def test_a_box_that_was_unticked_is_saved(browser: Client, agent: Agent):
    browser.post(at("edit", agent), {"only": "speculation"}, **HTMX)

    assert draft(agent).speculation is False
    assert draft(agent).recording is False


def test_a_refused_field_is_named_and_its_error_sent(browser: Client, agent: Agent):
    response = autosave(browser, agent, endpointing_ms="5")

    page = response.content.decode()
    assert response.status_code == 200
    assert 'data-refused="endpointing_ms" data-wrong="endpointing_ms"' in page
    assert re.search(r'id="id_endpointing_ms_error" hx-swap-oob="true">\s*Ensure this value', page)


def test_what_is_saved_but_cannot_be_published_is_said_at_once(browser: Client, agent: Agent):
    response = autosave(browser, agent, greeting="")

    page = response.content.decode()
    assert draft(agent).greeting == ""
    assert 'data-refused="" data-wrong="greeting"' in page
    assert "1 thing to fix before this can be published." in text(response)


def test_the_answer_never_replaces_a_field_that_was_saved(browser: Client, agent: Agent):
    page = autosave(browser, agent, greeting="Good morning.").content.decode()

    assert not re.search(r"<(input|textarea|select)\b", page)


def test_another_provider_brings_its_models_voices_and_settings(browser: Client, agent: Agent):
    page = autosave(browser, agent, tts_provider="elevenlabs").content.decode()

    assert '<div class="together" id="tts-choices" hx-swap-oob="true">' in page
    assert 'name="tts_options__speed"' in page
    assert "Sarah, reassuring, American" in page
    assert 'name="tts_provider"' not in page
    targets = re.findall(r'id="([^"]+)"[^>]*hx-swap-oob', page)
    assert len(targets) == len(set(targets))
    assert not any(target.startswith("id_tts_voice") for target in targets)


def test_another_model_brings_its_settings_and_leaves_the_choice_of_models_alone(browser: Client, agent: Agent):
    services.save_draft(agent.tenant, agent.pk, changes={"stt_provider": "deepgram"})

    page = autosave(browser, agent, stt_model="flux-general-en").content.decode()

    assert '<div class="fields__wide" id="stt-more" hx-swap-oob="true">' in page
    assert 'name="stt_options__eot_threshold"' in page
    assert 'name="stt_model"' not in page


def test_what_is_wrong_with_a_model_is_said_beside_it_at_once(browser: Client, agent: Agent):
    services.save_draft(agent.tenant, agent.pk, changes={"stt_provider": "deepgram", "language": "es"})

    page = autosave(browser, agent, stt_model="flux-general-en").content.decode()

    assert re.search(r'id="id_stt_model_error" hx-swap-oob="true">[^<]*does not know Spanish', page)


@pytest.mark.parametrize("role", ["llm", "second_llm"])
def test_a_name_that_was_typed_appears_among_the_choices(browser: Client, agent: Agent, role: str):
    services.save_draft(agent.tenant, agent.pk, changes={f"{role}_provider": "openai"})

    page = autosave(browser, agent, **{f"{role}_model_other": "meta/llama-4"}).content.decode()

    assert f'id="{role}-choices" hx-swap-oob="true"' in page
    assert '<option value="meta/llama-4" selected>' in page


def test_a_page_that_was_busy_can_ask_for_the_choices_later(browser: Client, agent: Agent):
    services.save_draft(agent.tenant, agent.pk, changes={"second_tts_provider": "elevenlabs"})

    assert 'name="second_tts_voice"' in browser.get(at("choices", agent, "second_tts")).content.decode()
    assert browser.get(at("choices", agent, "other")).status_code == 404


def test_every_error_of_the_answer_has_its_place_on_the_page(browser: Client, agent: Agent):
    services.save_draft(
        agent.tenant,
        agent.pk,
        changes={
            "stt_provider": "deepgram",
            "llm_provider": "openai",
            "tts_provider": "elevenlabs",
            "second_llm_provider": "openai",
            "second_tts_provider": "elevenlabs",
        },
    )
    page = browser.get(at("edit", agent)).content.decode()
    answers = autosave(browser, agent, greeting="Hi.").content.decode()
    answers += autosave(browser, agent, second_tts_provider="").content.decode()

    for target in re.findall(r'id="([^"]+)"[^>]*hx-swap-oob', answers):
        assert page.count(f'id="{target}"') == 1, target


# Publishing


def test_the_checklist_is_a_page_and_for_scripts_the_inside_of_a_dialog(browser: Client, agent: Agent):
    whole, part = browser.get(at("publish", agent)), browser.get(at("publish", agent), **HTMX)

    assert "<!doctype html>" in whole.content.decode()
    assert "<!doctype html>" not in part.content.decode()
    assert "Nothing to publish" in text(part)


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
