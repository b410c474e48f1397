"""No cell that we write becomes a formula, and an import takes back the apostrophe that we added."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.cells import as_written, harmless, harmless_row
from agentos.exporting import csv_file
from campaigns.importing.sheets import open_sheet

DANGEROUS = "=+-@\t\x00|%\uff1d\uff0b\uff0d\uff20"


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-2", "@SUM(A1)", "\tx", "\x00=1", "+1 208 555 0142", " =1"])
def test_a_formula_becomes_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["\uff1dcmd", "\uff0b1", "\uff0d1", "\uff20SUM", "+1208555014２", "\ufe66x", "\u202e=1", "\u200b@x"]
)
def test_forms_of_another_width_and_what_nobody_sees_are_no_way_around(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "written"),
    [("Rosa;=1+1", "Rosa;'=1+1"), ("Rosa\n=1+1;x", "Rosa\n'=1+1;x"), ("\r=1", "\r'=1"), ("a; b", "a; b")],
)
def test_where_a_semicolon_or_a_line_break_parts_cells_no_formula_follows_it(cell: str, written: str) -> None:
    assert harmless(cell) == written


@pytest.mark.parametrize("cell", ["+12085550142", "Rosa", "", "1-2", "a=b", "’t Hooft", "O'Neill", "'t Hooft"])
def test_what_is_no_formula_stays(cell: str) -> None:
    assert as_written(cell) == harmless(cell) == cell


def test_numbers_of_ours_are_numbers() -> None:
    assert harmless_row([-5, 2.5, None, True]) == ["-5", "2.5", "", "True"]


@given(st.text(st.one_of(st.sampled_from(DANGEROUS + "' a1;\n\r"), st.characters()), max_size=12))
def test_every_text_comes_back_as_it_was_and_on_the_way_is_none(text: str) -> None:
    cell = harmless(text)

    assert as_written(cell) == text
    pieces = re.split(r"[;\r\n]", cell)
    assert _is_e164(cell) or not any(piece.lstrip().startswith(tuple(DANGEROUS)) for piece in pieces)


def _is_e164(cell: str) -> bool:
    return cell.isascii() and cell[1:].isdigit() and cell[0] == "+"


CELL = st.text(st.one_of(st.sampled_from("=+-@'|% a1;"), st.characters(codec="utf-8", exclude_categories=["C", "Z"])))


@given(st.lists(CELL.map(str.strip).filter(bool), min_size=1, max_size=4))
def test_an_export_that_is_imported_again_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    head = [f"Column {place}" for place in range(len(cells))]
    path: Path = tmp_path_factory.mktemp("round") / "export.csv"
    path.write_bytes(csv_file("export", head, [cells]).content)

    assert [row for _, row in open_sheet(path).rows()] == [cells]


def test_names_of_columns_are_cells_as_well() -> None:
    written = csv_file("a", ["=1+1"], []).content.decode("utf-8-sig")

    assert list(csv.reader(StringIO(written))) == [["'=1+1"]]
