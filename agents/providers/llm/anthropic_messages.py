"""A conversation in Anthropic's shape: instructions apart, turns that alternate, tools as blocks of a turn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..ports import Message, ToolSpec

Block = dict[str, Any]

CACHED = {"cache_control": {"type": "ephemeral"}}
FACTS = "\n\nAbout this call"  # from here on a prompt differs from call to call
CALL_BEGINS = "(The telephone call begins.)"
GO_ON = "(Go on.)"


def system_blocks(messages: Sequence[Message]) -> list[Block]:
    """The instructions, with a mark after what all calls of an agent share and one after what this call adds."""
    text = "\n\n".join(message.content for message in messages if message.role == "system").strip()
    shared, mark, facts = text.partition(FACTS)
    return [{"type": "text", "text": part, **CACHED} for part in (shared.strip(), (mark + facts).strip()) if part]


def conversation(messages: Sequence[Message]) -> list[Block]:
    """Turns that alternate, begin and end with the caller; the last one is marked, for the next turn repeats it."""
    turns: list[Block] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if not (blocks := _blocks(message)):
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    if not turns or turns[0]["role"] == "assistant":
        turns.insert(0, _said(CALL_BEGINS))
    if turns[-1]["role"] == "assistant":
        turns.append(_said(GO_ON))
    turns[-1]["content"][-1] = turns[-1]["content"][-1] | CACHED
    return turns


def tool(spec: ToolSpec) -> Block:
    """What the model may call. Not held to its schema by the vendor, for we read the arguments ourselves.

    Strict, the vendor would refuse bounds of texts and numbers, more than sixteen nullable arguments in all, and many
    tools whose grammar grows too large; and the first caller would wait while that is compiled.
    """
    return {"name": spec.name, "description": spec.description, "input_schema": dict(spec.parameters)}


def _said(text: str) -> Block:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def _blocks(message: Message) -> list[Block]:
    """The vendor refuses empty text."""
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id, "content": message.content}]
    text = message.content.strip()
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _arguments(call.arguments)}
        for call in message.tool_calls
    ]
    return [*([{"type": "text", "text": text}] if text else []), *calls]


def _arguments(written: str) -> Mapping[str, Any]:
    """What the model wrote, which need not be what it should have written."""
    try:
        arguments = json.loads(written or "{}")
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}
