"""Anthropic's messages, streamed. What a vendor's cache may keep is marked, so that a turn reads the new words only."""

from __future__ import annotations

import asyncio
import functools
import importlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx2
from anthropic import (
    AnthropicError,
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncAnthropic,
    AsyncStream,
    DefaultAioHttpClient,
)

from ..options import choose
from ..ports import Endpoint, Message, ProviderError, Thinking, Thought, ToolCall, ToolSpec, Usage
from ..sockets import may_pass
from .anthropic_messages import conversation, system_blocks, tool
from .connections import BROKEN, LIMITS, TIMEOUT, Connections, is_lost_connection

DEFAULT_BASE = "https://api.anthropic.com"
RESERVED = {"model", "messages", "system", "stream", "tools", "mcp_servers", "container"}
WARM_S = 3.0
HOPELESS_TYPES = {"invalid_request_error", "authentication_error", "permission_error", "not_found_error"}
OUT_OF_MONEY = "credit balance"

# Of the two clients that the SDK knows, aiohttp's reads a token in two thirds of the time.
_connections = Connections(lambda: DefaultAioHttpClient(timeout=TIMEOUT, limits=LIMITS))


class AnthropicLanguageModel:
    """One model at one endpoint. All of them share the event loop's connections."""

    provider = "anthropic"

    def __init__(self, thinking: Thinking, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._thinking = thinking

    async def warm(self) -> None:
        """Have two connections to spare, for a reply that is cut off takes its own with it. Never raises."""
        loop, pool = asyncio.get_running_loop(), _connections.pool()
        missing = pool.missing(self._base, loop.time())
        if missing:
            pool.spare[self._base] += missing
            client = self._client.with_options(timeout=WARM_S)
            await asyncio.gather(*(_touch(client) for _ in range(missing)))

    async def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        """As LanguageModel: text as it comes, then the tool calls, then one Usage."""
        answer, pool = _Answer(), _connections.pool()
        pool.taken(self._base)
        try:
            stream = await self._client.post(
                "/v1/messages",
                cast_to=object,
                body=self._body(messages, tools),
                stream=True,
                stream_cls=AsyncStream[object],
            )
            async with stream:
                async for event in stream:
                    text = answer.read(event)
                    if text is not None:
                        yield text
        except (AnthropicError, *BROKEN) as error:
            raise _failure(error) from error
        if not answer.finished or (answer.calls and answer.reason == "max_tokens"):
            raise ProviderError("anthropic", "the answer stopped before its end", code="truncated")
        pool.spare[self._base] += 1
        for call in answer.calls:
            yield call if call.arguments else replace(call, arguments="{}")
        yield answer.usage()

    @functools.cached_property
    def _base(self) -> str:
        return (self.endpoint.base_url or DEFAULT_BASE).rstrip("/").removesuffix("/v1")

    @functools.cached_property
    def _client(self) -> AsyncAnthropic:
        key = self.endpoint.api_key or "none"
        return AsyncAnthropic(api_key=key, base_url=self._base, http_client=_connections.pool().client, max_retries=0)

    def _body(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> dict[str, Any]:
        thinking = self._thinking
        defaults = {"max_tokens": thinking.max_tokens, "thinking": "disabled"}
        chosen = choose("anthropic", defaults, thinking.options, reserved=RESERVED)
        if isinstance(style := chosen.get("thinking"), str):
            chosen["thinking"] = {"type": style}
        body = {"model": thinking.model, "messages": conversation(messages), "stream": True, **chosen}
        if system := system_blocks(messages):
            body["system"] = system
        if tools:
            body["tools"] = [tool(each) for each in tools]
        return body


class _Answer:
    """One answer as its events tell it. Read as plain JSON: the SDK's typed events take longer than all the rest."""

    def __init__(self) -> None:
        self.finished = False
        self.reason = ""
        self.calls: list[ToolCall] = []
        self._spent: dict[str, int] = {}

    def read(self, event: Any) -> str | None:
        """The event's text, empty where a tool call is being written; None where it says nothing to a caller.

        Raises ProviderError.
        """
        try:
            return self._read(event)
        except (AttributeError, TypeError, LookupError) as error:
            raise ProviderError("anthropic", "the answer was not readable", code="unreadable") from error

    def usage(self) -> Usage:
        """The vendor counts what its cache read or wrote apart from the rest of the input."""
        cached = self._spent.get("cache_read_input_tokens", 0)
        fresh = self._spent.get("input_tokens", 0) + self._spent.get("cache_creation_input_tokens", 0)
        return Usage(fresh + cached, self._spent.get("output_tokens", 0), cached)

    def _read(self, event: Any) -> str | None:
        match event["type"]:
            case "message_start":
                self._count(event["message"].get("usage"))
            case "content_block_start" if event["content_block"]["type"] == "tool_use":
                self.calls.append(ToolCall(event["content_block"]["id"], event["content_block"]["name"], ""))
                return ""
            case "content_block_delta":
                return self._delta(event["delta"])
            case "message_delta":
                self._count(event.get("usage"))
                self.reason = event["delta"].get("stop_reason") or ""
                if self.reason == "refusal":
                    raise ProviderError("anthropic", "the answer was refused", retryable=False, code="refusal")
            case "message_stop":
                self.finished = True
        return None

    def _delta(self, delta: Mapping[str, Any]) -> str | None:
        if delta["type"] == "text_delta":
            return str(delta["text"])
        if delta["type"] == "input_json_delta":
            call = self.calls[-1]
            self.calls[-1] = replace(call, arguments=call.arguments + delta["partial_json"])
            return ""
        return None

    def _count(self, usage: Mapping[str, Any] | None) -> None:
        """Later counts replace earlier ones: they are totals."""
        self._spent |= {name: value for name, value in (usage or {}).items() if isinstance(value, int)}


def preload() -> None:
    """Pay at process start what the first call would otherwise pay."""
    client = AsyncAnthropic(api_key="none", base_url=DEFAULT_BASE)
    _ = client.models
    asyncio.run(client.close())  # imports what every client's end needs
    with suppress(ImportError):  # what the SDK imports at its first request
        importlib.import_module("opentelemetry.propagate")


async def close_clients() -> None:
    """Close this event loop's connections."""
    await _connections.close()


async def _touch(client: AsyncAnthropic) -> None:
    """A small question whose only purpose is the connection that it leaves open."""
    try:
        await client.models.with_raw_response.list(limit=1)
    except (AnthropicError, *BROKEN):
        return


def _failure(error: Exception) -> ProviderError:
    """Our word for it. The vendor's own text stays out: it may repeat a key or what the caller said."""
    match error:
        case APITimeoutError() | httpx2.TimeoutException() if not is_lost_connection(error):
            return ProviderError("anthropic", "no answer in time", code="timeout")
        case APIConnectionError() | httpx2.HTTPError():
            return ProviderError("anthropic", "the connection failed", code="connection")
        case APIStatusError(status_code=status):
            return _refusal(status, error)
        case APIError():
            return ProviderError("anthropic", "the answer was not readable", code="unreadable")
        case AnthropicError():
            return ProviderError("anthropic", "the request could not be made", retryable=False, code="request")
    return ProviderError("anthropic", "the answer was not readable", code="unreadable")


def _refusal(status: int, error: APIStatusError) -> ProviderError:
    """A status, or inside a stream that began with 200, the type of the error in it."""
    told = error.body.get("error") if isinstance(error.body, dict) else None
    told = told if isinstance(told, dict) else {}
    kind = str(told.get("type") or "")[:60]
    if status == 402 or kind == "billing_error" or OUT_OF_MONEY in str(told.get("message")):
        return ProviderError("anthropic", "the quota is used up", retryable=False, code="quota")
    if status == 200:
        message, retryable = f"failed in mid-answer: {kind}", kind not in HOPELESS_TYPES
        return ProviderError("anthropic", message, retryable=retryable, code=kind or "error")
    code = "rate_limit" if status == 429 else str(status)
    message = f"refused with {status} {kind}".rstrip()
    return ProviderError("anthropic", message, retryable=may_pass(status), code=code)
