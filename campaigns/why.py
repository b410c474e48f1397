"""Why somebody was, or was not, called: the newest receipt, question by question, and whether its chain holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import digits
from typing import Any

from django.db.models import Q

from agentos.tenants.templatetags.words import count, day
from campaigns.models import Campaign, DialReceipt, Target
from campaigns.planning.hours_map import clock_of
from campaigns.receipts import seal
from campaigns.rules import Gate

TITLES = {
    Gate.NUMBER: "Number",
    Gate.DO_NOT_CALL: "Do not call",
    Gate.CONSENT: "Consent",
    Gate.CLOCK: "Clock",
    Gate.LAW: "Law",
    Gate.WINDOW: "Calling window",
    Gate.ATTEMPTS: "Attempts",
}
SOURCES = {
    "contact": "Time zone of the contact",
    "zip": "By the ZIP code",
    "state": "By the state of the address",
    "area_code": "No address on file: by the area code",
}
NEED_A_PLACE = (Gate.LAW, Gate.WINDOW)
FEWEST_DIGITS = 4

OCCASIONS = {
    "dial": "when it was dialed",
    "queue": "while it waited at the carrier",
    "answer": "when it was answered",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One question of the gate: passed, refused or skipped, and what it was told."""

    title: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class Why:
    """The answer for one person."""

    target: Target
    receipt: DialReceipt | None = None
    lines: tuple[Line, ...] = ()
    next_at: datetime | None = None
    holds: bool = True

    @property
    def was_allowed(self) -> bool:
        return self.receipt is not None and self.receipt.answer == "allow"

    @property
    def occasion(self) -> str:
        asked = self.receipt.body.get("occasion", "") if self.receipt else ""
        return OCCASIONS.get(asked, "when it was due")


def find(campaign: Campaign, asked: str) -> Target | None:
    """The person in the campaign that is meant by a name, or by a number or a part of it."""
    asked = " ".join(asked.split())
    number = "".join(each for each in asked if each in digits)
    if len(number) >= FEWEST_DIGITS:
        means = Q(e164__contains=number)
    elif asked:
        means = Q(contact__name__icontains=asked)
    else:
        return None
    people = campaign.targets.select_related("contact").filter(means).order_by("contact__name", "pk")
    found: Target | None = people.first()
    return found


def why(target: Target) -> Why:
    """Read the newest receipt about somebody in this campaign."""
    receipts = DialReceipt.objects.filter(campaign=target.campaign_id, target_ref=target.pk)
    receipt = receipts.order_by("-sequence").first()
    if receipt is None:
        return Why(target)
    verdict = receipt.body["verdict"]
    next_at = verdict.get("next_at")
    return Why(
        target,
        receipt,
        tuple(lines(receipt.body)),
        datetime.fromisoformat(next_at) if next_at else None,
        _holds(receipt),
    )


def _holds(receipt: DialReceipt) -> bool:
    """Whether the receipt is as it was written, and follows the one before it."""
    before = DialReceipt.objects.filter(sequence=receipt.sequence - 1).values_list("hash", flat=True).first()
    return seal(receipt) == receipt.hash and receipt.previous == (before or "")


def lines(body: dict[str, Any]) -> Iterator[Line]:
    """The questions of the gate in their order, each with what it was told and what it said."""
    facts, verdict = body["facts"], body["verdict"]
    for gate, title in TITLES.items():
        against = [reason["words"] for reason in verdict["reasons"] if reason["gate"] == gate.value]
        if against:
            yield Line(title, "refused", " ".join(against))
        elif gate in NEED_A_PLACE and not verdict["windows"]:
            yield Line(title, "skipped", "Not asked: nobody knows where this number is.")
        else:
            yield Line(title, "passed", _PASSED[gate](facts, verdict, datetime.fromisoformat(body["at"])))


def _number(facts: dict[str, Any], verdict: dict[str, Any], at: datetime) -> str:
    code = f", area code {verdict['area_code']}" if verdict["area_code"] else ""
    return f"Valid{code}"


def _lists(facts: dict[str, Any], verdict: dict[str, Any], at: datetime) -> str:
    files = len(facts["registries"])
    return "On no list" + (f"; {count(files, 'registry file')} looked at" if files else "")


def _consent(facts: dict[str, Any], verdict: dict[str, Any], at: datetime) -> str:
    consent = facts["consent"]
    if consent is None:
        return "Not needed for this call"
    written = ", in writing" if consent["tier"] == "written" else ""
    return f"Given {day(datetime.fromisoformat(consent['given_at']))}{written}"


def _clock(facts: dict[str, Any], verdict: dict[str, Any], at: datetime) -> str:
    zones = [zone.rpartition("/")[2].replace("_", " ") for zone in verdict["zones"]]
    return f"{SOURCES.get(verdict['zone_source'], 'Known')}: {_either(zones)}"


def _law(facts: dict[str, Any], verdict: dict[str, Any], at: datetime) -> str:
    return (
        f"{', '.join(verdict['states'])}; rules of {verdict['versions']['rules']}, table {verdict['versions']['law']}"
    )


def _window(facts: dict[str, Any], verdict: dict[str, Any], at: datetime) -> str:
    theirs = dict.fromkeys(clock_of(datetime.fromisoformat(window["local"])) for window in verdict["windows"])
    return f"Open: it was {_either(list(theirs))} there"


def _attempts(facts: dict[str, Any], verdict: dict[str, Any], at: datetime) -> str:
    recent = [moment for moment in facts["attempts"] if (at - datetime.fromisoformat(moment)).days < 1]
    return f"{len(recent)} in 24 hours; {facts['daily_cap']} are allowed"


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "–"


_PASSED = {
    Gate.NUMBER: _number,
    Gate.DO_NOT_CALL: _lists,
    Gate.CONSENT: _consent,
    Gate.CLOCK: _clock,
    Gate.LAW: _law,
    Gate.WINDOW: _window,
    Gate.ATTEMPTS: _attempts,
}
