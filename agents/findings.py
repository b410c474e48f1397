"""What a version wants to know after a call: the fields to fill in from it, and how each is shaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from agents.prompts import clean

MOST_FIELDS, MOST_CRITERIA, MOST_CHOICES = 12, 10, 12
LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_CHOICE, LONGEST_CRITERION = 40, 200, 40, 200


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    CHOICE = "choice"
    YES_NO = "yes_no"


TYPE_NAMES: Mapping[FieldType, str] = {
    FieldType.TEXT: "Text",
    FieldType.NUMBER: "Number",
    FieldType.DATE: "Date",
    FieldType.TIME: "Time",
    FieldType.CHOICE: "One of",
    FieldType.YES_NO: "Yes or no",
}


@dataclass(frozen=True, slots=True)
class WantedField:
    """One thing to find out. `choices` are the answers that a choice may have; others have none."""

    name: str
    type: FieldType = FieldType.TEXT
    description: str = ""
    choices: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WantedField:
        """Of what `read_fields` has accepted."""
        return cls(data["name"], FieldType(data["type"]), data["description"], tuple(data["choices"]))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "type": self.type.value, "choices": list(self.choices)}

    def __str__(self) -> str:
        kind = TYPE_NAMES[self.type].lower()
        choices = f" {', '.join(self.choices)}" if self.choices else ""
        return f"{self.name} ({kind}{choices})" + (f": {self.description}" if self.description else "")


def read_fields(rows: Any) -> list[WantedField]:
    """The fields that these rows mean; a row with nothing in it is none. Raises ValueError with a sentence."""
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise ValueError("Each field has a name and a type.")
    fields = [field for row in rows if (field := _field(row)) is not None]
    if len(fields) > MOST_FIELDS:
        raise ValueError(f"At most {MOST_FIELDS} fields; these are {len(fields)}.")
    names = [field.name.casefold() for field in fields]
    if double := next((field.name for field in fields if names.count(field.name.casefold()) > 1), None):
        raise ValueError(f"Two fields are called “{double}”.")
    return fields


def _field(row: Any) -> WantedField | None:
    if not isinstance(row, Mapping):
        raise ValueError("Each field has a name and a type.")
    name, description = (_words(row.get(key, "")) for key in ("name", "description"))
    choices = tuple(dict.fromkeys(filter(None, map(_words, row.get("choices") or ()))))
    if not (name or description or choices):
        return None
    if not name:
        raise ValueError(f"Give a name to the field that looks for “{description or ', '.join(choices)}”.")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"“{name[:20]}…” is longer than {LONGEST_NAME} characters.")
    if len(description) > LONGEST_DESCRIPTION:
        raise ValueError(f"What to look for in “{name}” is longer than {LONGEST_DESCRIPTION} characters.")
    try:
        kind = FieldType(row.get("type") or FieldType.TEXT)
    except ValueError:
        raise ValueError(f"“{name}” has no type that we know.") from None
    return WantedField(name, kind, description, _choices(name, kind, choices))


def _choices(name: str, kind: FieldType, choices: tuple[str, ...]) -> tuple[str, ...]:
    if kind is not FieldType.CHOICE:
        return ()
    if len(choices) < 2:
        raise ValueError(f"Write the answers that “{name}” may have, parted by commas: at least two.")
    if len(choices) > MOST_CHOICES or any(len(choice) > LONGEST_CHOICE for choice in choices):
        raise ValueError(f"“{name}” takes up to {MOST_CHOICES} answers of {LONGEST_CHOICE} characters each.")
    return choices


def _words(value: object) -> str:
    return clean(value)
