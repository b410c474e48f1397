"""Settings, Website: the buttons by which visitors of the business's websites talk with its agents."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from telephony.website import services
from telephony.website.colors import ink_on
from telephony.website.forms import WidgetForm
from telephony.website.models import Widget

NEW = "new"


@allowed(Permission.MANAGE_WEBSITE)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """One button and the names of the others: `?button=` says which, or that a new one is wanted. Posted: its acts."""
    widgets = list(Widget.objects.filter(removed_at=None).select_related("agent__published"))
    wanted = request.GET.get("button", "")
    chosen = None if wanted == NEW or not widgets else _chosen(widgets, wanted)
    if request.method != "POST":
        return _page(request, widgets, chosen, WidgetForm(widget=chosen))
    if chosen is not None and "save" not in request.POST:
        return _act(request, chosen)
    return _save(request, widgets, chosen)


def _chosen(widgets: list[Widget], wanted: str) -> Widget:
    found = [widget for widget in widgets if not wanted or str(widget.pk) == wanted]
    if not found:
        raise Http404
    return found[0]


def _save(request: TenantRequest, widgets: list[Widget], chosen: Widget | None) -> HttpResponse:
    form = WidgetForm(request.POST, widget=chosen)
    if not form.is_valid():
        return _page(request, widgets, chosen, form)
    if chosen is None:
        chosen = services.make(**form.cleaned_data)
        messages.success(request, "The button is ready. Copy its line into your website.")
    else:
        services.change(chosen, **form.cleaned_data)
        messages.success(request, "Saved. Your website shows it within a minute.")
    return _to(request, chosen)


def _act(request: TenantRequest, chosen: Widget) -> HttpResponse:
    if "remove" in request.POST:
        services.remove(chosen)
        messages.success(request, "The button is removed. Its calls stay.")
        return redirect("website:index", request.tenant.slug)
    if "renew" in request.POST:
        services.renew_key(chosen)
        messages.success(request, "The button has a new key. Copy the new line into your website.")
    elif "off" in request.POST:
        services.switch(chosen, on=False)
        messages.success(request, "The button is switched off. Calls in progress go on.")
    elif "on" in request.POST:
        services.switch(chosen, on=True)
        messages.success(request, "The button is on again.")
    else:
        raise DomainError("unknown_act", "Press one of the buttons on this page.")
    return _to(request, chosen)


def _to(request: TenantRequest, chosen: Widget) -> HttpResponse:
    return redirect(reverse("website:index", args=[request.tenant.slug]) + f"?button={chosen.pk}")


def _page(request: TenantRequest, widgets: list[Widget], chosen: Widget | None, form: WidgetForm) -> HttpResponse:
    context: dict[str, Any] = {"widgets": widgets, "chosen": chosen, "form": form}
    if chosen is not None:
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        context |= {
            "snippet": f'<script src="{settings.PUBLIC_URL}{script_path(chosen.key)}" async></script>',
            "script": script_path(chosen.key),
            "look": json.dumps({"words": chosen.words, "color": chosen.color, "ink": ink_on(chosen.color)}),
            "calls_today": chosen.calls.filter(call__created_at__gte=today).count(),
        }
    return render(request, "website/index.html", context, status=422 if form.errors else 200)


def script_path(key: UUID) -> str:
    return reverse("widget:script", args=[key])
