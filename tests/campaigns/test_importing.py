"""A file of contacts on its way in: what is read, what is refused, and in which words."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now
from hypothesis import given
from hypothesis import strategies as st

from agentos.errors import DomainError
from agentos.jobs import TENANT_HEADER
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from campaigns import contacts, tasks
from campaigns.importing import files, progress, run, sheets, workbook
from campaigns.importing.columns import check, guess
from campaigns.importing.rows import Person, Rejected, RowReader, read_number
from campaigns.importing.sheets import SheetError, open_sheet
from campaigns.jurisdictions import tables
from campaigns.models import Consent, Contact, ContactImport, DoNotCall
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
        ("Phone,Name\n1,Zoë\n".encode("utf-16"), "CSV UTF-8"),
        (b"Phone,Name\n1,\x81\x8d\n", "not a text file"),
        (b"\x00\x01\x02\x03", "not a text file"),
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
        "entities that multiply": made.workbook(parts={"xl/worksheets/people.xml": laughs}),
        "thousands of parts": made.workbook(["Phone"], ["1"], parts={f"xl/{n}": b"" for n in range(1_000)}),
    }


@pytest.mark.parametrize("name", bombs())
def test_a_bomb_is_refused(tmp_path: Path, name: str) -> None:
    assert "unpacks to far more" in refusal(tmp_path, bombs()[name])


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

COLUMNS = ("e164", "name", "zone", "state", "zip_code", "language", "line_type", "tags", "custom")
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

    assert files.E164.fullmatch(outcome) or outcome.endswith(".")


# Formulas


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-2", "@SUM(A1)", "\tx", "\r=1", "+1 208 555 0142"])
def test_a_formula_becomes_text(cell: str) -> None:
    assert files.harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["+12085550142", "Rosa", "", "1-2", "a=b"])
def test_what_is_no_formula_stays(cell: str) -> None:
    assert files.harmless(cell) == cell


# The import


@pytest.fixture(autouse=True)
def _own_cache(own_cache: None) -> None:
    """Progress of other tests is not told here."""


def start(tenant: Tenant, content: str | bytes, name: str = "November recall.csv", **fields: Any) -> int:
    """An import that was started, of a file with this content."""
    stored = f"imports/{tenant.pk}/{now().timestamp()}"
    path = files.path_of(stored)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with tenant_transaction(tenant):
        fields = {"columns": guess(open_sheet(path).headers), "status": ContactImport.Status.RUNNING} | fields
        created: ContactImport = ContactImport.objects.create(name=name, file=stored, **fields)
    return created.pk


def work(tenant: Tenant, import_id: int) -> ContactImport:
    """Run the task as a worker does; how the import stands afterwards."""
    tasks.import_contacts.apply(args=[str(import_id)], headers={TENANT_HEADER: tenant.pk}, throw=True)
    with tenant_transaction(tenant):
        found: ContactImport = ContactImport.objects.get(pk=import_id)
        return found


def people(tenant: Tenant) -> dict[str, str]:
    with tenant_transaction(tenant):
        return {str(each.e164): each.name for each in Contact.objects.all()}


@pytest.mark.django_db
def test_a_file_becomes_contacts_and_a_report_of_the_others(tenant: Tenant, other_tenant: Tenant) -> None:
    content = HEAD + "2085550142,Rosa,ID\n,Nobody,ID\n2085550143,=cmd(),ID\n2085550142,Rosa Delgado,\ntwelve,Zed,\n"

    done = work(tenant, start(tenant, content))

    assert people(tenant) == {"+12085550142": "Rosa Delgado", "+12085550143": "=cmd()"}
    assert people(other_tenant) == {}
    assert (done.status, done.rows, done.added, done.merged, done.rejected) == ("done", 5, 2, 1, 2)
    with files.path_of(done.report).open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["Row", "Why it was not imported", "Phone", "Name", "State"],
            ["3", "There is no phone number.", "", "Nobody", "ID"],
            ["6", "“twelve” is not a phone number.", "twelve", "Zed", ""],
        ]


@pytest.mark.django_db
def test_cells_of_the_report_are_no_formulas(tenant: Tenant) -> None:
    done = work(tenant, start(tenant, HEAD + "nobody,=1+1,@x\n"))

    report = files.path_of(done.report).read_text("utf-8-sig")
    assert "'=1+1,'@x" in report


@pytest.mark.django_db
def test_who_is_known_is_merged_and_keeps_what_the_file_leaves_open(tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        Contact.objects.create(
            e164="+12085550142", name="Rosa", state="ID", zone="America/Boise", fields={"dentist": "Kim"}, tags=["vip"]
        )

    done = work(tenant, start(tenant, "Phone,Name,Due on\n2085550142,Rosa Delgado,2026-11-24\n"))

    with tenant_transaction(tenant):
        rosa = Contact.objects.get()
    assert (done.added, done.merged) == (0, 1)
    assert (rosa.name, rosa.state, rosa.zone) == ("Rosa Delgado", "ID", "America/Boise")
    assert rosa.fields == {"dentist": "Kim", "due_on": "2026-11-24"}
    assert rosa.tags == ["vip", "November recall"]


@pytest.mark.django_db
def test_a_number_is_merged_across_chunks(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CHUNK", 2)
    rows = "".join(f"208555{1000 + n % 5:04},Person {n},ID\n" for n in range(10))

    done = work(tenant, start(tenant, HEAD + rows))

    assert (done.rows, done.added, done.merged) == (10, 5, 5)
    assert set(people(tenant).values()) == {f"Person {n}" for n in range(5, 10)}


@pytest.mark.django_db
def test_a_file_that_breaks_in_the_middle_leaves_nothing_behind(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK", 1)
    import_id = start(tenant, HEAD + '2085550142,Rosa,ID\nx,,\n2085550143,"Ana,ID\n')

    failed = work(tenant, import_id)

    assert people(tenant) == {}
    assert failed.status == "failed"
    assert "quotation mark" in failed.problem
    assert not files.path_of(f"{failed.file}-rejected.csv").exists()


@pytest.mark.django_db
def test_a_fault_of_ours_in_the_middle_leaves_nothing_behind(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CHUNK", 1)
    seen: list[progress.Progress] = []

    def break_down(tenant_id: int, import_id: int, told: progress.Progress) -> None:
        seen.append(told)
        if told.read == 2:
            raise RuntimeError("+12085550142")

    monkeypatch.setattr(progress, "tell", break_down)

    failed = work(tenant, start(tenant, HEAD + "2085550142,Rosa,ID\n2085550143,Ana,ID\n2085550144,Ida,ID\n"))

    assert people(tenant) == {}
    assert (failed.status, len(seen)) == ("failed", 2)
    assert "Nothing was imported" in failed.problem


@pytest.mark.django_db
def test_a_file_that_is_gone_is_said_to_be_gone(tenant: Tenant) -> None:
    import_id = start(tenant, HEAD + "2085550142,Rosa,ID\n")
    with tenant_transaction(tenant):
        files.path_of(ContactImport.objects.get().file).unlink()

    assert "upload it again" in work(tenant, import_id).problem


@pytest.mark.django_db(transaction=True)
def test_an_import_happens_once_and_its_file_goes_with_the_commit(tenant: Tenant) -> None:
    import_id = start(tenant, HEAD + "2085550142,Rosa,ID\n")

    first = work(tenant, import_id)
    with tenant_transaction(tenant):
        Contact.objects.all().delete()
    again = work(tenant, import_id)

    assert first.status == again.status == "done"
    assert people(tenant) == {}
    assert not files.path_of(first.file).exists()


@pytest.mark.django_db(transaction=True)
def test_how_far_it_is_can_be_seen_from_outside_while_nothing_is_committed(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK", 1)
    import_id = start(tenant, HEAD + "2085550142,Rosa,ID\n2085550143,Ana,ID\n")
    tell, heard = progress.tell, []

    def listen(tenant_id: int, told_id: int, told: progress.Progress) -> None:
        tell(tenant_id, told_id, told)
        heard.append(progress.read(tenant.pk, import_id))

    monkeypatch.setattr(progress, "tell", listen)
    work(tenant, import_id)

    assert heard == [progress.Progress(1, 2), progress.Progress(2, 2)]
    assert [each.percent for each in heard if each] == [50, 100]


CONSENT = {"tier": "express", "source": "patient form", "day": "2026-01-08"}


@pytest.mark.django_db
def test_consent_comes_with_the_file_when_the_import_says_so(tenant: Tenant) -> None:
    work(tenant, start(tenant, HEAD + "2085550142,Rosa,ID\n2085550142,Rosa,ID\n", consent=CONSENT))
    work(tenant, start(tenant, HEAD + "2085550142,Rosa,ID\n2085550143,Ana,ID\n", consent=CONSENT))

    with tenant_transaction(tenant):
        records = list(Consent.objects.order_by("e164"))
    assert [str(each.e164) for each in records] == ["+12085550142", "+12085550143"]
    assert {(each.tier, each.source) for each in records} == {("express", "patient form")}
    assert records[0].given_at == datetime(2026, 1, 8, tzinfo=tenant.zone)
    assert "November recall.csv" in records[0].evidence


@pytest.mark.django_db
def test_an_import_lifts_an_opt_out_only_by_consent_that_is_newer(tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        entry = contacts.opt_out("+12085550142", DoNotCall.Source.KEY, "9")
        DoNotCall.objects.filter(pk=entry.pk).update(since=datetime(2026, 3, 1, tzinfo=UTC))

    def is_listed() -> bool:
        with tenant_transaction(tenant):
            return DoNotCall.objects.filter(lifted_at=None).exists()

    work(tenant, start(tenant, HEAD + "2085550142,Rosa,ID\n"))
    work(tenant, start(tenant, HEAD + "2085550142,Rosa,ID\n", consent=CONSENT))
    assert is_listed()

    work(tenant, start(tenant, HEAD + "2085550142,Rosa,ID\n", consent=CONSENT | {"day": "2026-03-02"}))
    assert not is_listed()


@pytest.mark.django_db
def test_consent_of_tomorrow_is_no_consent(tenant: Tenant) -> None:
    tomorrow = (now() + timedelta(days=2)).date().isoformat()

    failed = work(tenant, start(tenant, HEAD + "2085550142,Rosa,ID\n", consent=CONSENT | {"day": tomorrow}))

    assert failed.status == "failed"
    assert "still to come" in failed.problem


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "imports/../../x", "/etc/passwd"])
def test_no_name_leads_out_of_the_data_folder(name: str) -> None:
    with pytest.raises(LookupError):
        files.path_of(name)
