"""What a call costs at the carrier, from the table of prices, until the carrier names the price itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from calls.after.prices import cents_for


def call_cents(seconds: float, on: date, *, detects: bool = True, talks: bool = False, by_sip: bool = False) -> Decimal:
    """An outgoing call that was connected for so long. Each begun minute counts; one that nobody took is free.

    `detects`: it was listened to for a machine; `talks`: an agent had the call; `by_sip`: it rang a SIP
    address, or left by a trunk of the business's own.
    """
    minutes = -(-int(-(-seconds // 1)) // 60)
    if minutes <= 0:
        return Decimal()
    cents = minutes * cents_of("sip_minute" if by_sip else "outbound_minute", on)
    return cents + extras_cents(minutes, on, detects=detects, talks=talks)


def extras_cents(minutes: int, on: date, *, detects: bool, talks: bool) -> Decimal:
    """What the carrier's price of a call does not hold."""
    cents = cents_of("machine_detection", on) if detects else Decimal()
    return cents + (minutes * cents_of("agent_minute", on) if talks else Decimal())


def cents_of(item: str, on: date) -> Decimal:
    """The price of one of the carrier's items on a day. Raises LookupError for an item that the table does not have."""
    cents = cents_for(1, "carrier", "", "", item, on)
    if cents is None:
        raise LookupError(item)
    return cents
