"""Callers who wait in a room, with music, while people are rung and hear who is there.

Everything follows from stored rows: `look_after` says what has to be done at the carrier, and may be asked at any time
and by anybody. It is asked by each request for more music, by each report of a person's phone, and every few seconds by
a watchdog, so that a lost report leaves nobody in the room. Whoever changes a transfer or one of its rings holds the
row of the transfer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from calls.models import Call
from calls.transfers import endings
from calls.transfers.introducing import introduction
from calls.transfers.models import Colleague, Ring, Transfer
from calls.transfers.steps import RINGS_S, After, Errand, Fetch, HangUp, Hears, Next, PersonStep, PlaceCall, Room, Told
from calls.transfers.telling import note_length, note_tried, own_number, pass_over_barred

LONGEST_WAIT = timedelta(seconds=90)  # with music; whoever listens to the introduction by then may still take the call
LONGEST_RING = timedelta(seconds=RINGS_S + 12)  # the carrier stops by itself, and tells us
LONGEST_INTRODUCTION = timedelta(seconds=60)
FETCHED_AGAIN_AFTER = timedelta(seconds=8)
TOLD_WITHIN = timedelta(minutes=2)  # after the end of a call the carrier has said what became of whom it dialed
JOINS_WITHIN = timedelta(seconds=8)  # a room that is still empty then stays empty

State, Phone = Transfer.State, Ring.State
OPEN = (State.WAITING, State.DIALING, State.RETURNING, State.TALKING)
OUTCOMES = {"busy": "busy", "no-answer": "no_answer", "failed": "failed", "canceled": "canceled"}
FINAL = frozenset({"completed", *OUTCOMES})


def enter(transfer: Transfer) -> Next:
    """The caller has left the agent."""
    if transfer.state == State.WAITING:
        transfer.state, transfer.began_at = State.DIALING, now()
        transfer.save(update_fields=["state", "began_at"])
    return Room(transfer.room)


def came_out(transfer: Transfer, told: Told) -> After:
    """The caller has left the room: after a talk, because nobody came, or for good."""
    joined = transfer.rings.filter(state=Phone.JOINED).first()
    if joined is not None:
        joined.state, joined.ended_at = Phone.OVER, now()
        joined.save(update_fields=["state", "ended_at"])
    if transfer.state == State.TALKING:
        return endings.have_talked(transfer, told)
    for ring in _live(transfer):
        _end(transfer, ring, "canceled")
    return endings.left(transfer) if told.has_left else endings.nobody_took(transfer)


# The phone of a person -----------------------------------------------------------------------------------


def answered(tenant_id: int, agent_id: UUID, ring_id: UUID, carrier_sid: str) -> PersonStep:
    """Somebody has picked up: they hear who waits, or are with the caller at once where they want no introduction."""
    with tenant_transaction(tenant_id):
        held = _held(agent_id, ring_id)
        if held is None or not held.is_wanted:
            return _gone(held, carrier_sid)
        transfer, ring = held.transfer, held.ring
        if ring.state == Phone.ASKED:
            ring.state, ring.answered_at = Phone.ANSWERED, now()
        ring.carrier_sid = ring.carrier_sid or carrier_sid
        ring.save(update_fields=["state", "answered_at", "carrier_sid"])
        if transfer.people[ring.place].get("way") != Colleague.Way.INTRODUCE:
            return _join(held)
        return PersonStep(Hears.INTRODUCTION, introduction(transfer))


def pressed(tenant_id: int, agent_id: UUID, ring_id: UUID, carrier_sid: str, key: str) -> PersonStep:
    """What the person said to the introduction by key: 1 takes the call, 2 does not, and no key is a machine."""
    with tenant_transaction(tenant_id):
        held = _held(agent_id, ring_id)
        if held is None or not held.is_wanted:
            return _gone(held, carrier_sid)
        if key == "1":
            return _join(held)
        if key not in ("", "2"):
            return PersonStep(Hears.INTRODUCTION, introduction(held.transfer))
        _end(held.transfer, held.ring, "declined" if key else "no_key", is_down=True)
        return PersonStep(Hears.THANKS)


def moved(tenant_id: int, agent_id: UUID, ring_id: UUID, carrier_sid: str, status: str, seconds: int = 0) -> None:
    """Take a report of the carrier about the phone of a person, in any order; the last tells for how long it was up."""
    with tenant_transaction(tenant_id):
        held = _held(agent_id, ring_id)
        if held is None:
            return
        transfer, ring = held.transfer, held.ring
        ring.carrier_sid, ring.is_down = ring.carrier_sid or carrier_sid, ring.is_down or status in FINAL
        ring.save(update_fields=["carrier_sid", "is_down"])
        if status not in FINAL:
            return
        if ring.state == Phone.JOINED:
            ring.state, ring.ended_at = Phone.OVER, now()
            ring.save(update_fields=["state", "ended_at"])
        elif ring.state != Phone.OVER:  # who picks up and puts the phone down again has declined, too
            _end(transfer, ring, OUTCOMES.get(status, "declined"), is_down=True)
        note_length(transfer, ring.place, seconds)


def placed(tenant_id: int, ring_id: UUID, carrier_sid: str) -> None:
    """The carrier has named the call to a person."""
    with tenant_transaction(tenant_id):
        Ring.objects.filter(pk=ring_id, carrier_sid="").update(carrier_sid=carrier_sid)


def not_placed(tenant_id: int, ring_id: UUID) -> None:
    """The carrier certainly rings nobody."""
    with tenant_transaction(tenant_id):
        held = _held(None, ring_id)
        if held is not None and held.ring.state == Phone.ASKED:
            _end(held.transfer, held.ring, "failed", is_down=True)


def put_down(tenant_id: int, ring_id: UUID) -> None:
    """The phone of a person was put down for them."""
    with tenant_transaction(tenant_id):
        Ring.objects.filter(pk=ring_id).update(is_down=True)


@dataclass(slots=True)
class _Held:
    """A ring whose transfer nobody else changes meanwhile."""

    transfer: Transfer
    ring: Ring

    @property
    def is_wanted(self) -> bool:
        """Whether the caller is there, and this person may still take the call or has done so."""
        if self.transfer.call.status == Call.Status.ENDED or self.ring.state == Phone.OVER:
            return False
        return self.transfer.state == State.DIALING or self.ring.state == Phone.JOINED


def _held(agent_id: UUID | None, ring_id: UUID) -> _Held | None:
    of_agent = {} if agent_id is None else {"call__agent_id": agent_id}
    known = Transfer.objects.select_for_update(of=("self",)).select_related("call__version__agent")
    transfer = known.filter(rings=ring_id, **of_agent).first()
    return None if transfer is None else _Held(transfer, Ring.objects.get(pk=ring_id))


def _join(held: _Held) -> PersonStep:
    transfer, ring = held.transfer, held.ring
    if ring.state != Phone.JOINED:
        ring.state = Phone.JOINED
        ring.save(update_fields=["state"])
        note_tried(transfer, "answered", ring.carrier_sid)
        transfer.state = State.TALKING
        transfer.save(update_fields=["state"])
    return PersonStep(Hears.CALLER, room=transfer.room)


def _gone(held: _Held | None, carrier_sid: str) -> PersonStep:
    """Too late; what they hear puts the phone down as well."""
    if held is not None:
        held.ring.carrier_sid, held.ring.is_down = held.ring.carrier_sid or carrier_sid, True
        held.ring.save(update_fields=["carrier_sid", "is_down"])
    return PersonStep(Hears.GONE)


def _end(transfer: Transfer, ring: Ring, outcome: str, *, is_down: bool = False) -> None:
    """This person does not take the call."""
    ring.state, ring.ended_at, ring.is_down = Phone.OVER, now(), ring.is_down or is_down
    ring.save(update_fields=["state", "ended_at", "is_down"])
    if len(transfer.tried) == ring.place:
        note_tried(transfer, outcome, ring.carrier_sid)


def _live(transfer: Transfer) -> list[Ring]:
    return list(transfer.rings.exclude(state__in=(Phone.OVER, Phone.JOINED)))


# What has to be done -------------------------------------------------------------------------------------


def of_call(tenant_id: int, agent_id: UUID, carrier_sid: str) -> int | None:
    """The transfer in whose room this caller is, or was when something changed."""
    with tenant_transaction(tenant_id):
        theirs = Transfer.objects.filter(call__agent_id=agent_id, call__carrier_sid=carrier_sid, warm=True)
        found: int | None = theirs.order_by("pk").values_list("pk", flat=True).last()
        return found


def of_ring(tenant_id: int, ring_id: UUID) -> int | None:
    with tenant_transaction(tenant_id):
        found: int | None = Ring.objects.filter(pk=ring_id).values_list("transfer_id", flat=True).first()
        return found


def unfinished(tenant_id: int) -> list[int]:
    """Those that somebody has to look after: a caller waits or talks, or a phone has to be put down."""
    with tenant_transaction(tenant_id):
        waiting = Transfer.objects.filter(warm=True, state__in=(State.DIALING, State.RETURNING, State.TALKING))
        ringing = Ring.objects.filter(state=Phone.OVER, is_down=False).exclude(carrier_sid="")
        over = {"call__status": Call.Status.ENDED, "call__ended_at__lt": now() - TOLD_WITHIN}
        untold = Transfer.objects.filter(warm=False, state=State.DIALING, **over)
        waiting_or_untold = {*waiting.values_list("pk", flat=True), *untold.values_list("pk", flat=True)}
        return sorted({*waiting_or_untold, *ringing.values_list("transfer_id", flat=True)})


def look_after(tenant_id: int, transfer_id: int, at: datetime | None = None) -> list[Errand]:
    """What the carrier has to be asked for now. To be done after this, whatever else is done meanwhile."""
    with tenant_transaction(tenant_id):
        known = Transfer.objects.select_for_update(of=("self",)).select_related("call__version__agent")
        transfer = known.filter(pk=transfer_id).first()
        if transfer is None:
            return []
        if not transfer.warm:
            _give_up_untold(transfer, at or now())
            return []
        return [*_caller(transfer, at or now()), *_phones_to_put_down(transfer)]


def _give_up_untold(transfer: Transfer, at: datetime) -> None:
    """A caller put straight through is gone, and the carrier never told how it came out: better one call too many."""
    ended_at = transfer.call.ended_at
    if transfer.state != State.DIALING or ended_at is None or ended_at > at - TOLD_WITHIN:
        return
    if len(transfer.tried) < len(transfer.people):
        note_tried(transfer, "canceled", "")
    endings.left(transfer)


def _caller(transfer: Transfer, at: datetime) -> list[Errand]:
    if transfer.state in OPEN and transfer.call.status == Call.Status.ENDED:
        if transfer.state != State.WAITING:
            came_out(transfer, Told(has_left=True))
        return []
    if transfer.state == State.TALKING and _is_alone(transfer, at):
        return _fetch(transfer, at)
    if transfer.state == State.DIALING:
        return _next_person(transfer, at)
    return _fetch(transfer, at) if transfer.state == State.RETURNING else []


def _next_person(transfer: Transfer, at: datetime) -> list[Errand]:
    is_late = transfer.began_at is not None and at > transfer.began_at + LONGEST_WAIT
    for ring in _live(transfer):
        if not _is_overdue(ring, at) and not (is_late and ring.state == Phone.ASKED):
            return []
        _end(transfer, ring, "no_answer" if ring.state == Phone.ASKED else "no_key")
    pass_over_barred(transfer)
    place = len(transfer.tried)
    if is_late or place >= len(transfer.people):
        transfer.state = State.RETURNING
        transfer.save(update_fields=["state"])
        return _fetch(transfer, at)
    ring = Ring.objects.create(transfer=transfer, place=place, asked_at=at)
    return [PlaceCall(transfer.call.agent_id, ring.pk, transfer.people[place]["address"], own_number(transfer.call))]


def _is_overdue(ring: Ring, at: datetime) -> bool:
    if ring.state == Phone.ANSWERED and ring.answered_at is not None:
        return bool(at > ring.answered_at + LONGEST_INTRODUCTION)
    return bool(at > ring.asked_at + LONGEST_RING)


def _is_alone(transfer: Transfer, at: datetime) -> bool:
    """Whether the person has put the phone down, and the carrier has not told that the caller came out."""
    newest = transfer.rings.last()
    return newest is None or (newest.ended_at is not None and at > newest.ended_at + JOINS_WITHIN)


def _fetch(transfer: Transfer, at: datetime) -> list[Errand]:
    if transfer.fetched_at is not None and at < transfer.fetched_at + FETCHED_AGAIN_AFTER:
        return []
    transfer.fetched_at = at
    transfer.save(update_fields=["fetched_at"])
    call = transfer.call
    return [Fetch(call.agent_id, call.carrier_sid)] if call.carrier_sid else []


def caller_is_gone(tenant_id: int, transfer_id: int) -> None:
    """The carrier says that there is no caller any more to be taken out of the room."""
    with tenant_transaction(tenant_id):
        known = Transfer.objects.select_for_update(of=("self",)).select_related("call__version__agent")
        transfer = known.filter(pk=transfer_id, state__in=(State.RETURNING, State.TALKING)).first()
        if transfer is not None:
            came_out(transfer, Told(has_left=True))


def _phones_to_put_down(transfer: Transfer) -> list[Errand]:
    ringing = transfer.rings.filter(state=Phone.OVER, is_down=False).exclude(carrier_sid="")
    return [HangUp(ring.pk, ring.carrier_sid) for ring in ringing]
