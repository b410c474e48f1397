"""What is done with tenants and the people who work for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.log import record
from agentos.tenants.models import Membership, Role, Tenant, User
from agentos.tenants.permissions import Permission, may
from agentos.tenants.scoping import tenant_transaction


def register(*, email: str, name: str = "", password: str | None = None) -> User:
    """The person with this email, made if there is none yet. A password, when given, becomes theirs."""
    with transaction.atomic():
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            return User.objects.create_user(email.strip(), password, name=name)
        if password is not None and not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        return user


def create_tenant(*, name: str, owner: User, slug: str = "", timezone: str = "America/New_York") -> Tenant:
    """A business and its first owner. A slug that is taken is refused, never shared."""
    with transaction.atomic():
        tenant = Tenant(name=name, slug=slug or Tenant.slug_for(name), timezone=timezone)
        if Tenant.objects.filter(slug=tenant.slug).exists():
            raise DomainError("slug_taken", f"The address “{tenant.slug}” is taken. Choose another.")
        tenant.full_clean()
        tenant.save()
        Membership.objects.create(tenant=tenant, user=owner, role=Role.OWNER)
        return tenant


def suspend(tenant: Tenant) -> bool:
    """Callers are told to try again later, campaigns wait, and people may only look; whether that is new.

    Calls in progress go on to their end.
    """
    return _set_suspended(tenant, now(), "tenant.suspended", "suspended the business")


def resume(tenant: Tenant) -> bool:
    """End the suspension; whether there was one."""
    return _set_suspended(tenant, None, "tenant.resumed", "ended the suspension of the business")


def _set_suspended(tenant: Tenant, at: datetime | None, what: str, words: str) -> bool:
    with tenant_transaction(tenant):
        row = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if row.is_suspended is (at is not None):
            return False
        row.suspended_at = at
        row.save(update_fields=["suspended_at"])
        record(what, words, subject=f"tenant:{tenant.pk}")
        return True


def add_member(tenant: Tenant, user: User, *, role: Role) -> Membership:
    """Let the person work for the tenant. One who already does keeps the role they have."""
    membership, _ = Membership.objects.get_or_create(tenant=tenant, user=user, defaults={"role": role})
    return membership


def roles_within_reach(actor: Membership, target: Membership) -> list[Role]:
    """The roles that `actor` may give to `target`: only owners make owners, or anything else of them."""
    if not may(actor, Permission.MANAGE_TEAM):
        return []
    if actor.role == Role.OWNER:
        return list(Role)
    return [] if target.role == Role.OWNER else [role for role in Role if role != Role.OWNER]


def change_role(tenant: Tenant, member_id: int, *, role: Role, by: User) -> Membership:
    """Give a member another role; it holds from their next request on."""
    with transaction.atomic():
        actor, target = _locked(tenant, member_id, by)
        if role not in roles_within_reach(actor, target):
            raise DomainError("out_of_reach", "Only an owner can change an owner, or make someone an owner.")
        if role != Role.OWNER:
            _insist_on_another_owner(tenant, target)
        target.role = role
        target.save(update_fields=["role"])
        return target


def remove_member(tenant: Tenant, member_id: int, *, by: User) -> Membership:
    """End a membership at once. What the person made stays with the tenant."""
    with transaction.atomic():
        actor, target = _locked(tenant, member_id, by)
        if not roles_within_reach(actor, target):
            raise DomainError("out_of_reach", "Only an owner can remove an owner.")
        _insist_on_another_owner(tenant, target)
        Membership.objects.filter(pk=target.pk).delete()
        return target


def _locked(tenant: Tenant, member_id: int, by: User) -> tuple[Membership, Membership]:
    """The memberships of who acts and of whom it concerns, as they are now and until this transaction ends.

    The tenant's row is the lock: of two owners who demote each other at once, the second is refused.
    """
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    members = Membership.objects.filter(tenant=tenant).select_related("user", "tenant")
    actor, target = members.filter(user=by).first(), members.filter(pk=member_id).first()
    if actor is None or target is None:
        raise DomainError("not_a_member", f"This person does not work for {tenant} any more.")
    return actor, target


def _insist_on_another_owner(tenant: Tenant, target: Membership) -> None:
    others = Membership.objects.filter(tenant=tenant, role=Role.OWNER).exclude(pk=target.pk)
    if target.role == Role.OWNER and not others.exists():
        raise DomainError("last_owner", f"{tenant} needs an owner. Make someone else an owner first.")
