"""Chat completions through the official SDK, against a local server that speaks OpenAI's protocol."""

import asyncio
import json
from contextlib import aclosing

import pytest

from agents.providers import close_clients, llm
from agents.providers.ports import Endpoint, Message, ProviderError, Thinking, Usage
from tests.doubles import Close, Cut, Mute, Refuse, Stall
from tests.doubles.openai import chunk, usage_chunk

LUNA = Thinking(model="gpt-6-luna")
QUESTION = [Message("system", "You answer the phone."), Message("user", "Are you open?")]


async def reply_of(model) -> list[str | Usage]:
    return [item async for item in model.reply(QUESTION)]


async def failure_of(model) -> ProviderError:
    with pytest.raises(ProviderError) as error:
        await reply_of(model)
    return error.value


async def test_text_comes_in_pieces_and_then_what_it_cost(doubles):
    doubles.openai.answers_with("We open at nine.")

    reply = await reply_of(llm("openai", LUNA, doubles.endpoint()))

    assert reply == ["We", " open", " at", " nine.", Usage(input=1200, output=4, cached=1024)]


async def test_the_newer_models_of_the_vendor_are_asked_not_to_think_aloud(doubles):
    await reply_of(llm("openai", Thinking("gpt-6-luna", max_tokens=120), doubles.endpoint("secret")))

    (chat,) = doubles.openai.chats
    assert chat.headers["authorization"] == "Bearer secret"
    assert chat.body == {
        "model": "gpt-6-luna",
        "messages": [
            {"role": "system", "content": "You answer the phone."},
            {"role": "user", "content": "Are you open?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        "reasoning_effort": "none",
        "store": False,
        "max_completion_tokens": 120,
    }


async def test_a_compatible_server_gets_only_what_everybody_knows(doubles):
    await reply_of(llm("openai", Thinking("llama-3.3-70b"), doubles.endpoint("")))

    (chat,) = doubles.openai.chats
    assert chat.body.keys() == {"model", "messages", "stream", "stream_options", "max_tokens"}
    assert chat.body["stream_options"] == {"include_usage": True}


async def test_options_pass_through_and_none_takes_a_default_away(doubles):
    options = {"temperature": 0.3, "reasoning_effort": "low", "store": None, "prompt_cache_key": "v7", "top_k": 40}
    await reply_of(llm("openai", Thinking("gpt-6-luna", options=options), doubles.endpoint()))

    (chat,) = doubles.openai.chats
    assert chat.body["temperature"] == 0.3
    assert chat.body["reasoning_effort"] == "low"
    assert chat.body["prompt_cache_key"] == "v7"
    assert chat.body["top_k"] == 40
    assert "store" not in chat.body
    failure = await failure_of(llm("openai", Thinking("gpt-6-luna", options={"stream": False}), doubles.endpoint()))
    assert not failure.retryable


async def test_a_path_in_the_base_url_is_kept(doubles):
    endpoint = Endpoint("key", f"{doubles.url}/gateway/v9/")

    assert await reply_of(llm("openai", LUNA, endpoint))


async def test_a_warm_connection_is_used_by_the_replies_that_follow(doubles):
    model = llm("openai", LUNA, doubles.endpoint())
    await model.warm()
    assert (doubles.openai.model_lists, doubles.connections) == (2, 2)

    for _ in range(3):
        await reply_of(model)

    assert doubles.connections == 2


async def test_warming_never_fails(doubles, unused_tcp_port):
    doubles.openai.model_faults.next(Refuse(401), Cut())
    await llm("openai", LUNA, doubles.endpoint()).warm()
    assert doubles.openai.model_lists == 2
    await llm("openai", LUNA, Endpoint("key", f"http://127.0.0.1:{unused_tcp_port}")).warm()


async def test_a_key_that_no_header_can_carry_is_a_failure_of_the_answer_and_not_of_warming(doubles):
    model = llm("openai", LUNA, doubles.endpoint("sk-“quoted”"))

    await model.warm()
    failure = await failure_of(model)

    assert not doubles.openai.chats
    assert "quoted" not in str(failure)


async def test_closing_the_generator_stops_the_vendor(doubles):
    doubles.openai.pace.tokens_per_s = 0.01
    reply = llm("openai", LUNA, doubles.endpoint()).reply(QUESTION)
    async with aclosing(reply):
        assert await anext(reply) == "Of"
    (chat,) = doubles.openai.chats
    await chat.gone.wait()

    assert chat.tokens_sent == 1
    assert doubles.openai.stats() == {"opened": 1, "open": 0, "finished": 0, "closed_early": 1, "tokens_sent": 1}


async def test_a_task_cancelled_while_it_waits_for_a_token_stops_the_vendor(doubles):
    doubles.openai.faults.next(Stall(after=3))
    reply = llm("openai", LUNA, doubles.endpoint()).reply(QUESTION)
    assert [await anext(reply) for _ in range(2)] == ["Of", " course,"]
    waiting = asyncio.create_task(anext(reply))
    await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    await doubles.openai.chats[0].gone.wait()


async def test_a_task_cancelled_before_the_first_byte_stops_the_vendor(doubles):
    doubles.openai.pace.first_token_ms = 60_000
    listening = asyncio.create_task(reply_of(llm("openai", LUNA, doubles.endpoint())))
    while not doubles.openai.chats:
        await asyncio.sleep(0)

    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening

    await doubles.openai.chats[0].gone.wait()


@pytest.mark.parametrize(
    ("status", "body", "code", "retryable"),
    [
        (400, {"type": "invalid_request_error", "code": "unsupported_value"}, "400", False),
        (401, {"type": "invalid_request_error", "code": "invalid_api_key"}, "401", False),
        (403, {}, "403", False),
        (404, {"code": "model_not_found"}, "404", False),
        (408, {}, "408", True),
        (429, {"type": "requests", "code": "rate_limit_exceeded"}, "rate_limit", True),
        (429, {"type": "insufficient_quota", "code": "insufficient_quota"}, "quota", False),
        (500, {}, "500", True),
        (503, {}, "503", True),
    ],
)
async def test_a_refusal_says_whether_to_try_again(doubles, status, body, code, retryable):
    told = json.dumps({"error": {"message": "you sent sk-secret", "param": None, "type": None, "code": None} | body})
    doubles.openai.faults.always = Refuse(status, {"content-type": "application/json"}, told)

    failure = await failure_of(llm("openai", LUNA, doubles.endpoint()))

    assert (failure.code, failure.retryable) == (code, retryable)
    assert "sk-secret" not in str(failure)
    assert len(doubles.openai.chats) == 1, "nothing is retried"


async def test_a_server_that_is_not_there_is_worth_another_try(doubles, unused_tcp_port):
    failure = await failure_of(llm("openai", LUNA, Endpoint("key", f"http://127.0.0.1:{unused_tcp_port}")))

    assert (failure.code, failure.retryable) == ("connection", True)


async def test_a_connection_cut_in_mid_answer_is_worth_another_try(doubles):
    doubles.openai.faults.next(Cut(after=3))

    failure = await failure_of(llm("openai", LUNA, doubles.endpoint()))

    assert (failure.code, failure.retryable) == ("connection", True)


async def test_an_answer_that_ends_without_having_finished_is_a_failure(doubles):
    model = llm("openai", LUNA, doubles.endpoint())

    doubles.openai.faults.next(Close(1000, after=3))
    assert (await failure_of(model)).code == "truncated"
    doubles.openai.says(chunk({"content": "We are"}), "[DONE]")
    assert (await failure_of(model)).code == "truncated"


async def test_an_answer_that_hits_its_limit_ends_normally(doubles):
    doubles.openai.says(chunk({"content": "We are"}), chunk({}, "length"), usage_chunk(10, 2), "[DONE]")

    assert await reply_of(llm("openai", LUNA, doubles.endpoint())) == ["We are", Usage(10, 2)]


async def test_a_filtered_answer_is_not_asked_for_again(doubles):
    doubles.openai.says(chunk({"content": "We"}), chunk({}, "content_filter"), "[DONE]")

    failure = await failure_of(llm("openai", LUNA, doubles.endpoint()))

    assert (failure.code, failure.retryable) == ("content_filter", False)


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        ({"type": "server_error", "code": None}, "server_error", True),
        ({"type": "invalid_request_error", "code": "context_length_exceeded"}, "context_length_exceeded", False),
    ],
)
async def test_an_error_in_mid_answer_is_a_failure(doubles, error, code, retryable):
    doubles.openai.says(chunk({"content": "We"}), {"error": {"message": "oh", "param": None} | error})

    failure = await failure_of(llm("openai", LUNA, doubles.endpoint()))

    assert (failure.code, failure.retryable) == (code, retryable)


