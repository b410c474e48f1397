"""When a person is needed: by rule, in six languages, and what the caller hears then."""

from __future__ import annotations

import asyncio

import pytest

from calls.conversation.escalation import FOUND_WITHIN_S, Need, Summons
from calls.conversation.feelings import Mood, admits_failure, asks_for_person, mood_of
from calls.conversation.script import Ending
from tests.calls.conversation.stage import on_stage
from tests.clock import on_virtual_clock
from tests.fakes import ScriptedModel

ALL = frozenset(Need)


class People:
    """Those who could take a call, if there are any."""

    def __init__(self, *, there: bool, takes_s: float = 0.1) -> None:
        self.there, self.takes_s, self.asked = there, takes_s, list[str]()
        self.summons = Summons(ALL, self.find)

    async def find(self, need: str) -> bool:
        self.asked.append(need)
        await asyncio.sleep(self.takes_s)
        return self.there


@on_virtual_clock
async def test_whoever_asks_for_a_person_is_put_through_without_a_word_of_the_model():
    people, model = People(there=True), ScriptedModel("I can help you with that!")
    async with on_stage(model, speculation=False, summons=people.summons) as stage:
        await stage.until_quiet()
        await stage.caller_says("I want to talk to a real person please")

        assert await stage.running is Ending.TRANSFER
        assert people.asked == ["asked"]
        assert model.asked == []
        assert stage.journal.transcript()[-1][1].startswith("I will put you through")
        assert "needs_person" in stage.journal.kinds()


@on_virtual_clock
async def test_where_nobody_is_there_the_agent_knows_and_answers():
    people, model = People(there=False), ScriptedModel("Nobody is here. May I take a message?")
    async with on_stage(model, summons=people.summons) as stage:
        await stage.until_quiet()
        await stage.caller_says("I want to talk to a person")
        await stage.until_quiet()

        assert "offer to take a message" in model.asked[-1][0].content
        assert stage.journal.transcript()[-1] == ("agent", "Nobody is here. May I take a message?")


@on_virtual_clock
async def test_nobody_waits_long_for_the_answer_whether_somebody_is_there():
    people, model = People(there=True, takes_s=60.0), ScriptedModel("May I take a message?")
    async with on_stage(model, summons=people.summons) as stage:
        await stage.until_quiet()
        await stage.caller_says("connect me to a human")
        asked_at = stage.loop.time()
        await asyncio.sleep(3)

        assert stage.line.longest_silence_s(asked_at, asked_at + 2) < FOUND_WITHIN_S + 1.0
        assert stage.journal.transcript()[-1] == ("agent", "May I take a message?")


@on_virtual_clock
async def test_two_complaints_or_one_outburst_ask_for_a_person_and_one_sigh_does_not():
    for said, expected in (
        (["this is frustrating"], []),
        (["this is frustrating", "you are not listening"], ["frustrated"]),
        (["this is ridiculous"], ["frustrated"]),
    ):
        people = People(there=False)
        async with on_stage(ScriptedModel("Of course."), summons=people.summons) as stage:
            await stage.until_quiet()
            for words in said:
                await stage.caller_says(words)
                await stage.until_quiet()
            assert people.asked == expected, said
            moods = [turn["extras"] for turn in stage.journal.turns.values() if turn["speaker"] == "caller"]
            assert all(each["mood"] for each in moods)


@on_virtual_clock
async def test_an_agent_that_has_failed_twice_in_a_row_leaves_the_call_to_a_person():
    people, model = People(there=True), ScriptedModel("I am sorry, I did not understand that.")
    async with on_stage(model, summons=people.summons) as stage:
        await stage.until_quiet()
        await stage.caller_says("the blue one")
        await stage.until_quiet()
        assert people.asked == []
        await stage.caller_says("the blue one")

        assert await stage.running is Ending.TRANSFER
        assert people.asked == ["failed"]


@on_virtual_clock
async def test_an_agent_without_such_a_rule_answers_as_ever():
    model = ScriptedModel("I am the only one here.")
    async with on_stage(model) as stage:
        await stage.until_quiet()
        await stage.caller_says("I want to speak to a person")
        await stage.until_quiet()

        assert stage.journal.transcript()[-1] == ("agent", "I am the only one here.")
        assert "needs_person" not in stage.journal.kinds()


PERSON = [
    "Can I talk to a real person?",
    "get me a human",
    "I'd like to speak with your manager",
    "Quiero hablar con una persona, por favor",
    "Je voudrais parler à un conseiller",
    "Kann ich mit einem Mitarbeiter sprechen?",
    "Quero falar com um atendente",
    "Vorrei parlare con un operatore",
    "I don't want to talk to a robot, I want a human",
    "I do not want a machine let me talk to a person",
    "why don't you put me through to a person",
    "are you a real person",
    "Operator!",
    "connect me with someone",
    "I need a person to help me",
    "no quiero hablar con una maquina quiero hablar con una persona",
    "je ne veux pas parler à un robot, je veux parler à un conseiller",
    "Nicht mit einem Roboter, ich will mit einem Menschen sprechen",
    "Können Sie mich nicht mit einem Menschen verbinden?",
    "Atendente, por favor",
]


@pytest.mark.parametrize("said", PERSON)
def test_a_person_is_asked_for_in_every_language(said: str):
    assert asks_for_person(said)


@pytest.mark.parametrize(
    "said",
    [
        "I need an appointment for one person",
        "I don't want to talk to a person",
        "Ich will mit keinem Mitarbeiter sprechen",
        "I am a person",
        "I'm a real person, not a robot",
        "this person called me yesterday",
        "I need a person to clean my house",
        "I want operator training",
        "I was talking to someone on your website",
        "please don't transfer me to a person",
        "no, I don't want a human",
        "do I need to speak to a person",
        "can I speak to people in Spanish",
        "Ich möchte nicht mit einem Menschen sprechen",
        "Eine Person",  # how many will come
        "una persona",
        "une table pour une personne",
        "no quiero hablar con una persona",
        "ieri ho parlato con un operatore",
    ],
)
def test_other_words_about_people_ask_for_nobody(said: str):
    assert not asks_for_person(said)


@pytest.mark.parametrize(
    ("said", "mood"),
    [
        ("This is ridiculous!", Mood.ANGRY),
        ("Das ist eine Frechheit", Mood.ANGRY),
        ("I already told you that", Mood.UNHAPPY),
        ("C'est une perte de temps", Mood.UNHAPPY),
        ("Já lhe disse isso", Mood.UNHAPPY),
        ("Muchas gracias, muy amable", Mood.PLEASED),
        ("Grazie mille", Mood.PLEASED),
        ("On Tuesday at ten", None),
        ("I have a terrible toothache", None),  # what they call about, and not how they are treated
        ("My dishwasher isn't working", None),
        ("Am Dienstag ist es mir unmöglich", None),
        ("Je suis nul en informatique", None),
        ("Mi lavadora no funciona", None),
        ("Damn, that was my other phone", Mood.UNHAPPY),
    ],
)
def test_the_mood_of_a_turn_is_told_by_its_words(said: str, mood: Mood | None):
    assert mood_of(said) is mood


def test_an_agent_admits_that_it_failed():
    assert admits_failure("I'm sorry, I couldn't find that.")
    assert admits_failure("Das habe ich leider nicht verstanden.")
    assert not admits_failure("You are booked for Tuesday.")
    assert not admits_failure("If you are unable to come, please call us.")
    assert not admits_failure("Are you having trouble breathing?")
    assert not admits_failure("I can't do Tuesday, but Wednesday at ten is free.")
