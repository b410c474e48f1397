"""The way of a caller to a person: asked for in a conversation, then dialed by the carrier, one person after the other.

Every function but the first enters the tenant itself, by the public id of the agent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from calls.calendar.models import Calendar
from calls.models import Call, CallEvent, ToolRun
from calls.services import finish
from calls.transfers.models import Colleague, Transfer

RINGS_S = 20
OUTSIDE = 0
COMES_BACK_WITHIN = timedelta(minutes=2)
TOOL = "transfer_call"
NOBODY = (
    "Nobody took the call. You are speaking with the caller again: say that you are sorry, and offer to take a message "
    "or to have them called back."
)
OUTCOMES = {"completed": "answered", "answered": "answered", "busy": "busy", "no-answer": "no_answer"}

State = Transfer.State


@dataclass(frozen=True, slots=True)
class Step:
    """Whom the carrier dials next. `caller_id` is the number that was called, which is ours."""

    address: str
    caller_id: str
    rings_s: int = RINGS_S


def available(department: str, at: datetime) -> list[Colleague]:
    """Who may be put through to now, in the order in which they are tried; of one department, or of all."""
    people = [each for each in Colleague.objects.all() if _is_there(each, at)]
    wanted = department.strip().casefold()
    return [each for each in people if not wanted or each.department.casefold() == wanted]


def _is_there(colleague: Colleague, at: datetime) -> bool:
    match colleague.when:
        case Colleague.When.ALWAYS:
            return True
        case Colleague.When.OPEN:
            calendar = Calendar.objects.first()
            return calendar is None or calendar.is_open(at)
    return False


def ask(call: Call, people: list[Colleague], *, key: str, department: str, reason: str) -> Transfer:
    """Have the caller put through once the agent has said so. The same wish is the same transfer."""
    made: Transfer = Transfer.objects.get_or_create(
        key=key,
        defaults={
            "call": call,
            "department": department[:60],
            "reason": reason[:300],
            "people": [{"id": each.pk, "name": each.name, "address": each.address} for each in people],
        },
    )[0]
    return made


def next_step(tenant_id: int, agent_id: UUID, carrier_sid: str) -> Step | None:
    """Whom to dial for a call that has left its agent; None where nobody was asked for, or nobody is left."""
    with tenant_transaction(tenant_id):
        transfer = _open(agent_id, carrier_sid)
        return _step(transfer) if transfer is not None else None


def report(tenant_id: int, agent_id: UUID, carrier_sid: str, *, status: str, dial_sid: str) -> tuple[bool, Step | None]:
    """Take what became of a person's phone. Whether the caller has talked with somebody, and whom to dial next.

    A phone that was never rung has no id, and cannot be told from a repetition: better to pass over somebody than to
    ring a wrong number for ever.
    """
    with tenant_transaction(tenant_id):
        transfer = _open(agent_id, carrier_sid)
        if transfer is None:
            newest = _of_call(agent_id, carrier_sid).last()
            return newest is not None and newest.state == State.REACHED, None
        if not dial_sid or dial_sid not in [each["sid"] for each in transfer.tried]:
            _take(transfer, OUTCOMES.get(status, "failed"), dial_sid)
        if transfer.state == State.REACHED:
            return True, None
        return False, _step(transfer)


def _take(transfer: Transfer, outcome: str, dial_sid: str) -> None:
    if len(transfer.tried) >= len(transfer.people):
        return
    person = transfer.people[len(transfer.tried)]
    transfer.tried = [
        *transfer.tried,
        {"id": person["id"], "name": person["name"], "outcome": outcome, "sid": dial_sid},
    ]
    if outcome == "answered":
        transfer.state, transfer.ended_at = State.REACHED, now()
        finish(transfer.call, Call.Ending.TRANSFERRED, now())
    transfer.save()
    _tell(transfer.call, "transfer_tried", name=person["name"], outcome=outcome)


def _step(transfer: Transfer) -> Step | None:
    """Pure in what is stored: the first of the people who has not been tried."""
    if len(transfer.tried) < len(transfer.people):
        if transfer.state != State.DIALING:
            transfer.state = State.DIALING
            transfer.save(update_fields=["state"])
        call = transfer.call
        ours = call.to_number if call.direction == Call.Direction.INBOUND else call.from_number
        return Step(transfer.people[len(transfer.tried)]["address"], ours)
    transfer.state, transfer.ended_at = State.UNREACHED, now()
    transfer.save(update_fields=["state", "ended_at"])
    run = ToolRun.objects.filter(call=transfer.call, name=TOOL).order_by("-started_ms", "-pk")[:1]
    ToolRun.objects.filter(pk__in=[each.pk for each in run]).update(state=ToolRun.State.FAILED, result=NOBODY)
    return None


def was_unreached(call: Call) -> bool:
    """Whether the caller has just come back from a transfer that reached nobody. Inside the tenant."""
    newest = Transfer.objects.filter(call=call).last()
    if newest is None or newest.state != State.UNREACHED or newest.ended_at is None:
        return False
    return bool(newest.ended_at > now() - COMES_BACK_WITHIN)


def _open(agent_id: UUID, carrier_sid: str) -> Transfer | None:
    waiting = _of_call(agent_id, carrier_sid).filter(state__in=(State.WAITING, State.DIALING))
    found: Transfer | None = waiting.select_for_update(of=("self",)).last()
    return found


def _of_call(agent_id: UUID, carrier_sid: str) -> QuerySet[Transfer]:
    known: QuerySet[Transfer] = Transfer.objects.select_related("call")
    return known.filter(call__agent_id=agent_id, call__carrier_sid=carrier_sid)


def _tell(call: Call, kind: str, **data: str) -> None:
    """An event from outside of the conversation, whose segments count from one and number their events themselves."""
    sequence = CallEvent.objects.filter(call=call, segment=OUTSIDE).count()
    at_ms = max(0, round((now() - call.answered_at).total_seconds() * 1000)) if call.answered_at else 0
    CallEvent.objects.create(call=call, segment=OUTSIDE, sequence=sequence, kind=kind, at_ms=at_ms, data=data)
