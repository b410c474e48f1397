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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import PurePath
from typing import TYPE_CHECKING

from agentos.errors import DomainError

if TYPE_CHECKING:
    from bs4 import Tag

MOST_BYTES = 10 * 2**20
MOST_PAGES = 500
MOST_CHARACTERS = 1_000_000
MOST_UNPACKED, PIECE = 60 * 2**20, 2**16  # of a Word file, which is a ZIP
MOST_ROWS = 5_000
WITHIN_S = 60.0  # a small file can be made that takes hours

MOST_TITLES = 10  # rows that may stand above the names of a table
LEAST_OF_A_FOOT = 12
FOOT = "Contact"
BLOCKS = ("p", "li", "tr", "div", "section", "br", "dt", "dd", "td", "th", "address")

_HEADINGS = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_NUMBER = re.compile(r"[\W_]*\d[\d\W_]*")
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
    foot = _foot(page)
    for part in page.find_all(_SKIPPED):
        if part.name != "header" or not part.find_parent(("main", "article")):  # there it holds the heading
            part.decompose()
    for row in page.find_all("tr"):
        _in_one_line(row)
    for level in range(1, 7):
        for heading in page.find_all(f"h{level}"):
            words = " ".join(heading.get_text(" ").split())
            heading.replace_with(f"\n\n{'#' * level} {words}\n\n" if words else "\n")
    body = page.find("main") or page.body or page
    return title, _kept([*_by_headings(_lines(body)), Section(FOOT, foot)])


def _lines(part: Tag) -> str:
    for block in part.find_all(BLOCKS):
        block.insert_before("\n")
    return part.get_text()


def _foot(page: Tag) -> str:
    """What stands at the foot of a page: often the only place of address and opening hours. No lists of links."""
    foot = next((each for each in reversed(page.find_all("footer")) if not each.find_parent("article")), None)
    if foot is None:
        return ""
    for part in foot.find_all((*_SKIPPED, "a")):
        is_told = part.name == "a" and (re.search(r"\d", part.get_text()) or "@" in part.get_text())
        if not is_told:
            part.decompose()
    text = _lines(foot.extract())
    return text if sum(map(str.isalnum, text)) >= LEAST_OF_A_FOOT else ""


def _in_one_line(row: Tag) -> None:
    """A row of a table, as it is read aloud. Tables that only arrange a page are left."""
    cells = row.find_all(("td", "th"))
    if len(cells) > 1 and not row.find(("table", "p", "div", "h1", "h2", "h3")):
        texts = [" ".join(cell.get_text(" ").split()) for cell in cells]
        row.string = "\n" + ": ".join(filter(None, texts))


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
    rows = [
        [" ".join(cell.split()) for cell in row]
        for row in islice(csv.reader(io.StringIO(text), dialect), MOST_ROWS + 1)
    ]
    if len(rows) > MOST_ROWS:
        raise DomainError("too_many_rows", f"There are more than {MOST_ROWS:,} rows in it. Please divide it.")
    place = _place_of_names(rows)
    yield from (Section("", ", ".join(filter(None, row))) for row in rows[: place or 0])
    names = [] if place is None else rows[place]
    for row in rows if place is None else rows[place + 1 :]:
        if names:
            told = (f"{name}: {cell}" if name else cell for name, cell in zip_longest(names, row, fillvalue="") if cell)
            yield Section("", "\n".join(told))
        else:
            yield Section("", ": ".join(filter(None, row)))


def _place_of_names(rows: Sequence[Sequence[str]]) -> int | None:
    """Which row names the columns: the first as wide as most are. None where it holds numbers, as the others do."""
    filled = [sum(map(bool, row)) for row in rows]
    ((usual, _),) = Counter(filter(None, filled)).most_common(1) or [(0, 0)]
    place = next((at for at, many in enumerate(filled[: MOST_TITLES + 1]) if many >= usual), None)
    return None if place is None or any(map(_NUMBER.fullmatch, rows[place])) else place


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
