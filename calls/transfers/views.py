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
from calls.transfers.countries import CountriesForm
from calls.transfers.dialable import WORDS, barred, enabled_countries, read_address
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
        if why := barred(address, countries=enabled_countries()):
            raise forms.ValidationError(WORDS[why])
        return address


@allowed(Permission.VIEW_NUMBERS, to_change=Permission.MANAGE_NUMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: TenantRequest) -> HttpResponse:
    """The list; posted, a person more, changed, or taken away, or the countries in which they may be."""
    chosen = request.POST.get("person", "")
    row = get_object_or_404(Colleague, pk=int(chosen)) if chosen.isdecimal() and len(chosen) < 12 else None
    match request.POST.get("action"):
        case "remove" if row is not None:
            return _remove(request, row)
        case "countries":
            return _choose_countries(request)
    form = ColleagueForm(request.POST if request.method == "POST" else None, instance=row, auto_id="new_%s")
    if request.method == "POST" and row is None and Colleague.objects.count() >= MOST:
        form.add_error(None, f"There are {MOST} people already.")
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, of=row)
    form.save()
    words = f"Callers can be put through to {form.instance.name}"
    record("person.saved", words, subject=f"person {form.instance.pk}")
    return _done(request, words)


def _remove(request: TenantRequest, row: Colleague) -> HttpResponse:
    words, subject = f"Callers are not put through to {row.name} any more", f"person {row.pk}"
    row.delete()
    record("person.removed", words, subject=subject)
    return _done(request, words)


def _choose_countries(request: TenantRequest) -> HttpResponse:
    form = CountriesForm(request.POST)
    if not form.is_valid():
        return _page(request, ColleagueForm(auto_id="new_%s"), countries=form)
    form.save(request.tenant)
    return _done(request, "Saved. It holds from the next call that is put through")


def _done(request: TenantRequest, words: str) -> HttpResponse:
    messages.success(request, f"{words}.")
    return redirect("transfers:people", request.tenant.slug)


def _page(
    request: TenantRequest, form: ColleagueForm, *, of: Colleague | None = None, countries: CountriesForm | None = None
) -> HttpResponse:
    forms_of = {each: ColleagueForm(instance=each, auto_id=f"person_{each.pk}_%s") for each in Colleague.objects.all()}
    if of is not None:  # what is wrong stands beside the fields of that person
        forms_of[of] = form
    enabled = enabled_countries()
    context = {
        "people": [(each, change, _trouble(each.address, enabled)) for each, change in forms_of.items()],
        "form": form if of is None else ColleagueForm(auto_id="new_%s"),
        "countries": countries or CountriesForm(),
    }
    is_wrong = form.errors or (countries and countries.errors)
    return render(request, "calls/transfers/people.html", context, status=422 if is_wrong else 200)


def _trouble(address: str, enabled: frozenset[str]) -> str:
    """Why somebody of the list is passed over, where the rules have changed since they were written down."""
    why = barred(address, countries=enabled)
    return "" if why is None else WORDS[why]
