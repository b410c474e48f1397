"""Chat completions of OpenAI, and of every server that speaks the same (vLLM, llama.cpp, gateways)."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
import httpx2
from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AsyncStream,
    DefaultAioHttpClient,
    OpenAIError,
)

from ..options import choose
from ..ports import Endpoint, Message, ProviderError, Thinking, Thought, ToolSpec, Usage
from ..sockets import may_pass
from .openai_tools import GrowingCalls, message_body, tools_body

DEFAULT_BASE = "https://api.openai.com/v1"
OWN_MODELS = ("gpt-5", "gpt-6")
RESERVED = {"model", "messages", "stream", "n", "tools", "tool_choice", "functions"}
SPARE_CONNECTIONS = 2
WARM_S = 3.0
IDLE_S = 120.0
HOPELESS_TYPES = {"invalid_request_error", "authentication_error", "permission_error", "not_found_error"}


@dataclass(slots=True)
class Pool:
    """The connections of one event loop. `spare` counts, for each server, those that should be open and idle."""

    client: httpx2.AsyncClient
    spare: Counter[str] = field(default_factory=Counter)
    used_at: float = 0.0

    def missing(self, base: str, now: float) -> int:
        """How many more a server should have for the next replies. What nobody used for long is closed by now."""
        if now - self.used_at > IDLE_S:
            self.spare.clear()
        self.used_at = now
        return max(0, SPARE_CONNECTIONS - self.spare[base])

    def taken(self, base: str) -> None:
        self.spare[base] = max(0, self.spare[base] - 1)


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()


class OpenAILanguageModel:
    """One model at one endpoint. All of them share the event loop's connections."""

    provider = "openai"

    def __init__(self, thinking: Thinking, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._thinking = thinking

    async def warm(self) -> None:
        """Have two connections to spare, for a reply that is cut off takes its own with it. Never raises."""
        loop, pool = asyncio.get_running_loop(), _pool()
        missing = pool.missing(self._base, loop.time())
        if missing:
            pool.spare[self._base] += missing
            client = self._client.with_options(timeout=WARM_S)
            await asyncio.gather(*(_touch(client) for _ in range(missing)))

    async def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        """As LanguageModel: text as it comes, then the tool calls, then at most one Usage."""
        reason, usage, calls = "", None, GrowingCalls()
        body, pool = self._body(messages, tools), _pool()
        pool.taken(self._base)
        try:
            stream = await self._client.post(
                "/chat/completions", cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object]
            )
            async with stream:
                async for chunk in stream:
                    piece = _read(chunk)
                    reason, usage = piece.reason or reason, piece.usage or usage
                    calls.feed(piece.calls)
                    if piece.text or piece.calls:
                        yield piece.text
        except (OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise _failure(error) from error
        if not reason or (calls and reason == "length"):
            raise ProviderError("openai", "the answer stopped before its end", code="truncated")
        pool.spare[self._base] += 1
        for call in calls.whole():
            yield call
        if usage:
            yield usage

    @functools.cached_property
    def _base(self) -> str:
        base = self.endpoint.base_url or DEFAULT_BASE
        return base if urlsplit(base).path.strip("/") else base.rstrip("/") + "/v1"

    @functools.cached_property
    def _client(self) -> AsyncOpenAI:
        key = self.endpoint.api_key or "none"
        return AsyncOpenAI(api_key=key, base_url=self._base, http_client=_pool().client, max_retries=0)

    def _body(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> dict[str, Any]:
        """What only OpenAI's newer models know is sent to them alone; other servers may refuse it."""
        thinking = self._thinking
        is_own = thinking.model.startswith(OWN_MODELS)
        stream_options = {"include_usage": True}
        defaults: dict[str, Any] = {"stream_options": stream_options}
        if is_own:
            stream_options["include_obfuscation"] = False
            defaults |= {"reasoning_effort": "none", "store": False, "max_completion_tokens": thinking.max_tokens}
        else:
            defaults["max_tokens"] = thinking.max_tokens
        body = {
            "model": thinking.model,
            "messages": [message_body(message) for message in messages],
            "stream": True,
            **choose("openai", defaults, thinking.options, reserved=RESERVED),
        }
        if tools:
            body["tools"] = tools_body(tools, strict=is_own)
        if tools and is_own:
            body["reasoning_effort"] = "none"  # with another effort they refuse tools
        return body


def preload() -> None:
    """Pay at process start what the first call would otherwise pay."""
    client = AsyncOpenAI(api_key="none", base_url=DEFAULT_BASE)
    _ = client.models


async def close_clients() -> None:
    """Close this event loop's connections."""
    pool = _pools.pop(asyncio.get_running_loop(), None)
    if pool is not None:
        await pool.client.aclose()


def _pool() -> Pool:
    """The event loop's connections. HTTP/1.1: over HTTP/2 a server never learns that nobody listens any more.

    Of the two clients that the SDK knows, aiohttp's reads a token in two thirds of the time.
    """
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=200, keepalive_expiry=IDLE_S)
        timeout = httpx2.Timeout(20.0, connect=1.0, read=8.0)
        pool = _pools[loop] = Pool(DefaultAioHttpClient(timeout=timeout, limits=limits))
    return pool


async def _touch(client: AsyncOpenAI) -> None:
    """A small question whose only purpose is the connection that it leaves open."""
    try:
        await client.models.with_raw_response.list()
    except (OpenAIError, httpx2.HTTPError):
        return


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one chunk brings. With a `reason` the answer is over."""

    text: str = ""
    calls: Sequence[Mapping[str, Any]] = ()
    reason: str = ""
    usage: Usage | None = None


def _read(chunk: Any) -> _Piece:
    """The chunk's text, the growth of its tool calls, and what it cost so far. Raises ProviderError.

    Read as plain JSON: building the SDK's typed chunk takes more time than all the rest of a token's way.
    """
    try:
        choice = chunk["choices"][0] if chunk["choices"] else {}
        delta = choice.get("delta") or {}
        spent = chunk.get("usage")
        piece = _Piece(
            text=delta.get("content") or "",
            calls=[dict(each) for each in delta.get("tool_calls") or ()],
            reason=choice.get("finish_reason") or "",
            usage=_usage(spent) if spent else None,
        )
    except (AttributeError, TypeError, LookupError, ValueError) as error:
        raise ProviderError("openai", "the answer was not readable", code="unreadable") from error
    if piece.reason == "content_filter":
        raise ProviderError("openai", "the answer was filtered", retryable=False, code=piece.reason)
    return piece


def _usage(spent: Mapping[str, Any]) -> Usage:
    details = spent.get("prompt_tokens_details") or {}
    return Usage(
        spent.get("prompt_tokens") or 0, spent.get("completion_tokens") or 0, details.get("cached_tokens") or 0
    )


def _failure(error: Exception) -> ProviderError:
    """Our word for it. The vendor's own text stays out: it may repeat a key or what the caller said."""
    match error:
        case APITimeoutError() | httpx2.TimeoutException() if not _is_lost_connection(error):
            return ProviderError("openai", "no answer in time", code="timeout")
        case APIConnectionError() | httpx2.HTTPError():
            return ProviderError("openai", "the connection failed", code="connection")
        case APIStatusError(status_code=status):
            if status == 429 and "insufficient_quota" in (error.code, error.type):
                return ProviderError("openai", "the quota is used up", retryable=False, code="quota")
            code = "rate_limit" if status == 429 else str(status)
            details = " ".join(filter(None, (error.code, error.param)))
            message = f"refused with {status} {details}".rstrip()
            return ProviderError("openai", message, retryable=may_pass(status), code=code)
        case APIError():
            hopeless = error.type in HOPELESS_TYPES
            code = error.code or error.type or "error"
            return ProviderError("openai", f"failed in mid-answer: {code}", retryable=not hopeless, code=code)
        case OpenAIError():
            return ProviderError("openai", "the request could not be made", retryable=False, code="request")
    return ProviderError("openai", "the answer was not readable", code="unreadable")


def _is_lost_connection(error: BaseException) -> bool:
    """Whether a connection failed and not our patience: the SDK's aiohttp client calls both a timeout."""
    cause = error.__cause__
    while cause is not None:
        if isinstance(cause, aiohttp.ClientConnectionError):
            return not isinstance(cause, TimeoutError)
        cause = cause.__cause__
    return False
