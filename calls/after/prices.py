"""List prices by day, from one table (`calls/data/prices.csv`). The platform keeps it; each row names its source."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

WORDS = {
    "input_tokens": "tokens read",
    "cached_tokens": "tokens read again",
    "output_tokens": "tokens written",
    "heard_tokens": "tokens heard",
    "heard_again_tokens": "tokens heard again",
    "spoken_tokens": "tokens spoken",
    "inbound_minute": "minute of a call to you",
    "toll_free_minute": "minute of a call to your toll-free number",
    "outbound_minute": "minute of a call from you",
    "client_minute": "minute of a call in the browser",
    "sip_minute": "minute over a line of your own",
    "stream_minute": "minute of sound passed on",
    "conference_minute": "minute of each person put together",
    "machine_detection": "call listened to for a machine",
    "agent_minute": "minute of an agent",
    "microdollars": "millionths of a dollar",
}
NEW = {"cached_tokens": "input_tokens", "heard_again_tokens": "heard_tokens"}
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

    @property
    def words(self) -> str:
        """The unit as a person reads it."""
        return WORDS.get(self.unit, self.unit.replace("_", " "))

    def is_for(self, kind: str, provider: str, model: str, unit: str) -> bool:
        return (self.kind, self.provider, self.unit) == (kind, provider, unit) and model.startswith(self.model)


def cents_for(quantity: Decimal | int, kind: str, provider: str, model: str, unit: str, on: date) -> Decimal | None:
    """What so much of it cost on that day, counted or estimated; None where no price is known.

    What a vendor had read or heard before costs as if it were new where no price of its own is known.
    """
    unit = unit.replace("_estimate", "_tokens")
    found = price_of(kind, provider, model, unit, on)
    if found is None and unit in NEW:
        found = price_of(kind, provider, model, NEW[unit], on)
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
