"""The receptionist by rules: whole conversations in the words a recognizer writes, and what is read from them."""

import random
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from agents.prompts import call_variables, system_prompt
from agents.providers import llm
from agents.providers.offline_voice.facts import Facts
from agents.providers.offline_voice.grammar import WORD_CLASSES
from agents.providers.offline_voice.grammar import receptionist as grammar
from agents.providers.offline_voice.receptionist import Answer, respond
from agents.providers.ports import Endpoint, Message, Thinking, Usage

GREETING = "Thank you for calling Juniper Dental. This is June, the automated assistant. How can I help?"
AFTER_HOURS = "Hello, you have reached Juniper Dental outside our hours. Would you like to leave a message?"
BOOKING_LINE = "Hello, this is the automated booking line. What would you like to come in for?"
PERSONA = """You are June, the automated front desk of Juniper Dental in Boise.

If someone is in pain, say that the emergency number is 911. Take a message: the name and the number.

Hours: Monday to Friday, 8 AM to 5 PM. Closed on weekends.
Address: 410 West Grove Street, Boise.
Insurance: Delta Dental, Regence Blue Shield and most PPO plans. Bring your card.
Phone: 208 555 0110.
Parking: behind the building, free for two hours.
Prices: cleaning $90, whitening from $250.
Pets: Dogs are welcome in the waiting room."""


def prompt(persona: str = PERSONA) -> str:
    variables = call_variables(
        spec_variables={},
        agent_name="June",
        business_name="Juniper Dental",
        caller_number="+12085550147",
        timezone="America/Boise",
        now=datetime(2026, 11, 21, 17, 42, tzinfo=UTC),
    )
    return system_prompt(persona, variables=variables, language="en-US")


def talk(*lines: str, greeting: str = GREETING, persona: str = PERSONA) -> list[Answer]:
    """Say the lines one after the other; every reply is heard to its end."""
    messages = [Message("system", prompt(persona)), Message("assistant", greeting)]
    answers = []
    for line in lines:
        answers.append(respond([*messages, Message("user", line)]))
        messages += [Message("user", line), Message("assistant", answers[-1].text)]
    return answers


def continued(*turns: str) -> Answer:
    """The answer to the last of these turns, which begin with the agent's and take turns."""
    roles = ("assistant", "user")
    return respond([Message("system", prompt()), *(Message(roles[i % 2], turn) for i, turn in enumerate(turns))])


# Whole conversations -------------------------------------------------------------------------------------

DIALOGUES = {
    "one answer at a time": [
        ("i would like to make an appointment", "for?"),
        ("a cleaning", "day"),
        ("tuesday", "time"),
        ("three thirty p m", "name"),
        ("maria lopez", "I have you down for a cleaning on Tuesday at three thirty PM, under the name Maria Lopez."),
        ("yes", "You are booked for a cleaning on Tuesday at three thirty PM."),
        ("no thank you that's all", "Goodbye"),
    ],
    "all in one sentence": [
        (
            "hi this is maria lopez i need a cleaning on tuesday at three thirty",
            "I have you down for a cleaning on Tuesday at three thirty PM, under the name Maria Lopez. Is that right?",
        ),
        ("yes that's right", "You are booked"),
        ("thanks bye", "Goodbye"),
    ],
    "as another recognizer writes it": [
        ("Hi, this is Maria Lopez. I need a cleaning on Tuesday at 3:30 PM.", "Tuesday at three thirty PM, under"),
        ("Yes, that's right.", "You are booked"),
    ],
    "in any order": [
        ("can i come in on thursday afternoon", "for?"),
        ("a root canal", "What time in the afternoon"),
        (
            "my name is tom hill and half past two please",
            "a root canal on Thursday at two thirty PM, under the name Tom",
        ),
    ],
    "corrections": [
        (
            "i need a crown on tuesday at nine my name is anne o'brien",
            "on Tuesday at nine AM, under the name Anne O'Brien",
        ),
        ("no wednesday", "on Wednesday at nine AM"),
        ("make it four", "on Wednesday at four PM"),
        ("no not wednesday thursday", "on Thursday at four PM"),
        ("no sorry my name is ann smith", "under the name Ann Smith"),
        ("yes", "You are booked for a crown on Thursday at four PM."),
    ],
    "saying what is wrong": [
        ("a filling friday at ten this is sam hall", "a filling on Friday at ten AM"),
        ("no that's wrong", "What should I change"),
        ("the time", "time"),
        ("eleven", "on Friday at eleven AM"),
        ("the name is wrong", "name"),
        ("peter cox", "under the name Peter Cox"),
        ("correct", "You are booked"),
    ],
    "misheard words": [
        ("i need an appointment", "for?"),
        ("leaning", "day"),
        ("to morrow", "closed on Sundays"),
        ("choose day", "day"),
        ("wednesday", "time"),
        ("tree thirty", "name"),
        ("name of mia chen", "a cleaning on Wednesday at three thirty PM, under the name Mia Chen"),
    ],
    "a message for want of a person": [
        ("can i speak to a person please", "offline"),
        ("yes please", "name"),
        ("anna bell", "Thank you, Anna Bell."),
        (
            "please tell the doctor i will be late",
            "Your message is: i will be late, from Anna Bell.",
        ),
        ("yes", "I will pass it on"),
        ("no", "Goodbye"),
    ],
    "nothing is understood twice": [
        ("fnord blah gruntle", "?"),
        ("gruntle blah fnord", "take a message"),
        ("no i want an appointment", "for?"),
        ("a cleaning", "day"),
    ],
    "an appointment that exists already": [
        ("i need to cancel my appointment", "message"),
        ("no", "All right."),
    ],
    "a question in mid-booking": [
        ("i'd like a cleaning", "day"),
        ("what are your hours", "day"),
        ("monday", "time"),
        ("around nine", "name"),
        ("where can i park", "name"),
        ("kate", "a cleaning on Monday at nine AM, under the name Kate"),
    ],
    "a wish and a question at once": [
        (
            "good morning my name is emma king and i'd like a check up wed at noon and do you have parking",
            "Parking is behind the building, free for two hours. I have you down for a checkup on Wednesday at noon",
        ),
        ("yes", "You are booked for a checkup on Wednesday at noon."),
    ],
    "pain": [
        ("i have a toothache", "nine one one"),
        ("as soon as possible", "Monday"),
        ("any time", "name"),
        ("it's peter fox", "a toothache on Monday at ten AM"),
    ],
    "two appointments": [
        ("a cleaning monday at nine for john smith", "under the name John Smith"),
        ("yes", "booked"),
        ("i'd like another appointment for my son leo", "for?"),
        ("a checkup", "day"),
        ("friday at noon", "a checkup on Friday at noon, under the name Leo"),
    ],
    "small talk": [
        ("hello", "Hello."),
        ("how are you", "very well"),
        ("are you a robot", "I am June, the automated assistant"),
        ("thank you", "You are welcome"),
        ("are you still there", "Yes, I am here"),
        ("what can you do", "book an appointment"),
    ],
    "a change of mind": [("book a cleaning on tuesday", "time"), ("never mind", "anything else"), ("bye", "Goodbye")],
}


