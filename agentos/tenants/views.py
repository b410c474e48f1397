"""The way in, the choice of a tenant, and its team."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh
from redis.exceptions import RedisError

from agentos.errors import DomainError
from agentos.tenants import services
from agentos.tenants.context import front_page, tenants_of
from agentos.tenants.forms import RoleForm
from agentos.tenants.models import Membership, Role, User
from agentos.tenants.permissions import GRANTS, Permission, TenantRequest, allowed


def unless_redis_is_away(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Tries to sign in are counted in Redis. When they cannot be counted, nobody may try."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except RedisError:
            return render(request, "account/unavailable.html", status=503)

    return counted


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the one tenant of the person, or to a choice of several."""
    tenants = tenants_of(cast(User, request.user))
    if len(tenants) == 1:
        return HttpResponseRedirect(front_page(tenants[0]))
    choices = [{"tenant": tenant, "href": front_page(tenant)} for tenant in tenants]
    return render(request, "tenants/home.html", {"choices": choices})


@allowed(Permission.VIEW_CALLS)
@require_safe
def front(request: TenantRequest) -> HttpResponse:
    """To where a person arrives in this tenant."""
    return HttpResponseRedirect(front_page(request.tenant))


@dataclass(frozen=True, slots=True)
class Row:
    """A member as one person may treat them: without a form their role is only shown."""

    member: Membership
    form: RoleForm | None
    is_you: bool

    @property
    def key(self) -> str:
        return str(self.member.pk)

    @property
    def name(self) -> str:
        return str(self.member.user)

    @classmethod
    def of(cls, member: Membership, viewer: Membership) -> Row:
        roles = services.roles_within_reach(viewer, member)
        form = RoleForm(roles=roles, initial={"role": member.role}, auto_id=f"%s-{member.pk}") if roles else None
        return cls(member, form, is_you=member.pk == viewer.pk)


@allowed(Permission.VIEW_TEAM)
@require_safe
def team(request: TenantRequest) -> HttpResponse:
    order = list(Role)
    members = sorted(_members(request), key=lambda each: (order.index(Role(each.role)), str(each.user)))
    context = {
        "rows": [Row.of(member, request.membership) for member in members],
        "roles": list(Role),
        "grants": [(grant.words, [role in grant.roles for role in Role]) for grant in GRANTS.values()],
    }
    return render(request, "tenants/team.html", context)


@allowed(Permission.MANAGE_TEAM)
@require_POST
def change_role(request: TenantRequest, member_id: int) -> HttpResponse:
    member = get_object_or_404(_members(request), pk=member_id)
    form = RoleForm(request.POST, roles=list(Role))
    status = 200
    try:
        if not form.is_valid():
            raise DomainError("unknown_role", "Choose a role from the list.")
        role = Role(form.cleaned_data["role"])
        member = services.change_role(request.tenant, member_id, role=role, by=request.user)
        messages.success(request, f"{member.user} now has the role {role.label}.")
    except DomainError as error:
        messages.error(request, error.message)
        status = 422
    if not request.htmx:
        return redirect("tenants:team", request.tenant.slug)
    if member.pk == request.membership.pk and status == 200:
        return HttpResponseClientRefresh()  # the whole page depends on one's own role
    return render(request, "tenants/_member_changed.html", {"row": Row.of(member, request.membership)}, status=status)


@allowed(Permission.MANAGE_TEAM)
@require_POST
def remove_member(request: TenantRequest, member_id: int) -> HttpResponse:
    member = get_object_or_404(_members(request), pk=member_id)
    try:
        services.remove_member(request.tenant, member_id, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("tenants:team", request.tenant.slug)
    if member.user == request.user:
        return redirect("home")
    messages.success(request, f"{member.user} no longer works for {request.tenant}.")
    return redirect("tenants:team", request.tenant.slug)


def _members(request: TenantRequest) -> Any:
    return Membership.objects.filter(tenant=request.tenant).select_related("user")
