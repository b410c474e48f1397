"""Reads a table from a CSV or XLSX file row by row. The file comes from a stranger, so everything has a bound."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from agentos.cells import as_written
from agentos.errors import DomainError

MOST_BYTES = 50 * 2**20  # what every page says; agentos/bounds.py lets no larger request in
MOST_ROWS = 200_000
MOST_COLUMNS = 100
LONGEST_ROW = 2**20  # characters
CHUNK = 2**20
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
DELIMITERS = (",", ";", "\t", "|")
BINARY = frozenset(range(32)) - frozenset(b"\t\n\r\x0b\x0c")
# Nobody sees these, and some turn the text around them: controls but for tabs and line breaks, marks of direction, and
# spaces without width. The joiners stay, which some scripts need in names.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)

Line = tuple[int, list[str]]  # the number of the row as the person's own program shows it, and its cells


class SheetError(DomainError):
    """The file cannot be read; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with named columns. Every pass over `rows` reads the file anew, one row at a time."""

    path: Path
    headers: tuple[str, ...]

    def rows(self) -> Iterator[Line]:
        """Rows with something in them, as long as the header. Raises SheetError where the file turns out broken."""
        lines = _lines(self.path)
        next(lines)
        for count, (number, cells) in enumerate(lines, start=1):
            if count > MOST_ROWS:
                raise SheetError("too_large", f"The file has more than {MOST_ROWS:,} rows. Please split it.")
            yield number, [*cells, *[""] * len(self.headers)][: len(self.headers)]


def open_sheet(path: Path) -> Sheet:
    """Read the names of the columns. Raises SheetError for a file that is empty, too large, or no table."""
    size = path.stat().st_size
    if size == 0:
        raise SheetError("empty", "The file is empty.")
    if size > MOST_BYTES:
        raise too_large()
    first = next(_lines(path), None)
    if first is None:
        raise SheetError("empty", "The file is empty.")
    return Sheet(path, _headers(first[1]))


def too_large() -> SheetError:
    return SheetError("too_large", f"The file is larger than {MOST_BYTES // 2**20} MB. Please split it.")


def _headers(cells: list[str]) -> tuple[str, ...]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    if len(cells) > MOST_COLUMNS:
        raise SheetError("too_many_columns", f"The file has more than {MOST_COLUMNS} columns.")
    headers = tuple(cell[:100] or f"Column {place}" for place, cell in enumerate(cells, start=1))
    seen: set[str] = set()
    for header in headers:
        if header.casefold() in seen:
            raise SheetError("duplicate_header", f"Two columns are called “{header}”. Please rename one of them.")
        seen.add(header.casefold())
    return headers


def _lines(path: Path) -> Iterator[Line]:
    """Every row that is not blank, its cells without what nobody sees, and without an apostrophe of ours."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == OLD_EXCEL:
        raise SheetError("old_excel", "This is an old Excel file. Please save it as .xlsx or as CSV.")
    if start == ZIP:
        from campaigns.importing.workbook import workbook_lines

        lines = workbook_lines(path)
    else:
        lines = _csv_lines(path)
    for number, cells in lines:
        stripped = [as_written(INVISIBLE.sub("", cell).strip()).strip() for cell in cells]
        if any(stripped):
            yield number, stripped


def _csv_lines(path: Path) -> Iterator[Line]:
    with path.open(encoding=_encoding(path), newline="") as file:
        sample = file.readline(100_000)
        while sample and not sample.strip():
            sample = file.readline(100_000)
        file.seek(0)
        delimiter = max(DELIMITERS, key=sample.count)
        bounded = _Bounded(file)
        reader = csv.reader(bounded, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                bounded.begin_row()
                yield reader.line_num, cells
        except csv.Error as error:
            words = f"Line {reader.line_num} cannot be read: a quotation mark is missing or in the wrong place."
            raise SheetError("broken_line", words) from error


class _Bounded:
    """The lines of a file, as long as no row of the table, which may have many lines, is longer than any we read."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._left = file, LONGEST_ROW

    def begin_row(self) -> None:
        self._left = LONGEST_ROW

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(self._left + 1):
            self._left -= len(line)
            if self._left < 0:
                raise SheetError("too_long", "A row of the file is longer than anything we can read.")
            yield line


def _encoding(path: Path) -> str:
    """UTF-8 where every byte of the file agrees, else the code page of Windows; what is neither is refused."""
    with path.open("rb") as file:
        start = file.read(400)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _is_bare_utf16(start):
        raise SheetError("wrong_encoding", "The file is saved as “Unicode text”. Please save it as CSV UTF-8.")
    for encoding in ("utf-8-sig", "cp1252"):
        if _decodes(path, encoding):
            return encoding
    raise SheetError("wrong_encoding", "This is not a text file that we can read. Please save it as CSV UTF-8.")


def _is_bare_utf16(start: bytes) -> bool:
    """Every other byte of plain letters is zero, on either side, though nothing in front says so."""
    pairs = len(start) // 2
    zeros = start[0::2].count(0), start[1::2].count(0)
    return pairs > 1 and max(zeros) * 2 > pairs and min(zeros) == 0


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                if not BINARY.isdisjoint(chunk):
                    return False
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
