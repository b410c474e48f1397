"""The way of a caller to a person: asked for in a conversation, then dialed by the carrier, one person after the other.

Every function but the first enters the tenant itself, by the public id of the agent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
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


def ask_for_person(
    call: Call | None, *, key: str, reason: str, department: str = "", at: datetime | None = None
) -> Asked:
    """Have the caller put through as soon as the agent leaves the call. Inside the tenant.

    Whoever asks ends the agent's part afterwards, with the ending `transfer`, if it is possible. The same key is the
    same transfer, however often it is asked for; it begins with the id of the call.
    """
    if call is None or call.channel == Call.Channel.BROWSER:
        return Asked(None, Refusal.NO_LINE)
    known: Transfer | None = Transfer.objects.filter(key=key).first()
    if known is not None:
        return Asked(known)
    if department.strip() and department.strip().casefold() not in {each.casefold() for each in departments()}:
        return Asked(None, Refusal.NO_DEPARTMENT)
    people = available(department, at or now())
    if not people:
        return Asked(None, Refusal.NOBODY)
    made: Transfer = Transfer.objects.get_or_create(
        key=key,
        defaults={
            "call": call,
            "department": department.strip()[:60],
            "reason": reason[:300],
            "people": [{"id": each.pk, "name": each.name, "address": each.address} for each in people],
        },
    )[0]
    return Asked(made)


def departments() -> list[str]:
    """Those that have people, in their order."""
    return list(dict.fromkeys(Colleague.objects.values_list("department", flat=True)))


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
