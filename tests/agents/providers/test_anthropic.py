"""Messages through the official SDK, against a local server that speaks Anthropic's protocol."""

import asyncio
import json
from contextlib import aclosing

import pytest

from agents.prompts import system_prompt
from agents.providers import llm
from agents.providers.llm.anthropic_messages import CALL_BEGINS, GO_ON
from agents.providers.ports import Endpoint, Message, ProviderError, Thinking, ToolCall, ToolSpec, Usage
from tests.doubles import Close, Cut, Mute, Refuse, Stall
from tests.doubles.anthropic import arguments, delta, end, error, start, text_block, tool_block

HAIKU = Thinking(model="claude-haiku-5-5")
QUESTION = [Message("system", "You answer the phone."), Message("user", "Are you open?")]
STOP = {"type": "content_block_stop", "index": 0}
OVER = {"type": "message_stop"}
LOOKUP = ToolSpec("lookup", "Finds a patient.", {"type": "object", "properties": {}, "additionalProperties": False})


async def reply_of(model, messages=QUESTION, tools=()) -> list[str | ToolCall | Usage]:
    return [item async for item in model.reply(messages, tools)]


async def failure_of(model) -> ProviderError:
    with pytest.raises(ProviderError) as failure:
        await reply_of(model)
    return failure.value


def turns(doubles) -> list[tuple[str, list]]:
    """What the vendor was sent, without its marks."""
    return [
        (turn["role"], [{name: part for name, part in block.items() if name != "cache_control"} for block in content])
        for turn in doubles.anthropic.chats[-1].body["messages"]
        for content in [turn["content"]]
    ]


async def test_text_comes_in_pieces_and_then_what_it_cost_with_what_the_cache_held(doubles):
    doubles.anthropic.answers_with("We open at nine.")

    reply = await reply_of(llm("anthropic", HAIKU, doubles.endpoint()))

    assert reply == ["We", " open", " at", " nine.", Usage(input=1200, output=4, cached=1024)]


async def test_the_instructions_stand_apart_and_what_the_cache_may_keep_is_marked(doubles):
    prompt = system_prompt("You are June.", variables={"today": "Monday"}, language="en-US")
    messages = [Message("system", prompt), Message("assistant", "Hello."), Message("user", "Hi.")]

    await reply_of(llm("anthropic", Thinking("claude-haiku-5-5", max_tokens=120), doubles.endpoint("secret")), messages)

    (chat,) = doubles.anthropic.chats
    shared, facts = chat.body["system"]
    assert chat.headers["authorization"] == "Bearer secret"
    assert (chat.body["model"], chat.body["max_tokens"], chat.body["stream"]) == ("claude-haiku-5-5", 120, True)
    assert chat.body["thinking"] == {"type": "disabled"}
    assert shared["text"].startswith("You are June.")
    assert "Monday" not in shared["text"]
    assert facts["text"].endswith("- Today: Monday")
    assert all("cache_control" in block for block in (shared, facts, chat.body["messages"][-1]["content"][-1]))


async def test_turns_alternate_and_begin_and_end_with_the_caller(doubles):
    model = llm("anthropic", HAIKU, doubles.endpoint())

    said = [("assistant", "Hello."), ("user", "Hi."), ("user", " "), ("assistant", "So.")]
    await reply_of(model, [Message(role, text) for role, text in said])

    assert [(role, block["text"]) for role, (block,) in turns(doubles)] == [
        ("user", CALL_BEGINS),
        ("assistant", "Hello."),
        ("user", "Hi."),
        ("assistant", "So."),
        ("user", GO_ON),
    ]


async def test_a_call_of_a_tool_comes_once_and_whole_beside_the_text(doubles):
    doubles.anthropic.says(
        start(),
        text_block(0),
        delta(0, "One moment."),
        STOP,
        tool_block(1, "toolu_1", "lookup"),
        arguments(1, '{"phone":'),
        arguments(1, ' "208"}'),
        STOP | {"index": 1},
        tool_block(2, "toolu_2", "lookup"),
        STOP | {"index": 2},
        end("tool_use", 42),
        OVER,
    )

    reply = await reply_of(llm("anthropic", HAIKU, doubles.endpoint()), tools=[LOOKUP])

    calls = [ToolCall("toolu_1", "lookup", '{"phone": "208"}'), ToolCall("toolu_2", "lookup", "{}")]
    assert [item for item in reply if item] == ["One moment.", *calls, Usage(1200, 42, 1024)]
    assert reply.count("") == 4, "a sign of life with each piece of a call"
    (told,) = doubles.anthropic.chats[0].body["tools"]
    assert told == {"name": "lookup", "description": "Finds a patient.", "input_schema": LOOKUP.parameters}


