"""What is on record about one number, as plain data. Other people's receipts appear as hashes, nothing else of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Model, Q

from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Consent, DialReceipt, DoNotCall, PlatformDoNotCall, Reply
from campaigns.people.text_messages import MESSAGE
from campaigns.receipts import stated
from telephony.models import CarrierEvent

Plain = dict[str, Any]


def receipts_of(number: str) -> list[DialReceipt]:
    """Every decision about the number, in order."""
    return list(DialReceipt.objects.filter(e164=number).order_by("sequence"))


def chain_excerpt(number: str, receipts: Sequence[DialReceipt]) -> Plain:
    """The receipts as they were sealed, the hashes on either side of each, and where the chain ends today."""
    own = {receipt.sequence for receipt in receipts}
    beside = {place for each in own for place in (each - 1, each + 1)} - own
    neighbors = DialReceipt.objects.filter(sequence__in=beside).order_by("sequence")
    head = DialReceipt.objects.order_by("-sequence").values("sequence", "hash").first()
    return {
        "number": number,
        "head": head or {"sequence": 0, "hash": ""},
        "receipts": [{**stated(receipt), "hash": receipt.hash} for receipt in receipts],
        "neighbors": list(neighbors.values("sequence", "previous", "hash")),
    }


def rules_used(receipts: Sequence[DialReceipt]) -> Plain:
    """The versions at hand, and each row that was used; of tables that were replaced since, only their versions."""
    known, named = tables(), [receipt.body["verdict"]["versions"] for receipt in receipts]
    current = known.versions
    return {
        "rules": current["rules"],
        "versions": {table: [current[table]] for table in ("areas", "law")},
        "versions_of_receipts": sorted({(each["rules"], each["areas"], each["law"]) for each in named}),
        "rows": list(_rows(receipt for receipt in receipts if receipt.body["verdict"]["versions"] == current)),
    }


def _rows(receipts: Iterable[DialReceipt]) -> Iterator[Plain]:
    law, seen = tables().law, set()
    for receipt in receipts:
        for window in receipt.body["verdict"]["windows"]:
            row = law.row(window["state"], datetime.fromisoformat(window["local"]).date())
            if row is None or (row.state, row.group, row.in_force_from) in seen:
                continue
            seen.add((row.state, row.group, row.in_force_from))
            yield {
                "state": row.state,
                "days": row.group,
                "hours": [clock.isoformat() for clock in row.hours] if row.hours else None,
                "most_attempts_in_24_hours": row.most_per_day,
                "closed_on_holidays": row.closed_on_holidays,
                "citation": row.citation,
                "in_force_from": _plain(row.in_force_from),
                "in_force_until": _plain(row.in_force_until),
            }


def consents_of(number: str) -> list[Plain]:
    records = Consent.objects.filter(e164=number).select_related("created_by").order_by("given_at", "pk")
    names = ("pk", "tier", "source", "evidence", "given_at", "revoked_at", "revoked_how", "created_at")
    return [{**_fields(each, names), "entered_by": str(each.created_by or "")} for each in records]


def listings_of(number: str) -> list[Plain]:
    entries = DoNotCall.objects.filter(e164=number).select_related("created_by").order_by("since", "pk")
    names = ("since", "source", "evidence", "lifted_at", "lifted_why")
    own = [{"list": "own", **_fields(each, names), "entered_by": str(each.created_by or "")} for each in entries]
    platform = PlatformDoNotCall.objects.filter(e164=number)
    return [*own, *({"list": "platform", **_fields(each, ("since", "source"))} for each in platform)]


def attempts_of(number: str) -> list[Plain]:
    """Each try to reach the number, with what the carrier reported about it."""
    attempts = list(
        Attempt.objects.filter(e164=number).select_related("campaign", "target__clip", "reply").order_by("claimed_at")
    )
    sids = [attempt.carrier_sid for attempt in attempts if attempt.carrier_sid]
    reports: dict[str, list[Plain]] = {}
    for event in CarrierEvent.objects.filter(call_sid__in=sids).order_by("received_at", "pk"):
        reports.setdefault(event.call_sid, []).append(_report(event))
    return [_attempt(attempt, reports.get(attempt.carrier_sid or "", [])) for attempt in attempts]


def messages_of(number: str) -> list[Plain]:
    """Text messages that came from the number."""
    events = CarrierEvent.objects.filter(kind=MESSAGE).filter(Q(payload__From=number))
    return [_report(event) for event in events.order_by("received_at", "pk")]


def _attempt(attempt: Attempt, reports: list[Plain]) -> Plain:
    names = (
        *("id", "number", "state", "outcome", "carrier_sid", "answered_by", "key_pressed", "claimed_at", "asked_at"),
        *("answered_at", "ended_at", "cost_cents"),
    )
    reply: Reply | None = getattr(attempt, "reply", None)
    return {
        **_fields(attempt, names),
        "campaign": {
            "id": str(attempt.campaign_id),
            "name": attempt.campaign.name,
            "purpose": attempt.campaign.purpose,
        },
        "message": attempt.target.clip.text if attempt.target.clip else attempt.campaign.message,
        "reply": _fields(reply, ("received_at", "transcript", "disposition")) if reply else None,
        "reports": reports,
    }


def _report(event: CarrierEvent) -> Plain:
    return {"kind": event.kind, "received_at": _plain(event.received_at), "fields": event.payload}


def _fields(row: Model, names: Sequence[str]) -> Plain:
    return {("id" if name == "pk" else name): _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, date):  # moments as well
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
