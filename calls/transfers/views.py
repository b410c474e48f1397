"""Settings, People: whom callers can be put through to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from agentos.tenants.log import record
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from calls.transfers.dialable import WORDS, barred, read_address
from calls.transfers.models import Colleague

MOST = 50


class ColleagueForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person, the number on which they answer, and when."""

    class Meta:
        model = Colleague
        fields = ("name", "department", "address", "when", "way", "place")
        labels = {"address": "Number", "when": "Is there", "way": "How callers reach them", "place": "Place in the row"}
        widgets = {"address": forms.TextInput({"placeholder": "(208) 555-0147", "autocomplete": "off"})}

    def clean_address(self) -> Any:
        """E.164, or a SIP address as it is written; of lines that callers may be put through to."""
        address = read_address(self.cleaned_data["address"])
        if why := barred(address):
            raise forms.ValidationError(WORDS[why])
        return address


@allowed(Permission.VIEW_NUMBERS, to_change=Permission.MANAGE_NUMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: TenantRequest) -> HttpResponse:
    """The list; posted, a person more, changed, or taken away."""
    here = redirect("transfers:people", request.tenant.slug)
    chosen = request.POST.get("person", "")
    row = get_object_or_404(Colleague, pk=int(chosen)) if chosen.isdecimal() and len(chosen) < 12 else None
    if row is not None and request.POST.get("action") == "remove":
        row.delete()
        record("person.removed", f"Callers are not put through to {row.name} any more", subject=f"person {chosen}")
        messages.success(request, f"Callers are not put through to {row.name} any more.")
        return here
    form = ColleagueForm(request.POST if request.method == "POST" else None, instance=row, auto_id="new_%s")
    if request.method == "POST" and row is None and Colleague.objects.count() >= MOST:
        form.add_error(None, f"There are {MOST} people already.")
    if request.method == "POST" and form.is_valid():
        form.save()
        record(
            "person.saved", f"Callers can be put through to {form.instance.name}", subject=f"person {form.instance.pk}"
        )
        messages.success(request, f"Callers can be put through to {form.instance.name}.")
        return here
    forms_of = {each: ColleagueForm(instance=each, auto_id=f"person_{each.pk}_%s") for each in Colleague.objects.all()}
    if row is not None:  # what is wrong stands beside the fields of that person
        forms_of[row] = form
    known = [(each, change, _trouble(each.address)) for each, change in forms_of.items()]
    context = {"people": known, "form": form if row is None else ColleagueForm(auto_id="new_%s")}
    return render(request, "calls/transfers/people.html", context, status=422 if form.errors else 200)


def _trouble(address: str) -> str:
    """Why somebody of the list is passed over, where the rules have changed since they were written down."""
    why = barred(address)
    return "" if why is None else WORDS[why]
