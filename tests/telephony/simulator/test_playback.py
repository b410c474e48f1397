from __future__ import annotations

import pytest

from telephony import mulaw
from telephony.simulator.clock import Clock
from telephony.simulator.playback import Playback
from telephony.simulator.tracks import Track
from telephony.simulator.voices import tone


class HandClock(Clock):
    """Shows what it is set to."""

    ms = 0.0

    def now_ms(self) -> float:
        return self.ms


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def track() -> Track:
    return Track()


@pytest.fixture
def playback(clock: HandClock, track: Track) -> Playback:
    return Playback(clock, track)


@pytest.fixture
def returned() -> list[str]:
    return []


async def test_audio_is_played_in_order_at_eight_bytes_a_millisecond(
    playback: Playback, clock: HandClock, track: Track
):
    clock.ms = 100
    starts = [playback.add(tone(200)), playback.add(tone(60))]

    assert starts == [100, 300]
    assert playback.ends_at_ms == 360
    assert track.part(0, 100) == mulaw.SILENCE * 5
    assert track.part(100, 360) == tone(200) + tone(60)


async def test_a_mark_with_nothing_before_it_returns_at_once(playback: Playback, returned: list[str]):
    playback.mark("empty", returned.append)

    assert returned == ["empty"]


async def test_marks_wait_for_what_is_before_them(playback: Playback, returned: list[str]):
    playback.add(tone(200))
    playback.mark("after", returned.append)

    assert returned == []


async def test_clear_returns_every_mark_at_once_and_drops_the_rest(
    playback: Playback, clock: HandClock, track: Track, returned: list[str]
):
    playback.add(tone(1000))
    playback.mark("one", returned.append)
    playback.add(tone(1000))
    playback.mark("two", returned.append)
    clock.ms = 250

    dropped = playback.clear()

    assert dropped == 1750
    assert returned == ["one", "two"]
    assert playback.is_idle
    assert track.length_ms == 250


async def test_audio_after_a_clear_is_played_from_now_on(playback: Playback, clock: HandClock):
    playback.add(tone(1000))
    clock.ms = 250
    playback.clear()
    clock.ms = 400

    assert playback.add(tone(100)) == 400


async def test_a_buffer_that_ran_dry_leaves_a_gap(playback: Playback, clock: HandClock):
    playback.add(tone(100))
    clock.ms = 130
    playback.add(tone(100))

    assert [(gap.at_ms, gap.length_ms) for gap in playback.gaps] == [(100, 30)]


async def test_neither_a_clear_nor_a_long_silence_leaves_a_gap(playback: Playback, clock: HandClock):
    playback.add(tone(1000))
    clock.ms = 500
    playback.clear()
    clock.ms = 600
    playback.add(tone(100))
    clock.ms = 5000
    playback.add(tone(100))

    assert playback.gaps == []


async def test_voice_is_told_from_silence_in_what_is_heard(playback: Playback, clock: HandClock):
    playback.add(mulaw.SILENCE * 10 + tone(300) + mulaw.SILENCE * 10 + tone(100) + mulaw.SILENCE * 50 + tone(100))

    assert [(spell.start_ms, spell.end_ms) for spell in playback.spells] == [(200, 800), (1800, 1900)]
    assert playback.spell_at(100) is None
    assert playback.spell_at(250) is playback.spells[0]
    assert playback.spell_at(1000) is None


async def test_a_clear_silences_the_voice_that_is_heard_and_forgets_what_is_to_come(
    playback: Playback, clock: HandClock
):
    playback.add(tone(300) + mulaw.SILENCE * 50 + tone(100))
    clock.ms = 100
    playback.clear()

    assert [(spell.start_ms, spell.end_ms) for spell in playback.spells] == [(0, 100)]


async def test_marks_return_in_order_when_they_are_due(returned: list[str]):
    clock = Clock(scale=50)
    playback = Playback(clock, None)
    due: dict[str, float] = {}

    def note(name: str) -> None:
        due[name] = clock.now_ms()
        returned.append(name)

    playback.add(tone(400))
    playback.mark("one", note)
    playback.mark("two", note)
    first_end = playback.ends_at_ms
    playback.add(tone(600))
    playback.mark("three", note)
    second_end = playback.ends_at_ms
    while len(returned) < 3:
        await clock.sleep(20)

    assert returned == ["one", "two", "three"]
    assert due["one"] >= first_end
    assert due["three"] >= second_end


async def test_nothing_returns_when_nobody_listens_any_more(returned: list[str]):
    clock = Clock(scale=50)
    playback = Playback(clock, None)
    playback.add(tone(100))
    playback.mark("late", returned.append)

    playback.stop()
    await clock.sleep(300)

    assert returned == []
