"""What the carrier's webhooks ask about a transfer while a caller waits: soon, or not at all."""

from __future__ import annotations

from uuid import UUID

from calls import runtime
from calls.admission import Refused, call_id_for, tenant_of, within_budget
from calls.transfers import services
from calls.transfers.services import Step


async def next_step(agent_id: UUID, carrier_sid: str) -> Step | None:
    """Whom to dial for a call whose socket is closed; None also where the database does not say in time."""
    if runtime.has_ended(call_id_for(agent_id, carrier_sid)):
        return None
    try:
        return await within_budget(lambda: services.next_step(tenant_of(agent_id).tenant_id, agent_id, carrier_sid))
    except Refused:  # an agent that is not ours puts nobody through
        return None


async def report(agent_id: UUID, carrier_sid: str, *, status: str, dial_sid: str) -> tuple[bool, Step | None]:
    """Take what became of a person's phone; without the database the agent comes back, unless they have talked."""
    about = {"status": status, "dial_sid": dial_sid}
    try:
        known = await within_budget(
            lambda: services.report(tenant_of(agent_id).tenant_id, agent_id, carrier_sid, **about)
        )
    except Refused:
        known = None
    return known if known is not None else (status in ("completed", "answered"), None)
