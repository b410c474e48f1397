"""Somebody with a goal, played by rules."""

from __future__ import annotations

from typing import Any

import pytest

from calls.rehearsal.acting import GIVES_UP, GOODBYE, IS_ANYBODY_THERE, Actor, wish_of
from calls.rehearsal.manners import ASKS_AGAIN, MANNERS
from tests.clock import on_virtual_clock

BOOKING = "To book a cleaning on Wednesday at three"


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        ("To move their appointment to Friday.", "i would like to move my appointment to Friday"),
        ("They want a refund for her lamp", "i want a refund for my lamp"),
        ("Find out when you are open", "when are you open"),
        ("What does a cleaning cost?", "what does a cleaning cost"),
        ("sales", "i am calling about sales"),
        ("", "i have a question"),
    ],
)
def test_a_goal_is_said_as_whoever_has_it_says_it(goal: str, said: str):
    assert wish_of(goal) == said


async def talk(actor: Actor, *agent: str) -> list[str | None]:
    script: list[dict[str, Any]] = []
    said = []
    for line in agent:
        script += [{"who": "agent", "text": line}] if line else []
        said.append(await actor.answer(script))
        script.append({"who": "caller", "text": said[-1]})
    return said


@on_virtual_clock
async def test_questions_are_answered_with_what_is_known():
    actor = Actor(persona="A carpenter named Dora Miller", goal=BOOKING, manner=MANNERS["normal"])

    assert await talk(
        actor,
        *("How can I help?", "Gladly. What name should I put down?", "What time would you like?"),
        *("I have you down on Wednesday, under the name Dora Miller. Is that right?", "You are booked. Anything else?"),
        "Goodbye.",
    ) == [wish_of(BOOKING), "dora miller", "at three", "yes please", GOODBYE, None]


@on_virtual_clock
async def test_a_fact_that_was_wrong_is_put_right_when_it_is_read_back():
    actor = Actor(persona="", goal=BOOKING, manner=MANNERS["mistaken"])

    assert await talk(actor, "How can I help?", "Thursday at three. Is that right?", "Wednesday. Is that right?") == [
        *("i would like to book a cleaning on thursday at three", "no on Wednesday", "yes please")
    ]


@on_virtual_clock
async def test_a_name_that_was_misheard_is_put_right_once_and_then_let_be():
    actor = Actor(persona="", goal=BOOKING, manner=MANNERS["normal"])
    misheard = "Wednesday at three, under the name Hannah Smythe. Is that right?"

    said = await talk(actor, "How can I help?", "What name should I put down?", misheard, misheard)
    assert said[2:] == ["no my name is anna smith", "yes please"]


@on_virtual_clock
async def test_patience_ends_sooner_for_those_who_are_in_a_hurry():
    lost = "Sorry, I did not catch that. Say that again?"

    for manner, tries in (("hard", 1), ("normal", 2), ("easy", 4)):
        actor = Actor(persona="", goal=BOOKING, manner=MANNERS[manner])
        said = await talk(actor, "How can I help?", *[lost] * 6)
        assert said.index(GIVES_UP) == tries + 1


@on_virtual_clock
async def test_whoever_hears_badly_asks_again_and_answers_what_is_repeated():
    actor = Actor(persona="", goal=BOOKING, manner=MANNERS["hearing"])
    name = "What name should I put down?"

    said = await talk(actor, "How can I help?", "What time would you like?", name, name)
    assert said[1:] == ["at three", ASKS_AGAIN, "anna smith"]


@on_virtual_clock
async def test_silence_is_asked_about_and_whoever_interrupts_says_more():
    actor = Actor(persona="", goal="To see a dentist on Friday", manner=MANNERS["interrupts"])

    assert await talk(actor, "Hello?", "") == ["i would like to see a dentist on Friday", IS_ANYBODY_THERE]
    assert await actor.answer([], cuts_off=True) == "on friday"
