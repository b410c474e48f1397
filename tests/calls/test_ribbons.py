"""Speech along time, and the figures of waiting."""

from __future__ import annotations

from itertools import pairwise

import pytest

from calls.latency import p50, p95, percentile, wait_for
from calls.models import Call, Turn
from calls.ribbons import ribbon
from calls.scores import score
from calls.speech import Stretch, longest_silence, stretches
from calls.waveform import Waveform
from calls.wording import Happening
from tests.calls.talks import wait


def agent(start_ms: int, end_ms: int, **fields: object) -> Turn:
    return Turn(speaker=Turn.Speaker.AGENT, started_ms=start_ms, ended_ms=end_ms, **fields)


def caller(start_ms: int, end_ms: int) -> Turn:
    return Turn(speaker=Turn.Speaker.CALLER, started_ms=start_ms, ended_ms=end_ms, heard="Hm.")


def test_what_was_cut_off_ends_where_the_agent_speaks_again() -> None:
    cut = agent(0, 2000, heard="one two three four", unheard="five six seven eight", interrupted=True)

    [alone] = stretches([cut], 60_000)
    [before_another, _] = stretches([cut, agent(3000, 4000)], 60_000)
    [at_the_end] = stretches([cut], 2500)

    assert alone.unheard_ms == 4 * 500, "four words more at the pace of the four before"
    assert before_another.unheard_ms == 1000
    assert at_the_end.unheard_ms == 500


def test_words_still_on_their_way_are_not_drawn_as_cut_off() -> None:
    [speaking] = stretches([agent(0, 2000, heard="one", unheard="two three")], 60_000)

    assert speaking.unheard_ms == 0


def test_a_line_that_was_typed_is_thin_but_seen() -> None:
    drawn = ribbon(stretches([caller(3000, 3000)], 60_000), 60_000)

    assert drawn.caller == "M3000 11h400v-9h-400z"


def test_a_person_who_took_over_is_drawn_in_a_tone_of_their_own() -> None:
    turns = [agent(0, 2000, heard="Hello."), caller(2500, 3000), agent(4000, 6000, heard="Rae here.", kind="person")]
    speech = stretches(turns, 60_000)

    drawn = ribbon(speech, 60_000)
    at_full_size = score(Call(), turns, [], speech=speech, length_ms=60_000, loudness=None)
    with_sound = score(Call(), turns, [], speech=speech, length_ms=6000, loudness=Waveform(1000, [0] * 6, [9.0] * 6))

    assert (drawn.agent, drawn.person) == ("M0 13h2000v9h-2000z", "M4000 13h2000v9h-2000z")
    assert "a person once" in drawn.label
    assert (at_full_size.agent[:3], at_full_size.person[:6]) == ("M0 ", "M4000 ")
    assert (with_sound.agent.count("M"), with_sound.person.count("M")) == (4, 2)


def test_the_longest_silence_is_where_nobody_spoke() -> None:
    speech = [Stretch(True, 500, 4000), Stretch(False, 3000, 5000), Stretch(True, 9000, 10_000)]

    assert longest_silence(speech, 12_000) == (4000, 5000)
    assert longest_silence(speech, 20_000) == (10_000, 10_000)
    assert longest_silence([], 0) == (0, 0)


@pytest.mark.parametrize(
    ("values", "half", "most"),
    [([], None, None), ([700], 700, 700), ([900, 700], 700, 900), (list(range(1, 101)), 50, 95)],
)
def test_percentiles_are_values_that_occurred(values: list[int], half: int | None, most: int | None) -> None:
    assert (p50(values), p95(values)) == (half, most)
    assert percentile(values, 1.0) == (max(values) if values else None)


@pytest.mark.parametrize(
    ("stages", "guilty"),
    [
        ({}, []),
        ({"model": 1700}, ["model"]),
        ({"voice": 900, "endpointing": 1200}, ["endpointing", "voice"]),
        ({"endpointing": 720, "model": 400, "voice": 290}, ["endpointing"]),
    ],
)
def test_only_a_slow_reply_has_guilty_stages_and_it_has_at_least_one(stages: dict[str, int], guilty: list[str]) -> None:
    found = wait_for(agent(0, 1000, timing=wait(**stages)))

    assert found is not None
    assert [part.stage.name for part in found.guilty] == guilty
    assert found.is_slow is bool(guilty)
    assert sum(part.ms for part in found.parts) == found.ms


def test_a_turn_that_nobody_waited_for_has_no_wait() -> None:
    assert wait_for(agent(0, 1000, timing={})) is None
    assert wait_for(agent(0, 1000, timing={"waited_ms": None, "stages": {}, "stamps": {}})) is None


def test_words_above_the_score_never_lie_on_one_another_and_the_weighty_ones_win() -> None:
    noise = Happening("A noise.", "Some noise of no weight")
    trouble = Happening("It failed.", "Model failed", is_trouble=True)
    happenings = [(at_ms, noise) for at_ms in range(0, 60_000, 1500)] + [(30_000, trouble)]

    drawn = score(Call(status="in_progress"), [], happenings, speech=[], length_ms=60_000, loudness=None)

    for row in (0, 1):
        spans = sorted(label.span for label in drawn.labels if label.row == row)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert [label.x for label in drawn.labels if label.text == "Model failed"] == ["50.00"]


def test_the_score_has_a_time_at_either_end_and_none_on_top_of_another() -> None:
    for length_ms in (900, 15_000, 61_000, 168_000, 3_600_000, 14_400_000):
        ticks = score(Call(status="in_progress"), [], [], speech=[], length_ms=length_ms, loudness=None).ticks
        places = [float(tick.x) for tick in ticks]

        assert places[0] == 0
        assert places[-1] == 100
        assert len(ticks) <= 14
        assert all(later - earlier >= 5 for earlier, later in pairwise(places))