@pytest.mark.parametrize("lines", DIALOGUES.values(), ids=DIALOGUES.keys())
def test_a_whole_conversation(lines):
    answers = talk(*(said for said, _ in lines))

    for (said, expected), answer in zip(lines, answers, strict=True):
        assert expected.lower() in answer.text.lower(), f"{said!r} was answered {answer.text!r}"
        assert answer.hangs_up == ("goodbye" in answer.text.lower())


def test_only_what_is_missing_is_asked_and_one_thing_at_a_time():
    answers = talk("i need a cleaning on monday", "maria lopez at two", "yes")

    assert [answer.text.count("?") for answer in answers] == [1, 1, 1]
    assert "time" in answers[0].text
    assert "Is that right" in answers[1].text


def test_a_greeting_that_takes_messages_is_answered_with_yes():
    answers = talk("yes", "sam", "i will be late", "yes", greeting=AFTER_HOURS)

    assert "name" in answers[0].text
    assert "Your message is: i will be late, from Sam." in answers[2].text


def test_a_greeting_that_asks_for_the_reason_begins_a_booking():
    assert "day" in talk("my teeth cleaned please", greeting=BOOKING_LINE)[0].text


def test_not_understanding_is_said_in_varying_words():
    first = [talk(*["hello"] * turns, "fnord blah gruntle")[-1].text for turns in range(3)]

    assert len(set(first)) == 3


def test_the_last_question_is_repeated_when_asked():
    answers = talk("i need a cleaning", "sorry what", "tuesday at nine maria lopez", "can you repeat that please")

    assert "day" in answers[1].text
    assert "I have you down for a cleaning on Tuesday at nine AM" in answers[3].text
    assert "We are at 410 West Grove Street" in talk("where are you", "pardon")[1].text


def test_keys_are_acknowledged_and_the_question_stays():
    answers = talk("i need a cleaning", "I pressed 1 2.", "I pressed 7 keys.")

    assert answers[1].text.startswith("I noted the keys one two.")
    assert "day" in answers[1].text
    assert answers[2].text.startswith("I noted your keys.")


def test_a_time_outside_opening_hours_is_not_taken():
    answers = talk("a cleaning on tuesday at seven pm", "four")

    assert "We are open from eight AM to five PM. " in answers[0].text
    assert "name" in answers[1].text


def test_without_facts_about_hours_any_day_will_do():
    assert "name" in talk("a cleaning on sunday at six", persona="You answer the phone.")[0].text


@pytest.mark.parametrize(
    "goodbye", ["bye", "no thank you", "no", "that's all", "thank you", "no that is everything", "good bye"]
)
def test_a_caller_who_is_done_hears_goodbye(goodbye):
    assert talk("where are you", goodbye)[-1].hangs_up


@pytest.mark.parametrize(
    "said", ["yes", "thank you yes i need a crown", "what are your hours", "yes thank you i want a cleaning"]
)
def test_a_caller_who_is_not_done_stays_on_the_line(said):
    assert not talk("where are you", said)[-1].hangs_up


