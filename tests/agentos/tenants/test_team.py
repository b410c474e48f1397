"""The team of a tenant: who sees it, who changes it, what each change shows."""

from __future__ import annotations

import pytest

from agentos.tenants.models import Membership, Role, Tenant, User
from tests import factories
from tests.conftest import SignIn

HTMX = {"HX-Request": "true"}


def page_of(tenant: Tenant) -> str:
    return f"/t/{tenant.slug}/settings/"


def member_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def action(user: User, verb: str) -> str:
    member = member_of(user)
    return f"/t/{member.tenant.slug}/settings/team/{member.pk}/{verb}/"


def test_the_team_lists_everyone_of_the_tenant_and_nobody_else(
    tenant: Tenant, owner: User, viewer: User, stranger: User, sign_in: SignIn
) -> None:
    page = sign_in(viewer).get(page_of(tenant)).content.decode()

    assert owner.name in page
    assert viewer.email in page
    assert stranger.name not in page
    assert stranger.email not in page


@pytest.mark.parametrize(
    ("role", "offers_changes"), [("owner", True), ("admin", True), ("member", False), ("viewer", False)]
)
def test_only_who_may_change_the_team_is_offered_changes(
    role: str,
    offers_changes: bool,
    tenant: Tenant,
    member: User,
    viewer: User,
    sign_in: SignIn,
    request: pytest.FixtureRequest,
) -> None:
    person = request.getfixturevalue(role)

    page = sign_in(person).get(page_of(tenant)).content.decode()

    assert (f'id="role-{member_of(viewer).pk}"' in page) is offers_changes
    assert ("Remove…" in page) is offers_changes


def test_an_admin_is_not_offered_to_change_an_owner_or_to_make_one(
    tenant: Tenant, owner: User, admin: User, viewer: User, sign_in: SignIn
) -> None:
    page = sign_in(admin).get(page_of(tenant)).content.decode()

    assert f'id="role-{member_of(owner).pk}"' not in page
    assert f'id="role-{member_of(viewer).pk}"' in page
    assert '<option value="owner"' not in page


def test_changing_a_role_answers_htmx_with_the_row_and_a_toast(
    tenant: Tenant, owner: User, viewer: User, sign_in: SignIn
) -> None:
    answer = sign_in(owner).post(action(viewer, "role"), {"role": Role.MEMBER}, headers=HTMX)

    assert member_of(viewer).role == Role.MEMBER
    assert answer.content.decode().startswith(f'<tr id="member-{member_of(viewer).pk}">')
    assert "Dev Banerjee now has the role Member." in answer.content.decode()
    assert 'hx-swap-oob="beforeend"' in answer.content.decode()


def test_changing_a_role_works_without_scripts(tenant: Tenant, owner: User, viewer: User, sign_in: SignIn) -> None:
    page = sign_in(owner).post(action(viewer, "role"), {"role": Role.ADMIN}, follow=True)

    assert page.redirect_chain == [(page_of(tenant), 302)]
    assert "Dev Banerjee now has the role Admin." in page.content.decode()


@pytest.mark.parametrize("role", ["", "emperor", Role.ADMIN])
def test_a_role_that_cannot_be_given_leaves_the_row_as_it_was(
    role: str, tenant: Tenant, owner: User, sign_in: SignIn
) -> None:
    answer = sign_in(owner).post(action(owner, "role"), {"role": role}, headers=HTMX)

    assert answer.status_code == 422
    assert '<option value="owner" selected>' in answer.content.decode()
    assert member_of(owner).role == Role.OWNER


def test_only_the_role_is_taken_from_the_form(
    tenant: Tenant, other_tenant: Tenant, owner: User, viewer: User, sign_in: SignIn
) -> None:
    form = {"role": Role.MEMBER, "tenant": other_tenant.pk, "user": owner.pk, "id": 1, "is_superuser": "on"}
    sign_in(owner).post(action(viewer, "role"), form)

    changed = member_of(viewer)
    assert (changed.tenant, changed.user, changed.role) == (tenant, viewer, Role.MEMBER)
    assert not User.objects.filter(is_superuser=True).exists()


def test_who_changes_their_own_role_gets_the_page_anew(
    tenant: Tenant, owner: User, admin: User, sign_in: SignIn
) -> None:
    answer = sign_in(admin).post(action(admin, "role"), {"role": Role.VIEWER}, headers=HTMX)

    assert answer["HX-Refresh"] == "true"


def test_a_removed_person_is_a_stranger_at_once(tenant: Tenant, owner: User, viewer: User, sign_in: SignIn) -> None:
    theirs = sign_in(viewer)
    assert theirs.get(page_of(tenant)).status_code == 200

    page = sign_in(owner).post(action(viewer, "remove"), follow=True).content.decode()

    assert "Dev Banerjee no longer works for Juniper Dental." in page
    assert theirs.get(page_of(tenant)).status_code == 404


def test_who_leaves_is_led_away(tenant: Tenant, owner: User, admin: User, sign_in: SignIn) -> None:
    assert sign_in(admin).post(action(admin, "remove"))["Location"] == "/"


def test_the_last_owner_is_told_why_they_cannot_leave(tenant: Tenant, owner: User, sign_in: SignIn) -> None:
    page = sign_in(owner).post(action(owner, "remove"), follow=True)

    assert member_of(owner).role == Role.OWNER
    assert "needs an owner" in page.content.decode()


def test_a_suspended_tenant_says_so_and_offers_no_change(
    tenant: Tenant, owner: User, viewer: User, sign_in: SignIn
) -> None:
    factories.suspend(tenant)

    page = sign_in(owner).get(page_of(tenant)).content.decode()

    assert "Juniper Dental is suspended." in page
    assert "Remove…" not in page
    assert "<select" not in page
