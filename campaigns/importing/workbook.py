"""The first sheet of an XLSX file, streamed. A workbook is a ZIP of XML: both can be bombs, so we count as we read.

The standard library is enough for a table of text, numbers and dates, and leaves the counting in our hands: the sizes
that a ZIP states about itself are whatever its author wrote.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError, iterparse
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from campaigns.importing.sheets import MOST_COLUMNS, Line, SheetError

MOST_UNPACKED = 50 * 2**20
MOST_RATIO = 100
RATIO_COUNTS_FROM = 2**20  # small parts of a workbook may shrink a lot, and harm nobody
MOST_ENTRIES = 1_000
MOST_ELEMENTS = 4_000_000  # what 50 MB of cells hold
MOST_HELD, MOST_DEPTH = 100_000, 50  # within one row
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
PACKED = frozenset({ZIP_STORED, ZIP_DEFLATED})  # the others unpack all at once what we want to count in pieces
# An archive that is damaged leads anywhere: to places before its beginning, and to encodings that do not exist.
BROKEN = (
    BadZipFile,
    ParseError,
    LookupError,
    ValueError,
    OverflowError,
    EOFError,
    OSError,
    NotImplementedError,
    zlib.error,
)


def workbook_lines(path: Path) -> Iterator[Line]:
    """The rows of the first sheet. Raises SheetError for a bomb, and for what is no workbook."""
    if _entries(path) > MOST_ENTRIES:
        raise bomb()
    try:
        with ZipFile(path) as archive:
            yield from _Workbook(archive).lines()
    except BROKEN as error:
        raise SheetError("broken_workbook", "This workbook is damaged. Please save it again, or as CSV.") from error
    except RuntimeError as error:  # zipfile's word for a password
        raise SheetError("locked_workbook", "This workbook is protected by a password.") from error


def _entries(path: Path) -> int:
    """How many parts the archive lists, counted before anybody builds a table of them."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return sum(1 for _ in re.finditer(b"PK\x01\x02", content))


def bomb() -> SheetError:
    return SheetError("zip_bomb", "This workbook unpacks to far more than it should. Please save it as CSV.")


class _Counted:
    """A part of the archive that is counted while it is read, and refuses to go on beyond the bounds."""

    def __init__(self, file: IO[bytes], entry: ZipInfo, workbook: _Workbook) -> None:
        self._file, self._entry, self._workbook = file, entry, workbook
        self._read, self._tail = 0, b""

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(65_536 if size < 0 else min(size, 65_536))
        self._read += len(chunk)
        self._workbook.unpacked += len(chunk)
        ratio = self._read / max(1, self._entry.compress_size)
        if self._workbook.unpacked > MOST_UNPACKED or (self._read > RATIO_COUNTS_FROM and ratio > MOST_RATIO):
            raise bomb()
        if b"<!DOCTYPE" in self._tail + chunk:  # entities multiply; no workbook needs them
            raise bomb()
        self._tail = chunk[-8:]
        return chunk


