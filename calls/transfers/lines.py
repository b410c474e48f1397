"""What the lines to people cost: each that was connected, and the room in which a caller waited and talked."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from calls.after.prices import cents_for
from calls.models import Call
from calls.transfers.models import Transfer


def cents_of_people(call: Call, on: date) -> Decimal | None:
    """Each begun minute counts; None for a call that nobody was rung for."""
    transfers = [*Transfer.objects.filter(call=call).exclude(tried=[])]
    return sum((_cents(each, on) for each in transfers), Decimal()) if transfers else None


def _cents(transfer: Transfer, on: date) -> Decimal:
    cents = Decimal()
    for person, tried in zip(transfer.people, transfer.tried, strict=False):
        seconds = int(tried.get("seconds", 0))
        way = "sip_minute" if _is_sip(person) else "outbound_minute"
        cents += _price(_minutes(seconds), way, on)
        if transfer.warm and tried["outcome"] == "answered":
            cents += _price(_minutes(seconds), "conference_minute", on)
    if transfer.warm and transfer.began_at and transfer.ended_at:
        waited_and_talked = transfer.ended_at - transfer.began_at
        cents += _price(_minutes(waited_and_talked.total_seconds()), "conference_minute", on)
    return cents


def _is_sip(person: dict[str, Any]) -> bool:
    return str(person.get("address", "")).lower().startswith(("sip:", "sips:"))


def _minutes(seconds: float) -> int:
    return -(-max(0, round(seconds)) // 60)


def _price(minutes: int, item: str, on: date) -> Decimal:
    return cents_for(minutes, "carrier", "", "", item, on) or Decimal()


def away_ms(call: Call) -> int:
    """How long the caller was with people, or waited for one: the agent did not hear them meanwhile."""
    spans = Transfer.objects.filter(call=call).exclude(ended_at=None).values_list("created_at", "ended_at")
    return round(sum((ended - began for began, ended in spans), timedelta()) / timedelta(milliseconds=1))
