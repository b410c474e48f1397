"""The bundle in plain words: each decision, when, by which clock, from what, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from campaigns.models import Campaign, Consent, DialReceipt, DoNotCall
from campaigns.outcomes import words_of
from campaigns.planning.hours_map import clock_of
from campaigns.why import Line, lines
from campaigns.windows import spoken

OCCASIONS = {
    "claim": "When the turn of this number came",
    "dial": "At the moment of dialing",
    "queue": "While the call waited at the carrier",
    "answer": "When the call was answered",
    "preview": "In a preview",
}
ANSWERS = {
    "allow": "Might be called",
    "deny": "Not called",
    "hold": "Not called: something is not known",
    "reject": "Not called: this number is never called",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """One receipt in words."""

    receipt: DialReceipt
    campaign: str
    occasion: str
    answer: str
    moment: str
    clocks: list[str]
    windows: list[str]
    lines: list[Line]
    next_at: str
    came_of_it: str

    @property
    def was_allowed(self) -> bool:
        return self.receipt.answer == "allow"


@dataclass(frozen=True, slots=True)
class Entry:
    """A consent or an opt-out in words."""

    title: str
    words: list[str]
    holds: bool


class Summary:
    """What the page of the bundle prints. Every time is in UTC, and in the person's own zone where one is known."""

    def __init__(
        self,
        business: str,
        number: str,
        name: str,
        at: datetime,
        receipts: Sequence[DialReceipt],
        data: dict[str, Any],
    ) -> None:
        self.business, self.number, self.name = business, number, name
        self.made_at = in_utc(at)
        self.head = data["receipts.json"]["head"]
        self.versions = data["rules.json"]["versions_of_receipts"]
        self.rows = data["rules.json"]["rows"]
        self._attempts = {each["id"]: each for each in data["attempts.json"]}
        names = dict(Campaign.objects.filter(receipts__in=receipts).values_list("pk", "name"))
        self.decisions = [self._decision(receipt, names) for receipt in receipts]
        self.calls = sum(bool(each["asked_at"]) for each in self._attempts.values())
        self.consents = [_consent(each) for each in data["consent.json"]]
        self.listings = [_listing(each) for each in data["do_not_call.json"]]
        self.messages = [
            f"{_utc(each['received_at'])}: “{each['fields'].get('Body', '')}”" for each in data["messages.json"]
        ]

    @property
    def refused(self) -> int:
        return sum(not decision.was_allowed for decision in self.decisions)

    def _decision(self, receipt: DialReceipt, names: dict[Any, str]) -> Decision:
        body = receipt.body
        verdict = body["verdict"]
        return Decision(
            receipt,
            names.get(receipt.campaign_id, ""),
            OCCASIONS.get(body["occasion"], "When it was asked"),
            ANSWERS.get(receipt.answer, receipt.answer),
            _utc(body["at"]),
            list(dict.fromkeys(_clock(window) for window in verdict["windows"])),
            [_window(window) for window in verdict["windows"]],
            list(lines(body)),
            _utc(verdict["next_at"]) if verdict["next_at"] else "",
            self._came_of(receipt),
        )

    def _came_of(self, receipt: DialReceipt) -> str:
        attempt = self._attempts.get(str(receipt.attempt_ref))
        if receipt.answer != "allow":
            return "No call was made."
        if attempt is None or receipt.body["occasion"] == "claim":
            return "The call was prepared; the rules were asked again before it was dialed."
        if not attempt["asked_at"]:
            return "The carrier was not asked, so no call was made."
        sid = f" as {attempt['carrier_sid']}" if attempt["carrier_sid"] else ""
        outcome = f" Outcome: {words_of(attempt['outcome'])}." if attempt["outcome"] else ""
        return f"The carrier was asked at {_utc(attempt['asked_at'])} and placed the call{sid}.{outcome}"


def in_utc(moment: datetime) -> str:
    """Monday, December 14, 2026, 18:00:00 UTC"""
    there = moment.astimezone(UTC)
    return f"{there:%A}, {there:%B} {there.day}, {there.year}, {there:%H:%M:%S} UTC"


def _utc(text: str) -> str:
    return in_utc(datetime.fromisoformat(text))


def _clock(window: dict[str, Any]) -> str:
    local, city = datetime.fromisoformat(window["local"]), window["zone"].rpartition("/")[2].replace("_", " ")
    return f"{local:%A}, {local:%B} {local.day}, {local.year}, {clock_of(local)} in the zone of {city}"


def _window(window: dict[str, Any]) -> str:
    whose = "The business’s own hours" if window["state"] == "own" else f"{window['state']}"
    if not window["hours"]:
        return f"{whose}: closed that day. {window['citation']}".strip()
    start, end = (spoken(datetime.fromisoformat(f"2000-01-01T{clock}").time()) for clock in window["hours"])
    return f"{whose}: {start} to {end}. {window['citation']}".strip()


def _consent(record: dict[str, Any]) -> Entry:
    return Entry(Consent.Tier(record["tier"]).label, list(_consent_words(record)), record["revoked_at"] is None)


def _consent_words(record: dict[str, Any]) -> Iterator[str]:
    entered = f", entered by {record['entered_by']}" if record["entered_by"] else ""
    yield f"{record['source']}, given {_utc(record['given_at'])}{entered}."
    if record["evidence"]:
        yield f"Evidence: {record['evidence']}"
    if record["revoked_at"]:
        yield f"Withdrawn {_utc(record['revoked_at'])}: {record['revoked_how']}"


def _listing(record: dict[str, Any]) -> Entry:
    own = record["list"] == "own"
    title = f"List of the business: {DoNotCall.Source(record['source']).label}" if own else "List of the platform"
    return Entry(title, list(_listing_words(record)), not record.get("lifted_at"))


def _listing_words(record: dict[str, Any]) -> Iterator[str]:
    yield f"Since {_utc(record['since'])}."
    if record.get("evidence"):
        yield f"Evidence: {record['evidence']}"
    if record.get("lifted_at"):
        yield f"Lifted {_utc(record['lifted_at'])}: {record['lifted_why']}"
