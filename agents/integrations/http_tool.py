"""A request to another system as a tool: what the model may fill in, how that becomes a request, what is read of it.

Pure: who sends the request, and through which guard, is for the caller.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TYPES = {"text": "Text", "number": "Number", "whole": "Whole number", "yes_no": "Yes or no", "choice": "One of"}
FILLED_IN = {"caller_number": "The caller’s number", "call_id": "The id of the call"}  # by us, never by the model
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_TEXT = 2000
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_STEP = re.compile(r"\.?([\w-]+)|\[(\d+|\*)\]")
_JSON_TYPES = {"text": "string", "number": "number", "whole": "integer", "yes_no": "boolean", "choice": "string"}


class Unfit(ValueError):
    """The definition, or an argument, cannot become a request. The message is for a person, or for the model."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that the request needs. Of the type "choice" it is one of `choices`; of a type in FILLED_IN it comes
    from the call itself."""

    name: str
    type: str
    description: str = ""
    choices: tuple[str, ...] = ()
    optional: bool = False

    @property
    def is_asked(self) -> bool:
        return self.type not in FILLED_IN

    def schema(self) -> dict[str, Any]:
        kind = _JSON_TYPES[self.type]
        shape: dict[str, Any] = {"type": [kind, "null"] if self.optional else kind}
        if self.description:
            shape["description"] = self.description
        if self.type == "choice":
            shape["enum"] = [*self.choices, None] if self.optional else list(self.choices)
        return shape


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of the answer: a label for the model, and where it stands, such as `customer.orders[0].state`."""

    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Definition:
    """The whole tool. Headers are complete, with their secrets: it lives in memory only."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    parameters: Sequence[Parameter] = ()
    readings: Sequence[Reading] = ()


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    content: bytes = b""


def check(definition: Definition) -> None:
    """Raises Unfit with what a person has to mend."""
    names = [each.name for each in definition.parameters]
    for each in definition.parameters:
        if not NAME.fullmatch(each.name):
            raise Unfit(f"{each.name or 'A name'}: use small letters, digits and _, beginning with a letter.")
        if each.type not in TYPES and each.type not in FILLED_IN:
            raise Unfit(f"{each.name} has no type that is known.")
        if each.type == "choice" and not each.choices:
            raise Unfit(f"{each.name}: say which values it can have.")
    if len(set(names)) != len(names):
        raise Unfit("Two values have the same name.")
    place = definition.url.partition("://")[2].partition("/")[0]
    if _PLACEHOLDER.search(place):
        raise Unfit("The name of the server is fixed: values go after it.")
    if missing := [name for name in _PLACEHOLDER.findall(definition.url) if name not in names]:
        raise Unfit(f"The address uses {{{missing[0]}}}, which is not among the values.")
    for reading in definition.readings:
        steps(reading.path)


def schema(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Strict: all are required, what may be left out is nullable, and nothing else is taken."""
    asked = {each.name: each.schema() for each in parameters if each.is_asked}
    return {"type": "object", "properties": asked, "required": list(asked), "additionalProperties": False}


def build(definition: Definition, arguments: Mapping[str, Any], facts: Mapping[str, str], key: str = "") -> Request:
    """The request for these arguments. `facts` are what is filled in; `key` lets the other side tell a repeat.

    What does not stand in the address becomes the query of a GET or DELETE, or the JSON body of the others. Raises
    Unfit.
    """
    values = {each.name: _value(each, arguments, facts) for each in definition.parameters}
    in_address = set(_PLACEHOLDER.findall(definition.url))
    url = _PLACEHOLDER.sub(lambda match: _segment(match[1], values[match[1]]), definition.url)
    rest = {name: value for name, value in values.items() if name not in in_address and value is not None}
    headers = {"accept": "application/json", **definition.headers}
    if definition.method in ("GET", "DELETE"):
        if rest:
            query = urlencode({name: _plain(value) for name, value in rest.items()})
            url += ("&" if urlsplit(url).query else "?") + query
        return Request(definition.method, url, headers)
    if key:
        headers["idempotency-key"] = key
    headers["content-type"] = "application/json"
    return Request(definition.method, url, headers, json.dumps(rest, ensure_ascii=False).encode())


def read(body: str, readings: Sequence[Reading]) -> str:
    """What the model is told of an answer: the chosen values by their labels, or else the whole, cut to a length."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _cut(body) if not readings else "The answer could not be read."
    if not readings:
        return _cut(json.dumps(value, ensure_ascii=False))
    return _cut("\n".join(f"{each.label}: {_words(follow(value, each.path))}" for each in readings))


def follow(value: Any, path: str) -> Any:
    """What stands at a path; None where nothing does. `[*]` is each of a list."""
    return _follow(value, steps(path))


def steps(path: str) -> list[str | int]:
    """A path in its steps; -1 is each of a list. Raises Unfit."""
    rest, found = path.strip().removeprefix("$"), list[str | int]()
    while rest:
        match = _STEP.match(rest)
        if match is None:
            raise Unfit(f"“{path}” is not a path. Write it like customer.orders[0].state.")
        found.append(match[1] if match[1] else -1 if match[2] == "*" else int(match[2]))
        rest = rest[match.end() :]
    return found


def _follow(value: Any, path: Sequence[str | int]) -> Any:
    for at, step in enumerate(path):
        if step == -1:
            each = [_follow(item, path[at + 1 :]) for item in value] if isinstance(value, list) else []
            return [item for item in each if item is not None]
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _value(parameter: Parameter, arguments: Mapping[str, Any], facts: Mapping[str, str]) -> Any:
    return arguments.get(parameter.name) if parameter.is_asked else facts.get(parameter.type, "")


def _segment(name: str, value: Any) -> str:
    """A value as a part of an address that it cannot break out of."""
    text = "" if value is None else _plain(value)
    if not text or set(text) <= {"."}:
        raise Unfit(f"{name} is needed, and is not known yet. Ask for it.")
    return quote(text, safe="")


def _plain(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _words(value: Any) -> str:
    if value is None or value == []:
        return "not known"
    if isinstance(value, list):
        return "; ".join(_words(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    shown = "".join(letter for letter in text if letter.isprintable() or letter == "\n").strip()
    return shown if len(shown) <= MOST_TEXT else shown[:MOST_TEXT] + " …"
