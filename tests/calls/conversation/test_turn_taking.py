"""The table of the floor, and what no sequence of events can do to it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation import turn_taking as turns
from calls.conversation.drawing import draw
from calls.conversation.turn_taking import Action, Agent, Caller, Floor, Interruption, Policy

POLICY = Policy.of(Interruption.VOICE, 1, ["mm-hm", "uh huh", "yeah"])


def test_the_agent_falls_silent_when_the_caller_barges_in():
    floor = Floor(Caller.QUIET, Agent.SPEAKING, POLICY)

    assert floor.handle(turns.VoiceLasted()) == (Action.STOP_SPEAKING,)
    assert floor.handle(turns.Words("no wait")) == (Action.CANCEL_REPLY,)
    assert floor.agent is Agent.LISTENING


def test_a_finished_turn_is_answered():
    floor = Floor(policy=POLICY)
    floor.handle(turns.SpeechStarted())

    assert floor.handle(turns.TurnEnded("when do you open")) == (Action.REPLY,)
    assert (floor.caller, floor.agent) == (Caller.QUIET, Agent.THINKING)


def test_a_turn_without_words_is_not_answered():
    floor = Floor(policy=POLICY)
    assert floor.handle(turns.TurnEnded("")) == ()
    assert floor.agent is Agent.LISTENING


@pytest.mark.parametrize("text", ["mm-hm", "yeah, uh huh", "Yeah."])
def test_backchannels_do_not_interrupt(text):
    floor = Floor(Caller.SPEAKING, Agent.SPEAKING, POLICY)
    assert floor.handle(turns.Words(text)) == ()


def test_so_many_words_interrupt_as_the_policy_says():
    floor = Floor(Caller.SPEAKING, Agent.SPEAKING, Policy.of(Interruption.WORDS, 3, []))
    assert floor.handle(turns.VoiceLasted()) == ()
    assert floor.handle(turns.Words("no wait")) == ()
    assert floor.handle(turns.Words("no wait please")) == (Action.CANCEL_REPLY,)


def test_a_protected_reply_is_neither_held_nor_cut():
    for agent in (Agent.THINKING, Agent.SPEAKING):
        floor = Floor(Caller.QUIET, agent, POLICY, protected=True)
        for event in (turns.SpeechStarted(), turns.VoiceLasted(), turns.Words("stop")):
            assert floor.handle(event) == ()
        assert floor.handle(turns.TurnEnded("stop")) == (Action.NOTE,)


EVENTS = st.one_of(
    st.sampled_from(
        [
            turns.SpeechStarted(),
            turns.VoiceLasted(),
            turns.ReplyHeardFirst(),
            turns.ReplyFinished(),
            turns.ReplyFinished(last=True),
            turns.ReplyFailed(),
            turns.NoWordsCame(),
            turns.SilenceLasted(),
            turns.LimitNear(),
            turns.LimitReached(),
            turns.CallerGone(),
        ]
    ),
    st.sampled_from(["", "mm-hm", "hello there"]).map(turns.Words),
    st.sampled_from(["", "mm-hm", "hello there"]).map(turns.TurnEnded),
)
POLICIES = st.sampled_from([Policy.of(mode, 2, ["mm-hm"]) for mode in Interruption])


@given(st.lists(EVENTS, max_size=60), POLICIES, st.booleans())
def test_no_sequence_of_events_leaves_the_rules(events, policy, protected):
    floor = Floor(policy=policy, protected=protected)
    for event in events:
        before = floor.agent
        actions = floor.handle(event)
        assert len(set(actions)) == len(actions)
        if before is Agent.GONE:
            assert (floor.agent, actions) == (Agent.GONE, ())
        if policy.interruption is Interruption.OFF and before is Agent.SPEAKING and isinstance(event, turns.Words):
            assert actions == ()


@given(st.lists(EVENTS, max_size=60), POLICIES)
def test_from_every_state_the_end_of_a_turn_or_time_leads_on(events, policy):
    """Whatever happened before: a reply that is not interrupted any more is played to its end."""
    floor = Floor(policy=policy)
    for event in events:
        floor.handle(event)
    if floor.agent in (Agent.GONE, Agent.CLOSING):
        return
    floor.handle(turns.NoWordsCame())
    if floor.agent is Agent.LISTENING:
        floor.handle(turns.TurnEnded("a real question"))
    floor.handle(turns.ReplyHeardFirst())
    floor.handle(turns.ReplyFinished())
    assert floor.agent is Agent.LISTENING


def test_the_document_shows_the_table_that_runs():
    page = Path(__file__).resolve().parents[3] / "docs" / "conversation.md"
    assert draw() in page.read_text(), "run `python -m calls.conversation.drawing`"
