"""Both walls between tenants: the manager that refuses, and the database that shows nothing."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.db import Error, connection, models, transaction

from agentos.tenants.models import Tenant
from agentos.tenants.row_security import POLICY
from agentos.tenants.scoping import TenantModel, TenantRequired, WrongTenant, tenant_transaction
from agents.models import Agent, AgentVersion
from tests import factories
from tests.isolation.expectations import READ_BEFORE_ENTERING

TENANT_MODELS = [model for model in apps.get_models() if issubclass(model, TenantModel)]
each_tenant_model = pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)


def rows(query: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


# The database


@pytest.mark.django_db
def test_the_role_of_the_application_is_bound_by_policies() -> None:
    [(superuser, bypasses)] = rows("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")

    assert (superuser, bypasses) == (False, False)


@pytest.mark.django_db
@each_tenant_model
def test_every_table_of_a_tenant_has_its_rows_protected_even_from_the_owner(model: type[TenantModel]) -> None:
    table = model._meta.db_table

    [(enabled, forced)] = rows(
        "select relrowsecurity, relforcerowsecurity from pg_class where oid = %s::regclass", table
    )
    policies = rows(
        "select polname, polcmd, polqual is null, polwithcheck is null from pg_policy where polrelid = %s::regclass",
        table,
    )

    assert (enabled, forced) == (True, True)
    assert policies == [(POLICY, "*", False, False)]


@pytest.mark.django_db
def test_every_table_with_a_tenant_is_protected_or_known_to_be_read_before_one_is_entered() -> None:
    with_tenant = {
        table for (table,) in rows("select table_name from information_schema.columns where column_name = 'tenant_id'")
    }

    protected = {model._meta.db_table for model in TENANT_MODELS}
    assert with_tenant == protected | set(READ_BEFORE_ENTERING)


def test_without_a_tenant_the_database_shows_nothing_and_takes_nothing(agent: Agent, other_agent: Agent) -> None:
    assert rows("select count(*) from agents_agent") == [(0,)]
    assert rows("update agents_agent set name = 'x' returning id") == []
    assert rows("delete from agents_agent returning id") == []


def test_inside_a_tenant_raw_sql_sees_the_rows_of_that_tenant_only(agent: Agent, other_agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        assert rows("select id from agents_agent") == [(agent.pk,)]


def test_the_database_refuses_a_row_of_another_tenant(tenant: Tenant, other_agent: Agent) -> None:
    statement = "insert into agents_agent (id, tenant_id, name, created_at) values (gen_random_uuid(), %s, 'x', now())"

    with pytest.raises(Error, match="row-level security"), tenant_transaction(tenant):
        rows(statement, other_agent.tenant_id)


def test_the_database_refuses_to_hand_a_row_to_another_tenant(agent: Agent, other_tenant: Tenant) -> None:
    with pytest.raises(Error, match="row-level security"), tenant_transaction(agent.tenant_id):
        rows("update agents_agent set tenant_id = %s", other_tenant.pk)


@pytest.mark.django_db(transaction=True)
def test_the_tenant_is_forgotten_with_the_transaction(agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        pass

    assert rows("select current_setting('app.tenant', true)") in ([("",)], [(None,)])
    assert rows("select count(*) from agents_agent") == [(0,)]


@pytest.mark.django_db(transaction=True)
def test_the_tenant_is_forgotten_when_the_transaction_fails(agent: Agent) -> None:
    with pytest.raises(ZeroDivisionError), tenant_transaction(agent.tenant_id):
        raise ZeroDivisionError

    assert rows("select count(*) from agents_agent") == [(0,)]
    with pytest.raises(TenantRequired):
        Agent.objects.count()


# The managers


@each_tenant_model
def test_without_a_tenant_no_query_of_its_rows_is_even_made(model: type[TenantModel], tenant: Tenant) -> None:
    for ask in (
        lambda: list(model.objects.all()),
        lambda: model.objects.exists(),
        lambda: model.objects.count(),
        lambda: model.objects.all().delete(),
        lambda: model._base_manager.first(),
        lambda: model._default_manager.in_bulk(),
    ):
        with pytest.raises(TenantRequired):
            ask()


@each_tenant_model
def test_a_relation_goes_through_the_manager_that_refuses(model: type[TenantModel]) -> None:
    assert model._meta.base_manager_name == "objects"
    assert isinstance(model._default_manager, type(Agent.objects))


@pytest.mark.django_db(transaction=True)
def test_a_queryset_made_inside_and_read_outside_refuses(agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        lazy = Agent.objects.all()

    with pytest.raises(TenantRequired):
        list(lazy)


@pytest.mark.django_db(transaction=True)
def test_an_async_query_outside_of_a_tenant_refuses(agent: Agent) -> None:
    async def ask() -> int:
        return await Agent.objects.acount()

    with pytest.raises(TenantRequired):
        async_to_sync(ask)()


def test_a_new_row_belongs_to_the_tenant_one_is_in(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        made = [Agent.objects.create(name="a"), *Agent.objects.bulk_create([Agent(name="b")])]

    assert {agent.tenant_id for agent in made} == {tenant.pk}


def test_a_row_of_another_tenant_is_refused_before_the_database_is_asked(tenant: Tenant, other_agent: Agent) -> None:
    with tenant_transaction(tenant):
        for write in (
            lambda: other_agent.save(),
            lambda: Agent.objects.create(name="x", tenant_id=other_agent.tenant_id),
            lambda: Agent.objects.bulk_create([Agent(name="x", tenant_id=other_agent.tenant_id)]),
        ):
            with pytest.raises(WrongTenant):
                write()


def test_a_row_may_not_point_into_another_tenant(tenant: Tenant, other_agent: Agent) -> None:
    with tenant_transaction(tenant):
        for draft in (
            AgentVersion(agent=other_agent, greeting="x", prompt="x"),
            AgentVersion(agent_id=other_agent.pk, greeting="x", prompt="x"),
        ):
            with pytest.raises(WrongTenant):
                draft.save()


def test_one_may_enter_another_tenant_and_come_back(agent: Agent, other_agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        with tenant_transaction(other_agent.tenant_id):
            assert list(Agent.objects.all()) == [other_agent]
            assert rows("select id from agents_agent") == [(other_agent.pk,)]
        assert list(Agent.objects.all()) == [agent]
        assert rows("select id from agents_agent") == [(agent.pk,)]


def test_coming_back_through_an_error_finds_the_first_tenant_again(agent: Agent, other_agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        with pytest.raises(ZeroDivisionError), tenant_transaction(other_agent.tenant_id):
            raise ZeroDivisionError
        assert rows("select id from agents_agent") == [(agent.pk,)]


@pytest.mark.django_db(transaction=True)
def test_a_tenant_without_a_transaction_is_not_enough(agent: Agent) -> None:
    with tenant_transaction(agent.tenant_id):
        assert connection.in_atomic_block
    with pytest.raises(TenantRequired), transaction.atomic():
        Agent.objects.count()


def test_joins_reach_no_row_of_another_tenant(agent: Agent, other_agent: Agent) -> None:
    factories.make_call(other_agent)
    factories.make_call(agent)

    with tenant_transaction(agent.tenant_id):
        counted = Agent.objects.annotate(number_of_calls=models.Count("calls")).values_list(
            "number_of_calls", flat=True
        )

    with tenant_transaction(agent.tenant_id):
        assert list(counted) == [1]
