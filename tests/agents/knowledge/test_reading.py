"""Documents become text, and what cannot is refused with a sentence."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from pypdf import PdfWriter

from agentos.errors import DomainError
from agents.knowledge import reading
from agents.knowledge.passages import LONGEST, cut
from agents.knowledge.reading import Section, read_file, read_page
from tests.agents.knowledge.documents import pdf_file, word_file


def test_a_word_file_is_read_by_its_headings_with_its_tables():
    assert read_file("Office.DOCX", word_file()) == [
        Section("Parking", "There are eight places behind the house."),
        Section("Prices", "Cleaning: 90 dollars"),
    ]


def test_a_pdf_is_read_page_by_page():
    assert read_file("office.pdf", pdf_file("We close at noon on Fridays.")) == [
        Section("Page 1", "We close at noon on Fridays.")
    ]


def test_markdown_is_read_by_its_headings():
    assert read_file("a.md", b"Welcome.\n\n## Hours\nEight to five.\n") == [
        Section("", "Welcome."),
        Section("Hours", "Eight to five."),
    ]


def test_each_row_of_a_csv_stands_for_itself():
    assert read_file("p.csv", "Service;Price\nCleaning;90 €\nWhitening;\n".encode()) == [
        Section("", "Service: Cleaning\nPrice: 90 €"),
        Section("", "Service: Whitening"),
    ]


def test_a_csv_may_have_a_title_above_its_names_or_no_names_at_all_and_no_cell_is_lost():
    assert read_file("p.csv", b"Prices 2026\n\nService,Price\nCleaning,90\nCrown,900,with warranty\n") == [
        Section("", "Prices 2026"),
        Section("", "Service: Cleaning\nPrice: 90"),
        Section("", "Service: Crown\nPrice: 900\nwith warranty"),
    ]
    assert read_file("p.csv", b"Cleaning,$90\nCrown,$900\n") == [
        Section("", "Cleaning: $90"),
        Section("", "Crown: $900"),
    ]


def test_text_of_an_old_windows_machine_keeps_its_accents():
    assert read_file("a.txt", "Café geöffnet".encode("cp1252")) == [Section("", "Café geöffnet")]


def test_a_page_is_read_without_what_stands_on_every_page_of_its_site():
    page = b"""<html><head><title>Parking | Juniper</title><script>let x</script></head><body><nav>Home</nav>
    <main><h1>Parking</h1><p>Behind the <b>house</b>.</p><h2>Bikes</h2><ul><li>In front</li></ul></main>
    <footer>Imprint</footer></body></html>"""

    assert read_page(page) == (
        "Parking | Juniper",
        [Section("Parking", "Behind the house."), Section("Bikes", "In front")],
    )


def test_what_stands_only_at_the_foot_of_a_page_is_known_and_rows_of_its_tables_stay_together():
    page = b"""<body><header>Juniper</header><main><header><h1>Fees</h1></header>
    <table><tr><th>Service</th><th>Price</th></tr><tr><td>Crown</td><td>$900</td></tr></table></main>
    <footer><nav>Home</nav><a href="/imprint">Imprint</a><p>12 Main Street, Monday to Friday</p>
    <a href="tel:+12085550119">208 555 0119</a></footer></body>"""

    assert read_page(page)[1] == [
        Section("Fees", "Service: Price\n\nCrown: $900"),
        Section("Contact", "12 Main Street, Monday to Friday\n208 555 0119"),
    ]


def test_a_long_list_is_cut_between_its_lines():
    lines = [f"Treatment number {number} costs\t${number}0" for number in range(60)]

    cut_at = [passage.text for passage in cut([Section("Page 1", "\n".join(lines))])]

    assert "\n".join(cut_at).splitlines() == lines
    assert len(cut_at) > 1


def unpacks_to_too_much(packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed) as archive:
        archive.writestr("word/document.xml", b"0" * (61 * 2**20))
    return file.getvalue()


def lies_about_its_sizes() -> bytes:
    """Its largest part is said to be nine bytes long, and those nine bytes have the right checksum."""
    content, size = unpacks_to_too_much(), struct.pack("<L", 61 * 2**20)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        checksum = struct.pack("<L", archive.infolist()[0].CRC)
    return content.replace(size, struct.pack("<L", 9)).replace(checksum, struct.pack("<L", zlib.crc32(b"0" * 9)))


def with_part(name: str, content: bytes) -> bytes:
    """The Word file, one part of it replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word_file())) as whole, zipfile.ZipFile(file, "w") as changed:
        for part in whole.namelist():
            changed.writestr(part, content if part == name else whole.read(part))
    return file.getvalue()


