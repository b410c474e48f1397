"""Tools over chat completions, through the official SDK against a local server that speaks OpenAI's protocol."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agents.providers import llm
from agents.providers.ports import Message, Thinking, ToolCall, ToolSpec, Usage
from calls.conversation.history import History
from tests.agents.providers.failing import until_failure
from tests.doubles.openai import chunk

LUNA, LLAMA = Thinking("gpt-6-luna"), Thinking("llama-3.3-70b")
SCHEMA = {
    "type": "object",
    "properties": {"day": {"type": "string"}},
    "required": ["day"],
    "additionalProperties": False,
}
LOOK = ToolSpec("look", "Look for free times.", SCHEMA)
QUESTION = [Message("user", "Is Friday free?")]


def part(index: int, arguments: str = "", **names: str) -> dict[str, Any]:
    """A delta of a tool call, as the vendor streams it."""
    function = {"arguments": arguments} | ({"name": names["name"]} if "name" in names else {})
    return {"index": index, "function": function} | ({"id": names["id"]} if "id" in names else {})


def delta(*parts: dict[str, Any]) -> dict[str, Any]:
    return chunk({"tool_calls": list(parts)})


async def reply(doubles: Any, *events: Any, thinking: Thinking = LUNA) -> list[Any]:
    doubles.openai.says(*events, chunk({}, "tool_calls"), "[DONE]")
    model = llm("openai", thinking, doubles.endpoint())
    return [item async for item in model.reply(QUESTION, (LOOK,))]


async def test_calls_that_come_in_pieces_and_side_by_side_are_put_together_after_the_words(doubles: Any) -> None:
    items = await reply(
        doubles,
        chunk({"content": "Let me look."}),
        delta(part(0, id="call_a", name="look")),
        delta(part(0, '{"day": '), part(1, id="call_b", name="look")),
        delta(part(1, '{"day": "Monday"}')),
        delta(part(0, '"Friday"}')),
    )

    assert items[0] == "Let me look."
    assert set(items[1:-3]) == {""}, "signs of life, so that nobody takes it for silence"
    assert items[-3:-1] == [
        ToolCall("call_a", "look", '{"day": "Friday"}'),
        ToolCall("call_b", "look", '{"day": "Monday"}'),
    ]


async def test_servers_that_send_calls_whole_under_one_index_or_without_a_name_are_understood(doubles: Any) -> None:
    items = await reply(
        doubles,
        delta(part(0, '{"day":"Friday"}', id="x", name="look"), part(0, '{"day":"Monday"}', id="y", name="look")),
        delta(part(1, name="look")),
        thinking=LLAMA,
    )

    assert [item for item in items if isinstance(item, ToolCall)] == [
        ToolCall("x", "look", '{"day":"Friday"}'),
        ToolCall("y", "look", '{"day":"Monday"}'),
        ToolCall("call_2", "look", "{}"),
    ]


async def test_calls_without_ids_or_without_an_index_are_parted_where_one_is_whole(doubles: Any) -> None:
    def bare(name: str = "", arguments: str = "") -> dict[str, Any]:
        return {"function": {"name": name, "arguments": arguments} if name else {"arguments": arguments}}

    nameless = await reply(
        doubles,
        delta(part(0, '{"day":"Friday"}', name="look"), part(0, '{"day":"Monday"}', name="look")),
        thinking=LLAMA,
    )
    in_pieces = await reply(
        doubles,
        delta(bare("look", "")),
        delta(bare(arguments='{"day":')),
        delta(bare(arguments='"Friday"}')),
        delta(bare("look", '{"day":"Monday"}')),
        thinking=LLAMA,
    )

    both = [ToolCall("call_0", "look", '{"day":"Friday"}'), ToolCall("call_1", "look", '{"day":"Monday"}')]
    for items in (nameless, in_pieces):
        assert [ToolCall(item.id, item.name, item.arguments) for item in items if isinstance(item, ToolCall)] == both


async def test_what_a_server_seals_with_a_call_goes_back_with_it_and_to_nobody_else(doubles: Any) -> None:
    seal = {"google": {"thought_signature": "c2VhbA=="}}
    signed = part(0, '{"day":"Friday"}', id="a", name="look") | {"extra_content": seal}
    [called] = [item for item in await reply(doubles, delta(signed), thinking=LLAMA) if isinstance(item, ToolCall)]
    history = History("You are Ava.")
    history.asks([called], None).exchanges[0].result = "Free: 10:00."

    for thinking in (LLAMA, LUNA):
        [item async for item in llm("openai", thinking, doubles.endpoint()).reply(history.messages(), (LOOK,))]

    _, again, elsewhere = (chat.body for chat in doubles.openai.chats)
    assert again["messages"][1]["tool_calls"][0]["extra_content"] == seal
    assert "extra_content" not in elsewhere["messages"][1]["tool_calls"][0]


async def test_a_last_chunk_without_choices_and_words_in_parts_are_understood(doubles: Any) -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    spent = {"usage": {"prompt_tokens": 7, "completion_tokens": 2}}
    doubles.openai.says(
        chunk({"content": [thought, {"type": "text", "text": "We are open."}]}), chunk({}, "stop"), spent, "[DONE]"
    )

    items = [item async for item in llm("openai", LLAMA, doubles.endpoint()).reply(QUESTION)]

    assert items == ["We are open.", Usage(7, 2)]


async def test_tools_are_offered_strictly_where_the_vendor_knows_that_word_and_without_thinking_aloud(
    doubles: Any,
) -> None:
    bounded = SCHEMA | {"properties": {"day": {"type": "string", "maxLength": 10}, "maxLength": {"type": "string"}}}
    for thinking in (Thinking("gpt-6-luna", options={"reasoning_effort": "low"}), LLAMA):
        doubles.openai.says(chunk({"content": "Yes."}), chunk({}, "stop"), "[DONE]")
        model = llm("openai", thinking, doubles.endpoint())
        [item async for item in model.reply(QUESTION, (replace(LOOK, parameters=bounded),))]

    own, other = (chat.body for chat in doubles.openai.chats)
    bare = SCHEMA | {"properties": {"day": {"type": "string"}, "maxLength": {"type": "string"}}}
    function = {"name": "look", "description": "Look for free times.", "parameters": bounded}
    assert own["tools"] == [{"type": "function", "function": function | {"parameters": bare, "strict": True}}]
    assert own["reasoning_effort"] == "none"
    assert other["tools"] == [{"type": "function", "function": function}]
    assert "reasoning_effort" not in other


async def test_a_call_and_its_result_are_told_as_the_vendor_wants_them(doubles: Any) -> None:
    history = [
        *QUESTION,
        Message("assistant", "", (ToolCall("call_1", "look", '{"day": "Friday"}'),)),
        Message("tool", "Free: 10:00.", tool_call_id="call_1"),
    ]
    model = llm("openai", LUNA, doubles.endpoint())
    assert [item async for item in model.reply(history, (LOOK,))]

    (chat,) = doubles.openai.chats
    function = {"name": "look", "arguments": '{"day": "Friday"}'}
    assert chat.body["messages"][1:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
        },
        {"role": "tool", "content": "Free: 10:00.", "tool_call_id": "call_1"},
    ]


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([delta(part(0, id="a", name="look")), chunk({}, "length")], "truncated"),
        ([delta(part(0, "y" * 70_000, id="a", name="look"))], "runaway"),
        ([delta(*(part(n, id=f"c{n}", name="look") for n in range(40)))], "runaway"),
        ([chunk({"tool_calls": [{"index": 0, "function": {"arguments": {"day": "Friday"}}}]})], "unreadable"),
        ([chunk({"tool_calls": ["look"]})], "unreadable"),
    ],
    ids=["cut", "endless", "too many", "no text", "no object"],
)
async def test_calls_that_cannot_be_whole_are_a_failure_and_no_call(doubles: Any, events: list[Any], code: str) -> None:
    doubles.openai.says(*events, "[DONE]")
    got, failure = await until_failure(llm("openai", LUNA, doubles.endpoint()).reply(QUESTION, (LOOK,)))

    assert failure.code == code
    assert not [item for item in got if isinstance(item, ToolCall)]


async def test_a_template_that_takes_instructions_only_at_the_beginning_gets_what_was_looked_up_with_the_callers_words(
    doubles: Any,
) -> None:
    found = Message("system", "Parking: behind the house.")
    asked = [Message("system", "You are Ava."), Message("assistant", "Hello."), found, Message("user", "Can I park?")]

    for thinking in (LLAMA, LUNA):
        [item async for item in llm("openai", thinking, doubles.endpoint()).reply(asked)]

    other, own = ([each["role"] for each in chat.body["messages"]] for chat in doubles.openai.chats)
    assert other == ["system", "assistant", "user"]
    assert own == ["system", "assistant", "system", "user"]
    assert doubles.openai.chats[0].body["messages"][-1]["content"] == "(Parking: behind the house.)\n\nCan I park?"


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["<th", "ink>They ask", " for Friday.</thi", "nk>", "\n\nYes, it is."], "Yes, it is."),
        (["<think>", "without an end"], ""),
        (["<", "b>Yes."], "<b>Yes."),
        ([" ", "Yes.", " <think>"], "Yes. <think>"),
        (["<thin"], "<thin"),
    ],
)
async def test_thoughts_that_a_server_leaves_before_its_words_are_not_said(
    doubles: Any, pieces: list[str], said: str
) -> None:
    doubles.openai.says(*(chunk({"content": piece}) for piece in pieces), chunk({}, "stop"), "[DONE]")

    items = [item async for item in llm("openai", LLAMA, doubles.endpoint()).reply(QUESTION)]

    assert "".join(item for item in items if isinstance(item, str)) == said
