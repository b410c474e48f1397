"""Checks a proof bundle without AgentOS: Python 3.9 or newer, and nothing else, not even a network.

    python verify.py              checks the folder in which this file lies
    python verify.py bundle.zip   checks a bundle that was not unpacked

Ends with status 0 when everything holds, and with 1 when something does not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MANIFEST = "manifest.json"
TABLES = {
    "law": ("us_calling_rules.csv", "us_restricted_dates.csv"),
    "areas": ("us_npa_time_zones.csv", "us_zip_states.csv"),
}

Files = Mapping[str, bytes]
Receipt = dict[str, Any]


def read(place: Path) -> Files:
    """Every file of a bundle, by name."""
    if place.is_dir():
        found = [path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        return {path.relative_to(place).as_posix(): path.read_bytes() for path in found if path.suffix != ".zip"}
    with ZipFile(place) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def faults_of(files: Files) -> Iterator[str]:
    """Everything in a bundle that does not hold. Nothing is good."""
    yield from of_manifest(files)
    told = json.loads(files["receipts.json"])
    receipts: list[Receipt] = told["receipts"]
    for receipt in receipts:
        yield from of_receipt(receipt, told["number"])
        yield from of_tables(receipt, files)
    yield from of_chain(receipts, {each["sequence"]: each for each in told["neighbors"]}, told["head"])
    yield from of_calls(receipts, json.loads(files["attempts.json"]))


def of_manifest(files: Files) -> Iterator[str]:
    """Each file is the one that was packed, none is missing, and none was added."""
    packed = json.loads(files[MANIFEST])["files"]
    for name in sorted(set(packed) | set(files) - {MANIFEST}):
        if name not in files:
            yield f"{name} is missing"
        elif name not in packed:
            yield f"{name} was added"
        elif sha256(files[name]).hexdigest() != packed[name]:
            yield f"{name} was changed"


def seal(receipt: Receipt) -> str:
    """The hash of a receipt and of all before it."""
    stated = {name: value for name, value in receipt.items() if name != "hash"}
    return sha256(json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def of_receipt(receipt: Receipt, number: str) -> Iterator[str]:
    """The receipt is as it was sealed, is about this number, and says the same throughout."""
    label, body = f"receipt {receipt['sequence']}", receipt["body"]
    if seal(receipt) != receipt["hash"]:
        yield f"{label} was changed: its hash is another one"
    if receipt["number"] != number or body["facts"]["number"] != number:
        yield f"{label} is about another number"
    if body["verdict"]["answer"] != receipt["answer"]:
        yield f"{label} contradicts itself"
    for window in body["verdict"]["windows"]:
        yield from of_window(window, datetime.fromisoformat(body["at"]), receipt["answer"], label)


def of_window(window: dict[str, Any], at: datetime, answer: str, label: str) -> Iterator[str]:
    """The local time is that moment's, and a call that was allowed lies inside the hours."""
    local = datetime.fromisoformat(window["local"])
    try:
        there = at.astimezone(ZoneInfo(window["zone"]))
        if there.replace(tzinfo=None) != local.replace(tzinfo=None):
            yield f"{label}: it was {there:%H:%M} in {window['zone']}, not {local:%H:%M}"
    except ZoneInfoNotFoundError:  # this computer knows no time zones; what the receipt says stands unchecked
        pass
    if answer != "allow":
        return
    if not window["hours"] or window["why"]:
        yield f"{label}: allowed, though {window['state']} is closed"
    else:
        start, end = (time.fromisoformat(clock) for clock in window["hours"])
        if not start <= local.time() < end:
            yield f"{label}: allowed at {local:%H:%M}, outside the hours of {window['state']}"


def of_chain(receipts: list[Receipt], neighbors: Mapping[int, dict[str, Any]], head: dict[str, Any]) -> Iterator[str]:
    """Each receipt follows the one before it, and the one after it follows this one."""
    known = {**neighbors, **{receipt["sequence"]: receipt for receipt in receipts}}
    for receipt in receipts:
        place = receipt["sequence"]
        before, after = known.get(place - 1), known.get(place + 1)
        if place == 1:
            if receipt["previous"]:
                yield "receipt 1 is not the first"
        elif before is None:
            yield f"receipt {place}: the one before it is missing"
        elif before["hash"] != receipt["previous"]:
            yield f"receipt {place} does not follow the one before it"
        if after is None:
            if (place, receipt["hash"]) != (head["sequence"], head["hash"]):
                yield f"receipt {place}: the one after it is missing"
        elif after["previous"] != receipt["hash"]:
            yield f"receipt {place} was replaced: the one after it follows another"


def of_tables(receipt: Receipt, files: Files) -> Iterator[str]:
    """The rule tables in the bundle are those that the receipt names. Older ones are not in it."""
    for table, names in TABLES.items():
        kept = [f"tables/{name}" for name in names]
        named = receipt["body"]["verdict"]["versions"][table]
        version = sha256(b"".join(files[name] for name in kept if name in files)).hexdigest()[:12]
        if named in json.loads(files["rules.json"])["versions"][table] and named != version:
            yield f"receipt {receipt['sequence']}: the tables are not of version {named}"


def of_calls(receipts: list[Receipt], attempts: list[dict[str, Any]]) -> Iterator[str]:
    """No call without the receipt that allowed it, at the moment at which the carrier was asked."""
    allowed = {
        receipt["attempt"]: receipt["body"]["at"]
        for receipt in receipts
        if receipt["answer"] == "allow" and receipt["body"]["occasion"] == "dial"
    }
    for attempt in attempts:
        asked_at = attempt["asked_at"]
        if not asked_at:
            continue
        if attempt["id"] not in allowed:
            yield f"the call of {asked_at} has no receipt"
        elif datetime.fromisoformat(allowed[attempt["id"]]) > datetime.fromisoformat(asked_at):
            yield f"the call of {asked_at} was allowed only afterwards"


def main(arguments: list[str]) -> int:
    place = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    try:
        files = read(place)
        faults = list(faults_of(files))
        told = json.loads(files["receipts.json"])
    except (OSError, BadZipFile, KeyError, TypeError, ValueError) as error:
        sys.stdout.write(f"This is no proof bundle, or a broken one: {type(error).__name__} {error}\n")
        return 1
    for fault in faults:
        sys.stdout.write(f"FAULT  {fault}\n")
    if not faults:
        sys.stdout.write(
            f"Everything holds: {len(told['receipts'])} receipts about {told['number']}, "
            f"unchanged and in their places.\n"
            f"Last receipt of the business at that time: number {told['head']['sequence']}, {told['head']['hash']}\n"
            f"Fingerprint of this bundle, which the log of the business names as well:\n"
            f"{sha256(files[MANIFEST]).hexdigest()}\n"
        )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
