"""Values held against JSON Schema, as far as tools use it. A model's arguments are strangers: nothing is mended.

Known are type (also several), properties, required, additionalProperties, items, enum, const, anyOf, oneOf, allOf, and
the bounds of texts, numbers and lists. What is not known here limits nothing, and no reference is followed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

LONGEST = 8_000  # characters of one call's arguments
DEEPEST = 12
MOST_MISTAKES = 5
LONGEST_PATTERN, LONGEST_MATCHED = 200, 1_000
MOST_STEPS = 200_000

Schema = Mapping[str, Any]


class BadArguments(ValueError):
    """The message says in plain words what is wrong, for the model to mend."""


def read_arguments(text: str, schema: Schema) -> dict[str, Any]:
    """The arguments that `text` holds. Raises BadArguments unless they are exactly as the schema wants them."""
    if len(text) > LONGEST:
        raise BadArguments(f"The arguments are longer than {LONGEST:,} characters.")
    try:
        value = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_number)
    except BadArguments:
        raise
    except (ValueError, RecursionError):
        raise BadArguments("The arguments are not JSON.") from None
    if not isinstance(value, dict):
        raise BadArguments("The arguments are not an object.")
    if not _is_text(value):
        raise BadArguments("The arguments hold half a character.")
    if found := mistakes(schema, value):
        raise BadArguments(" ".join(found))
    return value


def mistakes(schema: Schema, value: Any) -> list[str]:
    """What is wrong with a value, as sentences; a few of them at the most."""
    if _parts(schema) * _parts(value) > MOST_STEPS:  # each may be held against each, while calls wait
        return ["The arguments are too many to be checked."]
    found: list[str] = []
    for each in _check(schema, value, "", DEEPEST):
        found.append(each)
        if len(found) == MOST_MISTAKES:
            break
    return found


def _parts(value: Any) -> int:
    """How many values there are in a value, itself among them."""
    waiting, count = [value], 0
    while waiting:
        each = waiting.pop()
        count += 1
        waiting += each.values() if isinstance(each, Mapping) else each if isinstance(each, list | tuple) else ()
    return count


def _is_text(value: Any) -> bool:
    """Whether it can be written down: JSON can name halves of characters, and nothing else can hold them."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) != len(pairs):
        raise BadArguments("An argument is given twice.")
    return whole


def _no_number(text: str) -> Any:
    raise BadArguments(f"{text} is not a number.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def _check(schema: Schema, value: Any, path: str, depth: int) -> Iterator[str]:
    if depth == 0:
        yield f"{_name(path)} is nested too deeply."
        return
    wanted = schema.get("type")
    kinds = [wanted] if isinstance(wanted, str) else list(wanted or ())
    if kinds and not any(_TYPES.get(kind, bool)(value) for kind in kinds):
        yield f"{_name(path)} must be {' or '.join(kinds)}."
        return
    if "enum" in schema and not any(_equal(value, each) for each in schema["enum"]):
        yield f"{_name(path)} must be one of {json.dumps(schema['enum'], ensure_ascii=False)}."
    if "const" in schema and not _equal(value, schema["const"]):
        yield f"{_name(path)} must be {json.dumps(schema['const'], ensure_ascii=False)}."
    yield from _combined(schema, value, path, depth)
    match value:
        case dict():
            yield from _object(schema, value, path, depth)
        case list():
            yield from _list(schema, value, path, depth)
        case str():
            yield from _text(schema, value, path)
        case _ if _is_number(value):
            yield from _number(schema, value, path)


def _combined(schema: Schema, value: Any, path: str, depth: int) -> Iterator[str]:
    for each in schema.get("allOf", ()):
        yield from _check(each, value, path, depth - 1)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            fitting = sum(not any(_check(each, value, path, depth - 1)) for each in schema[word])
            if not fitting or (word == "oneOf" and fitting > 1):
                yield f"{_name(path)} has none of the forms that it may have."


def _object(schema: Schema, value: Mapping[str, Any], path: str, depth: int) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{_name(_below(path, name))} is missing."
    rest = schema.get("additionalProperties", True)
    for name, each in value.items():
        below = _below(path, name[:60])
        if name in known:
            yield from _check(known[name], each, below, depth - 1)
        elif rest is False:
            yield f"{_name(below)} is not known."
        elif isinstance(rest, Mapping):
            yield from _check(rest, each, below, depth - 1)


def _list(schema: Schema, value: list[Any], path: str, depth: int) -> Iterator[str]:
    if len(value) < schema.get("minItems", 0):
        yield f"{_name(path)} needs at least {schema['minItems']}."
    if len(value) > schema.get("maxItems", LONGEST):
        yield f"{_name(path)} takes at most {schema['maxItems']}."
    if isinstance(items := schema.get("items"), Mapping):
        for place, each in enumerate(value):
            yield from _check(items, each, f"{path}[{place}]", depth - 1)


def _text(schema: Schema, value: str, path: str) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0):
        yield f"{_name(path)} is too short."
    if len(value) > schema.get("maxLength", LONGEST):
        yield f"{_name(path)} is longer than {schema['maxLength']} characters."
    if pattern := str(schema.get("pattern", ""))[:LONGEST_PATTERN]:
        try:
            fits = re.search(pattern, value[:LONGEST_MATCHED])
        except re.error:
            return
        if not fits:
            yield f"{_name(path)} does not have the form {pattern}"


def _number(schema: Schema, value: float, path: str) -> Iterator[str]:
    if value < schema.get("minimum", -math.inf):
        yield f"{_name(path)} must be at least {schema['minimum']}."
    if value > schema.get("maximum", math.inf):
        yield f"{_name(path)} must be at most {schema['maximum']}."
    if value <= schema.get("exclusiveMinimum", -math.inf):
        yield f"{_name(path)} must be more than {schema['exclusiveMinimum']}."
    if value >= schema.get("exclusiveMaximum", math.inf):
        yield f"{_name(path)} must be less than {schema['exclusiveMaximum']}."


def _equal(one: Any, other: Any) -> bool:
    """Python takes True for 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _name(path: str) -> str:
    return path or "The whole"
