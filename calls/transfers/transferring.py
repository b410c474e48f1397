"""What the carrier's webhooks ask about a transfer while somebody waits: soon, or not at all."""

from __future__ import annotations

from uuid import UUID

from calls import endings
from calls.admission import Refused, call_id_for, tenant_of, within_budget
from calls.transfers import rooms, services
from calls.transfers.steps import After, Next, PersonStep, Told


async def next_step(agent_id: UUID, carrier_sid: str) -> Next | None:
    """What to do with a call whose socket is closed; None where nobody was asked for, or where nobody knows in time."""
    if endings.has_ended(call_id_for(agent_id, carrier_sid)):
        return None
    try:
        return await within_budget(lambda: services.next_step(tenant_of(agent_id).tenant_id, agent_id, carrier_sid))
    except Refused:  # an agent that is not ours puts nobody through
        return None


async def report(agent_id: UUID, carrier_sid: str, told: Told) -> Next:
    """Take what became of a caller; without the database the agent comes back, unless they have talked."""
    try:
        known = await within_budget(lambda: services.report(tenant_of(agent_id).tenant_id, agent_id, carrier_sid, told))
    except Refused:
        known = None
    if known is not None:
        return known
    has_talked = told.dial_sid and told.status in ("completed", "answered")
    return After.ENDED if has_talked or told.has_left else After.AGENT


async def person_step(agent_id: UUID, ring_id: UUID, carrier_sid: str, key: str | None) -> PersonStep | None:
    """What a person hears who has picked up, or pressed a key; None where nobody knows in time. Raises Refused."""

    def ask() -> PersonStep:
        tenant_id = tenant_of(agent_id).tenant_id
        if key is None:
            return rooms.answered(tenant_id, agent_id, ring_id, carrier_sid)
        return rooms.pressed(tenant_id, agent_id, ring_id, carrier_sid, key)

    return await within_budget(ask)


async def person_moved(agent_id: UUID, ring_id: UUID, carrier_sid: str, status: str, seconds: int) -> bool:
    """Take a report about the phone of a person; whether it is stored. Raises Refused."""

    def store() -> bool:
        rooms.moved(tenant_of(agent_id).tenant_id, agent_id, ring_id, carrier_sid, status, seconds)
        return True

    return bool(await within_budget(store))
