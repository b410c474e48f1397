"""What the receptionist by rules asks tools for, and how it tells what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..ports import Message, ToolCall, ToolSpec
from .changing import FIND, TOOL, Change
from .conversation import Conversation
from .states import Asked, Mode, Move

_WRITTEN = re.compile(r" \(\d{4}-\d\d-\d\dT[\d:]+\)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool has answered since the caller spoke last."""

    name: str
    text: str

    @property
    def spoken(self) -> str:
        """What is free, or why nothing is and what else; without what is meant for models alone."""
        sentences = _SENTENCE.split(_WRITTEN.sub("", self.text))
        return " ".join(sentences[: 1 if self.text.startswith("Free") else 2])

    @property
    def is_done(self) -> bool:
        return self.text.startswith(("Booked", "Moved", "Canceled", "The message is kept", "Saved", "It was done"))

    @property
    def appointments(self) -> str:
        """Which ones a look at the caller's own has found; empty for none."""
        return self.spoken.removeprefix("Coming: ").rstrip(".") if self.text.startswith("Coming") else ""

    @property
    def are_several(self) -> bool:
        return self.text.startswith("There are several") or len(_WRITTEN.findall(self.text)) > 1

    @property
    def is_under_way(self) -> bool:
        return self.text.startswith("This is still being done")


def results_of(messages: Sequence[Message]) -> list[Result]:
    """In order; empty while the caller's words are the last thing that happened."""
    said = max((place for place, each in enumerate(messages) if each.role == "user"), default=0)
    names = {call.id: call.name for each in messages for call in each.tool_calls}
    return [Result(names.get(each.tool_call_id, ""), each.content) for each in messages[said:] if each.role == "tool"]


def wish_for(move: Move, now: Conversation, tools: Sequence[ToolSpec]) -> ToolCall | None:
    """What to ask for before answering, if it can be had."""
    schemas = {tool.name: tool.parameters for tool in tools}
    match move:
        case Move.PROGRESS if now.mode is Mode.CHANGING and now.pending() is Asked.CONFIRM and not now.slots.which:
            return _call(FIND, {"name": now.slots.name}, schemas)
        case Move.CONFIRMED if now.mode is Mode.CHANGING:
            return _call(TOOL[now.change], _change(now), schemas)
        case Move.CONFIRMED:
            return _call("book_appointment", _appointment(now), schemas)
        case Move.PASSED_ON:
            told = {"message": now.slots.message, "note": now.slots.message, "name": now.slots.name, "details": []}
            return _call("leave_message", told, schemas) or _call("save_lead", told, schemas)
        case Move.PROGRESS if now.pending() is Asked.TIME and "day" in now.news:
            day = _day(now)
            return (
                _call("check_availability", {"day": day, "part_of_day": now.slots.part or None}, schemas)
                if day
                else None
            )
        case Move.PERSON:
            wanted = now.department if now.department not in ("", "person") else "a person"
            return _call("transfer_call", {"reason": f"The caller asked for {wanted}."}, schemas)
        case Move.GOODBYE:
            return _call("end_call", {}, schemas)
    return None


def _day(now: Conversation) -> str:
    today, day = now.facts.today, now.slots.day
    found = day.after(today) if today and day else None
    return found.isoformat() if found else ""


def _appointment(now: Conversation) -> Mapping[str, Any]:
    """Empty when the calendar day is not known: then there is nothing to book."""
    day, slots = _day(now), now.slots
    if not day or slots.minutes is None:
        return {}
    hour, minute = divmod(slots.minutes, 60)
    return {"starts_at": f"{day}T{hour:02}:{minute:02}", "name": slots.name, "reason": slots.reason}


def _change(now: Conversation) -> Mapping[str, Any]:
    """Without saying which: the tool takes the only one."""
    own = {"name": now.slots.name, "starts_at": now.slots.which or None}
    if now.change is not Change.MOVE:
        return own
    moment = _appointment(now)
    return own | {"to": moment["starts_at"]} if moment else {}


def _call(name: str, arguments: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> ToolCall | None:
    """Null for what is not known and may be left out; no call where more is wanted than is known."""
    if name not in schemas:
        return None
    properties = schemas[name].get("properties", {})
    given = {each: arguments.get(each) for each in properties}
    if any(value is None and not _may_be_null(properties[each]) for each, value in given.items()):
        return None
    return ToolCall(f"{name}-1", name, json.dumps(given))


def _may_be_null(schema: Mapping[str, Any]) -> bool:
    kinds: Collection[str] = schema.get("type", ())
    return kinds == "null" or (not isinstance(kinds, str) and "null" in kinds)
