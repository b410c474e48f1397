"""Tenancy that fails closed, twice: the manager refuses without a tenant, and the database shows nothing.

`tenant_transaction(tenant)` is the one way in. Inside it every query of a tenant table is filtered when its SQL is
compiled, and PostgreSQL's row-level policies (see `row_security`) filter once more underneath.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connections, models, transaction

if TYPE_CHECKING:
    from agentos.tenants.models import Tenant

M = TypeVar("M", bound=models.Model)

_tenant: ContextVar[int | None] = ContextVar("tenant", default=None)


class TenantRequired(RuntimeError):
    """Tenant data was asked for outside `tenant_transaction`."""


class WrongTenant(RuntimeError):
    """A row of one tenant was written inside another."""


def current_tenant_id() -> int:
    """The tenant of this transaction. Raises TenantRequired outside of one."""
    tenant_id = _tenant.get()
    if tenant_id is None:
        raise TenantRequired("no tenant is active")
    return tenant_id


class CurrentTenant(models.Expression):
    """The active tenant, looked up when the SQL is compiled: lazy querysets and async ones are covered."""

    output_field = models.BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[str | int, ...]]:
        tenant_id = current_tenant_id()
        if not connection.in_atomic_block:
            raise TenantRequired("tenant data was asked for outside tenant_transaction()")
        return "%s", (tenant_id,)


class TenantQuerySet(models.QuerySet[M]):
    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        rows = list(objs)
        for row in rows:
            row.claim_tenant()  # type: ignore[attr-defined]
        return super().bulk_create(rows, *args, **kwargs)


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> TenantQuerySet[Any]:
        queryset: TenantQuerySet[Any] = super().get_queryset().filter(tenant_id=CurrentTenant())
        return queryset


class TenantModel(models.Model):
    """A row that belongs to one tenant."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, editable=False, related_name="+")

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.claim_tenant(kwargs.get("update_fields"))
        super().save(*args, **kwargs)

    def claim_tenant(self, written: Collection[str] | None = None) -> None:
        """Take the active tenant, or insist that the row and what it points at have it; `written` names the fields."""
        tenant_id = current_tenant_id()
        if self.tenant_id is None:
            self.tenant_id = tenant_id
        elif self.tenant_id != tenant_id:
            raise WrongTenant(f"{type(self).__name__} belongs to another tenant")
        for field in self._meta.concrete_fields:
            if written is None or field.name in written or field.attname in written:
                self._insist_on_own(field, tenant_id)

    def _insist_on_own(self, field: Any, tenant_id: int) -> None:
        """Foreign keys ignore row-level security: both ends must share the tenant."""
        target = field.remote_field and field.remote_field.model
        if not target or not isinstance(target, type) or not issubclass(target, TenantModel):
            return
        key = getattr(self, field.attname)
        if key is None:
            return
        row = self._state.fields_cache.get(field.name)
        mine = row.tenant_id == tenant_id if row is not None else target.objects.filter(pk=key).exists()
        if not mine:
            raise WrongTenant(f"{type(self).__name__}.{field.name} points into another tenant")


@contextmanager
def tenant_transaction(tenant: Tenant | int, using: str = "default") -> Iterator[None]:
    """Run a transaction inside `tenant`; nested calls may enter another and come back.

    The setting is local to the transaction. At session level it would leak into whatever uses the connection next.
    """
    tenant_id = tenant if isinstance(tenant, int) else tenant.pk
    connection = connections[using]
    outer, nested = _tenant.get(), connection.in_atomic_block
    with transaction.atomic(using=using):
        token = _tenant.set(tenant_id)
        _tell_database(connection, str(tenant_id))
        try:
            yield
        finally:
            _tenant.reset(token)
        if nested:  # SET LOCAL outlives a released savepoint
            _tell_database(connection, "" if outer is None else str(outer))


def _tell_database(connection: Any, tenant_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('app.tenant', %s, true)", [tenant_id])
