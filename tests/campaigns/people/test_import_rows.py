"""Columns and rows of a file: what is what, who can be called, and the reason why not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.cells import E164
from agentos.errors import DomainError
from campaigns.importing.columns import check, guess
from campaigns.importing.rows import Person, Rejected, RowReader, read_number
from campaigns.jurisdictions import tables

# Columns


def test_columns_are_guessed_from_their_names() -> None:
    headers = ["Patient Name", "Cell Phone", "ZIP", "Time zone", "Appointment date"]

    assert guess(headers) == {
        "Patient Name": "name",
        "Cell Phone": "e164",
        "ZIP": "zip_code",
        "Time zone": "zone",
        "Appointment date": "custom",
    }


def test_each_known_column_is_guessed_once() -> None:
    guessed = guess(["First name", "Last name", "Name", "Mobile", "Phone"])

    assert guessed == {
        "First name": "first_name",
        "Last name": "last_name",
        "Name": "custom",
        "Mobile": "custom",
        "Phone": "e164",
    }


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"Name": "name"}, "which column holds the phone number"),
        ({"A": "e164", "B": "e164"}, "Two columns are chosen as “Phone number”"),
        ({"A": "e164", "Due on": "custom", "Due-on": "custom"}, "the field “due_on”"),
    ],
)
def test_a_choice_that_cannot_be_imported_is_refused(columns: dict[str, str], words: str) -> None:
    with pytest.raises(DomainError, match=words):
        check(columns)


# Rows

COLUMNS = ("e164", "name", "zone", "state", "zip_code", "language", "line_type", "sip_address", "tags", "custom")
HEADERS = (*COLUMNS[:-1], "Due on")


def read(**cells: str) -> Person:
    reader = RowReader(HEADERS, dict(zip(HEADERS, COLUMNS, strict=True)), tables().gazetteer)
    row = {"e164": "(208) 555-0142", **cells}
    return reader.read([row.get(header, "") for header in HEADERS])


def test_a_full_row_becomes_a_person() -> None:
    person = read(
        name="Rosa  Delgado",
        zone="America/Boise",
        zip_code="83702-1234",
        language="Spanish",
        line_type="Cell",
        sip_address="sip:204@pbx.example.com:5061;transport=tls",
        tags="recall; vip,recall",
        **{"Due on": "2026-11-24"},
    )

    assert person == Person(
        "+12085550142",
        "Rosa Delgado",
        "America/Boise",
        "ID",
        "83702-1234",
        "es-US",
        "mobile",
        "sip:204@pbx.example.com:5061;transport=tls",
        {"due_on": "2026-11-24"},
        ("recall", "vip"),
    )


@pytest.mark.parametrize("written", ["2085550142", "+1 208 555 0142", "1-208-555-0142", "'(208) 555.0142"])
def test_one_number_is_written_in_many_ways(written: str) -> None:
    assert read_number(written) == "+12085550142"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"e164": ""}, "There is no phone number."),
        ({"e164": "two zero eight five five five"}, "written in words"),
        ({"e164": "208 five five five 0142"}, "written in words"),
        ({"e164": "ask her"}, "not a phone number"),
        ({"e164": "1-800-FLOWERS"}, "contains letters"),
        ({"e164": "208 555 0142 x17"}, "extension"),
        ({"e164": "555-0142"}, "too short"),
        ({"e164": "911"}, "not a number in service"),
        ({"e164": "+15555550142"}, "not a number in service"),
        ({"e164": "+1 900 555 1234"}, "Premium"),
        ({"e164": "+44 20 7946 0000"}, "country"),
        ({"zone": "Mountain"}, "“Mountain” is not a time zone"),
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"state": "Idaho"}, "not a state of two letters"),
        ({"zip_code": "Boise"}, "not a ZIP code"),
        ({"language": "the usual"}, "not a language"),
        ({"sip_address": "204"}, "not a SIP address"),
        ({"sip_address": "sip:204@pbx.example.com?X-Secret=1"}, "not a SIP address"),
        ({"name": "R" * 121}, "longer than 120"),
        ({"Due on": "x" * 501}, "“due_on” is longer than 500"),
    ],
)
def test_a_row_that_cannot_be_called_is_rejected_with_the_reason(cells: dict[str, str], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        read(**cells)


def test_a_contact_without_any_place_is_kept_and_held_later() -> None:
    assert read(e164="+18005550142").zone == ""


def test_the_state_comes_from_the_zip_code_unless_it_is_given() -> None:
    assert read(zip_code="97201").state == "OR"
    assert read(zip_code="97201", state="id").state == "ID"
    assert read(zip_code="2139").zip_code == "02139"  # a spreadsheet ate the zero
    assert read(zip_code="2139").state == "MA"


@given(st.text(max_size=40))
def test_whatever_stands_in_a_cell_is_a_number_or_is_rejected(text: str) -> None:
    try:
        outcome = read_number(text)
    except Rejected as reason:
        outcome = str(reason)

    assert E164.fullmatch(outcome) or outcome.endswith(".")
