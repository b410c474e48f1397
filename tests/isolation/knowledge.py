"""What a business has written down for its agents, and whom it lets call them; its word in each text."""

from __future__ import annotations

from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, KnowledgeGap, KnowledgePassage, KnowledgeSource, KnowledgeWord, Proposal, VendorList
from calls.models import Call, Rehearsal, RehearsalRun


def add_knowledge(agent: Agent, call: Call, secret: str, key: int) -> dict[str, str]:
    """A document with a passage, an open question and a rehearsal; returns the parameters of their addresses."""
    with tenant_transaction(agent.tenant_id):
        source = KnowledgeSource.objects.create(
            id=key, kind="document", agent=agent, title=secret, file_name=secret, status="ready", read_at=now()
        )
        passage = KnowledgePassage.objects.create(source=source, index=0, heading=secret, text=secret)
        KnowledgeWord.objects.create(source=source, word=secret, passages=[passage.pk])
        KnowledgeGap.objects.create(id=key, agent=agent, question=secret, key=secret, last_call=call.pk)
        rehearsal = Rehearsal.objects.create(id=key, agent=agent, name=secret, lines=[secret], says=[secret])
        RehearsalRun.objects.create(
            rehearsal=rehearsal, state="failed", script=[{"who": "agent", "text": secret}], trouble=secret
        )
        VendorList.objects.create(provider="openai", trouble="away")
        Proposal.objects.create(id=key, agent=agent, description=secret, state="waiting")
    return {name: str(key) for name in ("source_id", "gap_id", "rehearsal_id", "proposal_id")}
