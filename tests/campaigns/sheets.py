"""Workbooks as a spreadsheet writes them, and as somebody does who means harm."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DAY_STYLE, MOMENT_STYLE = 1, 2

WORKBOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><workbookPr/>'
    '<sheets><sheet name="People" sheetId="1" r:id="rId7"/></sheets></workbook>'
)
RELS = f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId7" Target="worksheets/people.xml"/></Relationships>'
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)

Cell = str | int | float | tuple[float, int]  # a number with a style is a date


def workbook(*rows: Sequence[Cell], parts: Mapping[str, bytes] | None = None) -> bytes:
    """Text goes to the shared strings, as Excel does it. `parts` replace or add entries of the archive."""
    strings: dict[str, int] = {}
    lines = [
        f'<row r="{number}">{"".join(_cell(cell, place, number, strings) for place, cell in enumerate(row))}</row>'
        for number, row in enumerate(rows, start=1)
    ]
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
    entries = {
        "xl/workbook.xml": WORKBOOK.encode(),
        "xl/_rels/workbook.xml.rels": RELS.encode(),
        "xl/styles.xml": STYLES.encode(),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}</sst>'.encode(),
        "xl/worksheets/people.xml": (
            f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'.encode()
        ),
        **(parts or {}),
    }
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def bomb(part: str, times: int) -> bytes:
    """A workbook of which one part unpacks to `times` 64 MB of cells, packed without ever being whole anywhere.

    The same packed stretch is repeated: a stretch that ends with a full flush stands for itself.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = packer.compress(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()) + packer.flush(zlib.Z_FULL_FLUSH)
    stretch = packer.compress(
        b"<row><c t='inlineStr'><is><t>%s</t></is></c></row>" % bytes(b"7" * 60_000) * (2**26 // 60_054)
    ) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = begin + stretch * times + packer.flush()
    archive = workbook(["Phone"], ["2085550142"], parts={part: b""})
    file = BytesIO(archive)
    with ZipFile(file, "a") as writing:
        entry = writing.getinfo(part)
        start = len(archive[: writing.start_dir])
        entry.header_offset, entry.compress_size, entry.file_size = start, len(packed), min(2**32 - 2, 2**26 * times)
        file.seek(start)
        file.write(entry.FileHeader(zip64=False) + packed)
        writing.start_dir, writing._didModify = file.tell(), True  # type: ignore[attr-defined]
    return file.getvalue()


def _cell(cell: Cell, place: int, number: int, strings: dict[str, int]) -> str:
    at = f'r="{chr(65 + place)}{number}"'
    if isinstance(cell, tuple):
        return f'<c {at} s="{cell[1]}"><v>{cell[0]}</v></c>'
    if isinstance(cell, str):
        return f'<c {at} t="s"><v>{strings.setdefault(cell, len(strings))}</v></c>' if cell else ""
    return f"<c {at}><v>{cell}</v></c>"
