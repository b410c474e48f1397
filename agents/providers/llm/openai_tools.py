"""Tools in the words of chat completions: what is asked for, what a model asks for piece by piece, what it is told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..ports import Message, ProviderError, ToolCall, ToolSpec

MOST_CALLS = 32  # in one answer; a model that asks for more has lost its way
MOST_ARGUMENTS = 64_000  # characters of one call
NO_INDEX = -1  # of calls that come without one: each is over when the next begins
SEALED = "extra_content"  # Gemini's signature of its thoughts; without it the next request is refused


UNKNOWN_IN_STRICT = {"minLength", "maxLength"}  # refused beside `strict`; arguments are held against them by us


def tools_body(tools: Sequence[ToolSpec], *, strict: bool) -> list[dict[str, Any]]:
    """The tools on offer. `strict`: the server knows that word."""
    return [{"type": "function", "function": _function(tool, strict=strict)} for tool in tools]


def _function(tool: ToolSpec, *, strict: bool) -> dict[str, Any]:
    body = {"name": tool.name, "description": tool.description}
    if strict and tool.strict:
        return {**body, "parameters": _bare(tool.parameters), "strict": True}
    return {**body, "parameters": dict(tool.parameters)}


def _bare(schema: Any) -> Any:
    """The schema without what is not known beside `strict`."""
    match schema:
        case Mapping():
            return {
                word: {name: _bare(each) for name, each in part.items()} if word == "properties" else _bare(part)
                for word, part in schema.items()
                if word not in UNKNOWN_IN_STRICT
            }
        case list() | tuple():
            return [_bare(each) for each in schema]
    return schema


def gathered(messages: Sequence[Message]) -> Iterator[Message]:
    """With no instructions but the first: the templates of many models refuse others. What stands before a caller's
    words is told with them."""
    told = ""
    for place, message in enumerate(messages):
        if message.role == "system" and place and any(each.role == "user" for each in messages[place:]):
            told += f"{message.content}\n\n"
        elif message.role == "user" and told:
            yield replace(message, content=f"({told.strip()})\n\n{message.content}")
            told = ""
        else:
            yield message


def message_body(message: Message, *, own: bool) -> dict[str, Any]:
    """A message as the vendor reads it. One that only asks for tools has no content at all.

    What a server wants back with a call it gets back, but for `own` models, which send nothing of the kind.
    """
    body: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        body["content"] = message.content or None
        body["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            | ({SEALED: call.sealed} if call.sealed and not own else {})
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
    sealed: Mapping[str, Any] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing can follow: the arguments are complete JSON."""
        try:
            json.loads(self.arguments)
        except (ValueError, RecursionError):
            return False
        return True


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
                name = str(function.get("name") or "")
                begins = bool(name and function.get("arguments"))
                call = self._call(delta.get("index"), str(delta.get("id") or ""), begins=begins)
                call.name = call.name or name
                call.sealed = call.sealed or _mapping(delta.get(SEALED))
                call.arguments += function.get("arguments") or ""
            except (AttributeError, TypeError, ValueError) as error:
                raise ProviderError("openai", "a tool call was not readable", code="unreadable") from error
            if len(call.arguments) > MOST_ARGUMENTS:
                raise ProviderError("openai", "a tool call without an end", code="runaway")

    def whole(self) -> list[ToolCall]:
        """The calls in the order in which they were begun. A server that names none gets names from us."""
        return [
            ToolCall(call.id or f"call_{place}", call.name, call.arguments or "{}", call.sealed)
            for place, call in enumerate(self._calls)
        ]

    def _call(self, given: Any, call_id: str, *, begins: bool) -> _Growing:
        """Some servers send every call whole, all under the same index or none, and some without ids: another id is
        another call, and so is a name with arguments (`begins`) after a call that is whole."""
        index = NO_INDEX if given is None else int(given)
        known = self._by_index.get(index)
        if known is None or (call_id != known.id if call_id and known.id else begins and known.is_whole):
            if len(self._calls) >= MOST_CALLS:
                raise ProviderError("openai", "too many tool calls in one answer", code="runaway")
            known = self._by_index[index] = _Growing()
            self._calls.append(known)
        known.id = known.id or call_id
        return known


def _mapping(value: Any) -> Mapping[str, Any] | None:
    """What is to be given back, if it is of a size that can be."""
    return value if isinstance(value, Mapping) and len(json.dumps(value)) <= MOST_ARGUMENTS else None
