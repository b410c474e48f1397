"""The way of a caller to a person: asked for in a conversation, then dialed by the carrier, one person after the other.

What only concerns those who wait in a room stands in `rooms`. `next_step` and `report` enter the tenant themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.timezone import now

from agentos.jobs import enqueue
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agents.prompts import clean
from agents.tools import granted
from calls.models import Call
from calls.transfers import endings, rooms
from calls.transfers.desks import available, departments
from calls.transfers.introducing import redactor_of
from calls.transfers.models import Colleague, Transfer
from calls.transfers.sentences import transfer_sentences
from calls.transfers.steps import After, Next, Step, Told
from calls.transfers.telling import note_tried, own_number, pass_over_barred

TOOL = "transfer_call"
COMES_BACK_WITHIN = timedelta(minutes=2)
OUTCOMES = {"completed": "answered", "answered": "answered", "busy": "busy", "no-answer": "no_answer"}

State, Fallback, Afterwards = Transfer.State, Transfer.Fallback, Transfer.Afterwards


class Refusal(Enum):
    """Why nobody can be asked for."""

    NO_LINE = "no_line"  # a call in the browser
    NO_DEPARTMENT = "no_department"
    NOBODY = "nobody"  # there at this hour


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking for a person: the waiting transfer, or why there is none."""

    transfer: Transfer | None
    refusal: Refusal | None = None

    @property
    def is_possible(self) -> bool:
        """Whether there is somebody who could take the call."""
        return self.transfer is not None


def ask_for_person(
    call: Call | None,
    *,
    key: str,
    reason: str,
    department: str = "",
    person_id: int | None = None,
    at: datetime | None = None,
) -> Asked:
    """Have the caller put through as soon as the agent leaves the call. Inside the tenant.

    Whoever asks ends the agent's part afterwards, with the ending `transfer`, if it is possible. The same key is the
    same transfer, however often it is asked for; it begins with the id of the call. How callers are put through, and
    what becomes of those whom nobody takes, the agent's settings of the tool say, whoever asks. With `person_id` nobody
    else is rung.
    """
    if call is None or not call.is_by_carrier:
        return Asked(None, Refusal.NO_LINE)
    known: Transfer | None = Transfer.objects.filter(key=key).first()
    if known is not None:
        return Asked(known)
    if department.strip() and department.strip().casefold() not in {each.casefold() for each in departments()}:
        return Asked(None, Refusal.NO_DEPARTMENT)
    people = available(department, at or now(), person_id=person_id)
    if not people:
        return Asked(None, Refusal.NOBODY)
    made, is_new = Transfer.objects.get_or_create(key=key, defaults=_facts(call, people, department, reason))
    if is_new and made.warm:
        enqueue("calls.tasks.introduce", current_tenant_id(), made.pk)
    return Asked(made)


def _facts(call: Call, people: list[Colleague], department: str, reason: str) -> dict[str, Any]:
    wished = _wishes(call)
    introduced = [wished["way"] or each.way for each in people]
    return {
        "call": call,
        "department": department.strip()[:60],
        "reason": redactor_of(call).text(clean(reason, 300)),
        "people": [
            {"id": each.pk, "name": each.name, "address": each.address, "way": way}
            for each, way in zip(people, introduced, strict=True)
        ],
        "warm": Colleague.Way.INTRODUCE in introduced,
        "fallback": wished["fallback"] if wished["fallback"] in Fallback.values else Fallback.AGENT,
        "afterwards": wished["afterwards"] if wished["afterwards"] in Afterwards.values else Afterwards.GOODBYE,
    }


def _wishes(call: Call) -> Mapping[str, str]:
    """What the version says about putting through; it may be asked for without the tool, too."""
    grants = [each for each in granted(call.version.tools) if each.tool.name == TOOL]
    chosen = grants[0].settings if grants else {}
    wished = {name: str(chosen.get(name, "")) for name in ("way", "fallback", "afterwards")}
    return wished | {"way": wished["way"] if wished["way"] in Colleague.Way.values else ""}


# What the carrier asks -----------------------------------------------------------------------------------


def next_step(tenant_id: int, agent_id: UUID, carrier_sid: str) -> Next | None:
    """What to do with a call that has left its agent; None where nobody was asked for."""
    with tenant_transaction(tenant_id):
        transfer = _open(agent_id, carrier_sid)
        if transfer is None:
            return None
        return rooms.enter(transfer) if transfer.warm else _step(transfer)


def report(tenant_id: int, agent_id: UUID, carrier_sid: str, told: Told) -> Next:
    """Take what became of a caller who was put through, and say what is next. A repetition changes nothing.

    A phone that was never rung has no id, and cannot be told from a repetition: better to pass over somebody than to
    ring a wrong number for ever.
    """
    with tenant_transaction(tenant_id):
        transfer = _open(agent_id, carrier_sid)
        if transfer is None:
            newest = _of_call(agent_id, carrier_sid).last()
            return endings.again(newest, told) if newest is not None else After.AGENT
        if transfer.warm:
            return rooms.came_out(transfer, told)
        if not told.dial_sid or told.dial_sid not in [each["sid"] for each in transfer.tried]:
            _take(transfer, told)
        if transfer.tried[-1:] and transfer.tried[-1]["outcome"] == "answered":
            return endings.have_talked(transfer, told)
        return endings.left(transfer) if told.has_left else _step(transfer)


def _take(transfer: Transfer, told: Told) -> None:
    if len(transfer.tried) < len(transfer.people):
        otherwise = "canceled" if told.has_left else "failed"
        note_tried(transfer, OUTCOMES.get(told.status, otherwise), told.dial_sid, told.seconds)


def _step(transfer: Transfer) -> Next:
    """Pure in what is stored: the first of the people who has not been tried, and may be dialed."""
    pass_over_barred(transfer)
    if len(transfer.tried) >= len(transfer.people):
        return endings.nobody_took(transfer)
    if transfer.state != State.DIALING:
        transfer.state = State.DIALING
        transfer.save(update_fields=["state"])
    return Step(transfer.people[len(transfer.tried)]["address"], own_number(transfer.call))


def words_of_return(call: Call) -> str:
    """What the agent says first to a caller who has just come back from a transfer; empty for others.

    Inside the tenant.
    """
    newest = Transfer.objects.filter(call=call).last()
    if newest is None or newest.ended_at is None or newest.ended_at < now() - COMES_BACK_WITHIN:
        return ""
    sentences = transfer_sentences(call.version.language)
    return {State.UNREACHED: sentences.unreached, State.REACHED: sentences.back}.get(State(newest.state), "")


def _open(agent_id: UUID, carrier_sid: str) -> Transfer | None:
    waiting = _of_call(agent_id, carrier_sid).filter(state__in=rooms.OPEN)
    found: Transfer | None = waiting.select_for_update(of=("self",)).last()
    return found


def _of_call(agent_id: UUID, carrier_sid: str) -> QuerySet[Transfer]:
    known: QuerySet[Transfer] = Transfer.objects.select_related("call__version")
    return known.filter(call__agent_id=agent_id, call__carrier_sid=carrier_sid)
