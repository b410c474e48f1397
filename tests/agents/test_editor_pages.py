"""The editor, saved whole without scripts, and field by field with them."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.comparison import values
from agents.models import Agent
from calls.calendar.models import Calendar
from tests import factories
from tests.agents.pages import HTMX, at, autosave, draft, filled, text

pytestmark = pytest.mark.django_db


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


def test_a_voice_for_another_language_is_one_of_the_list_or_named_by_its_id(browser: Client, agent: Agent):
    autosave(browser, agent, tts_provider="deepgram")
    rows = ["es", "aura-2-celeste-es", "", "fr", "?", "aura-2-agathe-fr", "it", "", "", "", "", ""]
    autosave(browser, agent, other_languages=rows)

    assert draft(agent).other_languages == [
        {"language": "es", "voice": "aura-2-celeste-es"},
        {"language": "fr", "voice": "aura-2-agathe-fr"},
        {"language": "it", "voice": ""},
    ]
    page = browser.get(at("edit", agent)).content.decode()
    assert page.count('<option value="aura-2-celeste-es" selected>') == 1
    assert page.count('<option value="?" selected>') == 1
    assert 'value="aura-2-agathe-fr"' in page


def test_another_vendor_speaks_with_voices_of_its_own(browser: Client, agent: Agent):
    autosave(browser, agent, tts_provider="deepgram")
    autosave(browser, agent, other_languages=["es", "aura-2-celeste-es", ""])

    page = autosave(browser, agent, tts_provider="openai").content.decode()

    assert draft(agent).other_languages == [{"language": "es", "voice": ""}]
    assert 'id="spoken-languages" hx-swap-oob="true"' in page
    assert "celeste" not in page


def test_a_box_that_was_unticked_is_saved(browser: Client, agent: Agent):
    browser.post(at("edit", agent), {"only": "speculation"}, **HTMX)

    assert draft(agent).speculation is False
    assert draft(agent).recording is False


def test_a_refused_field_is_named_and_its_error_sent(browser: Client, agent: Agent):
    response = autosave(browser, agent, endpointing_ms="5")

    page = response.content.decode()
    assert response.status_code == 200
    assert 'data-refused="endpointing_ms" data-wrong="endpointing_ms"' in page
    assert re.search(r'id="id_endpointing_ms_error" hx-swap-oob="true">\s*At least 100\.', page)


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


def test_what_to_note_is_a_table_whose_controls_are_sent_together(browser: Client, agent: Agent):
    rows = ["Day", "date", "Which day", "", "Visit", "choice", "", "Cleaning, Checkup", "", "text", "", ""]
    saved = autosave(browser, agent, extraction=rows, redaction=["card"])
    refused = autosave(browser, agent, extraction=["", "text", "Who recommended us", ""])

    assert saved.status_code == 200
    now = draft(agent)
    assert now.redaction == ["card"]
    assert [(each["name"], each["type"], each["choices"]) for each in now.extraction] == [
        ("Day", "date", []),
        ("Visit", "choice", ["Cleaning", "Checkup"]),
    ]
    assert "Give a name to the field" in text(refused)


def test_a_calendar_is_chosen_among_those_there_are_and_one_that_is_gone_stays_until_another_is(
    browser: Client, agent: Agent, tenant: Tenant
):
    with tenant_transaction(tenant):
        Calendar.objects.create(name="Hygienist", zone=tenant.timezone)
    autosave(browser, agent, tools__book_appointment="on")
    autosave(browser, agent, tools__book_appointment__calendar="Hygienist")
    with tenant_transaction(tenant):
        Calendar.objects.update(name="Room 2")

    page = browser.get(at("edit", agent)).content.decode()

    assert '<option value="Hygienist" selected>Not there any more</option>' in page
    assert '<option value="Room 2">Room 2</option>' in page
    autosave(browser, agent, tools__book_appointment__calendar="Attic")
    assert draft(agent).tools == [{"name": "book_appointment", "settings": {"calendar": "Hygienist"}}]


def test_an_agent_that_is_live_shows_its_number_or_how_it_gets_one(browser: Client, agent: Agent, tenant: Tenant):
    before = browser.get(at("edit", agent)).content.decode()
    factories.make_number(tenant, "+12085550110", agent=agent)
    after = browser.get(at("edit", agent)).content.decode()

    assert f'<a class="nowrap" href="/t/{tenant.slug}/numbers/?agent={agent.pk}#add">Give it a number</a>' in before
    assert "Give it a number" not in after
    assert '<a class="nowrap" href="#numbers">(208)' in after


def test_of_the_tools_only_the_one_that_changed_is_marked(browser: Client, agent: Agent):
    response = autosave(browser, agent, tools__leave_message="on")

    told = re.search(r'data-changed="([^"]*)"', response.content.decode())
    page = browser.get(at("edit", agent)).content.decode()
    assert told
    assert set(told[1].split()) == {"tools", "tools__leave_message"}
    assert re.findall(r'changed" data-field="(\w+)"', page) == ["tools__leave_message"]
