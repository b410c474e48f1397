"""Clips in a bucket: the real client speaks to a store that checks signatures; one that is away silences nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.test import Client
from pytest_django import Settings

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.audio.clip_links import clip_url, is_kept
from campaigns.audio.clip_making import Batch, make_batch, wav
from campaigns.calling import call_words
from campaigns.models import Attempt, AudioClip, Target
from tests.campaigns.audio.test_clips import SHORT, clips_of, want
from tests.campaigns.rows import make_campaign, make_target
from tests.doubles.s3 import KEY, REGION, SECRET, S3Double

ROSA = "+12085550142"
SOUND = wav(b"\x10\x20\x30")


@pytest.fixture
def store() -> Iterator[S3Double]:
    with S3Double() as running:
        yield running


@pytest.fixture
def bucket(settings: Settings, store: S3Double) -> Storage:
    """The storage of clips as CLIPS_BACKEND and CLIPS_OPTIONS choose it."""
    options = {
        "bucket_name": "clips",
        "endpoint_url": store.url,
        "region_name": REGION,
        "access_key": KEY,
        "secret_key": SECRET,
        "addressing_style": "path",
    }
    chosen: dict[str, Any] = {"BACKEND": "campaigns.audio.bucket.Bucket", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"clips": chosen}
    return storages["clips"]


def keep(storage: Storage, name: str = "1/ab/abc.wav") -> str:
    return storage.save(name, ContentFile(SOUND))


def test_a_clip_is_put_looked_for_got_and_deleted(bucket: Storage, store: S3Double) -> None:
    name = keep(bucket)
    assert store.objects == {"/clips/1/ab/abc.wav": SOUND}
    assert bucket.exists(name)
    with bucket.open(name) as file:
        assert file.read() == SOUND

    bucket.delete(name)

    assert not bucket.exists(name)
    with pytest.raises(FileNotFoundError):
        bucket.open(name)


def test_a_wrong_secret_is_refused(settings: Settings, bucket: Storage, store: S3Double) -> None:
    options = settings.STORAGES["clips"]["OPTIONS"] | {"secret_key": "guessed"}
    settings.STORAGES = settings.STORAGES | {"clips": settings.STORAGES["clips"] | {"OPTIONS": options}}

    with pytest.raises(OSError, match="the bucket"):
        keep(storages["clips"])

    assert store.objects == {}


def clip_of(tenant: Tenant, file: str, **fields: str) -> AudioClip:
    with tenant_transaction(tenant):
        made: AudioClip = AudioClip.objects.create(
            content="c", status="ready", file=file, **{"text": "Please call us back.", **fields}
        )
        return made


@pytest.mark.django_db
def test_the_carrier_fetches_it_from_us_and_never_sees_the_bucket(
    client: Client, tenant: Tenant, bucket: Storage, store: S3Double
) -> None:
    url = clip_url(clip_of(tenant, keep(bucket)))

    response = client.get(url)

    assert (response.status_code, response.content) == (200, SOUND)
    assert store.url not in url


@pytest.mark.django_db
def test_a_store_that_is_away_makes_the_carrier_say_the_message(
    client: Client, tenant: Tenant, agent: Agent, bucket: Storage, store: S3Double
) -> None:
    clip = clip_of(tenant, keep(bucket))
    target = make_target(make_campaign(agent, **SHORT), ROSA)
    with tenant_transaction(tenant):
        Target.objects.filter(pk=target.pk).update(clip=clip)
        Attempt.objects.create(target=target, campaign=target.campaign, e164=ROSA)

    def heard() -> list[str]:
        with tenant_transaction(tenant):
            return [part.url or part.sentence for part in call_words.message(Attempt.objects.get())]

    assert clip_url(clip) in heard()

    store.stop()

    assert not is_kept(clip)
    assert clip_url(clip) not in heard()
    assert "Please call us back." in heard()
    assert client.get(clip_url(clip)).status_code == 404


@pytest.mark.django_db
def test_a_clip_that_is_missing_in_the_bucket_is_said(tenant: Tenant, bucket: Storage) -> None:
    assert not is_kept(clip_of(tenant, "1/gone.wav"))


@pytest.mark.django_db
def test_a_clip_that_cannot_be_kept_is_made_again_later(agent: Agent, bucket: Storage, store: S3Double) -> None:
    campaign = make_campaign(agent, ROSA, **SHORT)
    want(campaign)
    store.stop()

    assert make_batch(agent.tenant_id) == Batch(more=True, setback=True)

    [clip] = clips_of(agent.tenant)
    assert (clip.status, clip.file, clip.problem) == ("wanted", "", "it could not be kept")
