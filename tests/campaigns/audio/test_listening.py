"""A vendor's recogniser listens to a clip: the real SDK feeds a double that finds the voice in the sound."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pytest_django import Settings

from agents.providers import close_clients
from agents.providers.ports import ProviderError
from campaigns.audio.checking import examine
from campaigns.audio.listening import Ears, pitched, transcribe
from campaigns.texts.messages import Fact, render
from telephony.mulaw import FRAME_BYTES, SILENCE
from tests.doubles import Cut, Doubles, Refuse

NOVA = Ears("deepgram", "nova-3")
VOICE = (b"\x10\x90" * (FRAME_BYTES // 2)) * 60  # 1.2 s
PAUSE = SILENCE * 50
MESSAGE = render("Hello {{name}}.\nWe expect you at {{visit_time}}.", {"name": "Rosa", "visit_time": "08:15"})
SOUND = VOICE + PAUSE + VOICE


@pytest.fixture
async def vendor(settings: Settings) -> AsyncIterator[Doubles]:
    async with Doubles() as running:
        settings.VENDORS = settings.VENDORS | {"deepgram": {"api_key": "key", "base_url": running.url}}
        yield running
        await close_clients()


async def heard(facts: tuple[Fact, ...] = MESSAGE.facts) -> str:
    return await transcribe(NOVA, MESSAGE.text, facts, SOUND)


async def test_every_sentence_is_heard_in_its_order(vendor: Doubles) -> None:
    vendor.deepgram.hears("hello rosa", "we expect you at eight fifteen in the morning")

    assert await heard() == "hello rosa we expect you at eight fifteen in the morning"


async def test_the_whole_clip_arrives_with_its_names_as_key_terms(vendor: Doubles) -> None:
    await heard()

    [stream] = vendor.deepgram.streams
    assert bytes(stream.audio).startswith(SOUND)
    assert stream.query["keyterm"] == ["Rosa"]


async def test_what_the_vendor_heard_is_compared_and_asked_for_once(vendor: Doubles) -> None:
    vendor.deepgram.hears("hello rosa", "we expect you at nine in the morning")

    _, found = await examine(NOVA, MESSAGE.text, MESSAGE.facts, SOUND)

    assert "The time was not heard: eight fifteen in the morning." in found
    assert len(vendor.deepgram.streams) == 1


async def test_digits_of_another_language_are_the_same_as_words(vendor: Doubles) -> None:
    message = render("Le esperamos el {{visit_date}}.", {"visit_date": "2026-11-23"}, "es-US")
    vendor.deepgram.hears("le esperamos el lunes 23 de noviembre")

    _, found = await examine(Ears("deepgram", "nova-3", "es"), message.text, message.facts, VOICE + PAUSE)

    assert [each for each in found if "heard" in each] == []


async def test_a_key_that_is_refused_is_not_tried_again(vendor: Doubles) -> None:
    vendor.deepgram.faults.next(Refuse(401))

    with pytest.raises(ProviderError) as failed:
        await heard()

    assert not failed.value.retryable


async def test_a_line_that_breaks_in_the_middle_is_worth_another_try(vendor: Doubles) -> None:
    vendor.deepgram.faults.next(Cut(1))

    with pytest.raises(ProviderError) as failed:
        await heard()

    assert failed.value.retryable


def test_a_sound_is_made_slower_and_deeper_without_a_break() -> None:
    tone = VOICE[:8_000]

    assert pitched(tone, 1.0) == tone
    assert abs(len(pitched(tone, 1.06)) - 8_480) < 5
    assert abs(len(pitched(tone, 0.94)) - 7_520) < 5
