"""What the lines to people cost: each that was connected, and the room in which a caller waited and talked.

A line to a SIP address, or one that leaves by a trunk of the business's own, has a price of its own.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.utils.module_loading import import_string

from calls.after.prices import cents_for
from calls.models import Call
from calls.transfers.models import Transfer
from calls.wording import own_number


def cents_of_people(call: Call, on: date) -> Decimal | None:
    """Each begun minute counts; None for a call that nobody was rung for."""
    transfers = [*Transfer.objects.filter(call=call).exclude(tried=[])]
    return sum((_cents(each, on) for each in transfers), Decimal()) if transfers else None


def _cents(transfer: Transfer, on: date) -> Decimal:
    cents = Decimal()
    by_trunk = transfer.warm and leaves_by_trunk(own_number(transfer.call))  # else the carrier rings people by itself
    for person, tried in zip(transfer.people, transfer.tried, strict=False):
        seconds = int(tried.get("seconds", 0))
        way = "sip_minute" if by_trunk or is_sip(str(person.get("address", ""))) else "outbound_minute"
        cents += _price(_minutes(seconds), way, on)
        if transfer.warm and tried["outcome"] == "answered":
            cents += _price(_minutes(seconds), "conference_minute", on)
    if transfer.warm and transfer.began_at and transfer.ended_at:
        waited_and_talked = transfer.ended_at - transfer.began_at
        cents += _price(_minutes(waited_and_talked.total_seconds()), "conference_minute", on)
    return cents


def is_sip(address: str) -> bool:
    return address.lower().startswith(("sip:", "sips:"))


def leaves_by_trunk(number: str) -> bool:
    """Whether calls from this number of ours leave by a trunk of the business's own. Inside the tenant."""
    return bool(import_string(settings.LEAVES_BY_TRUNK)(number))


def _minutes(seconds: float) -> int:
    return -(-max(0, round(seconds)) // 60)


def _price(minutes: int, item: str, on: date) -> Decimal:
    return cents_for(minutes, "carrier", "", "", item, on) or Decimal()


def away_ms(call: Call) -> int:
    """How long the caller was with people, or waited for one: the agent did not hear them meanwhile."""
    spans = Transfer.objects.filter(call=call).exclude(ended_at=None).values_list("created_at", "ended_at")
    return round(sum((ended - began for began, ended in spans), timedelta()) / timedelta(milliseconds=1))