def laughs() -> bytes:
    """Entities of entities: a few hundred bytes that mean gigabytes."""
    named = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    return f'<!DOCTYPE l [<!ENTITY a "lol">{named}]><l>&j;</l>'.encode()


def locked() -> bytes:
    writer = PdfWriter(io.BytesIO(pdf_file("We close at noon.")))
    writer.encrypt("secret", algorithm="AES-256")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.exe", b"MZ", "Choose one of these kinds of files"),
        ("a.pdf", b"%PDF-1.4 and then nothing", "This PDF is damaged"),
        ("a.docx", b"PK not a zip", "This Word file is damaged"),
        ("a.txt", b"  \n ", "There is no text in it"),
        ("a.txt", b"x" * (10 * 2**20 + 1), "larger than 10 MB"),
        ("a.txt", b"word " * 210_000, "more than a million characters"),
        ("a.csv", b"a\n" + b"1\n" * 5_001, "more than 5,000 rows"),
        ("a.csv", b'q,a\n"one,two\n' + b"x,y\n" * 40_000, "a cell that does not end"),
        ("a.pdf", locked(), "protected by a password"),
        ("a.pdf", pdf_file(""), "A scan has to be turned into text"),
        ("a.docx", with_part("word/document.xml", b"<w"), "This Word file is damaged"),
        ("a.docx", with_part("word/document.xml", laughs()), "This Word file is damaged"),
        ("a.docx", with_part("word/document.xml", b"<letter/>"), "This Word file is damaged"),
        ("a.docx", with_part("[Content_Types].xml", b"<w"), "This Word file is damaged"),
    ],
    ids=[
        *("unknown kind", "damaged PDF", "damaged Word file", "empty", "too large", "too long", "too many rows"),
        *("endless cell", "locked PDF", "scan", "broken part", "entities", "no letter", "broken list of parts"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(name: str, content: bytes, words: str):
    with pytest.raises(DomainError) as refused:
        read_file(name, content)

    assert words in refused.value.message


@pytest.mark.parametrize(("name", "content"), [("a.pdf", pdf_file("Hours")), ("a.docx", word_file())])
def test_a_file_that_takes_too_long_to_read_is_given_up(name: str, content: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "WITHIN_S", -1.0)

    with pytest.raises(DomainError) as refused:
        read_file(name, content)

    assert refused.value.code == "too_slow"


def test_a_csv_with_the_line_ends_of_an_old_mac_is_read_row_by_row():
    assert [each.text for each in read_file("a.csv", b"Service,Price\rCleaning,90\rWhitening,200")] == [
        "Service: Cleaning\nPrice: 90",
        "Service: Whitening\nPrice: 200",
    ]


def test_a_word_file_that_unpacks_to_too_much_is_refused_before_it_is_unpacked():
    with pytest.raises(DomainError) as refused:
        read_file("bomb.docx", unpacks_to_too_much())

    assert refused.value.code == "too_large"


@pytest.mark.parametrize("packed", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_word_file_never_takes_more_memory_than_it_may_unpack_to(packed: int):
    content = lies_about_its_sizes() if packed == zipfile.ZIP_DEFLATED else unpacks_to_too_much(packed)
    tracemalloc.start()
    try:
        with pytest.raises(DomainError) as refused:
            read_file("bomb.docx", content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert refused.value.code == "damaged"
    assert most < 20 * 2**20


# Passages


def test_a_passage_ends_with_a_sentence_and_below_its_heading():
    sentence = "Bring your insurance card and a list of your medicines. "
    passages = cut([Section("First visit", sentence * 40), Section("Parking", "Behind the house.")])

    assert [passage.heading for passage in passages[-2:]] == ["First visit", "Parking"]
    assert all(len(passage.text) <= LONGEST and passage.text.endswith(".") for passage in passages)
    assert " ".join(passage.text for passage in passages[:-1]) == (sentence * 40).strip()


def test_short_paragraphs_stand_together_and_a_word_without_end_is_cut():
    assert [passage.text for passage in cut([Section("", "One.\n\nTwo.\n\n" + "x" * 1000)])] == [
        "One.\n\nTwo.",
        "x" * LONGEST,
        "x" * 100,
    ]
