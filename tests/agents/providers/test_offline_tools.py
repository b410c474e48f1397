"""The receptionist by rules, when it may do things: it asks for them, and tells what came of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.prompts import call_variables, system_prompt
from agents.providers.offline_voice.receptionist import Answer, respond
from agents.providers.ports import Message, ToolSpec

TEXT, MAYBE = {"type": "string"}, {"type": ["string", "null"]}


def spec(name: str, /, **properties: dict[str, Any]) -> ToolSpec:
    return ToolSpec(name, name, {"type": "object", "properties": properties, "required": list(properties)})


TOOLS = (
    spec("check_availability", day=MAYBE, part_of_day=MAYBE),
    spec("book_appointment", starts_at=TEXT, name=TEXT, number=MAYBE, reason=MAYBE),
    spec("leave_message", message=TEXT, for_whom=MAYBE, name=MAYBE, number=MAYBE),
    spec("end_call"),
)
GREETING = "Juniper Dental, how can I help you?"
FREE = "Free on Tuesday: 9 AM (2026-11-24T09:00) and 10 AM (2026-11-24T10:00). An appointment takes 30 minutes."
TAKEN = "This time is not free. Free instead: 11 AM (2026-11-24T11:00) or noon (2026-11-24T12:00)."
BOOKED = "Booked for Maya Ortiz: Tuesday at 10 AM (2026-11-24T10:00)."
BOOKING = ("I need a cleaning", "on Tuesday", "at ten", "Maya Ortiz", "yes that is right")


def talk(*lines: str, tools: tuple[ToolSpec, ...] = TOOLS, greeting: str = GREETING, **results: str) -> list[Answer]:
    """Every answer to the lines; a tool answers with what is given under its name."""
    variables = call_variables(
        spec_variables={},
        agent_name="June",
        business_name="Juniper Dental",
        caller_number="+12085550147",
        timezone="America/Boise",
        now=datetime(2026, 11, 21, 17, 42, tzinfo=UTC),
    )
    names = [tool.name for tool in tools]
    prompt = system_prompt("Hours: Monday to Friday, 8 AM to 5 PM.", variables=variables, language="en-US", tools=names)
    messages, answers = [Message("system", prompt), Message("assistant", greeting)], []
    for line in lines:
        messages.append(Message("user", line))
        answers.append(respond(messages, tools))
        if call := answers[-1].call:
            messages.append(Message("assistant", answers[-1].text, (call,)))
            messages.append(Message("tool", results.get(call.name, "Done."), tool_call_id=call.id))
            if call.name != "end_call":
                answers.append(respond(messages, tools))
        messages.append(Message("assistant", answers[-1].text))
    return answers


def asked(answers: list[Answer]) -> list[tuple[str, dict[str, Any]]]:
    return [(answer.call.name, json.loads(answer.call.arguments)) for answer in answers if answer.call]


def test_an_appointment_is_looked_for_and_booked_for_real() -> None:
    answers = talk(*BOOKING, check_availability=FREE, book_appointment=BOOKED)

    assert asked(answers) == [
        ("check_availability", {"day": "2026-11-24", "part_of_day": None}),
        (
            "book_appointment",
            {"starts_at": "2026-11-24T10:00", "name": "Maya Ortiz", "number": None, "reason": "a cleaning"},
        ),
    ]
    assert any(answer.text.startswith("Free on Tuesday: 9 AM and 10 AM. What time") for answer in answers)
    assert answers[-1].text.startswith("You are booked for a cleaning on Tuesday at ten")


def test_a_time_that_is_taken_is_not_said_to_be_booked_and_another_one_is() -> None:
    answers = talk(*BOOKING, check_availability=FREE, book_appointment=TAKEN)

    assert answers[-1].text.startswith("I am sorry. This time is not free. Free instead: 11 AM or noon. What time")
    assert "booked" not in answers[-1].text


def test_a_message_is_kept_and_the_call_is_ended_by_tools() -> None:
    lines = ("can I leave a message", "Maya Ortiz", "my son chipped a tooth", "yes please", "no that is all, goodbye")
    answers = talk(*lines, leave_message="The message is kept for the team.")

    assert [name for name, _ in asked(answers)] == ["leave_message", "end_call"]
    assert asked(answers)[0][1]["message"] == "my son chipped a tooth"
    assert "I will pass it on" in answers[-2].text
    assert "Goodbye" in answers[-1].text
    assert not answers[-1].hangs_up


def test_without_tools_nothing_is_asked_for() -> None:
    answers = talk(*BOOKING, "no, goodbye", tools=())

    assert asked(answers) == []
    assert "You are booked" in answers[-2].text
    assert answers[-1].hangs_up


# An appointment that is there already


CHANGING = (
    *TOOLS,
    spec("find_appointments", name=TEXT),
    spec("move_appointment", name=TEXT, starts_at=MAYBE, to=TEXT),
    spec("cancel_appointment", name=TEXT, starts_at=MAYBE),
)
COMING = "Coming: Tuesday, November 24 at 10 AM (2026-11-24T10:00)."
MOVED = "Moved from Tuesday, November 24 at 10 AM (2026-11-24T10:00) to Friday, November 27 at 2 PM (2026-11-27T14:00)."
CANCELED = "Canceled: Tuesday, November 24 at 10 AM (2026-11-24T10:00). The time is free for others now."
NONE = "No coming appointment under this name and the number of this call. If it was booked from another phone, ask."
RESULTS = {"find_appointments": COMING, "move_appointment": MOVED, "cancel_appointment": CANCELED}


def changed(*lines: str, **results: str) -> list[Answer]:
    return talk(*lines, tools=CHANGING, **(RESULTS | results))


@pytest.mark.parametrize(
    "lines",
    [
        ("I'd like to move my appointment to Friday at two", "Maya Ortiz", "yes please"),
        ("can I move my appointment", "to friday", "at two", "it's Maya Ortiz", "yes that's right"),
        ("I need to reschedule my appointment on Tuesday to Friday at two pm", "Maya Ortiz", "yes"),
        ("move my appointment from tuesday at ten to friday at two", "Maya Ortiz", "yes"),
        ("I can't make it to my appointment", "how about friday at two", "Maya Ortiz", "yes"),
        ("move my appointment to Thursday at two", "Maya Ortiz", "no, make it friday", "yes"),
    ],
)
def test_an_appointment_is_looked_for_read_back_and_moved_after_a_yes(lines: tuple[str, ...]) -> None:
    answers = changed(*lines, check_availability="Free on Friday: 2 PM (2026-11-27T14:00).")

    changes = [each for each in asked(answers) if each[0] != "check_availability"]
    assert changes[-1] == ("move_appointment", {"name": "Maya Ortiz", "starts_at": None, "to": "2026-11-27T14:00"})
    assert changes[0] == ("find_appointments", {"name": "Maya Ortiz"})
    read_back = [each.text for each in answers if "I would move it" in each.text][-1]
    assert "I found your appointment: Tuesday, November 24 at 10 AM. I would move it to Friday at two" in read_back
    assert answers[-1].text.startswith("Your appointment has been moved to Friday at two PM.")


@pytest.mark.parametrize(
    "lines",
    [
        ("please cancel my appointment", "Maya Ortiz", "yes cancel it"),
        ("I need to cancel my appointment on Tuesday", "my name is Maya Ortiz", "yes that is right"),
    ],
)
def test_an_appointment_is_canceled_once_the_caller_has_agreed_to_which(lines: tuple[str, ...]) -> None:
    answers = changed(*lines)

    assert [name for name, _ in asked(answers)] == ["find_appointments", "cancel_appointment"]
    assert "Tuesday, November 24 at 10 AM. I would cancel it. Is that right?" in answers[-3].text
    assert answers[-1].text.startswith("Your appointment has been canceled.")


@pytest.mark.parametrize("refusal", ["no", "never mind", "no keep it", "actually leave it"])
def test_an_appointment_stays_when_the_caller_thinks_better_of_it(refusal: str) -> None:
    answers = changed("please cancel my appointment", "Maya Ortiz", refusal)

    assert "cancel_appointment" not in dict(asked(answers))
    assert answers[-1].text.startswith("All right, it stays as it is.")


def test_what_was_booked_in_this_call_can_be_moved_and_canceled_in_it() -> None:
    booked = {"check_availability": FREE, "book_appointment": BOOKED}
    canceled = changed(*BOOKING, "actually cancel it", "yes", **booked)
    moved = changed(*BOOKING, "can you move it to friday at two", "yes", **booked)

    assert asked(canceled)[-1] == ("cancel_appointment", {"name": "Maya Ortiz", "starts_at": None})
    assert asked(moved)[-1][1]["to"] == "2026-11-27T14:00"


def test_a_time_that_is_taken_leaves_the_old_one_and_another_is_asked_for() -> None:
    answers = changed("move my appointment to Friday at two", "Maya Ortiz", "yes", move_appointment=TAKEN)

    assert answers[-1].text.startswith("I am sorry. This time is not free. Free instead: 11 AM or noon. What time")
    assert "has been moved" not in answers[-1].text


def test_what_is_not_found_is_not_changed_and_a_message_is_offered() -> None:
    missing = changed("cancel my appointment", "Maya Ortiz", "no", find_appointments=NONE)

    assert "I find no coming appointment under this name and your number. " in missing[2].text
    assert "message" in missing[2].text
    assert missing[-1].text.startswith("All right.")
    assert [name for name, _ in asked(missing)] == ["find_appointments"]


TWO = COMING.rstrip(".") + " and Thursday, November 26 at 9 AM (2026-11-26T09:00)."


@pytest.mark.parametrize("which", ["the one on Thursday", "thursday at nine", "the second one", "the later one please"])
def test_of_several_appointments_the_one_that_the_caller_names_is_canceled(which: str) -> None:
    answers = changed("cancel my appointment", "Maya Ortiz", which, "yes", find_appointments=TWO)

    several = "There are several under this name: Tuesday, November 24 at 10 AM and Thursday, November 26 at 9 AM."
    assert answers[2].text == f"{several} Which one do you mean?"
    assert "You mean Thursday, November 26 at 9 AM. I would cancel it. Is that right?" in answers[3].text
    assert asked(answers)[1:] == [("cancel_appointment", {"name": "Maya Ortiz", "starts_at": "2026-11-26T09:00"})]


def test_which_of_several_is_meant_is_asked_again_or_left() -> None:
    lines = ("move my appointment to friday at two", "Maya Ortiz")
    moved = changed(*lines, "on Monday", "tuesday", "yes", find_appointments=TWO)
    left = changed(*lines, "never mind", find_appointments=TWO)

    assert moved[3].text.endswith("Which one do you mean?")
    assert asked(moved)[-1][1] == {"name": "Maya Ortiz", "starts_at": "2026-11-24T10:00", "to": "2026-11-27T14:00"}
    assert left[-1].text.startswith("All right, it stays as it is.")
    assert len(asked(left)) == 1


@pytest.mark.parametrize(
    ("greeting", "matter"),
    [
        ("This is the automated assistant. What are you looking for?", "I am looking for a new kitchen"),
        ("This is the automated assistant. What is not working?", "My router does not work"),
        (GREETING, "I would like an appointment for a cleaning"),
    ],
)
def test_an_agent_that_books_nothing_takes_down_what_the_caller_wants(greeting: str, matter: str) -> None:
    kept = "The message is kept for the team."
    answers = talk(matter, "Anna Smith", "yes", tools=TOOLS[2:], greeting=greeting, leave_message=kept)

    (name, given), *_ = asked(answers)
    assert (name, given["message"], given["name"]) == ("leave_message", matter, "Anna Smith")
    assert answers[-1].text.startswith("Thank you, I will pass it on.")
    assert not any("booked" in answer.text for answer in answers)


def test_it_says_only_what_it_can_do() -> None:
    assert talk("what can you do", tools=TOOLS[2:])[-1].text.startswith("I can answer questions or take a message.")
    assert talk("what can you do")[-1].text.startswith("I can answer questions, book an appointment or take a message.")


def test_callers_are_told_when_their_appointment_is() -> None:
    answers = changed("when is my appointment", "Maya Ortiz", "can you cancel it", "yes")

    assert answers[2].text.startswith("I found your appointment: Tuesday, November 24 at 10 AM.")
    assert asked(answers)[-1][0] == "cancel_appointment"


def test_without_the_tools_it_says_that_it_cannot() -> None:
    answers = talk("move my appointment to friday at two")

    assert answers[-1].text.startswith("I cannot see or change existing appointments.")
