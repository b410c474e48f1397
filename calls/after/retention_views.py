"""The page on what is kept of calls."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from agentos.tenants.models import LogEntry
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from calls.after.models import Retention
from calls.after.retention import keep_for

TOLD = ("retention.set", "retention.erased", "call.erased", "person.erased")
MOST_TOLD, MOST_DAYS = 50, 3650


def _days(label: str, hint: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=hint, min_value=1, max_value=MOST_DAYS, required=False)


class RetentionForm(forms.Form):
    """Days; empty for as long as nobody erases it."""

    recording_days = _days("Days to keep recordings", "Empty: until somebody erases them.")
    transcript_days = _days("Days to keep transcripts", "With what was read from them, and what tools were told.")


@allowed(Permission.VIEW_CALLS, to_change=Permission.MANAGE_CALLS)
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: TenantRequest) -> HttpResponse:
    kept: Retention | None = Retention.objects.first()
    known = {name: getattr(kept, name) for name in RetentionForm.base_fields} if kept else {}
    form = RetentionForm(request.POST if request.method == "POST" else None, initial=known)
    if request.method == "POST" and form.is_valid():
        keep_for(form.cleaned_data["recording_days"], form.cleaned_data["transcript_days"])
        messages.success(request, "Saved. What is older is erased within the hour.")
        return redirect("calls:retention", request.tenant.slug)
    entries = LogEntry.objects.filter(what__in=TOLD)[:MOST_TOLD]
    context = {"form": form, "kept": kept, "entries": entries}
    return render(request, "calls/retention.html", context, status=422 if form.errors else 200)