class _Workbook:
    def __init__(self, archive: ZipFile) -> None:
        self._archive, self.unpacked, self.elements = archive, 0, 0
        self._names = set(archive.namelist())

    def lines(self) -> Iterator[Line]:
        sheet, is_1904 = self._first_sheet()
        strings = list(self._strings())
        dates = self._date_styles()
        epoch = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet knows no zone
        for place, row in enumerate(self._elements(sheet, "row"), start=1):
            yield int(row.get("r") or place), _cells(row, strings, dates, epoch)

    def _first_sheet(self) -> tuple[str, bool]:
        is_1904, relation = False, ""
        for element in self._elements("xl/workbook.xml", "workbookPr", "sheet"):
            if _tag(element) == "workbookPr":
                is_1904 = element.get("date1904") in {"1", "true"}
            else:
                relation = relation or element.get(RELATION, "")
        for each in self._elements("xl/_rels/workbook.xml.rels", "Relationship"):
            if each.get("Id") == relation:
                target = each.get("Target", "")
                return target.lstrip("/") if target.startswith("/") else f"xl/{target}", is_1904
        raise KeyError(relation)

    def _strings(self) -> Iterator[str]:
        if "xl/sharedStrings.xml" in self._names:
            for item in self._elements("xl/sharedStrings.xml", "si"):
                yield _text(item)

    def _date_styles(self) -> frozenset[int]:
        """The places of the cell formats that show a date or a time."""
        if "xl/styles.xml" not in self._names:
            return frozenset()
        dates, styles = set(BUILT_IN_DATES), frozenset[int]()
        for element in self._elements("xl/styles.xml", "numFmt", "cellXfs"):
            if _tag(element) == "cellXfs":
                styles = frozenset(n for n, each in enumerate(element) if int(each.get("numFmtId", 0)) in dates)
            elif re.search("[dmyhs]", QUOTED.sub("", element.get("formatCode", "")), re.IGNORECASE):
                dates.add(int(element.get("numFmtId", 0)))
        return styles

    def _elements(self, name: str, *tags: str) -> Iterator[Element]:
        """Elements of these names as they end; what was read is let go of."""
        entry = self._archive.getinfo(name)
        if entry.compress_type not in PACKED:
            raise BadZipFile(name)
        with self._archive.open(entry) as file:
            source: Any = _Counted(file, entry, self)
            parents: list[Element] = []
            wanted = held = 0  # how many parents are of these names; how many elements they hold
            for event, element in iterparse(source, events=("start", "end")):  # noqa: S314 - bounded, no DTD
                is_wanted = _tag(element) in tags
                if event == "start":
                    self._count(len(parents), held)
                    parents.append(element)
                    wanted, held = wanted + is_wanted, held + 1
                    continue
                parents.pop()
                wanted -= is_wanted
                if is_wanted:
                    yield element
                if not wanted:
                    element.clear()
                    held = 0
                    if parents:
                        parents[-1].remove(element)

    def _count(self, depth: int, held: int) -> None:
        """Elements take far more room, and time, than the few letters that they are written with."""
        self.elements += 1
        if depth > MOST_DEPTH or held > MOST_HELD or self.elements > MOST_ELEMENTS:
            raise bomb()


def _cells(row: Element, strings: list[str], dates: frozenset[int], epoch: datetime) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if _tag(cell) != "c":
            continue
        place = _column(cell.get("r", "")) if cell.get("r") else len(cells)
        value = _value(cell, strings, dates, epoch)
        if not value:
            continue
        if place >= MOST_COLUMNS:
            raise SheetError("too_many_columns", f"The file has more than {MOST_COLUMNS} columns.")
        cells += [""] * (place + 1 - len(cells))
        cells[place] = value
    return cells


def _value(cell: Element, strings: list[str], dates: frozenset[int], epoch: datetime) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(cell)
    raw = next((each.text or "" for each in cell if _tag(each) == "v"), "")
    if kind == "s" and raw:
        place = int(raw)
        if not 0 <= place < len(strings):
            raise ValueError(raw)
        return strings[place]
    if kind == "b":
        return "yes" if raw == "1" else "no"
    if kind == "n" and raw:
        return _date(float(raw), epoch) if int(cell.get("s", 0)) in dates else _number(raw)
    return raw


def _number(raw: str) -> str:
    """2.085550142E9 → 2085550142: a telephone number that was typed into a sheet is a number there."""
    number = float(raw)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else raw


def _date(serial: float, epoch: datetime) -> str:
    """A day, a time, or both, as the cell shows them."""
    if not 0 <= serial < 2_958_466:  # the year 10000
        raise ValueError(serial)
    moment = epoch + timedelta(minutes=round(serial * 1440))
    if serial < 1:
        return f"{moment:%H:%M}"
    return f"{moment:%Y-%m-%d}" if serial == int(serial) else f"{moment:%Y-%m-%d %H:%M}"


def _column(reference: str) -> int:
    """B7 → 1"""
    place = 0
    for letter in reference.rstrip("0123456789").upper():
        if not "A" <= letter <= "Z":
            raise ValueError(reference)
        place = place * 26 + ord(letter) - 64
    return place - 1


def _text(element: Element) -> str:
    """All of its runs, without the phonetic hints of East Asian sheets."""
    if _tag(element) == "t":
        return element.text or ""
    return "".join(_text(each) for each in element if _tag(each) != "rPh")


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]
