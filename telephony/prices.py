"""What a call costs, from a dated table (`data/prices.csv`), until the carrier names the price itself."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "data" / "prices.csv"


@dataclass(frozen=True, slots=True)
class Price:
    """Cents for one of an item, from a day on."""

    item: str
    cents: Decimal
    effective_from: date


def call_cents(seconds: float, on: date, *, detects: bool = True, talks: bool = False, by_sip: bool = False) -> Decimal:
    """An outgoing call that was connected for so long. Each begun minute counts; one that nobody took is free.

    `detects`: it was listened to for a machine; `talks`: an agent had the call.
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
    """The price of an item on a day; before the first one that is known, that."""
    known = [price for price in _table() if price.item == item]
    return next((price.cents for price in reversed(known) if price.effective_from <= on), known[0].cents)


@cache
def _table() -> tuple[Price, ...]:
    with TABLE.open(newline="") as file:
        rows = [
            Price(row["item"], Decimal(row["cents"]), date.fromisoformat(row["effective_from"]))
            for row in csv.DictReader(file)
        ]
    return tuple(sorted(rows, key=lambda row: row.effective_from))
