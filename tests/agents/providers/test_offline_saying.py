"""How the offline voice reads what is written, and that each written word keeps its place in the sound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise

import pytest

from agents import providers
from agents.providers.offline_voice.client import stop_worker
from agents.providers.offline_voice.saying import as_spoken
from agents.providers.ports import Endpoint, Voice


@pytest.fixture
async def no_worker_stays() -> AsyncIterator[None]:
    yield
    await stop_worker()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("We open at 9:00 AM.", "We open at 9 AM."),
        ("at 9:00, or 10:05 a.m.", "at 9 o'clock, or 10 oh 5 a.m."),
        ("3:30 PM or 9:00am", "3 30 PM or 9am"),
        ("It is $120.50 or $95.", "It is 120 dollars and 50 cents or 95 dollars."),
        ("$1 is less than $12,000", "1 dollar is less than 12,000 dollars"),
        ("Call (415) 555-0134.", "Call 4 1 5, 5 5 5, 0 1 3 4."),
        ("+1 415-555-0134, please", "1, 4 1 5, 5 5 5, 0 1 3 4, please"),
        ("Dr. Lee and Mr. Poe", "Doctor Lee and Mister Poe"),
        ("from 8:00 AM - 5:00 PM", "from 8 AM to 5 PM"),
        ("9-5, suite #200, No. 5", "9 to 5, suite number 200, number 5"),
        ("94103 Oakland, 1,200 of 15,000 in 2026", "9 4 1 0 3 Oakland, 1,200 of 15,000 in 2026"),
        ("a well-known dentist", "a well-known dentist"),
        ("", ""),
    ],
)
def test_numbers_are_said_as_people_say_them(written, said):
    assert " ".join(as_spoken(written)) == said


@pytest.mark.parametrize(
    "written", ["Call (415) 555-0134 at 9:00 AM - 5:00 PM.", "café déjà vu, ok?", "  two   words "]
)
async def test_every_written_word_is_timed_once_and_in_order(written, no_worker_stays):
    voice = providers.tts("offline", Voice("offline", "en-us"), Endpoint())
    async with aclosing(voice.speak(written)) as sounds:
        words = [word for sound in [sound async for sound in sounds] for word in sound.words]
    assert [word.word for word in words] == written.split()
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(words))
