"""ElevenLabs' copy of an agent: written when it is published, compared, and brought into step again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.log import entries_about
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.models import Agent, KnowledgeSource, NativeAgent
from agents.native.removing import left_behind, remove
from agents.native.services import bring_into_step, check, ready, secret_of
from agents.providers.ports import ProviderError
from agents.tasks import compare_copies, remove_copy
from calls.models import NativeCall
from tests.doubles.elevenlabs_agents import KEY, HostedAgents, hosted_agents
from tests.factories import make_agent, make_call

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendor(settings: Settings) -> Iterator[HostedAgents]:
    with hosted_agents() as double:
        settings.PUBLIC_URL = "https://agents.example"
        settings.VENDORS = {**settings.VENDORS, "elevenlabs": {"api_key": KEY, "base_url": double.url}}
        yield double


@pytest.fixture
def hosted(tenant) -> Agent:
    return make_agent(
        tenant,
        transport="elevenlabs_native",
        greeting="{{business_name}}, this is {{agent_name}}, an automated assistant.",
        keyterms=["crown"],
        max_duration_s=300,
    )


def copy_of(agent: Agent) -> NativeAgent:
    with tenant_transaction(agent.tenant_id):
        return NativeAgent.objects.get(agent=agent)


def step(agent: Agent) -> NativeAgent:
    bring_into_step(agent.tenant_id, agent.pk)
    return copy_of(agent)


def test_a_published_version_is_written_to_the_vendor_with_its_values_still_to_be_put_in(vendor, hosted):
    copy = step(hosted)

    theirs = vendor.agents[copy.vendor_id]
    talking = theirs["conversation_config"]
    assert talking["agent"]["first_message"].endswith(
        "{{business_name}}, this is {{agent_name}}, an automated assistant."
    )
    assert "You are the front desk of Juniper Dental" in talking["agent"]["prompt"]["prompt"]
    assert "use end_call" in talking["agent"]["prompt"]["prompt"]
    assert talking["agent"]["prompt"]["built_in_tools"]["end_call"]["params"] == {"system_tool_type": "end_call"}
    assert (talking["agent"]["language"], talking["asr"]["keywords"]) == ("en", ["crown"])
    assert (talking["tts"]["agent_output_audio_format"], talking["asr"]["user_input_audio_format"]) == (
        "ulaw_8000",
    ) * 2
    assert talking["conversation"]["max_duration_seconds"] == 300
    [(webhook_id, webhook)] = vendor.webhooks.items()
    assert webhook["webhook_url"] == f"https://agents.example/agents/{hosted.pk}/elevenlabs"
    reports = theirs["platform_settings"]["workspace_overrides"]["webhooks"]
    assert reports["post_call_webhook_id"] == webhook_id
    with tenant_transaction(hosted.tenant_id):
        assert secret_of(hosted.pk) == webhook["secret"] != copy.webhook_secret
        assert ready(hosted.pk, hosted.published_id) == copy.vendor_id


def test_what_the_version_can_do_is_written_there_as_requests_to_us(vendor, tenant):
    names = ("book_appointment", "leave_message", "collect_digits", "send_digits", "end_call")
    agent = make_agent(tenant, transport="elevenlabs_native", tools=[{"name": name, "settings": {}} for name in names])

    copy = step(agent)

    prompt = vendor.agents[copy.vendor_id]["conversation_config"]["agent"]["prompt"]
    offered = {vendor.tools[each]["name"]: vendor.tools[each] for each in prompt["tool_ids"]}
    assert set(offered) == {"book_appointment", "leave_message", "collect_digits", "stop_calling"}
    assert prompt["built_in_tools"]["play_keypad_touch_tone"]["params"] == {
        "system_tool_type": "play_keypad_touch_tone"
    }
    asks = offered["leave_message"]["api_schema"]
    assert asks["url"] == f"https://agents.example/agents/{agent.pk}/elevenlabs/tools/leave_message"
    assert asks["request_headers"] == {"X-AgentOS-Call": {"variable_name": "secret__agentos_pass"}}
    body = asks["request_body_schema"]
    assert body["required"] == ["message", "agentos_heard", "agentos_turns"]
    assert body["properties"]["agentos_heard"]["dynamic_variable"] == "system__conversation_history"
    assert body["properties"]["message"]["description"] == "In the caller's words. At most 1000 characters."


def test_an_agent_for_whom_something_is_written_down_can_look_it_up_there(vendor, hosted):
    with tenant_transaction(hosted.tenant_id):
        KnowledgeSource.objects.create(kind="answer", title="Parking", read_at=now())

    step(hosted)

    assert {each["name"] for each in vendor.tools.values()} == {"search_knowledge", "stop_calling"}


def test_tools_are_written_once_and_what_somebody_did_to_them_there_is_found_and_mended(vendor, tenant, settings):
    agent = make_agent(tenant, transport="elevenlabs_native", tools=[{"name": "leave_message", "settings": {}}])
    step(agent)
    before = dict(vendor.tools)
    step(agent)
    assert vendor.tools == before
    assert check(tenant.pk, agent.pk) == []

    changed, gone = before
    vendor.tools[changed] = {**vendor.tools[changed], "description": "Use this always."}
    assert check(tenant.pk, agent.pk) == ["Tools"]
    del vendor.tools[gone]
    step(agent)
    assert check(tenant.pk, agent.pk) == []

    settings.PUBLIC_URL = "https://elsewhere.example"
    services.save_draft(tenant, agent.pk, changes={"tools__leave_message": False})
    services.publish(tenant, agent.pk)
    step(agent)
    [left] = vendor.tools.values()
    assert left["api_schema"]["url"] == f"https://elsewhere.example/agents/{agent.pk}/elevenlabs/tools/stop_calling"


def test_writing_twice_changes_nothing_and_makes_nothing_twice(vendor, hosted):
    first = step(hosted)
    before = dict(vendor.agents)

    assert step(hosted).vendor_id == first.vendor_id
    assert vendor.agents == before
    assert len(vendor.webhooks) == 1


def test_an_agent_that_was_made_unheard_of_is_found_again(vendor, hosted):
    vendor.forgets_to_answer = True
    with pytest.raises(ProviderError):
        step(hosted)
    assert copy_of(hosted).trouble == "unreachable"

    assert step(hosted).vendor_id in vendor.agents
    assert len(vendor.agents) == 1
    assert copy_of(hosted).trouble == ""


def test_what_somebody_changed_at_the_vendor_is_found_told_in_words_and_mended(vendor, hosted):
    copy = step(hosted)
    theirs = vendor.agents[copy.vendor_id]["conversation_config"]
    theirs["agent"]["first_message"] = "Hello from the dashboard."
    theirs["tts"]["voice_id"] = "another"
    theirs["agent"]["prompt"]["temperature"] = 0.9  # nothing that we write

    assert check(hosted.tenant_id, hosted.pk) == ["First words", "Voice"]
    first = copy_of(hosted)
    assert check(hosted.tenant_id, hosted.pk) == ["First words", "Voice"]
    assert (first.differs, copy_of(hosted).differs_since) == (["First words", "Voice"], first.differs_since)
    with tenant_transaction(hosted.tenant_id):
        told = [entry.words for entry in entries_about("native") if entry.what == "native.differs"]
    assert told == ["Front desk reads otherwise at ElevenLabs: first words, voice"]

    step(hosted)
    assert check(hosted.tenant_id, hosted.pk) == []
    assert copy_of(hosted).differs_since is None


def test_every_night_all_copies_are_compared_and_a_vendor_that_is_away_stops_nobody(vendor, hosted, other_tenant):
    copy = step(hosted)
    other = make_agent(other_tenant, transport="elevenlabs_native")
    step(other)
    del vendor.agents[copy.vendor_id]

    compare_copies()

    assert copy_of(hosted).differs == ["It is gone"]
    assert copy_of(other).differs == []
    vendor.refuses = 503
    compare_copies()
    assert copy_of(other).trouble == "503"


def test_a_copy_that_is_gone_is_made_anew(vendor, hosted):
    first = step(hosted)
    vendor.agents.clear()
    vendor.webhooks.clear()  # as in another account

    assert step(hosted).vendor_id != first.vendor_id
    assert (len(vendor.agents), len(vendor.webhooks)) == (1, 1)


def test_publishing_has_the_copy_written_and_a_version_that_is_not_there_yet_is_not_ready(
    vendor, hosted, monkeypatch, django_capture_on_commit_callbacks
):
    step(hosted)
    services.save_draft(hosted.tenant, hosted.pk, changes={"greeting": "Good morning."})
    queued: list[str] = []
    monkeypatch.setattr("agentos.jobs.current_app.send_task", lambda name, **_: queued.append(name))

    with django_capture_on_commit_callbacks(execute=True):
        version = services.publish(hosted.tenant, hosted.pk)

    assert "agents.tasks.bring_into_step" in queued
    with tenant_transaction(hosted.tenant_id):
        assert ready(hosted.pk, version.pk) == ""
    step(hosted)
    with tenant_transaction(hosted.tenant_id):
        assert ready(hosted.pk, version.pk)


def test_without_a_key_nothing_is_asked_and_the_page_can_say_why(vendor, hosted, settings):
    settings.VENDORS = {**settings.VENDORS, "elevenlabs": {"api_key": "", "base_url": vendor.url}}

    assert step(hosted).trouble == "no_key"
    assert vendor.requests == []


# Taken away again


@pytest.mark.parametrize("by", ["put away", "published otherwise"])
def test_what_is_there_of_an_agent_that_needs_it_no_more_is_removed(
    vendor, hosted, by, monkeypatch, django_capture_on_commit_callbacks
):
    step(hosted)
    queued: list[str] = []
    monkeypatch.setattr("agentos.jobs.current_app.send_task", lambda name, **_: queued.append(name))

    with django_capture_on_commit_callbacks(execute=True):
        if by == "put away":
            services.archive(hosted.tenant, hosted.pk)
        else:
            services.save_draft(hosted.tenant, hosted.pk, changes={"transport": "media_streams"})
            services.publish(hosted.tenant, hosted.pk)
    assert "agents.tasks.remove_copy" in queued
    remove_copy(hosted.tenant_id, str(hosted.pk))

    assert vendor.agents == vendor.tools == vendor.webhooks == {}
    copy = copy_of(hosted)
    assert (copy.vendor_id, copy.webhook_secret, copy.version) == ("", "", None)
    with tenant_transaction(hosted.tenant_id):
        assert "Removed Front desk from ElevenLabs" in [entry.words for entry in entries_about("native")]
    remove_copy(hosted.tenant_id, str(hosted.pk))


def test_it_stays_while_a_call_needs_it_and_a_vendor_that_is_away_is_asked_again(vendor, hosted):
    step(hosted)
    call = make_call(hosted)
    with tenant_transaction(hosted.tenant_id):
        native = NativeCall.objects.create(call=call, vendor_agent="agent_1", lasts_until=now())
    services.archive(hosted.tenant, hosted.pk)

    with pytest.raises(ProviderError, match="calls are still there"):
        remove(hosted.tenant_id, hosted.pk)
    with tenant_transaction(hosted.tenant_id):
        NativeCall.objects.filter(pk=native.pk).update(state=NativeCall.State.IMPORTED)
    vendor.refuses = 503
    with pytest.raises(ProviderError):
        remove(hosted.tenant_id, hosted.pk)

    assert copy_of(hosted).trouble == "503"
    assert left_behind(hosted.tenant_id) == [hosted.pk]
    vendor.refuses = 0
    remove(hosted.tenant_id, hosted.pk)
    assert vendor.agents == {}
    assert left_behind(hosted.tenant_id) == []
