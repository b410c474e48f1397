"""Settings, Webhooks: which systems of the business are told what, and how that goes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agentos.webhooks import services
from agentos.webhooks.delivery import body_of
from agentos.webhooks.events import EVENTS, TEST
from agentos.webhooks.forms import EndpointForm
from agentos.webhooks.models import Delivery, Endpoint, Try

SHOWN = 50
FRESH = timedelta(seconds=40)
ERRORS = {
    "address": "The address is not on the public internet",
    "dns": "The name of the server is not known",
    "connect": "The server cannot be reached",
    "tls": "The server’s certificate cannot be trusted",
    "timeout": "No answer within ten seconds",
    "protocol": "The server broke off",
    "too_large": "The answer was too long",
    "header": "The request could not be made",
}


@allowed(Permission.MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """The endpoints. Posted: one more, whose secret is shown this once."""
    form = EndpointForm(request.POST or None, initial={"events": ["call.ended"]})
    made, secret = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = services.create(**form.cleaned_data)
            form = EndpointForm(initial={"events": ["call.ended"]})
        except DomainError as error:
            form.add_error(None, error.message)
    context = {
        "form": form,
        "made": made,
        "secret": secret,
        "endpoints": [(each, _words(each)) for each in _endpoints()],
    }
    return render(request, "webhooks/index.html", context, status=422 if form.errors else 200)


@allowed(Permission.MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint(request: TenantRequest, endpoint_id: UUID) -> HttpResponse:
    """One endpoint: what it is told, and the log. Posted: one of the acts below, by the name of its button."""
    chosen: Endpoint = get_object_or_404(_endpoints().select_related("secret", "old_secret"), pk=endpoint_id)
    if request.method != "POST":
        return _page(request, chosen)
    if "change" in request.POST:
        return _change(request, chosen)
    if "renew" in request.POST:
        return _page(request, chosen, secret=services.renew_secret(chosen))
    return _act(request, chosen)


def _act(request: TenantRequest, chosen: Endpoint) -> HttpResponse:
    if "remove" in request.POST:
        services.remove(chosen)
        messages.success(request, f"{chosen} is sent nothing any more.")
        return redirect("webhooks:index", request.tenant.slug)
    if "test" in request.POST:
        services.send_test(chosen)
        messages.success(request, "A test is on its way.")
    elif "resend" in request.POST:
        services.resend(_delivery(chosen, request.POST["resend"]))
        messages.success(request, "It is on its way again.")
    elif "disable" in request.POST:
        services.disable(chosen)
    elif "enable" in request.POST:
        services.enable(chosen)
    return redirect("webhooks:endpoint", request.tenant.slug, chosen.pk)


def _change(request: TenantRequest, chosen: Endpoint) -> HttpResponse:
    form = EndpointForm(request.POST)
    if not form.is_valid():
        return _page(request, chosen, form)
    services.change(chosen, **form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect("webhooks:endpoint", request.tenant.slug, chosen.pk)


def _page(request: TenantRequest, chosen: Endpoint, form: EndpointForm | None = None, secret: str = "") -> HttpResponse:
    deliveries = list(chosen.deliveries.select_related("event").prefetch_related("log")[:SHOWN])
    fresh = any(_is_on_its_way(each) for each in deliveries)
    context = {
        "endpoint": chosen,
        "form": form or EndpointForm(initial={"url": chosen.url, "note": chosen.note, "events": chosen.events}),
        "secret": secret,
        "log": [_line(each) for each in deliveries],
        "is_moving": fresh and not chosen.disabled_at,
    }
    partial = request.htmx and request.method != "POST"
    template = "webhooks/_log.html" if partial else "webhooks/endpoint.html"
    return render(request, template, context, status=422 if form is not None else 200)


def _is_on_its_way(delivery: Delivery) -> bool:
    """So new that the page should look again soon."""
    return delivery.state == Delivery.State.WAITING and delivery.due_at > now() - FRESH and delivery.tries < 2


def _outcome(each: Try) -> str:
    return f"Answered {each.status}" if each.status else ERRORS.get(each.error, each.error)


def _line(delivery: Delivery) -> dict[str, Any]:
    tries = [(each, _outcome(each)) for each in delivery.log.all()]
    body = json.dumps(json.loads(body_of(delivery.event)), indent=2, ensure_ascii=False)
    words = "Test" if delivery.event.kind == TEST else EVENTS.get(delivery.event.kind, delivery.event.kind)
    return {"delivery": delivery, "words": words, "tries": tries, "last": tries[-1][1] if tries else "", "body": body}


def _endpoints() -> QuerySet[Endpoint]:
    held: QuerySet[Endpoint] = Endpoint.objects.filter(removed_at=None)
    return held


def _words(each: Endpoint) -> str:
    return "; ".join(EVENTS[kind] for kind in each.events if kind in EVENTS)


def _delivery(chosen: Endpoint, wanted: str) -> Delivery:
    try:
        found: Delivery = chosen.deliveries.select_related("endpoint").get(pk=UUID(wanted))
    except (ValueError, Delivery.DoesNotExist):
        raise DomainError("unknown_delivery", "This delivery is not in the log any more.") from None
    return found
