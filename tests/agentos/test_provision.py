"""Setting up without the dashboard: `provision` and `seed` make what is missing and repeat nothing."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from kombu.exceptions import OperationalError
from pytest_django import Settings

from agentos.management.commands import seed
from agentos.tenants.models import Membership, Role, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.comparison import values
from agents.models import Agent, AgentVersion
from telephony.models import PhoneNumber
from tests import factories

pytestmark = pytest.mark.django_db

USUAL = (
    "--tenant=Juniper Dental",
    "--email=Priya@Juniper.example",
    "--password=correct horse battery",
    "--number=+1 208 555 0110",
    "--agent=Front desk",
    "--transport=media_streams",
    "--stt=deepgram:nova-3",
    "--llm=openai:gpt-6-luna",
    "--tts=elevenlabs:eleven_flash_v2_5",
    "--prompt=You are June.",
    "--greeting=Hello.",
    "--speculation=on",
)


def provision(*flags: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("provision", *flags, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def version(told: dict[str, Any]) -> AgentVersion:
    with tenant_transaction(told["tenant_id"]):
        return AgentVersion.objects.select_related("agent").get(agent_id=told["agent_id"], number=told["version"])


def everything(told: dict[str, Any]) -> dict[str, Any]:
    with tenant_transaction(told["tenant_id"]):
        return {
            "tenants": list(Tenant.objects.values()),
            "people": list(User.objects.values()),
            "memberships": list(Membership.objects.values()),
            "agents": list(Agent.objects.values()),
            "versions": list(AgentVersion.objects.values()),
            "numbers": list(PhoneNumber.objects.values()),
        }


def test_everything_that_a_call_needs_is_there_afterwards(settings: Settings):
    settings.PUBLIC_URL = "https://voice.example"

    told = provision(*USUAL)

    agent_id = told["agent_id"]
    assert told == told | {
        "tenant": "juniper-dental",
        "email": "priya@juniper.example",
        "agent": "Front desk",
        "version": 1,
        "number": "+12085550110",
        "stt": "deepgram:nova-3",
        "llm": "openai:gpt-6-luna",
        "tts": "elevenlabs:eleven_flash_v2_5",
        "speculation": True,
        "incoming_call_url": f"https://voice.example/agents/{agent_id}/incoming-call",
        "status_url": f"https://voice.example/agents/{agent_id}/status",
        "media_url": f"wss://voice.example/agents/{agent_id}/media",
        "dashboard_url": "https://voice.example/t/juniper-dental/calls/",
    }
    made = version(told)
    assert (made.prompt, made.greeting, made.transport) == ("You are June.", "Hello.", "media_streams")
    assert made.agent.published_id == made.pk
    with tenant_transaction(told["tenant_id"]):
        assert PhoneNumber.objects.get().agent_id == made.agent_id


def test_the_owner_can_sign_in():
    provision(*USUAL)

    assert Client().login(email="priya@juniper.example", password="correct horse battery")
    assert Membership.objects.get().role == Role.OWNER


def test_running_it_twice_changes_nothing():
    first = provision(*USUAL)
    before = everything(first)

    assert provision(*USUAL) == first
    assert everything(first) == before


def test_the_slug_names_the_same_business():
    assert provision("--tenant=juniper-dental")["tenant_id"] == provision("--tenant=Juniper Dental")["tenant_id"]


def test_a_name_is_enough_and_gives_an_offline_front_desk_without_a_number():
    told = provision("--tenant=Juniper Dental")

    assert (told["stt"], told["llm"], told["tts"]) == ("offline:offline", "offline:offline", "offline:offline")
    assert (told["number"], told["email"], told["version"]) == (None, None, 1)
    assert told["max_concurrent_calls"] >= 100


def test_another_value_makes_another_version_and_leaves_the_rest():
    first = provision(*USUAL)

    second = provision("--tenant=Juniper Dental", "--greeting=Good morning.")

    assert second["version"] == 2
    assert values(version(second)) == values(version(first)) | {"greeting": "Good morning."}


def test_every_flag_reaches_its_field():
    told = provision(
        *USUAL[:-1],
        "--timezone=America/Boise",
        "--max-concurrent-calls=150",
        "--stt=flux",
        "--voice=George",
        "--second-llm=offline",
        "--second-tts=elevenlabs:eleven_flash_v2",
        "--second-voice=Voice2",
        "--language=en-GB",
        "--farewell=So long.",
        "--fallback=One moment.",
        "--endpointing-ms=450",
        "--interruption=words",
        "--interruption-words=2",
        "--interruption-ms=100",
        "--backchannel=mm-hm",
        "--silence-timeout=9",
        "--silence-prompt=Hello, anybody?",
        "--silence-prompt=Still there?",
        "--max-duration=600",
        "--recording=on",
        "--consent-notice=We record this.",
        "--speculation=off",
        "--keyterm=crown",
        "--keyterm=Delta Dental",
        "--variable=hours=9 to 5",
        "--option=stt.eot_threshold=0.8",
        "--option=llm.temperature=0.2",
        "--option=tts.speed=1.1",
    )

    assert told["max_concurrent_calls"] == 150
    assert values(version(told)) == values(version(told)) | {
        "timezone": "America/Boise",
        "stt_model": "flux-general-en",
        "tts_voice": "JBFqnCBsd6RMkjVDRZzb",
        "second_llm_provider": "offline",
        "second_tts_model": "eleven_flash_v2",
        "second_tts_voice": "Voice2",
        "language": "en-GB",
        "farewell": "So long.",
        "fallback_sentence": "One moment.",
        "endpointing_ms": 450,
        "interruption": "words",
        "interruption_words": 2,
        "interruption_ms": 100,
        "backchannels": ["mm-hm"],
        "silence_timeout_s": 9,
        "silence_prompts": ["Hello, anybody?", "Still there?"],
        "max_duration_s": 600,
        "recording": True,
        "consent_notice": "We record this.",
        "speculation": False,
        "keyterms": ["crown", "Delta Dental"],
        "variables": {"hours": "9 to 5"},
        "stt_options": {"eot_threshold": 0.8},
        "llm_options": {"temperature": 0.2},
        "tts_options": {"speed": 1.1},
    }


def test_a_second_provider_is_taken_away_by_none():
    provision("--tenant=Juniper Dental", "--second-llm=openai")

    told = provision("--tenant=Juniper Dental", "--second-llm=none")

    assert version(told).second_llm_provider == ""


def test_the_number_moves_to_the_agent_that_is_named_last():
    provision(*USUAL)

    told = provision("--tenant=Juniper Dental", "--agent=Night", "--number=+12085550110")

    with tenant_transaction(told["tenant_id"]):
        assert str(PhoneNumber.objects.get().agent_id) == told["agent_id"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--stt=hearsay"], "hearsay is not on offer"),
        (["--llm=offline:big"], "has no model big"),
        (["--tts=offline", "--voice=Sarah"], "has no voice Sarah"),
        (["--second-voice=Sarah"], "needs a provider"),
        (["--number=12345"], "country code"),
        (["--email=priya"], "no email address"),
        (["--timezone=Boise"], "no time zone of this name"),
        (["--language=tlh"], "not on offer"),
        (["--greeting="], "Write the first words"),
        (["--recording=on", "--consent-notice="], "before they are recorded"),
        (["--stt=flux", "--option=stt.bogus=1"], "no setting bogus"),
        (["--option=stt.eot_threshold"], "with a value"),
        (["--option=ears.x=1"], "stt.name=value"),
        (["--variable=hours"], "name=value"),
        (["--stt=flux", "--language=es"], "does not know Spanish"),
        (["--endpointing-ms=5"], "endpointing ms"),
        (["--max-concurrent-calls=0"], "at least one call"),
        (["--tenant=***"], "letters or digits"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_half_made(flags: list[str], message: str):
    with pytest.raises(CommandError, match=message) as refused:
        provision("--tenant=Juniper Dental", "--email=priya@juniper.example", *flags)

    assert refused.value.returncode == 2
    assert not Tenant.objects.exists()
    assert not User.objects.exists()


def test_a_number_of_another_business_is_refused(other_tenant: Tenant, other_agent: Agent):
    factories.make_number(other_tenant, "+12085550110", agent=other_agent)

    with pytest.raises(CommandError, match="already in use"):
        provision(*USUAL)

    assert not Tenant.objects.filter(slug="juniper-dental").exists()


def test_what_somebody_is_writing_is_neither_published_nor_lost(tenant: Tenant, agent: Agent):
    services.save_draft(tenant, agent.pk, changes={"farewell": "So long."})

    with pytest.raises(CommandError, match="publish or discard them first"):
        provision("--tenant=Juniper Dental", "--greeting=Good morning.")

    assert provision("--tenant=Juniper Dental")["version"] == 1
    with tenant_transaction(tenant):
        assert services.draft_of(agent).farewell == "So long."


@pytest.mark.django_db(transaction=True)
def test_everything_is_there_even_if_the_queue_cannot_be_reached(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> None:
        raise OperationalError

    monkeypatch.setattr("agentos.jobs.current_app.send_task", fail)

    told = provision(*USUAL)

    assert version(told).greeting == "Hello."


def plant(*flags: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("seed", "--json", *flags, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return told


def test_the_seed_has_people_of_every_role_who_can_sign_in():
    told = plant()

    juniper = Tenant.objects.get(slug="juniper-dental")
    roles = {each.user.email: each.role for each in juniper.memberships.select_related("user")}
    assert roles == {f"{role.value}@juniper.example": role for role in Role}
    for email in roles:
        assert Client().login(email=email, password=told["password"])


def test_the_seed_has_two_agents_with_numbers_and_a_history():
    told = plant()

    with tenant_transaction(told["tenant_id"]):
        agents = {agent.name: agent for agent in Agent.objects.select_related("published")}
        numbers = {
            str(each.e164): each.agent and each.agent.name for each in PhoneNumber.objects.select_related("agent")
        }
    assert {name: agent.published.number for name, agent in agents.items()} == {"Front desk": 2, "After hours": 1}
    assert numbers == {"+12085550110": "Front desk", "+12085550112": "After hours", "+12085550118": None}
    assert "Parking:" in version(told).prompt


def test_the_seed_has_a_neighbour_of_whom_nobody_learns_anything():
    told = plant()

    harbor = Tenant.objects.get(slug="harbor-law")
    assert not harbor.members.filter(email__endswith="juniper.example").exists()
    with tenant_transaction(told["tenant_id"]):
        assert not Agent.objects.filter(name="Night line").exists()


def test_seeding_again_adds_nothing_and_keeps_what_people_changed():
    told = plant()
    juniper = Tenant.objects.get(slug="juniper-dental")
    services.save_draft(juniper, told["agent_id"], changes={"greeting": "Mine now."})
    services.publish(juniper, told["agent_id"])
    before = everything(told)

    again = plant()

    assert everything(told) == before
    assert (again["version"], again["password"]) == (3, told["password"])


def test_the_known_password_is_for_ones_own_machine_only(settings: Settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert seed.password() == seed.LOCAL_PASSWORD

    settings.PUBLIC_URL = "https://tunnel.example"
    secret = seed.password()
    settings.SECRET_KEY = "another server's"
    assert len({secret, seed.password(), seed.LOCAL_PASSWORD}) == 3
