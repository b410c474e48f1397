"""People who may be rung, and a caller who waits for one of them."""

from __future__ import annotations

import pytest

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Colleague
from tests.calls.transfers.waiting import MATS, RAE, Waiting


@pytest.fixture
def people(tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        for place, (name, number) in enumerate((("Rae", RAE), ("Mats", MATS))):
            Colleague.objects.create(
                name=name, department="Billing", address=number, when="always", way="introduce", place=place
            )


@pytest.fixture
def waiting(agent: Agent, people: None) -> Waiting:
    return Waiting(agent)
