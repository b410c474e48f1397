"""The page of those who are not called: the own list, and the files of the registries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from campaigns.importing import files, progress
from campaigns.models import Contact, DoNotCall, RegistryFile
from campaigns.people import contacts
from campaigns.people.contact_forms import LiftForm, NeverCallForm, RegistryForm, beginning_of
from campaigns.people.registries import ages, key_of

PER_PAGE = 50
RECENT = timedelta(days=1)


@allowed(Permission.VIEW_CONTACTS, to_change=Permission.MANAGE_CONTACTS)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """The lists; posted, one more number."""
    form = NeverCallForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            number = contacts.normalized(form.cleaned_data["e164"])
        except DomainError as error:
            form.add_error("e164", error.message)
        else:
            contacts.opt_out(number, DoNotCall.Source.ADMIN, form.cleaned_data["evidence"], by=request.user)
            messages.success(request, "This number is not called any more.")
            return redirect("contacts:do_not_call", request.tenant.slug)
    return _page(request, form, RegistryForm(auto_id="registry_%s"))


def _page(request: TenantRequest, form: NeverCallForm, registry_form: RegistryForm) -> HttpResponse:
    search = "".join(character for character in request.GET.get("search", "") if character.isdigit())[:15]
    entries = DoNotCall.objects.filter(lifted_at=None).select_related("created_by")
    page = Paginator(entries.filter(e164__contains=search) if search else entries, PER_PAGE).get_page(
        request.GET.get("page")
    )
    people = {str(each.e164): each for each in Contact.objects.filter(e164__in=[entry.e164 for entry in page])}
    context = {
        "page": page,
        "search": search,
        "form": form,
        "registry_form": registry_form,
        "rows": [(each, people.get(str(each.e164)), LiftForm(auto_id=f"lift_{each.pk}_%s")) for each in page],
        **_registries(request),
    }
    has_errors = bool(form.errors or registry_form.errors)
    return render(request, "campaigns/contacts/do_not_call.html", context, status=422 if has_errors else 200)


@allowed(Permission.MANAGE_CONTACTS)
@require_POST
def lift(request: TenantRequest, entry_id: int) -> HttpResponse:
    entry = get_object_or_404(DoNotCall, pk=entry_id)
    contacts.lift(entry.pk, why=request.POST.get("why", ""))
    messages.success(request, "The number is off the list. It is called again when there is consent.")
    return redirect("contacts:do_not_call", request.tenant.slug)


def _registries(request: TenantRequest) -> dict[str, Any]:
    """The files that count, those that stop counting, and those on their way in, each with how far it is."""
    known = ages(now())
    loads = RegistryFile.objects.filter(status=RegistryFile.Status.RUNNING)
    return {
        "registries": known,
        "over": [each for each in known if each.is_over],
        "ending": [each for each in known if each.ends_soon],
        "loads": [(each, progress.read(request.tenant.pk, key_of(each))) for each in loads],
        "not_loaded": RegistryFile.objects.filter(status=RegistryFile.Status.FAILED, created_at__gt=now() - RECENT)[:3],
    }


@allowed(Permission.VIEW_CONTACTS, to_change=Permission.MANAGE_CONTACTS)
@require_http_methods(["GET", "HEAD", "POST"])
def registry(request: TenantRequest) -> HttpResponse:
    """The registries alone, asked for again and again while a file is loaded; posted, one more file."""
    if request.method != "POST":
        return render(request, "campaigns/contacts/_registries.html", _registries(request))
    form = RegistryForm(request.POST, request.FILES, auto_id="registry_%s")
    if not form.is_valid():
        return _page(request, NeverCallForm(), form)
    load = RegistryFile.objects.create(
        name=form.cleaned_data["name"],
        file=files.keep(form.cleaned_data["file"]),
        asked_at=beginning_of(form.cleaned_data["day"]),
        created_by=request.user,
    )
    progress.tell(request.tenant.pk, key_of(load), progress.Progress())
    enqueue("campaigns.tasks.load_registry", load.pk)
    messages.success(request, "The file is being loaded. You can leave this page.")
    return redirect("contacts:do_not_call", request.tenant.slug)
