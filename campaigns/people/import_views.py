"""The way of a file of contacts into the store: upload, say what is what, watch, read what was left out."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from agentos.cells import harmless_row
from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from campaigns.importing import files, progress
from campaigns.importing.columns import check, guess
from campaigns.importing.run import tag_of
from campaigns.importing.sheets import Sheet, SheetError, open_sheet
from campaigns.models import ContactImport
from campaigns.people.contact_forms import MappingForm, UploadForm

PREVIEWED = 5
Status = ContactImport.Status

TEMPLATE = (
    ("Phone number", "Name", "State", "ZIP code", "Time zone", "Language", "Line type", "Tags", "Appointment"),
    ("(208) 555-0147", "Rosa Delgado", "ID", "83702", "America/Boise", "en-US", "mobile", "recall", "2026-11-24 14:30"),
    ("+1 503 555 0112", "Siobhán Reilly", "OR", "97201", "", "Spanish", "landline", "", "2026-11-25 09:00"),
)


@allowed(Permission.VIEW_CONTACTS)
@require_safe
def template(request: TenantRequest) -> HttpResponse:
    """A file to begin with: the columns that are known, and two people who do not exist."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="contacts.csv"'
    csv.writer(response).writerows(map(harmless_row, TEMPLATE))
    return response


@allowed(Permission.MANAGE_CONTACTS)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: TenantRequest) -> HttpResponse:
    """The first step. A file that cannot be read at all is refused here, and not kept."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        stored = files.keep(file)
        try:
            sheet = open_sheet(files.path_of(stored))
            if next(sheet.rows(), None) is None:
                raise SheetError("no_rows", "The file has names of columns, and nobody below them.")
        except SheetError as error:
            files.path_of(stored).unlink(missing_ok=True)
            form.add_error("file", error.message)
        else:
            kept = ContactImport.objects.create(
                name=PurePath(file.name or "contacts").name[:200],
                file=stored,
                columns=guess(sheet.headers),
                created_by=request.user,
            )
            return redirect("contacts:import", request.tenant.slug, kept.pk)
    context = {"form": form, "imports": ContactImport.objects.all()[:10]}
    return render(request, "campaigns/contacts/upload.html", context, status=422 if form.errors else 200)


@allowed(Permission.MANAGE_CONTACTS)
@require_http_methods(["GET", "HEAD", "POST"])
def batch(request: TenantRequest, import_id: int) -> HttpResponse:
    """The second step asks what is what, and starts; from then on the page shows how far it is, and the result."""
    kept = get_object_or_404(ContactImport, pk=import_id)
    if request.method == "POST":  # of two who press the button one starts it, and nobody waits for an import that runs
        waiting = ContactImport.objects.filter(pk=import_id, status=Status.MAPPING)
        held = waiting.select_for_update(skip_locked=True).first()
        if held is None:
            return redirect("contacts:import", request.tenant.slug, import_id)
        kept = held
    if kept.status != Status.MAPPING:
        told = progress.read(request.tenant.pk, kept.pk)
        context: dict[str, Any] = {"batch": kept, "progress": told, "group": tag_of(kept.name)}
        return render(request, "campaigns/contacts/import.html", context)
    sheet = _sheet(kept)
    data = request.POST if request.method == "POST" else None
    form = MappingForm(data, headers=sheet.headers, guessed=kept.columns)
    if data is not None and form.is_valid():
        try:
            check(form.columns)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            _start(request, kept, form)
            return redirect("contacts:import", request.tenant.slug, import_id)
    context = {"batch": kept, "form": form, "group": tag_of(kept.name), "table": _table(form, sheet)}
    return render(request, "campaigns/contacts/mapping.html", context, status=422 if form.errors else 200)


def _sheet(kept: ContactImport) -> Sheet:
    try:
        return open_sheet(files.path_of(kept.file))
    except (FileNotFoundError, LookupError) as error:
        raise DomainError("file_is_gone", "The uploaded file is gone. Please upload it again.") from error


def _table(form: MappingForm, sheet: Sheet) -> list[tuple[object, list[str]]]:
    """Each column with what its first rows hold."""
    rows = [cells for _, cells in islice(sheet.rows(), PREVIEWED)]
    return [(field, [cells[place] for cells in rows]) for place, field in enumerate(form.column_fields())]


def _start(request: TenantRequest, kept: ContactImport, form: MappingForm) -> None:
    kept.columns, kept.consent = form.columns, form.consent
    kept.status, kept.problem = Status.RUNNING, ""
    kept.save(update_fields=["columns", "consent", "status", "problem"])
    progress.tell(request.tenant.pk, kept.pk, progress.Progress())
    enqueue("campaigns.tasks.import_contacts", kept.pk)


@allowed(Permission.MANAGE_CONTACTS)
@require_safe
def progress_bar(request: TenantRequest, import_id: int) -> HttpResponse:
    """The bar alone, asked for again and again; when there is a result, the page is loaded anew."""
    kept = get_object_or_404(ContactImport, pk=import_id)
    if kept.status != Status.RUNNING:
        return HttpResponseClientRefresh()
    context = {"batch": kept, "progress": progress.read(request.tenant.pk, kept.pk)}
    return render(request, "campaigns/contacts/_progress.html", context)


@allowed(Permission.MANAGE_CONTACTS)
@require_POST
def again(request: TenantRequest, import_id: int) -> HttpResponse:
    """Back to the columns, after a failure or when nothing was heard of the import any more."""
    kept = get_object_or_404(ContactImport, pk=import_id)
    is_lost = kept.status == Status.RUNNING and progress.read(request.tenant.pk, kept.pk) is None
    if kept.status != Status.FAILED and not is_lost:
        raise DomainError("not_failed", "This import is not waiting for another try.")
    _sheet(kept)
    kept.status, kept.problem = Status.MAPPING, ""
    kept.save(update_fields=["status", "problem"])
    messages.success(request, "Check the columns and start again.")
    return redirect("contacts:import", request.tenant.slug, import_id)


@allowed(Permission.MANAGE_CONTACTS)
@require_safe
def rejected(request: TenantRequest, import_id: int) -> HttpResponseBase:
    """The rows that were not imported, each with the reason."""
    kept = get_object_or_404(ContactImport, pk=import_id)
    try:
        report = files.path_of(kept.report).open("rb")
    except (FileNotFoundError, LookupError) as error:
        raise DomainError("no_report", "No rows were rejected.") from error
    name = f"{PurePath(kept.name).stem}-rejected.csv"
    return FileResponse(report, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