async def test_what_tools_found_goes_back_in_one_turn_of_the_user(doubles):
    calls = (ToolCall("toolu_1", "lookup", '{"phone": "208"}'), ToolCall("toolu_2", "lookup", "no json"))
    found = [Message("tool", "Ann", tool_call_id="toolu_1"), Message("tool", "nobody", tool_call_id="toolu_2")]

    await reply_of(
        llm("anthropic", HAIKU, doubles.endpoint()),
        [*QUESTION, Message("assistant", "One moment.", calls), *found, Message("user", "Hello?")],
        [LOOKUP],
    )

    (_, asked), (_, answered) = turns(doubles)[1:]
    assert asked == [
        {"type": "text", "text": "One moment."},
        {"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {"phone": "208"}},
        {"type": "tool_use", "id": "toolu_2", "name": "lookup", "input": {}},
    ]
    assert answered == [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Ann"},
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": "nobody"},
        {"type": "text", "text": "Hello?"},
    ]


async def test_a_call_that_was_cut_off_by_the_limit_is_a_failure(doubles):
    doubles.anthropic.says(start(), tool_block(0, "t", "lookup"), arguments(0, "{"), STOP, end("max_tokens", 9), OVER)

    assert (await failure_of(llm("anthropic", HAIKU, doubles.endpoint()))).code == "truncated"


async def test_options_pass_through_and_what_we_need_ourselves_is_refused(doubles):
    options = {"service_tier": "standard_only", "thinking": "adaptive"}
    await reply_of(llm("anthropic", Thinking("claude-haiku-5-5", options=options), doubles.endpoint()))

    (chat,) = doubles.anthropic.chats
    assert (chat.body["service_tier"], chat.body["thinking"]) == ("standard_only", {"type": "adaptive"})
    failure = await failure_of(
        llm("anthropic", Thinking("claude-haiku-5-5", options={"system": "x"}), doubles.endpoint())
    )
    assert not failure.retryable


async def test_a_warm_connection_is_used_by_the_replies_that_follow_and_warming_never_fails(doubles):
    doubles.anthropic.model_faults.next(None, Refuse(500))
    model = llm("anthropic", HAIKU, doubles.endpoint())
    await model.warm()
    warmed = doubles.connections

    for _ in range(3):
        await reply_of(model)

    assert (doubles.anthropic.model_lists, doubles.connections) == (2, warmed)


async def test_closing_the_generator_stops_the_vendor(doubles):
    doubles.anthropic.pace.tokens_per_s = 0.01
    reply = llm("anthropic", HAIKU, doubles.endpoint()).reply(QUESTION)
    async with aclosing(reply):
        assert await anext(reply) == "Of"
    await doubles.anthropic.chats[0].gone.wait()

    assert doubles.anthropic.stats() | {"opened": 0} == {
        "opened": 0,
        "open": 0,
        "finished": 0,
        "closed_early": 1,
        "tokens_sent": 1,
    }


async def test_a_task_cancelled_while_it_waits_for_a_token_stops_the_vendor(doubles):
    doubles.anthropic.faults.next(Stall(after=3))
    reply = llm("anthropic", HAIKU, doubles.endpoint()).reply(QUESTION)
    assert [await anext(reply) for _ in range(2)] == ["Of", " course,"]
    waiting = asyncio.create_task(anext(reply))
    await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    await doubles.anthropic.chats[0].gone.wait()


@pytest.mark.parametrize(
    ("status", "told", "code", "retryable"),
    [
        (400, error("invalid_request_error", "sk-secret is no model"), "400", False),
        (400, error("invalid_request_error", "Your credit balance is too low"), "quota", False),
        (401, error("authentication_error", "sk-secret"), "401", False),
        (402, error("billing_error", "pay"), "quota", False),
        (404, {}, "404", False),
        (429, error("rate_limit_error", "slow down"), "rate_limit", True),
        (500, "<html>", "500", True),
        (529, error("overloaded_error", "busy"), "529", True),
    ],
)
async def test_a_refusal_says_whether_to_try_again(doubles, status, told, code, retryable):
    body = told if isinstance(told, str) else json.dumps(told)
    doubles.anthropic.faults.always = Refuse(status, {"content-type": "application/json"}, body)

    failure = await failure_of(llm("anthropic", HAIKU, doubles.endpoint()))

    assert (failure.code, failure.retryable) == (code, retryable)
    assert "sk-secret" not in str(failure)
    assert len(doubles.anthropic.chats) == 1, "nothing is retried"


async def test_a_server_that_is_gone_or_cuts_the_line_is_worth_another_try(doubles, unused_tcp_port):
    nobody = await failure_of(llm("anthropic", HAIKU, Endpoint("key", f"http://127.0.0.1:{unused_tcp_port}")))
    doubles.anthropic.faults.next(Cut(after=3))
    cut = await failure_of(llm("anthropic", HAIKU, doubles.endpoint()))

    assert [(each.code, each.retryable) for each in (nobody, cut)] == [("connection", True)] * 2


async def test_an_answer_that_ends_without_having_finished_is_a_failure(doubles):
    doubles.anthropic.faults.next(Close(1000, after=3))

    assert (await failure_of(llm("anthropic", HAIKU, doubles.endpoint()))).code == "truncated"


async def test_an_answer_that_hits_its_limit_ends_normally(doubles):
    doubles.anthropic.says(start(), text_block(0), delta(0, "We are"), STOP, end("max_tokens", 2), OVER)

    assert (await reply_of(llm("anthropic", HAIKU, doubles.endpoint())))[0] == "We are"


@pytest.mark.parametrize(
    ("event", "code", "retryable"),
    [
        (error("overloaded_error", "busy"), "overloaded_error", True),
        (error("invalid_request_error", "no"), "invalid_request_error", False),
        (end("refusal", 3), "refusal", False),
        ("event: message_start\ndata: <html>\n\n", "unreadable", True),
        ("event: x\ndata: [7]\n\n", "unreadable", True),
        ({"type": "content_block_delta", "index": 0}, "unreadable", True),
    ],
)
async def test_trouble_in_mid_answer_is_a_failure(doubles, event, code, retryable):
    doubles.anthropic.says(start(), text_block(0), delta(0, "We"), event)

    failure = await failure_of(llm("anthropic", HAIKU, doubles.endpoint()))

    assert (failure.code, failure.retryable) == (code, retryable)


async def test_a_server_that_never_answers_is_left_to_the_caller_s_deadline(doubles):
    doubles.anthropic.faults.next(Mute())

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reply_of(llm("anthropic", HAIKU, doubles.endpoint())), 0.05)
