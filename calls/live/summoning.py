"""Whether a person of the business takes a call that needs one: asked by rule, in the middle of the conversation."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from django.db import DatabaseError, connection

from agentos.tenants.scoping import tenant_transaction
from calls.conversation.escalation import NOBODY_COMES, Need, Summons
from calls.models import Call
from calls.toolbox import Scene
from calls.transfers.models import Transfer
from calls.transfers.services import ask_for_person

REASONS = {
    Need.ASKED: "The caller asked for a person.",
    Need.FRUSTRATED: "The caller is unhappy with the agent.",
    Need.FAILED: "The agent could not help, twice in a row.",
}

log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(2, thread_name_prefix="summoning")


def summons(scene: Scene, *, may_ring: bool = True) -> Summons:
    """How the version of this call wants people to be asked for; a call that is only rehearsed rings nobody."""
    needs = frozenset(scene.spec.escalation)
    if not needs or not may_ring:
        return NOBODY_COMES

    async def find(need: str) -> bool:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_threads, _ask, scene.tenant_id, scene.call_id, need)

    return Summons(needs, find)


def _ask(tenant_id: int, call_id: UUID, need: str) -> bool:
    """Whoever was not reached in this call is not rung again."""
    try:
        with tenant_transaction(tenant_id):
            call = Call.objects.filter(pk=call_id).first()
            if Transfer.objects.filter(call=call, state=Transfer.State.UNREACHED).exists():
                return False
            return ask_for_person(call, key=f"{call_id}:{need}", reason=REASONS[Need(need)]).is_possible
    except DatabaseError as error:
        log.warning("nobody could be asked to take a call", call_id=str(call_id), error=type(error).__name__)
        return False
    finally:
        connection.close()
