"""What travels on the Realtime socket, from our words into the vendor's and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..ports import Message, ProviderError, ToolSpec, Usage
from .ports import Kept


def item_of(item: str, message: Message) -> dict[str, Any]:
    """A message of one content, one call, or one result, as the vendor remembers it."""
    if message.tool_calls:
        call = message.tool_calls[0]
        return {
            "id": item,
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
        }
    if message.role == "tool":
        result = {"call_id": message.tool_call_id, "output": message.content}
        return {"id": item, "type": "function_call_output", **result}
    kind = "output_text" if message.role == "assistant" else "input_text"
    content = [{"type": kind, "text": message.content}]
    return {"id": item, "type": "message", "role": message.role, "content": content}


def tool_of(tool: ToolSpec) -> dict[str, Any]:
    about = {"description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "name": tool.name, **about}


def kept(message: Mapping[str, Any]) -> Kept:
    """Something is in the vendor's memory now."""
    item = message["item"]
    role = {"function_call": "call", "function_call_output": "tool"}.get(item["type"]) or str(item.get("role"))
    return Kept(str(item["id"]), role, str(message.get("previous_item_id") or ""))


def usage_of(response: Mapping[str, Any]) -> Usage | None:
    """The tokens of an answer; those of sound apart."""
    usage = response.get("usage")
    if not usage:
        return None
    heard, spoken = usage.get("input_token_details") or {}, usage.get("output_token_details") or {}
    audio_input, audio_output = int(heard.get("audio_tokens") or 0), int(spoken.get("audio_tokens") or 0)
    cached = int(heard.get("cached_tokens") or 0)
    text_input = int(usage.get("input_tokens") or 0) - audio_input
    details = heard.get("cached_tokens_details") or {}
    audio_cached = int(details.get("audio_tokens") or max(0, cached - text_input))
    return Usage(
        text_input,
        int(usage.get("output_tokens") or 0) - audio_output,
        cached - audio_cached,
        audio_input,
        audio_output,
        audio_cached=audio_cached,
    )


def told(error: Any) -> ProviderError:
    """The vendor's error by its name. Its sentence stays out: it may repeat what was said."""
    known = error if isinstance(error, dict) else {}
    code = str(known.get("code") or known.get("type") or "error")[:60]
    if "quota" in code:
        return ProviderError("openai", "the quota is used up", retryable=False, code="quota")
    hopeless = known.get("type") in {"invalid_request_error", "authentication_error"}
    return ProviderError("openai", f"the vendor reports {code}", retryable=not hopeless, code=code)
