"""What must be true of a rehearsed call."""

from __future__ import annotations

from typing import Any

from calls.rehearsal.checks import Finding, check

BOOKED = {"who": "tool", "name": "book_appointment", "arguments": {"name": "Dora"}, "result": "", "state": "done"}
REFUSED = BOOKED | {"name": "send_sms", "state": "refused"}
SCRIPT: list[dict[str, Any]] = [
    {"who": "agent", "text": "Juniper Dental, how can I help?"},
    {"who": "caller", "text": "Is it free of charge?"},
    BOOKED,
    REFUSED,
    {"who": "agent", "text": "You are booked for Thursday, at half past three."},
]


def holds(**wanted: list[str]) -> list[bool]:
    return [finding.holds for finding in check(SCRIPT, **wanted)]


def test_words_count_however_they_are_written_and_only_when_the_agent_says_them():
    assert holds(says=["booked for thursday", "FREE OF CHARGE", "at 3:30 | half past three"]) == [True, False, True]


def test_a_part_of_a_word_is_not_the_word():
    assert holds(never_says=["art", "Juniper"]) == [True, False]


def test_a_tool_counts_when_it_was_really_used():
    assert holds(uses=["book_appointment", "send_sms"], never_uses=["send_sms", "book_appointment"]) == [
        *(True, False),
        *(True, False),
    ]


def test_a_finding_says_why():
    assert check(SCRIPT, says=["booked"], uses=["book_appointment"]) == [
        Finding("Says “booked”", holds=True, why="“You are booked for Thursday, at half past three.”"),
        Finding("Uses “book_appointment”", holds=True, why="name Dora"),
    ]


def test_why_a_tool_was_not_used_is_told_in_words():
    failed = [{"who": "tool", "name": "move", "state": "failed", "arguments": {}, "result": "This time is not free."}]
    tools = {"move": "Move appointments"}

    (tried,) = check(failed, uses=["move"], tools=tools)
    (never,) = check([], uses=["move"], tools=tools)
    (off,) = check([], uses=["move"], tools=tools, missing={"move"})

    assert tried == Finding(
        "Uses “Move appointments”", holds=False, why="It was tried, and did not work: This time is not free."
    )
    assert never.why == "It was never used."
    assert off.why == "This draft may not use it: the tool is switched off."
