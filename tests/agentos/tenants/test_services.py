"""What is done with tenants and the people who work for them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from agentos.errors import DomainError
from agentos.tenants import services
from agentos.tenants.models import Membership, Role, Tenant, User
from tests import factories


def role_of(user: User, tenant: Tenant) -> str | None:
    return Membership.objects.filter(tenant=tenant, user=user).values_list("role", flat=True).first()


def id_of(user: User, tenant: Tenant) -> int:
    return Membership.objects.get(tenant=tenant, user=user).pk


@pytest.mark.django_db
def test_a_new_tenant_has_an_owner_and_an_address_of_its_own() -> None:
    owner = factories.make_user()

    first = services.create_tenant(name="Juniper Dental", owner=owner)
    second = services.create_tenant(name="Juniper Dental", owner=owner)

    assert role_of(owner, first) == Role.OWNER
    assert (first.slug, second.slug) == ("juniper-dental", "juniper-dental-2")


def test_a_taken_address_is_refused_and_not_shared(tenant: Tenant, stranger: User) -> None:
    with pytest.raises(DomainError) as refusal:
        services.create_tenant(name="Another", owner=stranger, slug=tenant.slug)

    assert refusal.value.code == "slug_taken"
    assert role_of(stranger, tenant) is None


@pytest.mark.django_db
def test_a_tenant_lives_in_a_time_zone_that_exists() -> None:
    with pytest.raises(ValidationError):
        services.create_tenant(name="Nowhere", owner=factories.make_user(), timezone="America/Boisee")


@pytest.mark.django_db
def test_a_person_is_registered_once_whatever_the_case_of_the_address() -> None:
    first = services.register(email="Priya@Juniper.example", name="Priya Nair", password=factories.PASSWORD)
    second = services.register(email="priya@juniper.example")

    assert first == second
    assert second.name == "Priya Nair"
    assert second.check_password(factories.PASSWORD)


@pytest.mark.django_db
def test_registering_again_with_a_password_makes_it_theirs() -> None:
    services.register(email="priya@juniper.example", password="old words, long enough")
    user = services.register(email="priya@juniper.example", password="new words, long enough")

    assert user.check_password("new words, long enough")


def test_adding_a_member_twice_keeps_the_role_they_have(tenant: Tenant, member: User) -> None:
    services.add_member(tenant, member, role=Role.ADMIN)

    assert role_of(member, tenant) == Role.MEMBER


def test_an_owner_may_give_any_role(tenant: Tenant, owner: User, viewer: User) -> None:
    services.change_role(tenant, id_of(viewer, tenant), role=Role.OWNER, by=owner)

    assert role_of(viewer, tenant) == Role.OWNER


def test_an_admin_may_not_make_an_owner_nor_touch_one(tenant: Tenant, owner: User, admin: User, viewer: User) -> None:
    for target, role in [(viewer, Role.OWNER), (owner, Role.VIEWER), (admin, Role.OWNER)]:
        with pytest.raises(DomainError) as refusal:
            services.change_role(tenant, id_of(target, tenant), role=role, by=admin)
        assert refusal.value.code == "out_of_reach"
    with pytest.raises(DomainError):
        services.remove_member(tenant, id_of(owner, tenant), by=admin)

    assert role_of(owner, tenant) == Role.OWNER
    assert role_of(viewer, tenant) == Role.VIEWER


@pytest.mark.parametrize("actor", ["member", "viewer", "stranger"])
def test_nobody_else_may_change_the_team(
    actor: str, tenant: Tenant, admin: User, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(actor)

    with pytest.raises(DomainError):
        services.change_role(tenant, id_of(admin, tenant), role=Role.VIEWER, by=person)
    with pytest.raises(DomainError):
        services.remove_member(tenant, id_of(admin, tenant), by=person)

    assert role_of(admin, tenant) == Role.ADMIN


def test_the_last_owner_can_neither_step_down_nor_leave(tenant: Tenant, owner: User) -> None:
    with pytest.raises(DomainError) as stepping_down:
        services.change_role(tenant, id_of(owner, tenant), role=Role.ADMIN, by=owner)
    with pytest.raises(DomainError) as leaving:
        services.remove_member(tenant, id_of(owner, tenant), by=owner)

    assert {stepping_down.value.code, leaving.value.code} == {"last_owner"}
    assert role_of(owner, tenant) == Role.OWNER


def test_an_owner_may_leave_when_there_is_another(tenant: Tenant, owner: User, admin: User) -> None:
    services.change_role(tenant, id_of(admin, tenant), role=Role.OWNER, by=owner)
    services.remove_member(tenant, id_of(owner, tenant), by=owner)

    assert role_of(owner, tenant) is None
    assert role_of(admin, tenant) == Role.OWNER


def test_a_membership_of_another_tenant_is_not_within_reach(
    tenant: Tenant, other_tenant: Tenant, owner: User, stranger: User
) -> None:
    with pytest.raises(DomainError) as refusal:
        services.remove_member(tenant, id_of(stranger, other_tenant), by=owner)

    assert refusal.value.code == "not_a_member"
    assert role_of(stranger, other_tenant) == Role.OWNER


def test_while_suspended_the_team_stays_as_it_is(tenant: Tenant, owner: User, viewer: User) -> None:
    factories.suspend(tenant)

    with pytest.raises(DomainError):
        services.remove_member(tenant, id_of(viewer, tenant), by=owner)

    assert role_of(viewer, tenant) == Role.VIEWER
