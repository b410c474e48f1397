"""Who may do what: one table, and the one door to the pages of a tenant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from agentos.errors import DomainError
from agentos.tenants.log import acting_as
from agentos.tenants.models import Membership, Role, Tenant, User
from agentos.tenants.scoping import tenant_transaction

V = TypeVar("V", bound=Callable[..., Any])

LOOKING = ("GET", "HEAD", "OPTIONS", "TRACE")

EVERYONE = frozenset(Role)
STAFF = frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER})
LEADS = frozenset({Role.OWNER, Role.ADMIN})


class Permission(StrEnum):
    VIEW_CALLS = "view_calls"
    SEE_NUMBERS = "see_numbers"
    HEAR_RECORDINGS = "hear_recordings"
    LISTEN_IN = "listen_in"
    STEER_CALLS = "steer_calls"
    MANAGE_CALLS = "manage_calls"
    SEE_COSTS = "see_costs"
    SET_BUDGET = "set_budget"
    VIEW_AGENTS = "view_agents"
    EDIT_AGENTS = "edit_agents"
    MAKE_TEST_CALLS = "make_test_calls"
    PUBLISH_AGENTS = "publish_agents"
    MANAGE_WEBSITE = "manage_website"
    VIEW_NUMBERS = "view_numbers"
    MANAGE_NUMBERS = "manage_numbers"
    VIEW_CONTACTS = "view_contacts"
    MANAGE_CONTACTS = "manage_contacts"
    DOWNLOAD_PROOF = "download_proof"
    VIEW_CAMPAIGNS = "view_campaigns"
    RUN_CAMPAIGNS = "run_campaigns"
    HANDLE_REPLIES = "handle_replies"
    VIEW_CALENDAR = "view_calendar"
    MANAGE_CALENDAR = "manage_calendar"
    VIEW_TEAM = "view_team"
    MANAGE_TEAM = "manage_team"
    MANAGE_API = "manage_api"
    MANAGE_INTEGRATIONS = "manage_integrations"


@dataclass(frozen=True, slots=True)
class Grant:
    """Which roles hold a permission, what it is called, and whether it changes anything."""

    words: str
    roles: frozenset[Role]
    changes: bool = False


GRANTS: dict[Permission, Grant] = {
    Permission.VIEW_CALLS: Grant("see calls and transcripts", EVERYONE),
    Permission.SEE_NUMBERS: Grant("see callers’ full phone numbers", STAFF),
    Permission.HEAR_RECORDINGS: Grant("hear recordings", STAFF),
    Permission.LISTEN_IN: Grant("listen to calls in progress", STAFF),
    Permission.STEER_CALLS: Grant("whisper to agents, take calls over and end them", STAFF, changes=True),
    Permission.MANAGE_CALLS: Grant("have calls read again, and erase them", LEADS, changes=True),
    Permission.SEE_COSTS: Grant("see what calls cost", STAFF),
    Permission.SET_BUDGET: Grant("set the budget", LEADS, changes=True),
    Permission.VIEW_AGENTS: Grant("see agents", EVERYONE),
    Permission.EDIT_AGENTS: Grant("edit agents", STAFF, changes=True),
    Permission.MAKE_TEST_CALLS: Grant("make test calls", STAFF, changes=True),
    Permission.PUBLISH_AGENTS: Grant("publish agents", LEADS, changes=True),
    Permission.MANAGE_WEBSITE: Grant("let people call from websites", STAFF, changes=True),
    Permission.VIEW_NUMBERS: Grant("see the numbers of the business", EVERYONE),
    Permission.MANAGE_NUMBERS: Grant("add, change and remove numbers", LEADS, changes=True),
    Permission.VIEW_CONTACTS: Grant("see contacts", STAFF),
    Permission.MANAGE_CONTACTS: Grant("change contacts and lists", STAFF, changes=True),
    Permission.DOWNLOAD_PROOF: Grant("download the proof of a contact’s calls", LEADS),
    Permission.VIEW_CAMPAIGNS: Grant("see campaigns", EVERYONE),
    Permission.RUN_CAMPAIGNS: Grant("set up and run campaigns", LEADS, changes=True),
    Permission.HANDLE_REPLIES: Grant("handle replies", STAFF, changes=True),
    Permission.VIEW_CALENDAR: Grant("see the calendar", EVERYONE),
    Permission.MANAGE_CALENDAR: Grant("change the calendar", STAFF, changes=True),
    Permission.VIEW_TEAM: Grant("see the team", EVERYONE),
    Permission.MANAGE_TEAM: Grant("change roles and remove people", LEADS, changes=True),
    Permission.MANAGE_API: Grant("make and revoke API keys", LEADS, changes=True),
    Permission.MANAGE_INTEGRATIONS: Grant("connect other systems and keep their keys", LEADS, changes=True),
}


class TenantRequest(HttpRequest):
    """The request as a view behind `allowed` gets it."""

    user: User
    tenant: Tenant
    membership: Membership
    htmx: HtmxDetails


class NotAllowed(PermissionDenied):
    """The person's role, or the state of the tenant, does not permit this. Says who could."""

    def __init__(self, membership: Membership, permission: Permission) -> None:
        grant = GRANTS[permission]
        if grant.changes and membership.tenant.is_suspended:
            self.title = f"{membership.tenant} is suspended"
            self.text = "Everything can still be read. Nothing can be changed until the suspension ends."
        else:
            names = [f"{role.label.lower()}s" for role in Role if role in grant.roles]
            able = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            self.title = f"You may not {grant.words}"
            self.text = f"Your role is {membership.get_role_display()}. {able.capitalize()} can."
        super().__init__(f"{self.title}. {self.text}")


