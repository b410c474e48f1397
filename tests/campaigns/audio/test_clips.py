"""Clips: wanted once for equal words, made in batches, counted, kept, and handed to whoever holds the address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.signing import Signer
from django.test import Client
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.audio.clip_links import clip_url
from campaigns.audio.clip_making import MOST_TRIES, WAV_HEADER_BYTES, Batch, make_batch, wav
from campaigns.audio.clips import Progress, Wanted, progress, ready_clip, want_clips
from campaigns.models import AudioClip, Campaign, Contact, Target
from campaigns.tasks import make_clips
from tests import factories
from tests.campaigns.rows import make_campaign
from tests.doubles import Doubles, Refuse
from tests.doubles.apart import doubles_apart
from tests.doubles.elevenlabs import TONE

MESSAGE = "Hello {{name}}, this is Juniper Dental.\nPlease call us back."
SHORT = {"message": "Please call us back."}


def people(campaign: Campaign, count: int, **variables: Any) -> list[Target]:
    """Contacts whose names repeat: every second one is Rosa."""
    numbers = [f"+1208555{1000 + index}" for index in range(count)]
    with tenant_transaction(campaign.tenant_id):
        contacts = Contact.objects.bulk_create(
            [Contact(e164=number, name=("Rosa", "Peter")[index % 2]) for index, number in enumerate(numbers)]
        )
        return Target.objects.bulk_create(
            [Target(campaign=campaign, contact=each, e164=each.e164, variables=variables) for each in contacts]
        )


def want(campaign: Campaign) -> Wanted:
    with tenant_transaction(campaign.tenant_id):
        return want_clips(campaign.pk)


def how_far(campaign: Campaign) -> Progress:
    with tenant_transaction(campaign.tenant_id):
        return progress(campaign.pk)


def clips_of(tenant: Tenant) -> list[AudioClip]:
    with tenant_transaction(tenant):
        return list(AudioClip.objects.order_by("text"))


def make_all(tenant: Tenant) -> int:
    """Batches until nothing is left."""
    batches = 1
    while make_batch(tenant.pk).more:
        batches += 1
    return batches


def only_clip(tenant: Tenant, status: str = AudioClip.Status.READY, sound: bytes = b"\x10\x20\x30") -> AudioClip:
    name = storages["clips"].save("a.wav", wav_file(sound))
    with tenant_transaction(tenant):
        return AudioClip.objects.create(content="c" * 64, text="Hello.", status=status, file=name)


def wav_file(sound: bytes) -> Any:
    return ContentFile(wav(sound))


# Wanting -----------------------------------------------------------------------------------------------


def test_a_thousand_equal_sentences_are_one_clip(agent: Agent) -> None:
    campaign = make_campaign(agent, **SHORT)
    people(campaign, 1_000)

    wanted = want(campaign)

    assert wanted == Wanted(people=1_000, unsayable=0, new_clips=1, new_characters=len("Please call us back."))
    [clip] = clips_of(agent.tenant)
    with tenant_transaction(agent.tenant_id):
        assert Target.objects.filter(clip=clip).count() == 1_000


def test_different_words_and_different_languages_are_different_clips(agent: Agent) -> None:
    campaign = make_campaign(agent, message=MESSAGE, translations={"es": {"message": "Hola {{name}}."}})
    people(campaign, 4)
    with tenant_transaction(agent.tenant_id):
        Contact.objects.filter(e164="+12085551000").update(language="es-US")

    assert want(campaign).new_clips == 3


def test_wanting_again_changes_nothing(agent: Agent) -> None:
    campaign = make_campaign(agent, message=MESSAGE)
    people(campaign, 4)
    want(campaign)

    assert want(campaign) == Wanted(people=4, unsayable=0, new_clips=0, new_characters=0)


def test_another_voice_makes_another_clip(agent: Agent) -> None:
    campaign = make_campaign(agent, **SHORT)
    people(campaign, 1)
    want(campaign)
    with tenant_transaction(agent.tenant_id):
        agent.published = factories.make_version(agent, number=2, tts_voice="en-gb")
        agent.save()

    assert want(campaign).new_clips == 1


def test_a_neighbour_shares_no_clip(agent: Agent, other_tenant: Tenant) -> None:
    neighbour = factories.make_agent(other_tenant)
    for one in (agent, neighbour):
        campaign = make_campaign(one, **SHORT)
        people(campaign, 1)
        want(campaign)

    assert len(clips_of(agent.tenant)) == len(clips_of(other_tenant)) == 1


def test_who_cannot_be_told_is_left_out_with_the_reason_and_comes_back(agent: Agent) -> None:
    campaign = make_campaign(agent, message="See you on {{visit_date}}.")
    [target] = people(campaign, 1, visit_date="")

    assert want(campaign).unsayable == 1
    with tenant_transaction(agent.tenant_id):
        target.refresh_from_db()
        assert target.status == Target.Status.LEFT_OUT
        assert target.reason == "Message: {{visit_date}} has no value for this person."
        Target.objects.update(variables={"visit_date": "2026-11-23"})

    assert want(campaign).people == 1
    with tenant_transaction(agent.tenant_id):
        target.refresh_from_db()
        assert (target.status, target.reason) == (Target.Status.WAITING, "")
        assert target.clip is not None


def test_what_is_left_on_a_voicemail_is_a_clip_too(agent: Agent) -> None:
    campaign = make_campaign(agent, voicemail="Hello {{name}}, please call us back later today.", **SHORT)
    people(campaign, 2)

    assert want(campaign).new_clips == 3


# Making ------------------------------------------------------------------------------------------------


def test_clips_are_made_and_counted_without_a_key(agent: Agent) -> None:
    campaign = make_campaign(agent, message=MESSAGE)
    people(campaign, 4)
    want(campaign)

    make_all(agent.tenant)

    done = how_far(campaign)
    assert (done.total, done.wanted, done.failed) == (2, 0, 0)
    own = len("Hello Rosa, this is Juniper Dental.") + len("Hello Peter, this is Juniper Dental.")
    assert done.characters == own + len("Please call us back.")  # the line that all hear was made once
    for clip in clips_of(agent.tenant):
        with storages["clips"].open(clip.file) as file:
            data = file.read()
        assert data[:4] == b"RIFF"
        assert data[8:16] == b"WAVEfmt "
        assert data[20:28] == b"\x07\x00\x01\x00\x40\x1f\x00\x00"  # mu-law, one channel, 8000 a second
        assert clip.duration_ms == (len(data) - WAV_HEADER_BYTES) // 8 > 1500


def test_only_a_clip_that_says_todays_words_is_played(agent: Agent) -> None:
    campaign = make_campaign(agent, **SHORT)
    people(campaign, 1)
    want(campaign)
    with tenant_transaction(agent.tenant_id):
        AudioClip.objects.update(status=AudioClip.Status.READY)
        target = Target.objects.select_related("campaign__agent__published__agent", "contact").get()
        assert ready_clip(target) == target.clip
        target.campaign.message = "Please do not call us back."
        assert ready_clip(target) is None
        target.campaign.message = SHORT["message"]
        AudioClip.objects.update(status=AudioClip.Status.DOUBTED)
        assert ready_clip(target) is None


@pytest.fixture
def elevenlabs(settings: Settings) -> Iterator[Doubles]:
    with doubles_apart() as doubles:
        settings.VENDORS = settings.VENDORS | {"elevenlabs": {"api_key": "key", "base_url": doubles.url}}
        yield doubles


@pytest.fixture
def voiced(tenant: Tenant) -> Agent:
    """An agent that speaks with a voice of ElevenLabs."""
    vendor = {"tts_provider": "elevenlabs", "tts_model": "eleven_flash_v2_5", "tts_voice": "21m00Tcm4TlvDq8ikWAM"}
    return factories.make_agent(tenant, "Reminders", **vendor)


def test_elevenlabs_makes_the_clips_of_an_agent_that_speaks_with_it(voiced: Agent, elevenlabs: Doubles) -> None:
    campaign = make_campaign(voiced, message=MESSAGE)
    people(campaign, 3)
    want(campaign)

    assert make_batch(voiced.tenant_id) == Batch(more=False, setback=False)

    first, second = clips_of(voiced.tenant)
    assert {first.status, second.status} == {AudioClip.Status.DOUBTED}  # a tone says nothing
    with storages["clips"].open(first.file) as file:
        assert TONE in file.read()
    asked = [request.json()["text"] for request in elevenlabs.elevenlabs.requests]
    assert sorted(set(asked)) == sorted(asked)  # what both say is made once


def test_a_vendor_that_is_away_is_left_alone_and_asked_again(voiced: Agent, elevenlabs: Doubles) -> None:
    campaign = make_campaign(voiced, **SHORT)
    people(campaign, 1)
    want(campaign)
    elevenlabs.elevenlabs.faults.next(Refuse(503))

    assert make_batch(voiced.tenant_id) == Batch(more=True, setback=True)
    [clip] = clips_of(voiced.tenant)
    assert (clip.status, clip.tries, clip.characters) == (AudioClip.Status.WANTED, 1, 0)
    assert clip.problem

    assert make_batch(voiced.tenant_id) == Batch(more=False, setback=False)
    assert clips_of(voiced.tenant)[0].file


def test_the_task_tries_again_by_itself(voiced: Agent, elevenlabs: Doubles) -> None:
    campaign = make_campaign(voiced, **SHORT)
    people(campaign, 1)
    want(campaign)
    elevenlabs.elevenlabs.faults.next(Refuse(503))

    make_clips.apply(args=[voiced.tenant_id])

    [clip] = clips_of(voiced.tenant)
    assert (clip.tries, clip.status) == (2, AudioClip.Status.DOUBTED)
    assert clip.characters == len(clip.text)


def test_a_clip_that_nobody_can_make_fails_with_the_reason_until_it_is_wanted_again(tenant: Tenant) -> None:
    agent = factories.make_agent(tenant, "Reminders", tts_provider="nobody")
    campaign = make_campaign(agent, **SHORT)
    people(campaign, 1)
    want(campaign)

    assert make_batch(tenant.pk) == Batch(more=False, setback=False)
    [clip] = clips_of(tenant)
    assert clip.status == AudioClip.Status.FAILED
    assert "no such text-to-speech provider" in clip.problem

    want(campaign)
    assert clips_of(tenant)[0].status == AudioClip.Status.WANTED


def test_a_vendor_is_not_asked_for_ever(voiced: Agent, elevenlabs: Doubles) -> None:
    campaign = make_campaign(voiced, **SHORT)
    people(campaign, 1)
    want(campaign)
    elevenlabs.elevenlabs.faults.next(*[Refuse(503)] * MOST_TRIES)

    for _ in range(MOST_TRIES):
        make_batch(voiced.tenant_id)

    assert clips_of(voiced.tenant)[0].status == AudioClip.Status.FAILED


def test_a_process_that_dies_in_the_middle_has_kept_what_it_had_made(voiced: Agent, elevenlabs: Doubles) -> None:
    campaign = make_campaign(voiced, message=MESSAGE)
    people(campaign, 2)
    want(campaign)
    first, last = clips_of(voiced.tenant)
    with tenant_transaction(voiced.tenant_id):
        AudioClip.objects.filter(pk=last.pk).update(voice=last.voice | {"no": "voice"}, created_at=now())

    with pytest.raises(TypeError):
        make_batch(voiced.tenant_id)

    assert [(clip.pk == first.pk, bool(clip.file)) for clip in clips_of(voiced.tenant)] == [
        (True, True),
        (False, False),
    ]


def test_a_clip_that_another_worker_makes_is_left_to_it(agent: Agent) -> None:
    campaign = make_campaign(agent, **SHORT)
    people(campaign, 1)
    want(campaign)
    with tenant_transaction(agent.tenant_id):
        AudioClip.objects.update(claimed_until=datetime(2126, 1, 1, tzinfo=UTC))

    assert make_batch(agent.tenant_id) == Batch(more=False, setback=False)
    assert clips_of(agent.tenant)[0].status == AudioClip.Status.WANTED


# Handing out -------------------------------------------------------------------------------------------


def path_of(clip: AudioClip, settings: Settings) -> str:
    url = clip_url(clip)
    assert url.startswith(settings.PUBLIC_URL)
    return url.removeprefix(settings.PUBLIC_URL)


def test_the_carrier_gets_the_clip_at_its_address(tenant: Tenant, client: Client, settings: Settings) -> None:
    clip = only_clip(tenant)

    answer = client.get(path_of(clip, settings))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.content == wav(b"\x10\x20\x30")
    assert "max-age=" in answer.headers["Cache-Control"]


def test_the_address_stays_the_same_for_a_day_and_ends(tenant: Tenant, client: Client, settings: Settings) -> None:
    clip = only_clip(tenant)
    with time_machine.travel(datetime(2026, 11, 23, 1, tzinfo=UTC), tick=False) as clock:
        first = path_of(clip, settings)
        clock.shift(60 * 60 * 20)
        assert path_of(clip, settings) == first
        clock.shift(60 * 60 * 24)
        assert client.get(first).status_code == 200
        clock.shift(60 * 60 * 4)
        assert client.get(first).status_code == 404


@pytest.mark.parametrize("status", ["wanted", "doubted", "failed"])
def test_what_may_not_be_played_is_not_there(tenant: Tenant, client: Client, settings: Settings, status: str) -> None:
    assert client.get(path_of(only_clip(tenant, status), settings)).status_code == 404


def test_nobody_learns_why_there_is_nothing(
    tenant: Tenant, other_tenant: Tenant, client: Client, settings: Settings
) -> None:
    clip = only_clip(tenant)
    address = path_of(clip, settings)
    token = address.split("/")[-2]
    tampered = address.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B"))
    elsewhere = Signer(salt="another").sign_object([tenant.pk, clip.pk.hex, 2_000_000_000])
    theirs = Signer(salt="agentos.campaigns.clips").sign_object([other_tenant.pk, clip.pk.hex, 4_000_000_000])
    storages["clips"].delete(clip.file)

    answers = [client.get(f"/clips/{part}/message.wav") for part in ("no", elsewhere, theirs)]
    answers += [client.get(tampered), client.get(address)]

    assert {(answer.status_code, len(answer.content)) for answer in answers} == {(404, len(answers[0].content))}


def test_nothing_is_written_at_the_address(tenant: Tenant, client: Client, settings: Settings) -> None:
    assert client.post(path_of(only_clip(tenant), settings)).status_code == 405