@pytest.mark.parametrize("nonsense", ["<html>", '["no chunk"]', '{"choices": [7]}', '{"choices": 7}', '"text"'])
async def test_an_answer_that_cannot_be_read_is_a_failure(doubles, nonsense):
    doubles.openai.says(nonsense)

    failure = await failure_of(llm("openai", LUNA, doubles.endpoint()))

    assert failure.code in {"unreadable", "truncated"}
    assert failure.retryable


async def test_usage_told_with_every_piece_is_yielded_once_at_the_end(doubles):
    with_usage = [chunk({"content": text}) | {"usage": usage_chunk(10, n)["usage"]} for n, text in enumerate("ab", 1)]
    doubles.openai.says(*with_usage, chunk({}, "stop"), "[DONE]")

    assert await reply_of(llm("openai", LUNA, doubles.endpoint())) == ["a", "b", Usage(10, 2)]


async def test_a_server_that_never_answers_is_left_to_the_caller_s_deadline(doubles):
    doubles.openai.faults.next(Mute())

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reply_of(llm("openai", LUNA, doubles.endpoint())), 0.05)


async def test_closing_the_clients_closes_their_connections(doubles):
    await reply_of(llm("openai", LUNA, doubles.endpoint()))
    assert doubles.connections == 1

    await close_clients()
    while doubles.connections:
        await asyncio.sleep(0)
    assert await reply_of(llm("openai", LUNA, doubles.endpoint()))


async def test_a_server_that_does_not_speak_http_is_a_failure():
    async def babble(_, writer):
        writer.write(b"\x00\xff neither HTTP nor anything\r\n\r\n")

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    endpoint = Endpoint("key", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    model = llm("openai", LUNA, endpoint)

    await model.warm()
    failure = await failure_of(model)
    server.close()

    assert failure.retryable
