"""Pages with a hole each. If the matrix does not see them, it sees nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from agentos.tenants.models import PublicRoute
from agentos.tenants.permissions import TenantRequest, allowed
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from telephony.models import PhoneNumber
from tests.isolation.expectations import Expectation, Inside, Public


@allowed("view_agents")
def leak(request: TenantRequest, agent_id: str) -> HttpResponse:
    with tenant_transaction(get_object_or_404(PublicRoute, pk=agent_id).tenant):
        return HttpResponse(Agent.objects.get(pk=agent_id).name)


@allowed("view_agents")
def oracle(request: TenantRequest, agent_id: str) -> HttpResponse:
    known = PublicRoute.objects.filter(pk=agent_id).exists()
    return HttpResponse("yours" if Agent.objects.filter(pk=agent_id).exists() else "taken" if known else "free")


@allowed("edit_agents")
def damage(request: TenantRequest, agent_id: str) -> HttpResponse:
    with tenant_transaction(get_object_or_404(PublicRoute, pk=agent_id).tenant):
        Agent.objects.filter(pk=agent_id).update(name=request.POST.get("name", "ours"))
    return HttpResponse()


@allowed("edit_agents")
def adopt(request: TenantRequest) -> HttpResponse:
    if request.POST.get("agent"):
        PhoneNumber.objects.update(agent_id=request.POST["agent"])
    return HttpResponse()


@allowed("view_agents")
def crash(request: TenantRequest, agent_id: str) -> HttpResponse:
    return HttpResponse(Agent.objects.get(pk=agent_id).name)


@csrf_exempt
@allowed("edit_agents")
def unguarded(request: TenantRequest) -> HttpResponse:
    return HttpResponse()


@allowed("view_agents")
def lax(request: TenantRequest) -> HttpResponse:
    return HttpResponse()


def undeclared(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse(slug)


def open_to_all(request: HttpRequest) -> HttpResponse:
    return HttpResponse(", ".join(PublicRoute.objects.values_list("tenant__name", flat=True)))


urlpatterns = [
    path("t/<slug:slug>/leak/<uuid:agent_id>/", leak, name="leak"),
    path("t/<slug:slug>/oracle/<uuid:agent_id>/", oracle, name="oracle"),
    path("t/<slug:slug>/damage/<uuid:agent_id>/", damage, name="damage"),
    path("t/<slug:slug>/adopt/", adopt, name="adopt"),
    path("t/<slug:slug>/crash/<uuid:agent_id>/", crash, name="crash"),
    path("t/<slug:slug>/unguarded/", unguarded, name="unguarded"),
    path("t/<slug:slug>/lax/", lax, name="lax"),
    path("t/<slug:slug>/undeclared/", undeclared, name="undeclared"),
    path("open/", open_to_all, name="open_to_all"),
    path("t/<slug:slug>/unlisted/", lax, name="unlisted"),
    path("t/<slug:slug>/unknown/<int:strange_id>/", lax, name="unknown"),
    path("", include("agentos.urls")),
]

TABLE: dict[str, Expectation] = {
    "leak": Inside.of("view_agents"),
    "oracle": Inside.of("view_agents"),
    "damage": Inside.all("edit_agents"),
    "adopt": Inside.all("edit_agents"),
    "crash": Inside.of("view_agents"),
    "unguarded": Inside.all("edit_agents"),
    "lax": Inside.of("publish_agents"),
    "undeclared": Inside.of("view_agents"),
    "open_to_all": Public("says the names of all customers"),
    "unknown": Inside.of("view_agents"),
}

# Which hole is noticed by which words.
NOTICED: dict[str, str] = {
    "leak": "GET leak as viewer: words of another tenant are shown",
    "oracle": "GET oracle as viewer: somebody else's id (200) is not like a missing one (200)",
    "damage": "POST damage as member: rows or files of another tenant are changed",
    "adopt": "POST adopt as member: a row now points into another tenant",
    "crash": "GET crash as viewer: 500",
    "unguarded": "POST unguarded without a CSRF token: 200",
    "lax": "GET lax as viewer: 200, but that takes publish_agents",
    "undeclared": "undeclared declares None",
    "open_to_all": "GET open_to_all as anonymous: words of another tenant are shown",
    "unlisted": "unlisted stands in no table",
    "unknown": "unknown has parameters that no fixture knows: strange_id",
}
