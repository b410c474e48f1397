"""Chat completions of OpenAI, and of every server that speaks the same (vLLM, Ollama, gateways, a business's own)."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openai import APIStatusError, AsyncOpenAI, AsyncStream, OpenAIError

from ..options import choose
from ..ports import Endpoint, Message, ProviderError, Thinking, Thought, ToolSpec, Usage
from .connections import BROKEN
from .openai_client import Post, base_of, client_of, close_clients, pool_of, preload, told_as
from .openai_tools import GrowingCalls, gathered, message_body, tools_body

__all__ = ["OpenAILanguageModel", "close_clients", "preload"]

OWN_MODELS = ("gpt-5", "gpt-6")
RESERVED = {"model", "messages", "stream", "n", "tools", "tool_choice", "functions"}
WARM_S = 3.0
CHARACTERS_PER_TOKEN = 4  # to estimate what a server does not tell
MOST_REMEMBERED = 1000
THOUGHT, THOUGHT_OVER = "<think>", "</think>"


# Servers that refuse to be asked for their usage.
_keep_usage: dict[str, None] = {}


class OpenAILanguageModel:
    """One model at one endpoint. All of them share the event loop's connections."""

    def __init__(self, thinking: Thinking, endpoint: Endpoint, provider: str = "openai") -> None:
        self.provider, self.endpoint = provider, endpoint
        self._thinking = thinking

    async def warm(self) -> None:
        """Have two connections to spare, for a reply that is cut off takes its own with it. Never raises."""
        try:
            _ = self._chat  # is put together now and not while somebody waits
        except (OpenAIError, ProviderError, *BROKEN):  # what cannot be sent is told by whoever asks
            return
        loop, pool = asyncio.get_running_loop(), pool_of(self.endpoint)
        missing = pool.missing(self._base, loop.time())
        if missing:
            pool.spare[self._base] += missing
            client = self._client.with_options(timeout=WARM_S)
            await asyncio.gather(*(_touch(client) for _ in range(missing)))

    async def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        """As LanguageModel: text as it comes, then the tool calls, then at most one Usage."""
        reason, usage, calls, words, written = "", None, GrowingCalls(), Words(), 0
        with told_as(self.provider):
            body, pool = self._body(messages, tools), pool_of(self.endpoint)
            pool.taken(self._base)
            async with await self._asked(body) as stream:
                async for chunk in stream:
                    piece = _read(chunk)
                    reason, usage = piece.reason or reason, piece.usage or usage
                    written += len(piece.text)
                    calls.feed(piece.calls)
                    if piece.text or piece.calls:
                        yield words.of(piece.text)
        if not reason or (calls and reason == "length"):
            raise ProviderError(self.provider, "the answer stopped before its end", code="truncated")
        pool.spare[self._base] += 1
        if rest := words.rest():
            yield rest
        for call in calls.whole():
            written += len(call.name) + len(call.arguments)
            yield call
        yield usage or _estimate(messages, written)

    async def _asked(self, body: dict[str, Any]) -> AsyncStream[object]:
        """The answer; a server that refuses to count is asked again, and from then on, without that wish."""
        if self._base in _keep_usage:
            body.pop("stream_options", None)
        try:
            return await self._chat.stream(body)
        except APIStatusError as refusal:
            if "stream_options" not in body or "stream_options" not in str(refusal.body):
                raise
        if len(_keep_usage) >= MOST_REMEMBERED:
            _keep_usage.clear()
        _keep_usage[self._base] = None
        del body["stream_options"]
        return await self._chat.stream(body)

    @functools.cached_property
    def _base(self) -> str:
        return base_of(self.endpoint)

    @functools.cached_property
    def _client(self) -> AsyncOpenAI:
        return client_of(self.endpoint)

    @functools.cached_property
    def _chat(self) -> Post:
        return Post(self._client, "/chat/completions", pool_of(self.endpoint).client)

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
            "messages": [message_body(each, own=is_own) for each in (messages if is_own else gathered(messages))],
            "stream": True,
            **choose(self.provider, defaults, thinking.options, reserved=RESERVED),
        }
        if tools:
            body["tools"] = tools_body(tools, strict=is_own)
        if tools and is_own:
            body["reasoning_effort"] = "none"  # with another effort they refuse tools
        return body


class Words:
    """What of a text is said: without the thoughts that some servers leave before it, `<think>` to `</think>`."""

    def __init__(self) -> None:
        self._held = ""
        self._begun = False

    def of(self, text: str) -> str:
        """The words that are certain by now; empty while a thought may still be going on."""
        if self._begun:
            return text
        self._held += text
        start = self._held.lstrip()
        if start.startswith(THOUGHT):
            _, end, after = self._held.partition(THOUGHT_OVER)
            if end:
                self._held = after
                self._begun = bool(after.strip())
            return self.rest() if self._begun else ""
        if THOUGHT.startswith(start):
            return ""
        self._begun = True
        return self.rest()

    def rest(self) -> str:
        """What was held back; a thought that never ended is none of it."""
        held, self._held = self._held.lstrip(), ""
        return "" if held.startswith(THOUGHT) else held


async def _touch(client: AsyncOpenAI) -> None:
    """A small question whose only purpose is the connection that it leaves open."""
    try:
        await client.models.with_raw_response.list()
    except (OpenAIError, *BROKEN):
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
        choices = chunk.get("choices")  # a last chunk with the usage alone may have an empty list of them, or none
        choice = choices[0] if choices else {}
        delta = choice.get("delta") or {}
        spent = chunk.get("usage")
        piece = _Piece(
            text=_text(delta.get("content")),
            calls=[dict(each) for each in delta.get("tool_calls") or ()],
            reason=choice.get("finish_reason") or "",
            usage=_usage(spent) if spent else None,
        )
    except (AttributeError, TypeError, LookupError, ValueError) as error:
        raise ProviderError("openai", "the answer was not readable", code="unreadable") from error
    if piece.reason == "content_filter":
        raise ProviderError("openai", "the answer was filtered", retryable=False, code=piece.reason)
    return piece


def _text(content: Any) -> str:
    """The words; of a list of parts those that are to be said, and not those that were only thought."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if part.get("type") == "text")
    if content is not None and not isinstance(content, str):
        raise TypeError("content")
    return (content or "").encode(errors="ignore").decode()  # a server may cut a character in two


def _estimate(messages: Sequence[Message], written: int) -> Usage:
    read = sum(len(message.content) for message in messages)
    return Usage(read // CHARACTERS_PER_TOKEN, -(-written // CHARACTERS_PER_TOKEN), estimated=True)


def _usage(spent: Mapping[str, Any]) -> Usage:
    details = spent.get("prompt_tokens_details") or {}
    return Usage(
        spent.get("prompt_tokens") or 0, spent.get("completion_tokens") or 0, details.get("cached_tokens") or 0
    )
