"""The import of a file: all of it or nothing, merged by number, with a report of what was left out."""

from __future__ import annotations

import csv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.exceptions import Retry
from django.db import connection
from django.utils.timezone import now

from agentos.jobs import TENANT_HEADER
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from campaigns import tasks
from campaigns.importing import files, progress, run
from campaigns.importing.columns import guess
from campaigns.importing.sheets import open_sheet
from campaigns.importing.turns import NotYet
from campaigns.models import Consent, Contact, ContactImport, DoNotCall
from campaigns.people import contacts

HEAD = "Phone,Name,State\n"


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


@pytest.mark.django_db(transaction=True)
def test_of_two_files_that_name_the_same_people_one_waits_for_the_other(tenant: Tenant) -> None:
    first = start(tenant, HEAD + "2085550142,Rosa,ID\n2085550143,Ana,ID\n")
    second = start(tenant, HEAD + "2085550143,Ana Lee,\n2085550142,Rosa Delgado,\n")

    def meanwhile() -> None:
        with tenant_transaction(tenant), pytest.raises(NotYet):
            run.run_import(second)

    with tenant_transaction(tenant), ThreadPoolExecutor(1) as elsewhere:
        run.run_import(first)
        elsewhere.submit(on_its_own_connection, meanwhile).result()

    assert progress.read(tenant.pk, second) == progress.Progress(waits=True)
    assert work(tenant, second).merged == 2
    assert people(tenant) == {"+12085550142": "Rosa Delgado", "+12085550143": "Ana Lee"}


@pytest.mark.django_db(transaction=True)
def test_an_import_that_somebody_else_s_row_stopped_is_made_again(tenant: Tenant) -> None:
    work(tenant, start(tenant, HEAD + "2085550142,Rosa,ID\n"))
    import_id = start(tenant, HEAD + "2085550143,Ana,ID\n2085550142,Rosa Delgado,ID\n")

    def meanwhile() -> None:
        with connection.cursor() as cursor:
            cursor.execute("set lock_timeout = '20ms'")
        with pytest.raises(Retry):
            work(tenant, import_id)

    with tenant_transaction(tenant), ThreadPoolExecutor(1) as elsewhere:
        Contact.objects.select_for_update().get(e164="+12085550142")
        elsewhere.submit(on_its_own_connection, meanwhile).result()
    assert people(tenant) == {"+12085550142": "Rosa"}

    assert work(tenant, import_id).status == "done"
    assert people(tenant) == {"+12085550142": "Rosa Delgado", "+12085550143": "Ana"}


def on_its_own_connection(act: Callable[[], None]) -> None:
    try:
        act()
    finally:
        connection.close()
