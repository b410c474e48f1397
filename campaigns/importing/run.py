"""The import itself: all of a file or nothing of it, in one transaction, with only a chunk of it in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import current_tenant_id
from campaigns.importing import files, progress
from campaigns.importing.rows import LONGEST_TAG, Person, Rejected, RowReader
from campaigns.importing.sheets import Line, Sheet, SheetError, open_sheet
from campaigns.importing.turns import in_turn
from campaigns.jurisdictions import tables
from campaigns.models import Consent, Contact, ContactImport, DoNotCall
from campaigns.people.lifting import lift_overtaken

CHUNK = 2_000
KEPT = ("name", "zone", "state", "zip_code", "language", "line_type", "sip_address")
WRITTEN = [*KEPT, "fields", "tags", "updated_at"]


@dataclass(slots=True)
class Tally:
    """What became of the rows."""

    read: int = 0
    added: int = 0
    merged: int = 0


def run_import(import_id: int) -> None:
    """Import a file that was started. Repeating it, or running it twice at once, imports it once.

    A file that cannot be imported leaves no contact behind, and says why. Raises NotYet while another one is.
    """
    waiting = ContactImport.objects.filter(pk=import_id, status=ContactImport.Status.RUNNING)
    batch = waiting.select_for_update(skip_locked=True).first()
    if batch is None:
        return
    in_turn(import_id)
    try:
        with transaction.atomic():
            _Import(batch).run()
    except DomainError as error:
        fail_import(import_id, error.message)
    except (FileNotFoundError, LookupError):
        fail_import(import_id, "The uploaded file is gone. Please upload it again.")


def fail_import(import_id: int, problem: str) -> None:
    """Say that nothing was imported, and why."""
    running = ContactImport.objects.filter(pk=import_id, status=ContactImport.Status.RUNNING)
    running.update(status=ContactImport.Status.FAILED, problem=problem[:300])


def tag_of(name: str) -> str:
    """Everybody of a file is found again by its name: “November recall.xlsx” → November recall."""
    return PurePath(name).stem.replace(",", " ").strip()[:LONGEST_TAG]


class _Import:
    """One run through one file."""

    def __init__(self, batch: ContactImport) -> None:
        self._batch, self._tally = batch, Tally()
        self._path = files.path_of(batch.file)
        self._sheet = open_sheet(self._path)
        self._report = files.Report(batch.file, self._sheet.headers)
        self._reader = RowReader(self._sheet.headers, batch.columns, tables().gazetteer)
        self._consent = _consent_of(batch)
        self._tag = tag_of(batch.name)
        self._listed: list[str] = []

    def run(self) -> None:
        try:
            total = self._count()
            for lines in _chunks(self._sheet):
                self._take(lines)
                progress.tell(current_tenant_id(), self._batch.pk, progress.Progress(self._tally.read, total))
            self._finish(total)
        except BaseException:
            self._report.discard()
            raise

    def _count(self) -> int:
        """Go through the whole file before anything is written: most faults show here, and the bar knows its end."""
        total = sum(1 for _ in self._sheet.rows())
        if total == 0:
            raise SheetError("no_rows", "The file has names of columns, and nobody below them.")
        return total

    def _take(self, lines: Sequence[Line]) -> None:
        people: dict[str, Person] = {}
        for number, cells in lines:
            self._tally.read += 1
            try:
                person = self._reader.read(cells)
            except Rejected as reason:
                self._report.add(number, str(reason), cells)
                continue
            known = people.get(person.e164)
            self._tally.merged += known is not None
            people[person.e164] = merged(known, person) if known else person
        self._save(people)

    def _save(self, people: dict[str, Person]) -> None:
        known = {str(each.e164): each for each in Contact.objects.filter(e164__in=people)}
        self._tally.added += len(people) - len(known)
        self._tally.merged += len(known)
        rows = [_contact(person, known.get(e164), self._tag) for e164, person in people.items()]
        Contact.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["tenant", "e164"], update_fields=WRITTEN
        )
        if self._consent is not None:
            given = [Consent(e164=row.e164, created_by=self._batch.created_by, **self._consent) for row in rows]
            Consent.objects.bulk_create(given, ignore_conflicts=True)
            listed = DoNotCall.objects.filter(e164__in=people, lifted_at=None)
            self._listed += map(str, listed.values_list("e164", flat=True))

    def _finish(self, total: int) -> None:
        lift_overtaken(self._listed, now())  # last: whoever asks again meanwhile does not wait for the import
        batch, tally = self._batch, self._tally
        batch.rows, batch.rows_read, batch.added, batch.merged = total, tally.read, tally.added, tally.merged
        batch.rejected, batch.report = self._report.count, self._report.close()
        batch.status, batch.problem = ContactImport.Status.DONE, ""
        batch.save()
        transaction.on_commit(lambda: self._path.unlink(missing_ok=True))


def merged(before: Person, after: Person) -> Person:
    """Two rows about one number: what the later one says counts, what it leaves open stays."""
    kept = {name: getattr(after, name) or getattr(before, name) for name in KEPT}
    fields, tags = {**before.fields, **after.fields}, tuple(dict.fromkeys((*before.tags, *after.tags)))
    return Person(e164=after.e164, fields=fields, tags=tags, **kept)


def _contact(person: Person, known: Contact | None, tag: str) -> Contact:
    """The row as it is to be stored: the file's words over those that were known."""
    kept = {name: getattr(person, name) or (getattr(known, name) if known else "") for name in KEPT}
    fields = {**(known.fields if known else {}), **person.fields}
    tags = list(dict.fromkeys([*(known.tags if known else []), *person.tags, *([tag] if tag else [])]))
    return Contact(e164=person.e164, fields=fields, tags=tags, updated_at=now(), **kept)


def _consent_of(batch: ContactImport) -> dict[str, Any] | None:
    if not batch.consent:
        return None
    zone = Tenant.objects.get(pk=batch.tenant_id).zone
    day = datetime.combine(date.fromisoformat(batch.consent["day"]), time(), tzinfo=zone)
    if day > now():
        raise DomainError("future_consent", "The day of the consent is still to come.")
    evidence = f"Import {batch.pk}: {batch.name}"
    return {"tier": batch.consent["tier"], "source": batch.consent["source"], "given_at": day, "evidence": evidence}


def _chunks(sheet: Sheet) -> Iterator[list[Line]]:
    rows: Iterable[Line] = iter(sheet.rows())
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
