"""What may be read from a finished call: by a model that is not believed, and by rules that say what they know."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from agents.findings import FieldType, WantedField
from calls.after.by_rule import by_turn, read
from calls.after.reading import LONGEST_TRANSCRIPT, Line, Questions, Unusable, bounded, supported, understood
from calls.after.spoken import numbers_in

SATURDAY = date(2026, 11, 21)
TALK = (
    "agent: Juniper Dental, how can I help?",
    "caller: I'd like a cleaning, please.",
    "agent: What day would suit you?",
    "caller: Tuesday, please.",
    "agent: What time would you like?",
    "caller: At half past two in the afternoon.",
    "agent: May I have your name, please?",
    "caller: My name is Maria Lopez.",
    "agent: Have you been here before?",
    "caller: No, I have not.",
    "agent: I have you down for a cleaning on Tuesday at 2:30 PM, under the name Maria Lopez. Is that right?",
    "caller: Yes, perfect, thank you so much.",
    "agent: You are booked for a cleaning on Tuesday at 2:30 PM. Goodbye.",
)
SAID = " ".join(TALK)


def lines(*talk: str) -> list[Line]:
    return [Line(index, *line.split(": ", 1)) for index, line in enumerate(talk)]


def questions(*talk: str, **more: Any) -> Questions:
    return Questions(lines(*(talk or TALK)), on=SATURDAY, **more)


def field(kind: FieldType, name: str = "Field", *choices: str) -> WantedField:
    return WantedField(name, kind, choices=choices)


def told(**changes: Any) -> str:
    answer = {"summary": "Booked.", "result": "resolved", "sentiment": "positive", "criteria": [], "fields": []}
    return json.dumps(answer | changes)


# What a model may say


@pytest.mark.parametrize(
    ("kind", "value", "quote", "kept"),
    [
        (FieldType.TEXT, "Maria Lopez", "My name is Maria Lopez", "Maria Lopez"),
        (FieldType.TEXT, "Maria Gomez", "My name is Maria Lopez", ""),
        (FieldType.TEXT, "Maria Lopez", "I am Maria Lopez", ""),  # nobody said that
        (FieldType.TEXT, "Maria Lopez", "", ""),
        (FieldType.TEXT, "a cleaning, please", "I'd like a cleaning", "a cleaning, please"),
        (FieldType.TEXT, "root canal and two crowns", "I'd like a cleaning", ""),
        (FieldType.DATE, "2026-11-24", "Tuesday, please", "2026-11-24"),
        (FieldType.DATE, "2026-11-24", "perfect, thank you", ""),
        (FieldType.DATE, "next Tuesday", "Tuesday, please", ""),
        (FieldType.TIME, "14:30", "half past two", "14:30"),
        (FieldType.TIME, "14:30", "Maria Lopez", ""),
        (FieldType.TIME, "25:00", "half past two", ""),
        (FieldType.NUMBER, "2", "At half past two", "2"),
        (FieldType.NUMBER, "3", "At half past two", ""),
        (FieldType.YES_NO, "No", "No, I have not", "no"),
        (FieldType.YES_NO, "perhaps", "No, I have not", ""),
    ],
)
def test_a_value_is_kept_only_where_the_words_that_were_said_bear_it(
    kind: FieldType, value: str, quote: str, kept: str
) -> None:
    assert supported(field(kind), value, quote, SAID) == kept


def test_a_choice_is_one_of_those_on_offer() -> None:
    visit = field(FieldType.CHOICE, "Visit", "Cleaning", "Checkup")

    assert supported(visit, "cleaning", "like a cleaning", SAID) == "Cleaning"
    assert supported(visit, "Surgery", "like a cleaning", SAID) == ""


@pytest.mark.parametrize(
    "answer",
    ["", "Booked!", "[]", told(result="fine"), told(summary=""), told(criteria=[{}]), told(fields=["x"]), "[" * 90_000],
)
def test_an_answer_in_another_shape_is_sent_back(answer: str) -> None:
    with pytest.raises(Unusable):
        understood(answer, questions())


def test_criteria_keep_their_own_words_whatever_the_model_calls_them() -> None:
    verdict = {"text": "Everything is free", "verdict": "not_met", "reason": "No\u202e price."}

    found = understood(f"```json\n{told(criteria=[verdict])}\n```", questions(criteria=["They know the price."]))

    assert found.criteria == [{"text": "They know the price.", "verdict": "not_met", "reason": "No price."}]


def test_of_a_very_long_call_the_model_reads_the_beginning_and_the_end() -> None:
    long = [Line(index, "caller", f"{index} " + "blah " * 100) for index in range(200)]

    kept = bounded(long)

    assert sum(len(line.text) for line in kept) <= LONGEST_TRANSCRIPT + 100
    assert (kept[0], kept[-1]) == (long[0], long[-1])


# What rules find


def noted(wanted: WantedField, *talk: str) -> str:
    return read(questions(*talk, fields=[wanted])).fields[0]["value"]


def test_rules_tell_who_wanted_what_and_that_it_was_done() -> None:
    found = read(questions())

    assert found.summary == "Maria Lopez asked for a cleaning on Tuesday at 2:30 PM. It was dealt with in the call."
    assert (found.result, found.sentiment) == ("resolved", "positive")


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        (field(FieldType.DATE, "Day"), "2026-11-24"),
        (field(FieldType.TIME, "Time"), "14:30"),
        (field(FieldType.TEXT, "Name"), "Maria Lopez"),
        (field(FieldType.YES_NO, "Been here before"), "no"),
        (field(FieldType.CHOICE, "Visit", "Cleaning", "Checkup"), "Cleaning"),
        (field(FieldType.NUMBER, "Number of children"), ""),
        (field(FieldType.TEXT, "Insurance"), ""),
        (field(FieldType.TEXT, "E-mail"), ""),
    ],
)
def test_rules_note_what_was_said_and_nothing_else(wanted: WantedField, value: str) -> None:
    assert noted(wanted) == value


def test_a_number_is_the_answer_to_a_question_about_it() -> None:
    talk = ("agent: How many guests will you be?", "caller: We are twenty five.")

    assert noted(field(FieldType.NUMBER, "Guests"), *talk) == "25"


def test_next_tuesday_is_no_date_because_people_mean_different_ones_by_it() -> None:
    assert noted(field(FieldType.DATE, "Day"), "agent: When?", "caller: Next Tuesday would be good.") == ""


@pytest.mark.parametrize(
    ("criterion", "verdict"),
    [
        ("The caller got an appointment.", "met"),
        ("The caller gave a name.", "met"),
        ("A message was taken.", "not_met"),
        ("The caller was not interrupted.", "unclear"),
        ("The agent was polite.", "unclear"),
    ],
)
def test_rules_judge_what_they_can_and_leave_the_rest_open(criterion: str, verdict: str) -> None:
    assert read(questions(criteria=[criterion])).criteria[0]["verdict"] == verdict


@pytest.mark.parametrize(
    ("talk", "result"),
    [
        (("agent: Hello?",), "nothing"),
        (("agent: How can I help?", "caller: Hello there."), "nothing"),
        (("agent: How can I help?", "caller: Let me speak to a person.", "agent: I will pass it on."), "follow_up"),
        (("agent: How can I help?", "caller: Do you sell cars?", "agent: I am afraid I do not know."), "unresolved"),
    ],
)
def test_rules_tell_what_came_of_a_call(talk: tuple[str, ...], result: str) -> None:
    assert read(questions(*talk)).result == result


def test_the_turns_in_which_a_caller_was_cross_are_known() -> None:
    asked = questions("caller: Hello.", "agent: One moment.", "caller: This is ridiculous.", "caller: Great, thanks.")

    assert by_turn(asked) == {"2": "negative", "3": "positive"}
    assert read(asked).sentiment == "positive"  # the end counts


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("twelve hundred and fifty", {1250}),
        ("1,250.50 or 3", {1250.5, 3}),
        ("two thousand three hundred and five", {2305}),
        ("twenty one people", {21}),
        ("twenty ten", {20, 10}),
        ("nothing", set()),
    ],
)
def test_numbers_are_read_in_digits_and_in_words(text: str, numbers: set[float]) -> None:
    assert numbers_in(text) == numbers
