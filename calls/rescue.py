"""What is done for a caller whose agent cannot go on: a person takes the call, or is told to ring back."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from django.db import DatabaseError, connection
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.scoping import tenant_transaction
from calls.calendar.booking import Guest, origin_of
from calls.conversation.rescue import Rescue, Rescued, nobody
from calls.followups.services import request_call_back
from calls.models import Call
from calls.numbers import read_number
from calls.scripts import CALL_BACK, PUT_THROUGH, ways_out
from calls.toolbox import Scene
from calls.transfers.models import Transfer
from calls.transfers.services import ask_for_person

REASON = "The agent had trouble in the call and could not go on."

_threads = ThreadPoolExecutor(2, thread_name_prefix="rescue")
log = structlog.get_logger(__name__)


def rescuer(scene: Scene) -> Rescue:
    """What the conversation does when its agent cannot go on."""
    ways = ways_out(scene.spec)
    facts = (scene.tenant_id, scene.call_id, scene.caller_number, ways)

    def in_thread() -> Rescued:
        try:
            return rescue(*facts)
        finally:
            connection.close()

    async def ask() -> Rescued:
        return await asyncio.get_running_loop().run_in_executor(_threads, in_thread)

    return ask if ways else nobody


def rescue(tenant_id: int, call_id: UUID, number: str, ways: Collection[str]) -> Rescued:
    """Whoever was not reached in this call is not rung again, and the same call asks once."""
    try:
        with tenant_transaction(tenant_id):
            call = Call.objects.filter(pk=call_id).first()
            key = f"{call_id}:rescue"
            in_vain = Transfer.objects.filter(call=call, state=Transfer.State.UNREACHED).exists()
            if PUT_THROUGH in ways and not in_vain and ask_for_person(call, key=key, reason=REASON).is_possible:
                return Rescued.PERSON
            if CALL_BACK in ways and (known := read_number(number, like=number)):
                request_call_back(Guest("", known, REASON), now(), origin_of(call_id, key))
                return Rescued.CALL_BACK
    except (DatabaseError, DomainError) as error:
        log.warning("nobody could be asked to take a call", call_id=str(call_id), error=type(error).__name__)
    return Rescued.NOT
