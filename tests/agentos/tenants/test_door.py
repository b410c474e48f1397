"""The door to a tenant's pages: `allowed`, and the guard that refuses what forgot it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from django.views import View
from pytest_django import Settings

from agentos.errors import DomainError
from agentos.tenants.models import Membership, Role, Tenant, User
from agentos.tenants.permissions import GRANTS, Permission, TenantRequest, allowed, may, needs_of
from agentos.tenants.scoping import TenantRequired, tenant_transaction
from agents.models import Agent
from tests import factories
from tests.conftest import SignIn


@allowed("view_agents")
def names(request: TenantRequest) -> HttpResponse:
    return HttpResponse(", ".join(Agent.objects.values_list("name", flat=True)))


@allowed("edit_agents")
def rename(request: TenantRequest, outcome: str) -> HttpResponse:
    Agent.objects.update(name="Renamed")
    match outcome:
        case "missing":
            raise Http404
        case "denied":
            raise PermissionDenied("Not on a Sunday.")
        case "rule":
            raise DomainError("full", "There is no room for it.")
        case "crash":
            raise ZeroDivisionError
    return HttpResponse(request.membership.role)


@allowed("view_agents", to_change="publish_agents")
class Versions(View):
    def get(self, request: TenantRequest) -> HttpResponse:
        return HttpResponse(request.tenant.name)

    def post(self, request: TenantRequest) -> HttpResponse:
        return HttpResponse("published")


@allowed("view_agents")
def lazily(request: TenantRequest) -> HttpResponse:
    template = engines["django"].from_string("{% for agent in agents %}{{ agent }}{% endfor %}")
    return TemplateResponse(request, template, {"agents": Agent.objects.all()})


@allowed("view_agents")
def streamed(request: TenantRequest) -> StreamingHttpResponse:
    def rows() -> Iterator[str]:
        yield from Agent.objects.values_list("name", flat=True)

    return StreamingHttpResponse(rows())


@allowed("view_agents")
def hour(request: TenantRequest) -> HttpResponse:
    return HttpResponse(timezone.localtime(datetime(2026, 11, 24, 17, 0, tzinfo=UTC)).strftime("%H"))


def undeclared(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse(slug)


urlpatterns = [
    path("", include("agentos.tenants.urls")),
    path("t/<slug:slug>/names/", names),
    path("t/<slug:slug>/rename/<str:outcome>/", rename),
    path("t/<slug:slug>/versions/", Versions.as_view()),
    path("t/<slug:slug>/lazily/", lazily),
    path("t/<slug:slug>/streamed/", streamed),
    path("t/<slug:slug>/hour/", hour),
    path("t/<slug:slug>/undeclared/", undeclared),
]


@pytest.fixture(autouse=True)
def these_pages(settings: Settings) -> None:
    settings.ROOT_URLCONF = sys.modules[__name__]


def at(tenant: Tenant, page: str) -> str:
    return f"/t/{tenant.slug}/{page}/"


def agent_names(agent: Agent) -> list[str]:
    with tenant_transaction(agent.tenant_id):
        return list(Agent.objects.values_list("name", flat=True))


def test_a_member_sees_the_rows_of_their_tenant_only(
    tenant: Tenant, agent: Agent, other_agent: Agent, viewer: User, sign_in: SignIn
) -> None:
    answer = sign_in(viewer).get(at(tenant, "names"))

    assert answer.content.decode() == agent.name
    assert "no-store" in answer["Cache-Control"]


def test_a_stranger_sees_what_an_unknown_address_shows(
    tenant: Tenant, agent: Agent, stranger: User, sign_in: SignIn
) -> None:
    client = sign_in(stranger)

    real, invented = client.get(at(tenant, "names")), client.get("/t/no-such-business/names/")

    assert (real.status_code, invented.status_code) == (404, 404)
    assert real.content == invented.content


def test_who_is_not_signed_in_is_asked_to(tenant: Tenant) -> None:
    page = at(tenant, "names")

    assert Client().get(page)["Location"] == f"/account/login/?next={page}"
    assert Client().post(page)["Location"] == "/account/login/?next=/"
    assert Client().get(page, headers={"HX-Request": "true"})["HX-Redirect"] == "/account/login/"


def test_a_role_without_the_permission_is_told_who_has_it(tenant: Tenant, viewer: User, sign_in: SignIn) -> None:
    client = sign_in(viewer)

    page = client.post(at(tenant, "rename/ok"))
    part = client.post(at(tenant, "rename/ok"), headers={"HX-Request": "true"})

    assert (page.status_code, part.status_code) == (403, 403)
    assert "You may not edit agents" in page.content.decode()
    assert part.content.decode() == ("You may not edit agents. Your role is Viewer. Owners, admins and members can.")


def test_looking_and_changing_can_need_different_permissions(
    tenant: Tenant, viewer: User, admin: User, sign_in: SignIn
) -> None:
    page = at(tenant, "versions")

    assert sign_in(viewer).get(page).status_code == 200
    assert sign_in(viewer).post(page).status_code == 403
    assert sign_in(admin).post(page).status_code == 200


def test_a_page_that_is_only_for_looking_takes_no_change_from_anyone(
    tenant: Tenant, owner: User, sign_in: SignIn
) -> None:
    client = sign_in(owner)

    for method in (client.post, client.put, client.patch, client.delete):
        assert method(at(tenant, "names")).status_code == 405


@pytest.mark.parametrize(("outcome", "status"), [("missing", 404), ("denied", 403), ("rule", 409)])
def test_what_a_refused_view_did_is_undone_and_explained_in_the_frame(
    outcome: str, status: int, tenant: Tenant, agent: Agent, owner: User, sign_in: SignIn
) -> None:
    answer = sign_in(owner).post(at(tenant, f"rename/{outcome}"))

    assert answer.status_code == status
    assert "Lines in use" in answer.content.decode()
    assert agent_names(agent) == [agent.name]


def test_what_a_crashed_view_did_is_undone(tenant: Tenant, agent: Agent, owner: User, sign_in: SignIn) -> None:
    with pytest.raises(ZeroDivisionError):
        sign_in(owner).post(at(tenant, "rename/crash"))

    assert agent_names(agent) == [agent.name]


def test_a_suspended_tenant_can_be_read_and_not_changed(
    tenant: Tenant, agent: Agent, owner: User, sign_in: SignIn
) -> None:
    factories.suspend(tenant)
    client = sign_in(owner)

    refused = client.post(at(tenant, "rename/ok"))

    assert client.get(at(tenant, "names")).status_code == 200
    assert refused.status_code == 403
    assert "is suspended" in refused.content.decode()
    assert agent_names(agent) == [agent.name]


def test_another_role_and_the_end_of_a_membership_hold_from_the_next_request(
    tenant: Tenant, member: User, sign_in: SignIn
) -> None:
    client, page = sign_in(member), at(tenant, "rename/ok")
    assert client.post(page).status_code == 200

    Membership.objects.filter(user=member).update(role=Role.VIEWER)
    assert client.post(page).status_code == 403

    Membership.objects.filter(user=member).delete()
    assert client.post(page).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_lazy_template_is_rendered_before_the_tenant_is_left(
    tenant: Tenant, agent: Agent, owner: User, sign_in: SignIn
) -> None:
    answer = sign_in(owner).get(at(tenant, "lazily"))

    assert answer.content.decode() == agent.name


@pytest.mark.django_db(transaction=True)
def test_a_stream_that_reads_after_the_tenant_was_left_gets_nothing(
    tenant: Tenant, agent: Agent, owner: User, sign_in: SignIn
) -> None:
    answer = sign_in(owner).get(at(tenant, "streamed"))

    with pytest.raises(TenantRequired):
        answer.getvalue()


def test_times_are_those_of_the_tenant(tenant: Tenant, owner: User, sign_in: SignIn) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(timezone="America/Boise")

    assert sign_in(owner).get(at(tenant, "hour")).content == b"10"
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_view_below_a_tenant_that_declares_nothing_is_refused(tenant: Tenant, owner: User, sign_in: SignIn) -> None:
    assert sign_in(owner).get(at(tenant, "undeclared")).status_code == 403


def test_an_async_view_cannot_be_declared() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    class Page(View):
        async def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

    for candidate in (view, Page):
        with pytest.raises(TypeError):
            allowed("view_agents")(candidate)


def test_an_unknown_permission_cannot_be_declared() -> None:
    with pytest.raises(ValueError):
        allowed("view_everything")


def test_what_a_view_needs_can_be_read_from_it() -> None:
    needs: Any = needs_of(Versions.as_view())

    assert (needs.of("GET"), needs.of("POST")) == (Permission.VIEW_AGENTS, Permission.PUBLISH_AGENTS)
    assert needs_of(undeclared) is None


def test_the_table_grants_owners_everything_and_viewers_no_change() -> None:
    tenant = Tenant(name="Juniper Dental")
    owner, viewer = Membership(tenant=tenant, role=Role.OWNER), Membership(tenant=tenant, role=Role.VIEWER)

    assert set(GRANTS) == set(Permission)
    assert all(may(owner, permission) for permission in Permission)
    assert not any(may(viewer, permission) for permission, grant in GRANTS.items() if grant.changes)
    assert not any(may(None, permission) for permission in Permission)
