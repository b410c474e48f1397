"""Arguments held against their schema: exactly so, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.providers.schemas import BadArguments, mistakes, read_arguments

SCHEMA = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
        "seats": {"type": ["integer", "null"], "minimum": 1, "maximum": 12},
        "wish": {"type": ["string", "null"], "enum": ["window", "door", None]},
        "guests": {"type": "array", "maxItems": 2, "items": {"type": "object", "required": ["name"]}},
    },
    "required": ["day", "seats", "wish", "guests"],
    "additionalProperties": False,
}
GOOD: dict[str, Any] = {"day": "2026-11-24", "seats": None, "wish": "door", "guests": [{"name": "Maya"}]}


def test_what_fits_is_taken_as_it_is() -> None:
    assert read_arguments(json.dumps(GOOD), SCHEMA) == GOOD


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"day": "Friday"}, "day does not have the form"),
        ({"day": None}, "day must be string"),
        ({"seats": True}, "seats must be integer or null"),
        ({"seats": 2.5}, "seats must be integer or null"),
        ({"seats": 99}, "seats must be at most 12"),
        ({"wish": "roof"}, 'wish must be one of ["window", "door", null]'),
        ({"guests": [{}]}, "guests[0].name is missing"),
        ({"guests": [{"name": "a"}] * 3}, "guests takes at most 2"),
        ({"tenant": 7}, "tenant is not known"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(change: dict[str, Any], told: str) -> None:
    with pytest.raises(BadArguments) as refused:
        read_arguments(json.dumps(GOOD | change), SCHEMA)

    assert told in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"day":', '{"a": 1, "a": 2}', '{"a": NaN}', "[" * 4000, "x" * 9000]
)
def test_what_is_no_single_object_is_refused(text: str) -> None:
    with pytest.raises(BadArguments):
        read_arguments(text, {"type": "object"})


def test_a_choice_of_forms_takes_one_of_them() -> None:
    schema = {"anyOf": [{"type": "string"}, {"type": "object", "required": ["id"]}]}

    assert mistakes(schema, "a") == mistakes(schema, {"id": 1}) == []
    assert mistakes(schema, 7)
    assert mistakes({"oneOf": [{"type": "integer"}, {"minimum": 5}]}, 7)


def test_of_many_mistakes_a_few_are_told() -> None:
    assert len(mistakes(SCHEMA, {str(n): n for n in range(50)})) == 5


def test_what_would_keep_calls_waiting_is_not_checked_but_refused() -> None:
    forms = {"anyOf": [{"const": n} for n in range(3000)]}
    schema = {"type": "object", "properties": {"all": {"type": "array", "items": forms}}}

    with pytest.raises(BadArguments, match="too many"):
        read_arguments(json.dumps({"all": [-1] * 1000}), schema)
