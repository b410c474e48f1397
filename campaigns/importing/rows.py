"""One row of a file: a person who can be called, or the reason why not, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import phonenumbers

from campaigns.importing.columns import Column, field_name
from campaigns.places import Gazetteer, is_zone, place

HOME = "US"
LONGEST_NAME, LONGEST_VALUE, LONGEST_TAG = 120, 500, 40
LANGUAGES = {"english": "en-US", "spanish": "es-US", "español": "es-US", "espanol": "es-US"}
LANDLINE = frozenset({"landline", "land line", "home", "fixed"})
MOBILE = frozenset({"mobile", "cell", "cellular", "wireless"})
ZIP = re.compile(r"[0-9]{3,5}(-[0-9]{4})?")
SIP_ADDRESS = re.compile(r"sip:[a-zA-Z0-9_.+-]{1,40}@[a-zA-Z0-9.-]{1,60}(:[0-9]{2,5})?(;transport=(tls|tcp))?")
LANGUAGE_TAG = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})?")
DIGITS_IN_WORDS = re.compile(r"\b(zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Person:
    """What a row says about somebody. Empty means: it says nothing."""

    e164: str
    name: str = ""
    zone: str = ""
    state: str = ""
    zip_code: str = ""
    language: str = ""
    line_type: str = ""
    sip_address: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


class Rejected(Exception):
    """Why the row is not imported, as a sentence for the person who made the file."""


class RowReader:
    """Turns the cells of a file with these headers and columns into people."""

    def __init__(self, headers: Sequence[str], columns: Mapping[str, str], gazetteer: Gazetteer) -> None:
        chosen = [(index, header, columns.get(header, "")) for index, header in enumerate(headers)]
        self._places = {Column(column): index for index, _, column in chosen if column not in {"", Column.CUSTOM}}
        self._custom = {field_name(header): index for index, header, column in chosen if column == Column.CUSTOM}
        self._gazetteer = gazetteer
        self._states = {*(area.state for area in gazetteer.areas.values()), *gazetteer.zip_states.values()}

    def read(self, cells: Sequence[str]) -> Person:
        """Raises Rejected."""
        number = read_number(self._cell(cells, Column.NUMBER))
        zip_code = _zip_code(self._cell(cells, Column.ZIP_CODE))
        person = Person(
            e164=number,
            name=self._name(cells),
            zone=_zone(self._cell(cells, Column.ZONE)),
            state=self._state(self._cell(cells, Column.STATE), zip_code),
            zip_code=zip_code,
            language=_language(self._cell(cells, Column.LANGUAGE)),
            line_type=_line_type(self._cell(cells, Column.LINE_TYPE)),
            sip_address=_sip_address(self._cell(cells, Column.SIP_ADDRESS)),
            fields=self._fields(cells),
            tags=_tags(self._cell(cells, Column.TAGS)),
        )
        where = place(number, gazetteer=self._gazetteer, zone=person.zone, state=person.state, zip_code=zip_code)
        if where.refusal is not None and where.refusal.for_ever:
            raise Rejected(where.refusal.words)
        return person

    def _cell(self, cells: Sequence[str], column: Column) -> str:
        index = self._places.get(column)
        return "" if index is None else cells[index]

    def _name(self, cells: Sequence[str]) -> str:
        parts = [self._cell(cells, column) for column in (Column.NAME, Column.FIRST_NAME, Column.LAST_NAME)]
        name = " ".join(" ".join(parts).split())
        if len(name) > LONGEST_NAME:
            raise Rejected(f"The name is longer than {LONGEST_NAME} characters.")
        return name

    def _state(self, text: str, zip_code: str) -> str:
        if not text:
            return self._gazetteer.zip_states.get(zip_code[:3], "")
        if text.upper() not in self._states:
            raise Rejected(f"“{_shown(text)}” is not a state of two letters, such as ID.")
        return text.upper()

    def _fields(self, cells: Sequence[str]) -> dict[str, str]:
        fields = {name: cells[index] for name, index in self._custom.items() if cells[index]}
        for name, value in fields.items():
            if len(value) > LONGEST_VALUE:
                raise Rejected(f"What stands under “{name}” is longer than {LONGEST_VALUE} characters.")
        return fields


def read_number(text: str) -> str:
    """An E.164 number from the way people write it in the United States. Raises Rejected."""
    if not text:
        raise Rejected("There is no phone number.")
    if DIGITS_IN_WORDS.search(text):
        raise Rejected("The number is written in words. Please write it in digits.")
    if not any(character.isdigit() for character in text):
        raise Rejected(f"“{_shown(text)}” is not a phone number.")
    try:
        parsed = phonenumbers.parse(text, HOME)
    except phonenumbers.NumberParseException as error:
        raise Rejected(f"“{_shown(text)}” is not a phone number.") from error
    if parsed.extension:
        raise Rejected("The number has an extension, which cannot be called directly.")
    if re.search(r"[a-zA-Z]", text):
        raise Rejected("The number contains letters. Please write it in digits.")
    if not phonenumbers.is_valid_number(parsed):
        raise Rejected(f"“{_shown(text)}” is not a number in service: it is too short, too long or unknown.")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _zone(text: str) -> str:
    if text and not is_zone(text):
        raise Rejected(f"“{_shown(text)}” is not a time zone, such as America/Boise.")
    return text


def _zip_code(text: str) -> str:
    """A spreadsheet drops the zeros that ZIP codes of the Northeast begin with; they are put back."""
    if not text:
        return ""
    if not ZIP.fullmatch(text):
        raise Rejected(f"“{_shown(text)}” is not a ZIP code.")
    digits, dash, rest = text.partition("-")
    return digits.zfill(5) + dash + rest


def _language(text: str) -> str:
    known = LANGUAGES.get(text.casefold(), text)
    if known and not LANGUAGE_TAG.fullmatch(known):
        raise Rejected(f"“{_shown(text)}” is not a language, such as en-US or Spanish.")
    return known


def _line_type(text: str) -> str:
    """What is not known counts as mobile later, which has the stricter rules."""
    word = text.casefold()
    return "landline" if word in LANDLINE else "mobile" if word in MOBILE else ""


def _sip_address(text: str) -> str:
    if text and not SIP_ADDRESS.fullmatch(text):
        raise Rejected(f"“{_shown(text)}” is not a SIP address, such as sip:204@pbx.example.com.")
    return text


def _tags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.strip()[:LONGEST_TAG] for tag in re.split(r"[,;]", text) if tag.strip()))


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_TAG else f"{text[:LONGEST_TAG]}…"
