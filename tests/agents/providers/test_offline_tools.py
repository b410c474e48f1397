"""The receptionist by rules, when it may do things: it asks for them, and tells what came of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

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


def talk(*lines: str, tools: tuple[ToolSpec, ...] = TOOLS, **results: str) -> list[Answer]:
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
    messages, answers = [Message("system", prompt), Message("assistant", GREETING)], []
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
