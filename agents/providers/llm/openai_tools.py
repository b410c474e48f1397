"""Tools in the words of chat completions: what is asked for, what a model asks for piece by piece, what it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..ports import Message, ProviderError, ToolCall, ToolSpec

MOST_CALLS = 32  # in one answer; a model that asks for more has lost its way
MOST_ARGUMENTS = 64_000  # characters of one call


def tools_body(tools: Sequence[ToolSpec], *, strict: bool) -> list[dict[str, Any]]:
    """The tools on offer. `strict`: the server knows that word."""
    return [{"type": "function", "function": _function(tool, strict=strict)} for tool in tools]


def _function(tool: ToolSpec, *, strict: bool) -> dict[str, Any]:
    body = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {**body, "strict": True} if strict and tool.strict else body


def message_body(message: Message) -> dict[str, Any]:
    """A message as the vendor reads it. One that only asks for tools has no content at all."""
    body: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        body["content"] = message.content or None
        body["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.role == "tool":
        body["tool_call_id"] = message.tool_call_id
    return body


@dataclass(slots=True)
class _Growing:
    id: str = ""
    name: str = ""
    arguments: str = ""


class GrowingCalls:
    """The tool calls of one answer, put together from its deltas. They belong together by their index."""

    def __init__(self) -> None:
        self._calls: list[_Growing] = []
        self._by_index: dict[int, _Growing] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def feed(self, deltas: Iterable[Mapping[str, Any]]) -> None:
        """Take the deltas of a chunk. Raises ProviderError for what no caller could wait for."""
        for delta in deltas:
            try:
                function = delta.get("function") or {}
                call = self._call(int(delta.get("index") or 0), str(delta.get("id") or ""))
                call.name = call.name or str(function.get("name") or "")
                call.arguments += function.get("arguments") or ""
            except (AttributeError, TypeError, ValueError) as error:
                raise ProviderError("openai", "a tool call was not readable", code="unreadable") from error
            if len(call.arguments) > MOST_ARGUMENTS:
                raise ProviderError("openai", "a tool call without an end", code="runaway")

    def whole(self) -> list[ToolCall]:
        """The calls in the order in which they were begun. A server that names none gets names from us."""
        return [
            ToolCall(call.id or f"call_{place}", call.name, call.arguments or "{}")
            for place, call in enumerate(self._calls)
        ]

    def _call(self, index: int, call_id: str) -> _Growing:
        """Some servers send every call whole and all under the same index: another id is another call."""
        known = self._by_index.get(index)
        if known is None or (call_id and known.id and call_id != known.id):
            if len(self._calls) >= MOST_CALLS:
                raise ProviderError("openai", "too many tool calls in one answer", code="runaway")
            known = self._by_index[index] = _Growing()
            self._calls.append(known)
        known.id = known.id or call_id
        return known
