"""The tests prove something about tenancy only if the database holds their role to its policies."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

from agentos.tenants.row_security import POLICY
from agentos.tenants.scoping import TenantModel

TENANT_TABLES = [model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel)]


@pytest.mark.django_db
def test_the_suite_runs_as_a_role_that_row_level_security_binds():
    with connection.cursor() as cursor:
        cursor.execute("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        assert cursor.fetchone() == (False, False)


@pytest.mark.django_db
@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_tenant_table_holds_its_owner_to_its_policy(table: str):
    with connection.cursor() as cursor:
        cursor.execute(
            "select relrowsecurity, relforcerowsecurity, polname from pg_class"
            " left join pg_policy on polrelid = pg_class.oid where pg_class.oid = %s::regclass",
            [table],
        )
        assert cursor.fetchall() == [(True, True, POLICY)]
