"""What is written down about a transfer while it goes on, for whoever reads the call afterwards."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import now

from calls.after.costs import charge_again
from calls.models import Call, CallEvent
from calls.transfers.dialable import barred, enabled_countries
from calls.transfers.models import Transfer

OUTSIDE = 0


def note_tried(transfer: Transfer, outcome: str, sid: str, seconds: int = 0) -> None:
    """How it came out with the first of the people who has not been tried, and how long their line was connected."""
    person = transfer.people[len(transfer.tried)]
    tried = {"id": person["id"], "name": person["name"], "outcome": outcome, "sid": sid, "at": now().isoformat()}
    tried |= {"seconds": seconds} if seconds else {}
    transfer.tried = [*transfer.tried, tried]
    transfer.save(update_fields=["tried"])
    tell(transfer.call, "transfer_tried", name=person["name"], outcome=outcome)


def note_length(transfer: Transfer, place: int, seconds: int) -> None:
    """The carrier tells how long the line to one of the people was connected, perhaps after the call was charged."""
    if not seconds or place >= len(transfer.tried) or transfer.tried[place].get("seconds") == seconds:
        return
    transfer.tried[place]["seconds"] = seconds
    transfer.save(update_fields=["tried"])
    charge_again(transfer.call)


def pass_over_barred(transfer: Transfer) -> None:
    """Whoever comes next and may not be dialed is noted as tried, with the reason, by the rules of this moment."""
    countries = enabled_countries()
    for person in transfer.people[len(transfer.tried) :]:
        why = barred(person["address"], countries=countries, own=own_number(transfer.call))
        if why is None:
            return
        note_tried(transfer, why, "")


def tell(call: Call, kind: str, **data: Any) -> None:
    """An event from outside of the conversation, whose segments count from one and number their events themselves."""
    sequence = CallEvent.objects.filter(call=call, segment=OUTSIDE).count()
    at_ms = max(0, round((now() - call.answered_at).total_seconds() * 1000)) if call.answered_at else 0
    CallEvent.objects.create(call=call, segment=OUTSIDE, sequence=sequence, kind=kind, at_ms=at_ms, data=data)


def own_number(call: Call) -> str:
    """The number of the business in this call."""
    return call.to_number if call.direction == Call.Direction.INBOUND else call.from_number


def other_number(call: Call) -> str:
    """The number of whoever is put through."""
    return call.from_number if call.direction == Call.Direction.INBOUND else call.to_number
