"""What every page of the dashboard needs to draw its frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest

from agentos.tenants.models import Membership, Tenant, User
from agentos.tenants.permissions import Permission, may


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation: its name, icon, part of the address, the keys that lead there, who sees it."""

    name: str
    icon: str
    segment: str
    keys: str
    needs: Permission | None = None

    def address(self, tenant: Tenant) -> str:
        return f"/t/{tenant.slug}/{self.segment}/"


PLACES = (
    Place("Calls", "phone", "calls", "g c"),
    Place("Calendar", "calendar", "calendar", "g d"),
    Place("Follow-ups", "follow-ups", "follow-ups", "g f", Permission.VIEW_CONTACTS),
    Place("Campaigns", "campaigns", "campaigns", "g m"),
    Place("Replies", "replies", "replies", "g r", Permission.VIEW_CONTACTS),
    Place("Contacts", "contacts", "contacts", "g p", Permission.VIEW_CONTACTS),
    Place("Agents", "agents", "agents", "g a"),
    Place("Knowledge", "knowledge", "knowledge", "g k"),
    Place("Numbers", "numbers", "numbers", "g n"),
    Place("Settings", "settings", "settings", "g s"),
)


def front_page(tenant: Tenant) -> str:
    """Where a person arrives in a tenant."""
    return PLACES[0].address(tenant)


def shell(request: HttpRequest) -> dict[str, Any]:
    """`tenant`, `membership`, `may.<permission>`, and the entries of the navigation."""
    membership: Membership | None = getattr(request, "membership", None)
    if membership is None:
        return {"tenant": None, "membership": None, "may": {}}
    tenant = membership.tenant
    return {
        "tenant": tenant,
        "membership": membership,
        "may": {permission.value: may(membership, permission) for permission in Permission},
        "navigation": [
            {"place": place, "href": (href := place.address(tenant)), "here": request.path.startswith(href)}
            for place in PLACES
            if place.needs is None or may(membership, place.needs)
        ],
        "workspaces": partial(_workspaces, membership.user_id),
    }


def _workspaces(user_id: int) -> list[dict[str, Any]]:
    return [{"tenant": tenant, "href": front_page(tenant)} for tenant in tenants_of(user_id)]


def tenants_of(user: User | int) -> list[Tenant]:
    """The tenants a person works for, by name."""
    return list(Tenant.objects.filter(memberships__user=user).order_by("name", "pk"))
