"""Settings, API: the keys of a business."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from agentos.errors import DomainError
from agentos.tenants import keys
from agentos.tenants.forms import KeyForm
from agentos.tenants.models import ApiKey
from agentos.tenants.permissions import Permission, TenantRequest, allowed


@allowed(Permission.MANAGE_API)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """The keys. Posted: one more, whose secret is shown this once; or with `revoke`, one less."""
    if request.method != "POST":
        return _page(request, KeyForm())
    if "revoke" in request.POST:
        return _revoke(request)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    _, secret = keys.create_key(request.tenant, by=request.user, **form.cleaned_data)
    return _page(request, KeyForm(), secret)


def _revoke(request: TenantRequest) -> HttpResponse:
    chosen = request.POST["revoke"]
    if not chosen.isdecimal() or len(chosen) > 18:
        raise DomainError("unknown_key", "This key is not one of yours.")
    key = keys.revoke_key(request.tenant, int(chosen))
    messages.success(request, f"{key} is revoked. It opens nothing any more.")
    return redirect("tenants:api", request.tenant.slug)


def _page(request: TenantRequest, form: KeyForm, secret: str = "") -> HttpResponse:
    found = ApiKey.objects.filter(tenant=request.tenant).select_related("created_by")
    words = {scope.value: words for scope, words in keys.SCOPES.items()}
    context = {
        "form": form,
        "secret": secret,
        "rows": [(key, str(key.pk), [words.get(scope, scope) for scope in key.scopes]) for key in found],
        "base_url": f"{settings.PUBLIC_URL}/api/v1",
    }
    return render(request, "tenants/api.html", context, status=422 if form.errors else 200)
