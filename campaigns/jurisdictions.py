"""Loads the tables that the rules read. A table that cannot be read stops the process, not the law."""

from __future__ import annotations

import csv
import functools
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, time
from hashlib import sha256
from pathlib import Path

from campaigns.places import Area, Gazetteer
from campaigns.rules import Tables
from campaigns.windows import Hours, Law, Row

DATA = Path(__file__).with_name("data")
RULES, AREAS, ZIPS, HOLIDAYS = (
    "us_calling_rules.csv",
    "us_npa_time_zones.csv",
    "us_zip_states.csv",
    "us_restricted_dates.csv",
)


@functools.cache
def tables(folder: Path = DATA) -> Tables:
    """The tables of a folder, read once. Raises OSError, KeyError or ValueError for one that is broken."""
    return Tables(_gazetteer(folder), _law(folder))


def _gazetteer(folder: Path) -> Gazetteer:
    areas = {
        row["npa"]: Area(row["state"], frozenset(row["zones_conservative"].replace(";", " ").replace("|", " ").split()))
        for row in _rows(folder / AREAS)
    }
    zips = {
        f"{prefix:03}": row["state"]
        for row in _rows(folder / ZIPS)
        for prefix in range(int(row["first"]), int(row["last"]) + 1)
    }
    return Gazetteer(areas, zips, _version(folder / AREAS, folder / ZIPS))


def _law(folder: Path) -> Law:
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in _rows(folder / RULES):
        rows[row["state"], row["day_group"]].append(_row(row))
    holidays: dict[str, dict[date, str]] = defaultdict(dict)
    for row in _rows(folder / HOLIDAYS):
        holidays[row["state"]][date.fromisoformat(row["date"])] = row["name"]
    years = frozenset(day.year for days in holidays.values() for day in days)
    return Law(dict(rows), dict(holidays), years, _version(folder / RULES, folder / HOLIDAYS))


def _row(row: dict[str, str]) -> Row:
    return Row(
        state=row["state"],
        group=row["day_group"],
        hours=_hours(row["start"], row["end"]),
        most_per_day=int(row["max_attempts_24h"]) if row["max_attempts_24h"] else None,
        closed_on_holidays=row["holidays"] == "closed",
        citation=row["citation"],
        in_force_from=_day(row["effective_from"]),
        in_force_until=_day(row["effective_to"]),
    )


def _hours(start: str, end: str) -> Hours | None:
    return (time.fromisoformat(start), time.fromisoformat(end)) if start else None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


def _version(*paths: Path) -> str:
    digest = sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
