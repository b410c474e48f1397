"""Files of contacts: what is read as a table, what is refused, and in which words."""

from __future__ import annotations

import tracemalloc
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_LZMA, ZipFile

import pytest

from campaigns.importing import sheets, workbook
from campaigns.importing.sheets import SheetError, open_sheet
from tests.campaigns import sheets as made
from tests.campaigns.sheets import DAY_STYLE, MOMENT_STYLE

HEAD = "Phone,Name,State\n"


def table(folder: Path, content: bytes | str) -> list[list[str]]:
    """Header and rows of a file with this content."""
    path = folder / "file"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    sheet = open_sheet(path)
    return [list(sheet.headers), *(cells for _, cells in sheet.rows())]


def refusal(folder: Path, content: bytes | str) -> str:
    with pytest.raises(SheetError) as refused:
        table(folder, content)
    return refused.value.message


# Files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_file_is_read_as_it_was_saved(tmp_path: Path, encoding: str, delimiter: str) -> None:
    content = f'Phone{delimiter}Name\r\n2085550142{delimiter}"Siobhán{delimiter} Núñez"\r\n\r\n'.encode(encoding)

    assert table(tmp_path, content) == [["Phone", "Name"], ["2085550142", f"Siobhán{delimiter} Núñez"]]


def test_short_rows_are_filled_and_long_ones_cut(tmp_path: Path) -> None:
    assert table(tmp_path, "Phone,Name,\n1\n1,2,3,4\n") == [["Phone", "Name"], ["1", ""], ["1", "2"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n , \n", "is empty"),
        (b"Phone,Name,phone\n1,2,3\n", "Two columns are called “phone”"),
        ("Phone,Name\n1,Zoë\n".encode("utf-16"), "“Unicode text”. Please save it as CSV UTF-8"),
        ("Phone,Name\n1,Zoë\n".encode("utf-16-le"), "“Unicode text”. Please save it as CSV UTF-8"),
        ("Phone,Name\n1,Zoë\n".encode("utf-16-be"), "“Unicode text”. Please save it as CSV UTF-8"),
        (b"Phone,Name\n1,\x81\x8d\n", "not a text file"),
        (b"\x00\x01\x02\x03", "not a text file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "not a text file"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "old Excel file"),
        (b'Phone,Name\n1,"open', "quotation mark"),
        (b"PK\x03\x04 and nothing of the sort", "damaged"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(tmp_path, content)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(2 * 2**30)  # 2 GB, none of it on the disk

    with pytest.raises(SheetError, match="larger than 50 MB"):
        open_sheet(path)


@pytest.mark.parametrize("row", ["," * 2**21, '"\n",' * 2**19])
def test_a_row_that_never_ends_is_refused_before_it_is_read(tmp_path: Path, row: str) -> None:
    (tmp_path / "file").write_text(f"Phone,Name\n2085550142,{row}\n")

    with pytest.raises(SheetError, match="longer than anything"):
        list(open_sheet(tmp_path / "file").rows())


def test_what_nobody_sees_is_left_out_of_names(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(
        "Phone,Name\n2085550142,\u202eRo\u200bsa\u2066 \u05e8\u05d5\u05d6\u05d4\u200f ن\u200cر\n"
    )

    ((_, cells),) = open_sheet(tmp_path / "file").rows()

    assert cells == ["2085550142", "Rosa \u05e8\u05d5\u05d6\u05d4 ن\u200cر"]


def test_a_file_with_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)

    assert len(table(tmp_path, HEAD + "1,2,3\n" * 3)) == 4
    assert "more than 3 rows" in refusal(tmp_path, HEAD + "1,2,3\n" * 4)


# Workbooks


def test_a_workbook_is_read_with_its_numbers_and_dates_as_they_are_shown(tmp_path: Path) -> None:
    content = made.workbook(
        ["Phone", "Name", "Day", "At"],
        [2085550142, "Rosa & Ana", (46350, DAY_STYLE), (46350.604166666664, MOMENT_STYLE)],
        ["", "", "", ""],
        [2.085550143e9, "", "", 0.5],
    )

    assert table(tmp_path, content) == [
        ["Phone", "Name", "Day", "At"],
        ["2085550142", "Rosa & Ana", "2026-11-24", "2026-11-24 14:30"],
        ["2085550143", "", "", "0.5"],
    ]


def test_rows_of_a_workbook_keep_the_numbers_that_its_program_shows(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(made.workbook(["Phone"], [], ["2085550142"]))

    assert list(open_sheet(path).rows()) == [(3, ["2085550142"])]


def bombs() -> dict[str, bytes]:
    huge = b"<worksheet><sheetData>" + b"<row/>" * 2_000_000
    laughs = b'<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet><sheetData/></worksheet>'
    return {
        "a part that unpacks to a hundred times its size": made.workbook(parts={"xl/worksheets/people.xml": huge}),
        "a row that never ends": made.workbook(parts={"xl/worksheets/people.xml": b"<row>" + b"<c/>" * 150_000}),
        "depths": made.workbook(parts={"xl/worksheets/people.xml": b"<a>" * 1_000}),
        "entities that multiply": made.workbook(parts={"xl/worksheets/people.xml": laughs}),
        "thousands of parts": made.workbook(["Phone"], ["1"], parts={f"xl/{n}": b"" for n in range(1_000)}),
    }


@pytest.mark.parametrize("name", bombs())
def test_a_bomb_is_refused(tmp_path: Path, name: str) -> None:
    assert "unpacks to far more" in refusal(tmp_path, bombs()[name])


def test_four_gigabytes_in_a_small_workbook_are_refused_within_little_memory(tmp_path: Path) -> None:
    content = made.bomb("xl/worksheets/people.xml", times=64)
    assert len(content) < 10 * 2**20

    tracemalloc.start()
    words = refusal(tmp_path, content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert "unpacks to far more" in words
    assert most < 60 * 2**20


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA])
def test_a_workbook_that_would_be_unpacked_in_one_piece_is_refused_unread(tmp_path: Path, method: int) -> None:
    file = BytesIO()
    with ZipFile(BytesIO(made.workbook(["Phone"], ["2085550142"]))) as usual, ZipFile(file, "w", method) as packed:
        for name in usual.namelist():
            packed.writestr(name, usual.read(name) + b" " * 2**21)

    tracemalloc.start()
    words = refusal(tmp_path, file.getvalue())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert "damaged" in words
    assert most < 2**20


@pytest.mark.parametrize("encoding", ["foo", "base64"])
def test_a_workbook_in_an_encoding_that_does_not_exist_is_refused(tmp_path: Path, encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?><worksheet/>'.encode()

    assert "damaged" in refusal(tmp_path, made.workbook(["Phone"], parts={"xl/worksheets/people.xml": content}))


def test_a_workbook_whose_parts_lie_before_its_beginning_is_refused(tmp_path: Path) -> None:
    content = made.workbook(["Phone"], ["2085550142"])
    place = content.rindex(b"PK\x05\x06") + 16  # where the list of parts begins, as the archive says
    moved = content[:place] + (len(content) * 2).to_bytes(4, "little") + content[place + 4 :]

    assert "damaged" in refusal(tmp_path, moved)


def test_an_archive_inside_a_workbook_is_not_opened(tmp_path: Path) -> None:
    inner = made.bomb("xl/worksheets/people.xml", times=64)
    content = made.workbook(["Phone"], ["2085550142"], parts={"xl/embeddings/another.xlsx": inner})

    assert table(tmp_path, content) == [["Phone"], ["2085550142"]]


@pytest.mark.parametrize("part", ["xl/worksheets/people.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_empty_elements_are_counted_wherever_they_stand(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ELEMENTS", 1_000)

    assert "unpacks to far more" in refusal(tmp_path, made.workbook(["Phone"], parts={part: b"<a>" + b"<b/>" * 1_001}))


def test_what_is_unpacked_is_counted_over_all_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = made.workbook(["Phone"], *[[f"208555{n:04}"] for n in range(2_000)])
    assert len(table(tmp_path, content)) == 2_001

    monkeypatch.setattr(workbook, "MOST_UNPACKED", 100_000)

    assert "unpacks to far more" in refusal(tmp_path, content)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/people.xml"])
@pytest.mark.parametrize("content", [b"", b"<a", b"<a/>", b"\xff\xfe"])
def test_a_damaged_workbook_is_refused_and_not_guessed_at(tmp_path: Path, part: str, content: bytes) -> None:
    file = made.workbook(["Phone"], ["2085550142"], parts={part: content})

    assert refusal(tmp_path, file)