def find_membership(user: User | AnonymousUser, slug: str) -> Membership | None:
    """What the person may be in the tenant called `slug`; None for a stranger and for an unknown slug alike."""
    if not isinstance(user, User) or not user.is_active:
        return None
    return Membership.objects.select_related("tenant").filter(user=user, tenant__slug=slug).first()


def may(membership: Membership | None, permission: Permission | str) -> bool:
    """Whether the role permits it. While the tenant is suspended nobody may change anything."""
    grant = GRANTS[Permission(permission)]
    if membership is None or membership.role not in grant.roles:
        return False
    return not (grant.changes and membership.tenant.is_suspended)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a view asks of a person who looks, and of one who changes something there."""

    to_look: Permission
    to_change: Permission | None

    def of(self, method: str | None) -> Permission | None:
        return self.to_look if method in LOOKING else self.to_change


def allowed(permission: Permission | str, *, to_change: Permission | str | None = None) -> Callable[[V], V]:
    """Declare what a view below /t/<slug>/ asks for, and open its door: a function, or a class of View.

    The view gets `request.tenant` and `request.membership` instead of the slug and runs inside `tenant_transaction`,
    in the tenant's time zone; what it renders is rendered there, too. POST, PUT, PATCH and DELETE need `to_change`, or
    `permission` itself where that changes something; otherwise they are not allowed at all.

    A stranger sees what a missing slug shows. Http404, PermissionDenied and DomainError undo what the view did and
    become pages, or a sentence for htmx.
    """
    look = Permission(permission)
    change = Permission(to_change) if to_change else look if GRANTS[look].changes else None
    needs = Needs(look, change)

    def declare(view: V) -> V:
        if iscoroutinefunction(view) or getattr(view, "view_is_async", False):
            raise TypeError(f"{view.__qualname__} is async: a transaction needs a sync view")
        if isinstance(view, type):
            return cast(V, method_decorator(declare, name="dispatch")(view))

        @wraps(view)
        def door(request: HttpRequest, *args: Any, slug: str, **kwargs: Any) -> HttpResponseBase:
            return _enter(request, slug, needs, lambda tenant_request: view(tenant_request, *args, **kwargs))

        door.needs = needs  # type: ignore[attr-defined]
        return cast(V, door)

    return declare


def needs_of(view: Callable[..., Any]) -> Needs | None:
    """What `allowed` declared for a view; None when nobody did."""
    return getattr(view, "needs", None)


def _enter(
    request: HttpRequest, slug: str, needs: Needs, view: Callable[[TenantRequest], HttpResponseBase]
) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return _to_sign_in(request)
    membership = find_membership(request.user, slug)
    if membership is None:
        raise Http404
    inside = cast(TenantRequest, request)
    inside.tenant, inside.membership = membership.tenant, membership
    permission = needs.of(request.method)
    if permission is None:
        return HttpResponseNotAllowed(LOOKING)
    with timezone.override(inside.tenant.zone):
        try:
            if not may(membership, permission):
                raise NotAllowed(membership, permission)
            with tenant_transaction(inside.tenant), acting_as(inside.user):
                answer = _rendered(view(inside))
                return _not_by_address(inside, answer) if isinstance(answer, HttpResponseNotAllowed) else answer
        except Http404:
            refused = _Refusal(404, "Nothing is here", "It may have been removed, or the address has a typo.")
        except NotAllowed as error:
            refused = _Refusal(403, error.title, error.text)
        except PermissionDenied as error:
            refused = _Refusal(403, "You may not do that", str(error))
        except DomainError as error:
            refused = _Refusal(409, "That did not work", error.message)
        with tenant_transaction(inside.tenant):
            return refused.answer(inside)


def _not_by_address(request: TenantRequest, answer: HttpResponseNotAllowed) -> HttpResponse:
    """For somebody who looks at what only takes a form, such as with the browser's Back: a page, instead of nothing."""
    refused = _Refusal(405, "This is not a page", "It belongs to a button on another one. Go back, and press it there.")
    page = refused.answer(request)
    page["Allow"] = answer["Allow"]
    return page


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(resolve_url("account_login"))
    return redirect_to_login(request.get_full_path() if request.method in LOOKING else "/")


def _rendered(response: HttpResponseBase) -> HttpResponseBase:
    """A lazy template must not wait until the tenant has been left."""
    render_now = getattr(response, "render", None)
    if callable(render_now):
        response = render_now()
    if not response.has_header("Cache-Control"):  # a shared computer must not show it to the next person
        patch_cache_control(response, private=True, no_store=True)
    return response


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    title: str
    text: str

    def answer(self, request: TenantRequest) -> HttpResponse:
        if request.htmx:
            return HttpResponse(f"{self.title}. {self.text}", content_type="text/plain", status=self.status)
        context = {"title": self.title, "text": self.text, "status": self.status}
        return render(request, "tenants/refused.html", context, status=self.status)
