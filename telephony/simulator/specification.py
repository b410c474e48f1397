"""The carrier's REST API as its OpenAPI file describes it, and requests checked against that.

`twilio_api_v2010.extract.json` holds the operations that are played here, cut out of the whole file by `extract`.
The whole file may be given in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

EXTRACT = Path(__file__).with_name("twilio_api_v2010.extract.json")
ROOT = "/2010-04-01/Accounts/{AccountSid}"
PLAYED = {
    "/2010-04-01/Accounts/{Sid}.json": ("get",),
    f"{ROOT}/Calls.json": ("get", "post"),
    f"{ROOT}/Calls/{{Sid}}.json": ("get", "post"),
    f"{ROOT}/IncomingPhoneNumbers.json": ("get", "post"),
    f"{ROOT}/Messages.json": ("post",),
    f"{ROOT}/IncomingPhoneNumbers/{{Sid}}.json": ("get", "post", "delete"),
}
FORM = "application/x-www-form-urlencoded"
UNKNOWN_PARAMETER, INVALID_PARAMETER = 20001, 20422
_LEFT_OUT = {"description", "summary", "examples", "example", "title", "tags", "security", "servers", "headers"}
_MISSING = {"To": 21201, "From": 21213}
_INVALID = {"To": 21211, "From": 21212, "Url": 21205}
_ENDPOINT = re.compile(r"\+[1-9]\d{1,14}|sip:.+|client:.+")


class Refusal(Exception):
    """The carrier's answer to a request that it does not accept."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of one address takes: the schema of each parameter, and which are required."""

    parameters: Mapping[str, Mapping[str, Any]]
    required: frozenset[str]

    def check(self, sent: Iterable[tuple[str, str]]) -> None:
        """Raises Refusal for the first parameter that is unknown, missing, repeated or of the wrong type."""
        seen: set[str] = set()
        for name, value in sent:
            schema = self.parameters.get(name)
            if schema is None:
                raise Refusal(400, UNKNOWN_PARAMETER, f"There is no parameter {name!r}.")
            is_list = schema.get("type") == "array"
            if name in seen and not is_list:
                raise Refusal(400, INVALID_PARAMETER, f"{name} is given twice.")
            seen.add(name)
            if problem := _problem(schema.get("items", {}) if is_list else schema, value):
                code = _INVALID.get(name, INVALID_PARAMETER)
                raise Refusal(400, code, f"The {name} parameter {problem}.")
        for name in sorted(self.required - seen, reverse=True):  # To before From, as the carrier asks for them
            raise Refusal(400, _MISSING.get(name, INVALID_PARAMETER), f"No {name!r} is specified.")


class Specification:
    """The operations of an OpenAPI file, by method and address template."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    @classmethod
    def load(cls, path: Path = EXTRACT) -> Specification:
        return cls(json.loads(path.read_text()))

    def operation(self, method: str, template: str) -> Operation:
        found = self.document["paths"][template][method.lower()]
        content = found.get("requestBody", {}).get("content", {}).get(FORM, {})
        form = self._resolved(content.get("schema", {}))
        query = {one["name"]: one["schema"] for one in found.get("parameters", ()) if one["in"] == "query"}
        parameters = {**query, **form.get("properties", {})}
        return Operation(
            {name: self._resolved(schema) for name, schema in parameters.items()}, frozenset(form.get("required", ()))
        )

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema


def extract(document: Mapping[str, Any]) -> dict[str, Any]:
    """The operations that are played, with the schemas they need, without prose and examples."""
    paths = {path: {method: document["paths"][path][method] for method in methods} for path, methods in PLAYED.items()}
    schemas: dict[str, Any] = {}
    wanted = list(_references(paths))
    while wanted:
        name = wanted.pop()
        if name not in schemas:
            schemas[name] = document["components"]["schemas"][name]
            wanted += _references(schemas[name])
    licence = "From github.com/twilio/twilio-oai, MIT licence: see LICENSE.twilio-oai."
    whole = {"x-source": licence, "openapi": document["openapi"], "paths": paths}
    cut: dict[str, Any] = _without_prose({**whole, "components": {"schemas": dict(sorted(schemas.items()))}})
    return cut


def _problem(schema: Mapping[str, Any], value: str) -> str:
    """What is wrong with the value; empty when nothing is."""
    match schema.get("type"):
        case "integer" if not re.fullmatch(r"-?\d+", value):
            return "is not a number"
        case "boolean" if value.lower() not in ("true", "false"):
            return "is neither true nor false"
    if "enum" in schema and value not in schema["enum"]:
        return f"is none of {', '.join(schema['enum'])}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return "does not have the right form"
    if schema.get("format") == "uri" and not _is_address(value):
        return "is not a valid URL"
    if schema.get("format") in ("endpoint", "phone-number") and not _ENDPOINT.fullmatch(value):
        return "is not a valid phone number"
    return ""


def _is_address(value: str) -> bool:
    """Absolute, over HTTP; the carrier takes no underscores in a host name. Empty ones clear a setting."""
    parts = urlsplit(value)
    return not value or (
        parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in (parts.hostname or "")
    )


def _references(part: Any) -> Iterable[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _without_prose(part: Any, *, names: bool = False) -> Any:
    """`names`: the keys of this object are the API's own, not OpenAPI's."""
    if isinstance(part, dict):
        kept = (
            part.items()
            if names
            else [(k, v) for k, v in part.items() if k not in _LEFT_OUT and not k.startswith("x-twilio")]
        )
        return {k: _without_prose(v, names=not names and k in ("properties", "schemas", "paths")) for k, v in kept}
    if isinstance(part, list):
        return [_without_prose(value) for value in part]
    return part
