"""Whether a model should read a reply as well: where there are words, and the rules are not sure of them."""

from __future__ import annotations

from agentos.jobs import enqueue
from campaigns.answers.sorting import SURE, Meaning
from campaigns.models import Reply


def ask_a_model(reply: Reply) -> None:
    """Have it read once this transaction has committed."""
    if needs_a_second_opinion(reply):
        enqueue("campaigns.tasks.ask_a_model", reply.tenant_id, reply.pk)


def needs_a_second_opinion(reply: Reply) -> bool:
    """A doubted "stop" is for a person: no model may talk us out of it. Nor is one asked after a person has decided."""
    is_open = reply.status == Reply.Status.OPEN and reply.version == 0
    is_doubted = reply.confidence < SURE and reply.proposed != Meaning.STOP
    return is_open and is_doubted and bool(reply.transcript) and reply.proposed_by != Reply.Sorter.MODEL
