"""Documents as plain text, section by section: PDF, Word, Markdown, CSV, text, and pages of the web.

Nothing in a document is followed or run: no links, no macros, no entities. What is too large, locked or empty raises
DomainError with a sentence for the person who brought it.
"""

from __future__ import annotations

import csv
import io
import re
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from agentos.errors import DomainError

MOST_BYTES = 10 * 2**20
MOST_PAGES = 500
MOST_CHARACTERS = 1_000_000
MOST_UNPACKED, PIECE = 60 * 2**20, 2**16  # of a Word file, which is a ZIP
MOST_ROWS = 5_000
WITHIN_S = 60.0  # a small file can be made that takes hours

_HEADINGS = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_SKIPPED = ("script", "style", "noscript", "template", "svg", "nav", "header", "footer", "form", "iframe")


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document below one heading, or none."""

    heading: str
    text: str


def read_file(name: str, content: bytes) -> list[Section]:
    """The text of a file, by the ending of its name. Raises DomainError when there is none to be had."""
    if len(content) > MOST_BYTES:
        raise DomainError("too_large", "The file is larger than 10 MB. Please divide it.")
    reader = READERS.get(PurePath(name).suffix.lower())
    if reader is None:
        raise DomainError("unknown_kind", f"Choose one of these kinds of files: {', '.join(KINDS)}.")
    return _kept(reader(content))


def read_page(content: bytes) -> tuple[str, list[Section]]:
    """The title and the text of a page of the web, without what surrounds it on every page of its site."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(content, "html.parser")
    title = " ".join(page.title.get_text().split()) if page.title else ""
    for part in page.find_all(_SKIPPED):
        part.decompose()
    for level in range(1, 7):
        for heading in page.find_all(f"h{level}"):
            words = " ".join(heading.get_text(" ").split())
            heading.replace_with(f"\n\n{'#' * level} {words}\n\n" if words else "\n")
    for block in page.find_all(("p", "li", "tr", "div", "section", "br", "dt", "dd", "td", "th")):
        block.insert_before("\n")
    body = page.find("main") or page.body or page
    return title, _kept(_by_headings(body.get_text()))


def _kept(sections: Iterable[Section]) -> list[Section]:
    kept, size = [], 0
    for section in sections:
        text = _tidied(section.text)
        size += len(text)
        if size > MOST_CHARACTERS:
            raise DomainError("too_long", "There is more than a million characters in it. Please divide it.")
        if text:
            kept.append(Section(" ".join(section.heading.split())[:200], text))
    if not kept:
        raise DomainError("no_text", "There is no text in it. A scan has to be turned into text first.")
    return kept


def _tidied(text: str) -> str:
    """Lines without margins, and at most one empty line between them; nothing that no page shows."""
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _by_headings(text: str) -> Iterator[Section]:
    heading, lines = "", list[str]()
    for line in text.splitlines():
        if found := _HEADINGS.match(line.strip()):
            yield Section(heading, "\n".join(lines))
            heading, lines = found[2], []
        else:
            lines.append(line)
    yield Section(heading, "\n".join(lines))


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16") if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("cp1252", errors="replace")


def _read_text(content: bytes) -> Iterator[Section]:
    yield Section("", _decoded(content))


def _read_markdown(content: bytes) -> Iterator[Section]:
    return _by_headings(_decoded(content))


def _read_csv(content: bytes) -> Iterator[Section]:
    """Each row as a passage of its own: `column: value`, or a question and its answer."""
    text = "\n".join(_decoded(content).replace("\r\n", "\n").split("\r"))
    try:
        yield from _rows(text)
    except csv.Error as error:
        raise DomainError("damaged", "This CSV file has a cell that does not end. Please save it again.") from error


def _rows(text: str) -> Iterator[Section]:
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:4096], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = csv.reader(io.StringIO(text), dialect)
    names = [" ".join(name.split()) for name in next(rows, [])]
    for number, row in enumerate(rows, start=2):
        if number > MOST_ROWS:
            raise DomainError("too_many_rows", f"There are more than {MOST_ROWS:,} rows in it. Please divide it.")
        cells = [(name, " ".join(cell.split())) for name, cell in zip(names, row, strict=False)]
        yield Section("", "\n".join(f"{name}: {cell}" if name else cell for name, cell in cells if cell))


class _Hurry:
    """Called at each step of a work whose length nobody knows; raises DomainError when it has taken too long."""

    def __init__(self) -> None:
        self._until = time.monotonic() + WITHIN_S

    def __call__(self, *step: object) -> None:
        if time.monotonic() > self._until:
            raise DomainError("too_slow", "It takes too long to read. Please divide it, or bring its text alone.")


def _read_pdf(content: bytes) -> Iterator[Section]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        document = PdfReader(io.BytesIO(content))
        if document.is_encrypted and not document.decrypt(""):
            raise DomainError("locked", "The document is protected by a password.")
        if len(document.pages) > MOST_PAGES:
            raise DomainError("too_many_pages", f"There are more than {MOST_PAGES} pages in it. Please divide it.")
        hurry = _Hurry()
        for number, page in enumerate(document.pages, start=1):
            yield Section(f"Page {number}", page.extract_text(visitor_operand_before=hurry))
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DomainError("damaged", "This PDF is damaged. Please save it again.") from error


def _read_word(content: bytes) -> Iterator[Section]:
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        yield from _blocks(_unpacked(content))
    except (zipfile.BadZipFile, zlib.error, OpcError, LxmlError, KeyError, ValueError, AttributeError) as error:
        raise DomainError("damaged", "This Word file is damaged. Please save it again as .docx.") from error


def _unpacked(content: bytes) -> io.BytesIO:
    """The same file, each part counted while it unpacks: what a ZIP says of its sizes proves nothing."""
    whole, room = io.BytesIO(), MOST_UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(whole, "w") as plain:
        for entry in packed.infolist():
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise zipfile.BadZipFile(entry.filename)  # the others unpack in one piece
            with packed.open(entry) as part:
                pieces = []
                while piece := part.read(PIECE):
                    room -= len(piece)
                    if room < 0:
                        raise DomainError("too_large", "The file unpacks to far more than it should.")
                    pieces.append(piece)
            plain.writestr(entry.filename, b"".join(pieces))
    return whole


def _blocks(file: io.BytesIO) -> Iterator[Section]:
    """A file that was made by hand can lack any part that the library counts on."""
    import docx

    document = docx.Document(file)
    heading, lines, hurry = "", list[str](), _Hurry()
    for block in document.iter_inner_content():
        hurry()
        if isinstance(block, docx.table.Table):
            lines += [": ".join(dict.fromkeys(cell.text for cell in row.cells if cell.text)) for row in block.rows]
        elif block.style is not None and str(block.style.name).startswith(("Heading", "Title")):
            yield Section(heading, "\n".join(lines))
            heading, lines = block.text, []
        else:
            lines += [block.text, ""]
    yield Section(heading, "\n".join(lines))


READERS: dict[str, Callable[[bytes], Iterator[Section]]] = {
    ".pdf": _read_pdf,
    ".docx": _read_word,
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".txt": _read_text,
    ".csv": _read_csv,
}
KINDS = ("PDF", "Word (.docx)", "text", "Markdown", "CSV")
