"""Agents are created, drafted, published, and brought back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from agentos.errors import DomainError
from agentos.tenants.models import PublicRoute, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.comparison import values
from agents.models import Agent, AgentVersion
from agents.templates_catalog import TEMPLATES
from tests.agents.drafts import draft, live, save

pytestmark = pytest.mark.django_db


# Creating


@pytest.mark.parametrize("ready", TEMPLATES, ids=lambda each: each.name)
def test_a_new_agent_has_a_draft_a_public_address_and_answers_nobody(tenant: Tenant, ready: Any):
    agent = services.create_agent(tenant, name="June", template_name=ready.name)

    assert PublicRoute.objects.get(pk=agent.pk).tenant == tenant
    assert agent.published is None
    assert draft(agent).prompt == ready.prompt
    assert draft(agent).timezone == tenant.timezone


def test_two_agents_of_a_business_do_not_share_a_name_but_two_businesses_may(tenant: Tenant, other_tenant: Tenant):
    services.create_agent(tenant, name="June")

    services.create_agent(other_tenant, name="June")
    with pytest.raises(DomainError, match="There is an agent called June already"):
        services.create_agent(tenant, name=" June ")


def test_the_name_of_an_archived_agent_is_free_again(agent: Agent, tenant: Tenant):
    services.archive(tenant, agent.pk)

    assert services.create_agent(tenant, name=agent.name).pk != agent.pk


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_an_agent_needs_a_name_of_reasonable_length(tenant: Tenant, name: str):
    with pytest.raises(DomainError):
        services.create_agent(tenant, name=name)


def test_an_agent_can_be_renamed_also_to_its_own_name(agent: Agent, tenant: Tenant):
    services.rename_agent(tenant, agent.pk, name="Reception")

    assert services.rename_agent(tenant, agent.pk, name="Reception").name == "Reception"


# The draft


def test_saving_changes_the_named_fields_and_no_others(agent: Agent):
    before = values(draft(agent))

    saved = save(agent, greeting="Good morning.", endpointing_ms="450")

    assert saved.errors == {}
    assert values(draft(agent)) == before | {"greeting": "Good morning.", "endpointing_ms": 450}


def test_saving_the_same_again_saves_nothing(agent: Agent):
    save(agent, greeting="Good morning.")
    saved_at = draft(agent).updated_at

    again = save(agent, greeting="Good morning.")

    assert again.saved == ()
    assert draft(agent).updated_at == saved_at


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("endpointing_ms", "50", "At least 100"),
        ("endpointing_ms", "5000", "At most 3,000"),
        ("endpointing_ms", "soon", "integer"),
        ("endpointing_ms", "", "integer"),
        ("interruption_ms", None, "null"),
        ("interruption", "sometimes", "not a valid choice"),
        ("transport", "", "cannot be carried"),
        ("timezone", "Boise", "no time zone of this name"),
        ("language", "tlh", "not on offer"),
        ("greeting", "x" * 1001, "1,000 characters"),
        ("prompt", "x" * 20_001, "20,000 characters"),
        ("silence_prompts", ["one", "two", "three", "four", "five", "six"], "At most 5"),
        ("silence_prompts", ["x" * 301], "longer than 300"),
        ("keyterms", [f"word{n}" for n in range(101)], "At most 100 words"),
        ("keyterms", "crown", "one on each line"),
        ("variables", {"Clinic Name": "x"}, "small letters"),
        ("variables", {"today": "x"}, "filled in for every call"),
        ("variables", {"hours": "x" * 501}, "longer than 500"),
        ("stt_provider", "whisper", "not on offer"),
        ("llm_provider", "", "not on offer"),
        ("tts_voice", "somebody", "no voice called somebody"),
        ("tts_options__speed", "9", "between 0.5 and 1.8"),
        ("tts_options__volume", "1", "no setting volume"),
        ("llm_options", {"temperature": 0.5}, "no setting temperature"),
        ("llm_options", "none", "a name and a value"),
    ],
)
def test_a_value_that_makes_no_sense_is_answered_with_a_sentence_and_not_saved(
    agent: Agent, field: str, value: Any, message: str
):
    before = values(draft(agent))

    saved = save(agent, **{field: value})

    (errors,) = saved.errors.values()
    assert message in " ".join(errors)
    assert values(draft(agent)) == before


def test_what_makes_sense_is_saved_beside_what_does_not(agent: Agent):
    saved = save(agent, greeting="Good morning.", timezone="Boise")

    assert draft(agent).greeting == "Good morning."
    assert list(saved.errors) == ["timezone"]


def test_another_provider_brings_its_own_model_voice_and_settings(agent: Agent):
    save(agent, tts_options__speed="1.2")

    save(agent, tts_provider="elevenlabs", tts_model="offline", tts_voice="en-us")

    now = draft(agent)
    assert (now.tts_provider, now.tts_model) == ("elevenlabs", "eleven_flash_v2_5")
    assert now.tts_voice == "EXAVITQu4vr4xnSDxMaL"
    assert now.tts_options == {}


def test_another_provider_can_come_with_a_model_voice_and_settings_of_choice(agent: Agent):
    options = {"speed": "1.0", "stability": "0.4"}
    save(agent, tts_provider="elevenlabs", tts_model="eleven_flash_v2", tts_voice="Voice1", tts_options=options)

    now = draft(agent)
    assert (now.tts_model, now.tts_voice, now.tts_options) == ("eleven_flash_v2", "Voice1", {"stability": 0.4})


def test_settings_of_a_model_that_is_no_longer_chosen_are_dropped(agent: Agent):
    save(agent, stt_provider="deepgram", stt_model="flux-general-en", stt_options__eot_threshold="0.8")
    assert draft(agent).stt_options == {"eot_threshold": 0.8}

    save(agent, stt_model="nova-3")

    assert draft(agent).stt_options == {}


def test_a_setting_is_kept_until_it_is_given_back_to_the_provider(agent: Agent):
    save(agent, tts_options__speed="1.2")
    save(agent, greeting="Good morning.")
    assert draft(agent).tts_options == {"speed": 1.2}

    save(agent, tts_options__speed=None)

    assert draft(agent).tts_options == {}


def test_a_second_provider_can_be_named_and_taken_away(agent: Agent):
    save(agent, second_tts_provider="elevenlabs")
    assert draft(agent).second_tts_voice

    save(agent, second_tts_provider="")

    now = draft(agent)
    assert (now.second_tts_provider, now.second_tts_model, now.second_tts_voice) == ("", "", "")


def test_a_draft_may_be_unfinished_and_says_what_the_database_can_hold(agent: Agent):
    saved = save(agent, greeting="", prompt="Line one\r\nLine two\x00\ud800")

    assert saved.errors == {}
    assert (draft(agent).greeting, draft(agent).prompt) == ("", "Line one\nLine two")


def test_lists_are_tidied_before_they_are_kept(agent: Agent):
    save(agent, keyterms=["  Delta   Dental ", "", "crown", "crown"], backchannels=["Mm-hm", "OK"])

    assert draft(agent).keyterms == ["Delta Dental", "crown"]
    assert draft(agent).backchannels == ["mm-hm", "ok"]


# Publishing


def test_publishing_copies_the_draft_into_the_next_number(agent: Agent, tenant: Tenant, owner: User):
    save(agent, greeting="Good morning.")

    version = services.publish(tenant, agent.pk, by=owner, note="  Shorter\ngreeting ")

    assert (version.number, version.greeting, version.note) == (2, "Good morning.", "Shorter greeting")
    assert (version.published_by, live(agent)) == (owner, version)
    assert values(version) == values(draft(agent))


def test_publishing_the_same_again_makes_no_new_version(agent: Agent, tenant: Tenant):
    save(agent, greeting="Good morning.")
    first = services.publish(tenant, agent.pk)

    assert services.publish(tenant, agent.pk) == first
    assert first.number == 2


def test_a_published_version_never_changes(agent: Agent, tenant: Tenant):
    version = services.publish(tenant, agent.pk)

    with pytest.raises(IntegrityError, match="never changes"), tenant_transaction(tenant), transaction.atomic():
        AgentVersion.objects.filter(pk=version.pk).update(greeting="Something else.")


def test_editing_after_publishing_leaves_the_live_version_alone(agent: Agent, tenant: Tenant):
    version = services.publish(tenant, agent.pk)

    save(agent, greeting="Something else.")

    published = live(agent)
    assert published is not None
    assert published.greeting == version.greeting


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"greeting": ""}, "greeting"),
        ({"prompt": " "}, "prompt"),
        ({"farewell": ""}, "farewell"),
        ({"recording": True, "consent_notice": ""}, "consent_notice"),
        ({"language": "de"}, "llm_model"),
        ({"stt_provider": "deepgram", "stt_model": "flux-general-en", "language": "es"}, "stt_model"),
        (
            {
                "stt_provider": "deepgram",
                "stt_model": "flux-general-en",
                "stt_options": {"eot_threshold": 0.5, "eager_eot_threshold": 0.6},
            },
            "stt_options__eager_eot_threshold",
        ),
    ],
)
def test_a_draft_that_callers_would_suffer_from_is_not_published(
    agent: Agent, tenant: Tenant, changes: dict[str, Any], field: str
):
    assert save(agent, **changes).errors == {}
    before = live(agent)

    with pytest.raises(services.NotPublishable) as refused:
        services.publish(tenant, agent.pk)

    assert field in [problem.field for problem in refused.value.problems]
    assert live(agent) == before


def test_a_spanish_agent_can_be_heard_by_the_multilingual_flux(agent: Agent, tenant: Tenant):
    save(
        agent,
        language="es",
        stt_provider="deepgram",
        stt_model="flux-general-multi",
        llm_provider="openai",
        tts_provider="elevenlabs",
    )

    assert services.publish(tenant, agent.pk).language == "es"


def test_the_speech_of_a_new_version_is_prepared_after_the_commit(
    agent: Agent,
    tenant: Tenant,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
):
    queued: list[tuple[str, list[Any]]] = []
    monkeypatch.setattr("agentos.jobs.current_app.send_task", lambda name, args, **_: queued.append((name, args)))
    save(agent, greeting="Good morning.")

    with django_capture_on_commit_callbacks(execute=True):
        version = services.publish(tenant, agent.pk)
        assert queued == []

    assert queued == [("calls.tasks.prepare_speech", [version.pk])]


# The neighbour


def test_a_business_cannot_reach_the_agents_of_another(agent: Agent, other_tenant: Tenant, other_agent: Agent):
    version = live(agent)
    assert version is not None
    attempts = [
        lambda: services.save_draft(other_tenant, agent.pk, changes={"greeting": "Mine."}),
        lambda: services.publish(other_tenant, agent.pk),
        lambda: services.make_live(other_tenant, version.pk),
        lambda: services.restore(other_tenant, version.pk),
        lambda: services.discard_draft(other_tenant, agent.pk),
        lambda: services.rename_agent(other_tenant, agent.pk, name="Mine"),
        lambda: services.archive(other_tenant, agent.pk),
    ]
    before = values(draft(agent))

    for attempt in attempts:
        with pytest.raises((DomainError, Agent.DoesNotExist)):
            attempt()

    assert values(draft(agent)) == before
    assert live(agent) == version
