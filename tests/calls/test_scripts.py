"""The sentences of a call, as they will be spoken."""

from __future__ import annotations

from django.utils.timezone import now

from agents.models import Agent
from agents.versions import VersionSpec
from calls.scripts import CallTexts


def texts(agent: Agent, greeting: str) -> CallTexts:
    agent.published.greeting = greeting
    return CallTexts(VersionSpec.of(agent.published), business="Juniper Dental", caller_number="+12085550147", at=now())


def test_fixed_sentences_are_made_ready_in_the_order_in_which_they_may_be_needed(agent: Agent) -> None:
    assert texts(agent, "This is {{business_name}}.").fixed()[0] == "This is Juniper Dental."


def test_a_sentence_that_names_the_caller_is_said_and_not_kept(agent: Agent) -> None:
    personal = texts(agent, "You call from {{caller_number}}.")

    assert personal.script(resumed=False, speculation=True).opening[0].startswith("You call from ")
    assert not [text for text in personal.fixed() if text.startswith("You call from ")]
