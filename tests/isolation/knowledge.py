"""What a business has written down for its agents; its word in each text."""

from __future__ import annotations

from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, KnowledgeGap, KnowledgePassage, KnowledgeSource
from calls.models import Call


def add_knowledge(agent: Agent, call: Call, secret: str, key: int) -> dict[str, str]:
    """A document with a passage, and a question without an answer; returns the parameters of their addresses."""
    with tenant_transaction(agent.tenant_id):
        source = KnowledgeSource.objects.create(
            id=key, kind="document", agent=agent, title=secret, file_name=secret, status="ready", read_at=now()
        )
        KnowledgePassage.objects.create(source=source, index=0, heading=secret, text=secret)
        KnowledgeGap.objects.create(id=key, agent=agent, question=secret, key=secret, last_call=call.pk)
    return {"source_id": str(key), "gap_id": str(key)}
