"""Every ready-made agent works as it is, with no vendor at all."""

from __future__ import annotations

import pytest

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.services import draft_of
from agents.templates_catalog import TEMPLATES, Template
from calls.models import RehearsalRun
from calls.rehearsal import gate, running

pytestmark = pytest.mark.django_db(transaction=True)
READY = TEMPLATES[:-1]


def test_there_is_one_for_what_businesses_ask_for():
    assert [each.name for each in READY] == [
        *("front_desk", "booking", "lead", "support", "menu", "reminder", "after_hours"),
    ]
    assert all(each.tools and each.criteria and each.wanted and len(each.scenes) >= 2 for each in READY)


@pytest.mark.parametrize("ready", READY, ids=lambda each: each.name)
def test_its_rehearsals_pass_offline_so_that_it_can_be_published(tenant: Tenant, ready: Template):
    agent = services.create_agent(tenant, name=ready.title, template_name=ready.name)
    with tenant_transaction(tenant):
        gate.begin(draft_of(agent))
        runs = list(RehearsalRun.objects.all())
    for run in runs:
        running.rehearse(tenant.pk, run.pk)

    with tenant_transaction(tenant):
        for run in RehearsalRun.objects.all():
            said = [(entry["who"], entry.get("text") or entry.get("name")) for entry in run.script]
            assert (run.state, run.rehearsal.name) == ("passed", run.rehearsal.name), [run.findings, said]
    assert services.publish(tenant, agent.pk).number == 1
