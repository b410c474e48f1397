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
from agents import own_servers, vendor_lists
from agents.own_servers import OWN_SERVERS, OwnServer, Trial, own_server
from agents.providers.lists import naming
from agents.vendors import VENDORS, Vendor, vendor


@allowed(Permission.MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """The keys, and servers of one's own. Posted with `vendor`: `key`, or `address`, is stored and tried, `test` tries
    the one there is, `revoke` forgets it."""
    if request.method == "POST":
        name = request.POST.get("vendor", "")
        chosen, own = vendor(name), own_server(name)
        if chosen is None and own is None:
            raise DomainError("unknown_vendor", "Choose one of the vendors on this page.")
        try:
            if chosen:
                _act(request, chosen)
            elif own:
                _act_on_server(request, own)
        except DomainError as error:
            return _page(request, wrong=name, message=error.message)
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


def _act_on_server(request: TenantRequest, own: OwnServer) -> None:
    held = credentials.vendor_credentials().get(own.name)
    if "address" in request.POST:
        credential, trial = own_servers.enter(own.name, request.POST["address"], request.POST.get("key", ""))
        vendor_lists.forget(own.name)
        _tell(request, own, credential, trial)
    elif held is None:
        raise DomainError("no_address", "There is no server of yours yet.")
    elif "test" in request.POST:
        try:
            trial = own_servers.try_it(credentials.secret_of(held))
        except vault.Unreadable:
            trial = Trial(False, "This server cannot read it any more. Enter it again.")
        _tell(request, own, held, trial)
    elif "revoke" in request.POST:
        credentials.revoke(held)
        vendor_lists.forget(own.name)
        messages.success(request, f"The address of your server for {own.does.lower()} is deleted.")


def _tell(request: TenantRequest, own: OwnServer, credential: Credential, trial: Trial) -> None:
    credentials.note_test(credential, works=trial.works, finding=trial.finding)
    if trial.models:
        vendor_lists.keep(own.name, naming.own_servers(trial.models))
    (messages.success if trial.works else messages.warning)(request, trial.finding)


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
    entered = own_servers.addresses(held)
    servers = [
        {
            "server": each,
            "credential": held.get(each.name),
            "address": entered.get(each.name, ""),
            "is_shared": bool(settings.VENDORS[each.name]["base_url"]),
            "error": message if each.name == wrong else "",
            "typed": request.POST.get("address", "") if each.name == wrong else "",
        }
        for each in OWN_SERVERS
    ]
    return render(request, "integrations/keys.html", {"rows": rows, "servers": servers}, status=422 if wrong else 200)
