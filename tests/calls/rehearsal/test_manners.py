"""How callers are: in writing, and on a line."""

from __future__ import annotations

from calls.rehearsal.checks import check, check_sound
from calls.rehearsal.manners import ASKS_AGAIN, MANNERS, as_said, heard_share
from calls.rehearsal.models import Rehearsal
from telephony.rehearsing import person_of
from telephony.simulator.people import BargeIn, HangUp, Say, WaitForAgent

LINES = ["I need a cleaning", "on Tuesday", "at ten in the morning would be best for me"]


def test_every_manner_on_offer_is_known():
    assert set(MANNERS) == set(Rehearsal.Difficulty.values)


def test_a_patient_caller_says_the_lines_as_they_are():
    assert as_said(LINES, MANNERS["easy"]) == LINES


def test_a_hurried_caller_says_two_things_at_once_and_hardly_waits():
    assert as_said(LINES, MANNERS["hard"]) == ["I need a cleaning on Tuesday", LINES[2]]
    assert person_of(LINES, MANNERS["hard"]).steps[0] == WaitForAgent(quiet_ms=500, timeout_ms=6000)


def test_a_line_with_noise_loses_words():
    assert as_said(LINES, MANNERS["noisy"])[2] == "at ten in the morning be best for me"


def test_whoever_hears_badly_asks_again():
    assert as_said(LINES, MANNERS["hearing"]) == [*LINES[:2], ASKS_AGAIN, LINES[2]]


def test_whoever_interrupts_hears_half_and_talks_over_the_agent():
    assert [heard_share(turn, MANNERS["interrupts"]) for turn in range(3)] == [1.0, 0.5, 1.0]
    steps = person_of(LINES, MANNERS["interrupts"]).steps
    assert [type(step) for step in steps[:3]] == [WaitForAgent, Say, BargeIn]
    assert steps[-1] == HangUp()


def test_a_time_counts_however_it_was_written_or_heard():
    script = [{"who": "agent", "text": "we are open from nine a.m. to five p.m. at four one two main street"}]

    assert all(each.holds for each in check(script, says=["9 AM to 5 PM", "412 Main Street"]))
    assert not check(script, says=["10 AM"])[0].holds


def test_waits_talking_over_and_giving_way_are_judged_by_their_times():
    calm = check_sound(waits_ms=[900, 1800], talk_over_ms=120, gave_way_ms=[300])
    rude = check_sound(waits_ms=[900, 5200], talk_over_ms=900, gave_way_ms=[300, None])

    assert [each.holds for each in calm] == [True, True, True]
    assert [each.holds for each in rude] == [False, False, False]
    assert rude[2].why == "It gave way after 300 ms, not at all."
    assert len(check_sound(waits_ms=[], talk_over_ms=0, gave_way_ms=[])) == 2
