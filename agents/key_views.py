"""Settings, Vendor keys: a business calls with its own accounts at the vendors, where it has some."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from agentos import vault
from agentos.errors import DomainError
from agentos.tenants import credentials
from agentos.tenants.models import Credential
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agents.vendors import VENDORS, Vendor, vendor


@allowed(Permission.MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """The keys. Posted with `vendor`: `key` is stored and tried, `test` tries the one there is, `revoke` forgets it."""
    if request.method == "POST":
        chosen = vendor(request.POST.get("vendor", ""))
        if chosen is None:
            raise DomainError("unknown_vendor", "Choose one of the vendors on this page.")
        try:
            _act(request, chosen)
        except DomainError as error:
            return _page(request, wrong=chosen.name, message=error.message)
        return redirect("integrations:keys", request.tenant.slug)
    return _page(request)


def _act(request: TenantRequest, chosen: Vendor) -> None:
    held = credentials.vendor_credentials().get(chosen.name)
    if "key" in request.POST:
        _try(request, chosen, credentials.store(Credential.Kind.VENDOR, chosen.name, request.POST["key"]))
    elif held is None:
        raise DomainError("no_key", f"There is no key of yours for {chosen.label}.")
    elif "test" in request.POST:
        _try(request, chosen, held)
    elif "revoke" in request.POST:
        credentials.revoke(held)
        messages.success(request, f"Your key for {chosen.label} is deleted.")


def _try(request: TenantRequest, chosen: Vendor, credential: Credential) -> None:
    try:
        works, finding = chosen.try_key(credentials.secret_of(credential))
    except vault.Unreadable:
        works, finding = False, "This server cannot read it any more. Enter it again."
    credentials.note_test(credential, works=works, finding=finding)
    (messages.success if works else messages.warning)(request, finding or f"Your key for {chosen.label} works.")


def _page(request: TenantRequest, *, wrong: str = "", message: str = "") -> HttpResponse:
    held = credentials.vendor_credentials()
    rows = [
        {
            "vendor": each,
            "credential": held.get(each.name),
            "is_shared": bool(settings.VENDORS[each.name]["api_key"]),
            "error": message if each.name == wrong else "",
        }
        for each in VENDORS
    ]
    return render(request, "integrations/keys.html", {"rows": rows}, status=422 if wrong else 200)
