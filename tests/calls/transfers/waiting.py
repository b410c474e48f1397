"""A caller whom an agent has promised to put through, for tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call, Transfer
from calls.transfers import rooms, services
from calls.transfers.steps import PersonStep, PlaceCall, Told
from tests import factories

SID = "CA7"
RAE, MATS = "+12085550125", "+12085550121"


class Waiting:
    """A caller whom the agent has promised to put through."""

    def __init__(self, agent: Agent, *, reason: str = "A wrong bill", **call: Any) -> None:
        facts = {"status": Call.Status.IN_PROGRESS, "carrier_sid": SID, "answered_at": now() - timedelta(minutes=2)}
        self.call = factories.make_call(agent, **(facts | call))
        self.tenant_id, self.at = agent.tenant_id, now()
        with tenant_transaction(self.tenant_id):
            asked = services.ask_for_person(self.call, key=f"{self.call.pk}:1", reason=reason, department="billing")
            assert asked.transfer is not None
            self.transfer_id = asked.transfer.pk

    def enter(self) -> Any:
        return services.next_step(self.tenant_id, self.call.agent_id, SID)

    def come_out(self, **told: Any) -> Any:
        return services.report(self.tenant_id, self.call.agent_id, SID, Told(**told))

    def look(self, after: timedelta = timedelta()) -> list[Any]:
        """What the carrier is asked for, so long after the beginning."""
        return rooms.look_after(self.tenant_id, self.transfer_id, self.at + after)

    def picked_up(self, ring: UUID, sid: str = "CA8") -> PersonStep:
        return rooms.answered(self.tenant_id, self.call.agent_id, ring, sid)

    def pressed(self, ring: UUID, key: str, sid: str = "CA8") -> PersonStep:
        return rooms.pressed(self.tenant_id, self.call.agent_id, ring, sid, key)

    def moved(self, ring: UUID, status: str, sid: str = "CA8", seconds: int = 0) -> None:
        rooms.moved(self.tenant_id, self.call.agent_id, ring, sid, status, seconds)

    def rung(self) -> UUID:
        """Enter the room; the ring of the first person."""
        self.enter()
        (errand,) = self.look()
        assert isinstance(errand, PlaceCall)
        return errand.ring_id

    def transfer(self) -> Transfer:
        with tenant_transaction(self.tenant_id):
            return Transfer.objects.select_related("call").get(pk=self.transfer_id)

    def change(self, **fields: Any) -> None:
        with tenant_transaction(self.tenant_id):
            Transfer.objects.filter(pk=self.transfer_id).update(**fields)

    def outcomes(self) -> list[tuple[str, str]]:
        return [(each["name"], each["outcome"]) for each in self.transfer().tried]

    def all(self, model: Any) -> list[Any]:
        with tenant_transaction(self.tenant_id):
            return list(model.objects.all())
