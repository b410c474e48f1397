"""A vendor's report about a conversation as what our journal would have written. Pure, and trusts no shape."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from agents.native.copy import CALL
from agents.native.offering import DIGITS, END_CALL, THEIR_DIGITS
from calls.redaction import Redactor

Json = Mapping[str, Any]
Entry = dict[str, Any]

WORDS_A_SECOND = 2.6
OVER = {"done", "failed"}
MOST_TURNS, LONGEST_TEXT, LONGEST_CALL_S = 2000, 20_000, 24 * 3600
MICRO = 1_000_000
SPEAKERS = {"user": "caller", "agent": "agent"}
_ENDINGS = (
    ("end_call", "agent"),
    ("max", "limit"),
    ("duration", "limit"),
    ("silence", "silence"),
    ("inactivity", "silence"),
    ("client", "caller"),
    ("user", "caller"),
    ("remote", "caller"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a vendor tells of one conversation."""

    data: Json

    @property
    def conversation_id(self) -> str:
        return _text(self.data.get("conversation_id"))[:80]

    @property
    def vendor_agent(self) -> str:
        return _text(self.data.get("agent_id"))[:80]

    @property
    def is_over(self) -> bool:
        return self.data.get("status") in OVER

    @property
    def has_failed(self) -> bool:
        return self.data.get("status") == "failed"

    @property
    def call_id(self) -> UUID | None:
        """Our name for the call, which it was given along with it."""
        given = _map(self.data.get("conversation_initiation_client_data"))
        for value in (_map(given.get("dynamic_variables")).get(CALL), given.get("user_id"), self.data.get("user_id")):
            try:
                return UUID(_text(value))
            except ValueError:
                continue
        return None

    @property
    def duration_s(self) -> int:
        return _seconds(_map(self.data.get("metadata")).get("call_duration_secs"))

    @property
    def has_audio(self) -> bool:
        return bool(self.data.get("has_audio", True))

    @property
    def ending(self) -> str:
        """Why it ended, as far as the vendor says."""
        if self.has_failed:
            return "failure"
        reason = _text(_map(self.data.get("metadata")).get("termination_reason")).lower()
        if "end_call" in reason or any(name == END_CALL for name, _ in self.asked_for()):
            return "agent"
        return next((ending for word, ending in _ENDINGS if word in reason), "carrier")

    @property
    def _items(self) -> list[Json]:
        items = self.data.get("transcript")
        return [each for each in items[:MOST_TURNS] if isinstance(each, dict)] if isinstance(items, list) else []

    def turns(self, redactor: Redactor, *, before_ms: int = 0, first: int = 0) -> Iterator[Entry]:
        """What was said, in order. The vendor tells when a turn begins; when it ended is reckoned from its words."""
        said = [item for item in self._items if _is_said(item)]
        starts = [before_ms + 1000 * _seconds(item.get("time_in_call_secs")) for item in said]
        end_ms = max([before_ms + 1000 * self.duration_s, *starts])
        for place, (item, start) in enumerate(zip(said, starts, strict=True)):
            following = next((other for other in starts[place + 1 :] if other > start), end_ms)
            speaker, heard = SPEAKERS[item["role"]], _text(item["message"]).strip()
            spoken_ms = round(1000 * len(heard.split()) / WORDS_A_SECOND)
            is_greeting = place == 0 and speaker == "agent"
            yield {
                "entry": "turn",
                "index": first + place,
                "state": {
                    "speaker": speaker,
                    "kind": "greeting" if is_greeting else "reply",
                    "heard": redactor.turn(speaker, heard),
                    "unheard": redactor.turn(speaker, _unheard(item, heard)) if speaker == "agent" else "",
                    "exact": False,
                    "interrupted": item.get("interrupted") is True,
                    "started_ms": start,
                    "ended_ms": max(start, min(start + spoken_ms, following)),
                    "timing": {},
                },
            }

    def asked_for(self, *, before_ms: int = 0) -> Iterator[tuple[str, int]]:
        """The tools that its model used, in order, and when."""
        for item, each in self._tool_calls():
            yield _text(each.get("tool_name")), before_ms + 1000 * _seconds(item.get("time_in_call_secs"))

    def presses(self, redactor: Redactor, *, before_ms: int = 0) -> Iterator[Entry]:
        """Keys that it pressed itself: the one tool that is not asked of us."""
        for item, each in self._tool_calls():
            if each.get("tool_name") != THEIR_DIGITS:
                continue
            at_ms = before_ms + 1000 * _seconds(item.get("time_in_call_secs"))
            called = each.get("tool_has_been_called") is not False
            state = {"name": DIGITS, "title": "Press keys", "arguments": redactor.data(_arguments(each)), "turn": 0}
            state |= {"tool_call_id": _text(each.get("request_id"))[:80], "result": "", "effect": True}
            state |= {"state": "done" if called else "failed", "started_ms": at_ms, "took_ms": 0}
            yield {"entry": "tool", "key": f"native:{state['tool_call_id']}", "state": state}

    def _tool_calls(self) -> Iterator[tuple[Json, Json]]:
        for item in self._items:
            calls = item.get("tool_calls")
            yield from ((item, _map(each)) for each in calls if each) if isinstance(calls, list) else ()

    def said_by_caller(self) -> list[str]:
        return [_text(item.get("message")) for item in self._items if item.get("role") == "user"]

    def usage(self) -> Iterator[Entry]:
        """The minutes there, and what the vendor says that its models have cost besides."""
        if self.duration_s:
            yield _used("native", "agents", "seconds", self.duration_s)
        charging = _map(_map(self.data.get("metadata")).get("charging"))
        price = charging.get("llm_price")
        if isinstance(price, int | float) and 0 < price < 1000:
            generated = _map(_map(charging.get("llm_usage")).get("initiated_generation"))
            models = list(_map(generated.get("model_usage")))
            yield _used("llm", str(models[0])[:80] if models else "models", "microdollars", round(price * MICRO))

    def events(self) -> Iterator[Entry]:
        yield {"entry": "event", "kind": "native", "at_ms": 0, "data": {"conversation": self.conversation_id}}
        if self.has_failed:
            yield {"entry": "event", "kind": "native_failed", "at_ms": 1000 * self.duration_s, "data": {}}


def _used(kind: str, model: str, unit: str, quantity: int) -> Entry:
    names = {"kind": kind, "provider": "elevenlabs", "model": model, "unit": unit}
    return {"entry": "usage", **names, "quantity": quantity, "speculative": False}


def _unheard(item: Json, heard: str) -> str:
    """The rest of a reply that was cut, where the vendor keeps what was meant."""
    meant = _text(item.get("original_message")).strip()
    begins_alike = item.get("interrupted") is True and meant.startswith(heard.rstrip(". …"))
    return meant[len(heard.rstrip(". …")) :].strip() if begins_alike and len(meant) > len(heard) else ""


def _is_said(item: Json) -> bool:
    return _text(item.get("role")) in SPEAKERS and bool(_text(item.get("message")).strip())


def _arguments(call: Json) -> Json:
    try:
        return _map(json.loads(_text(call.get("params_as_json"))))
    except (ValueError, RecursionError):
        return {}


def _map(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value[:LONGEST_TEXT].replace("\0", "") if isinstance(value, str) else ""


def _seconds(value: Any) -> int:
    return min(LONGEST_CALL_S, max(0, round(value))) if isinstance(value, int | float) and value == value else 0