# What was heard is what counts ---------------------------------------------------------------------------


def test_a_question_that_was_cut_off_still_knows_its_answer():
    assert "name" in continued(GREETING, "a cleaning tuesday", "Of course. What time wo", "three").text


def test_a_reply_of_which_no_question_was_heard_is_answered_by_what_is_missing():
    assert "time" in continued(GREETING, "i need a cleaning", "Of course.", "wednesday").text


def test_yes_to_half_a_summary_has_it_said_again():
    booking = "a cleaning tuesday at three this is maria lopez"
    again = continued(GREETING, booking, "Thank you. I have you down for a", "yes")
    done = continued(GREETING, booking, again.text, "yes")

    assert again.text.endswith("Is that right?")
    assert "You are booked" in done.text


def test_turns_that_were_joined_are_read_as_one():
    assert "name" in continued(GREETING, "i'd like an appointment for a cleaning tuesday at ten").text


def test_a_conversation_that_another_model_began_goes_on():
    answer = continued(GREETING, "i need a cleaning on friday", "Happy to help! What time works best for you?", "nine")

    assert "name" in answer.text


# Facts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("when are you open", "We are open Monday to Friday, eight AM to five PM. Closed on weekends."),
        ("what time do you close", "eight AM to five PM"),
        ("are you open on saturday", "We are closed on Saturdays."),
        ("are you open tomorrow", "We are closed on Sundays."),
        ("are you open on mondays", "Yes, on Mondays we are open eight AM to five PM."),
        ("where are you", "We are at 410 West Grove Street, Boise."),
        ("what's your address", "410 West Grove Street"),
        ("hello how do i get to your office", "410 West Grove Street"),
        ("do you take my insurance", "We take Delta Dental"),
        ("which insurance do you accept", "We take Delta Dental"),
        ("is there any parking", "Parking is behind the building"),
        ("where can i park", "Parking is behind the building"),
        ("how much is a cleaning", "A cleaning is ninety dollars."),
        ("what does whitening cost", "Whitening is from two hundred fifty dollars."),
        ("how much is a crown", "Cleaning ninety dollars, whitening"),
        ("what is your phone number", "two zero eight, five five five, zero one one zero"),
        ("do you know can i bring my pets", "Dogs are welcome"),
        ("is this the dentist", "This is Juniper Dental."),
        ("what time is it", "It is ten forty two AM."),
        ("what day is it", "Saturday, November twenty first."),
        ("what is your favorite color", "I do not know that"),
        ("do you have a website", "I do not know that"),
    ],
)
def test_a_question_is_answered_from_the_prompt(question, answer):
    assert answer in talk(question)[0].text


def test_rules_about_speaking_are_no_facts():
    assert not {key for key in Facts.read(prompt()).lines if "sentence" in key or "telephone" in key}


# The port ------------------------------------------------------------------------------------------------


async def reply_to(*said: str) -> list[str | Usage]:
    model = llm("offline", Thinking("offline"), Endpoint())
    await model.warm()
    roles = ("assistant", "user")
    messages = [Message("system", prompt()), *(Message(roles[i % 2], text) for i, text in enumerate(said))]
    return [item async for item in model.reply(messages)]


async def test_text_comes_word_by_word_and_then_what_it_cost():
    *words, usage = await reply_to(GREETING, "where are you")

    assert words[:3] == ["We", " are", " at"]
    assert isinstance(usage, Usage)
    assert usage.input > usage.output > 5


async def test_the_mark_that_hangs_up_is_a_piece_of_its_own_and_the_last():
    *words, mark, _ = await reply_to(GREETING, "bye")

    assert mark == "<hang_up/>"
    assert words[-1] == " Goodbye."


async def test_a_reply_that_is_no_longer_wanted_stops_at_once():
    model = llm("offline", Thinking("offline"), Endpoint())
    heard = []

    async with aclosing(model.reply([Message("user", "hello")])) as reply:
        async for item in reply:
            heard.append(item)
            break
        await reply.aclose()
        heard += [item async for item in reply]

    assert heard == ["Hello."]


def test_it_says_where_it_comes_from():
    model = llm("offline", Thinking("offline"), Endpoint("key"))

    assert (model.provider, model.endpoint) == ("offline", Endpoint())


@pytest.mark.parametrize(
    "messages", [[], [Message("system", "You answer.")], [Message("user", "")], [Message("user", "…")]]
)
def test_it_always_has_something_to_say(messages):
    assert respond(messages).text


def test_whatever_people_say_the_answer_is_short_plain_and_the_same_again():
    chance = random.Random(7)
    words = grammar()
    lines = [
        " ".join(
            chance.choice(words.phrases(word[1:-1])) if word[1:-1] in WORD_CLASSES - {"keyterm"} else word
            for word in sentence
        )
        for sentence in words.sentences(600, seed=7)
    ]

    for start in range(0, 600, 6):
        answers = talk(*lines[start : start + 6])
        assert answers == talk(*lines[start : start + 6])
        for answer in answers:
            assert 1 <= len(answer.text.split()) <= 60
            assert not set(answer.text) & set("@{}<>*\n")
            assert "None" not in answer.text
