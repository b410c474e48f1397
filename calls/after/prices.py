"""List prices by day, from one table (`calls/data/prices.csv`). The platform keeps it; each row names its source."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent.parent / "data" / "prices.csv"


@dataclass(frozen=True, slots=True)
class Price:
    """What `per` units cost, in cents, from a day on. `model` is how the names of the models begin that it is for."""

    kind: str
    provider: str
    model: str
    unit: str
    per: Decimal
    cents: Decimal
    effective_from: date
    source: str

    def is_for(self, kind: str, provider: str, model: str, unit: str) -> bool:
        return (self.kind, self.provider, self.unit) == (kind, provider, unit) and model.startswith(self.model)


def cents_for(quantity: Decimal | int, kind: str, provider: str, model: str, unit: str, on: date) -> Decimal | None:
    """What so much of it cost on that day, counted or estimated; None where no price is known."""
    found = price_of(kind, provider, model, unit.replace("_estimate", "_tokens"), on)
    return None if found is None else quantity * found.cents / found.per


def price_of(kind: str, provider: str, model: str, unit: str, on: date) -> Price | None:
    """The price that names the model most exactly, on a day; before its first day, the first."""
    known = [price for price in table() if price.is_for(kind, provider, model, unit)]
    nearest = max((len(price.model) for price in known), default=0)
    known = [price for price in known if len(price.model) == nearest]
    return next((price for price in reversed(known) if price.effective_from <= on), known[0] if known else None)


@cache
def table() -> tuple[Price, ...]:
    """Every row, the oldest first."""
    with TABLE.open(newline="") as file:
        rows = [_read(row) for row in csv.DictReader(file)]
    return tuple(sorted(rows, key=lambda row: row.effective_from))


def _read(row: dict[str, str]) -> Price:
    return Price(
        kind=row["kind"],
        provider=row["provider"],
        model=row["model"],
        unit=row["unit"],
        per=Decimal(row["per"]),
        cents=Decimal(row["cents"]),
        effective_from=date.fromisoformat(row["effective_from"]),
        source=row["source"],
    )
