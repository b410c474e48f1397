"""What tests ask of an agent's versions."""

from __future__ import annotations

from typing import Any

from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.models import Agent, AgentVersion


def draft(agent: Agent) -> AgentVersion:
    with tenant_transaction(agent.tenant_id):
        return services.draft_of(Agent.objects.get(pk=agent.pk))


def live(agent: Agent) -> AgentVersion | None:
    with tenant_transaction(agent.tenant_id):
        return Agent.objects.select_related("published__agent").get(pk=agent.pk).published


def save(agent: Agent, **changes: Any) -> services.SavedDraft:
    return services.save_draft(agent.tenant, agent.pk, changes=changes)
