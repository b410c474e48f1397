"""Dial receipts: what the gate decided and from what, chained by hashes, so that nothing can be changed or left out.

A receipt holds everything that is needed to ask the gate again. The hash of each covers the one before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, time
from hashlib import sha256
from typing import Any
from uuid import UUID

from agentos.tenants.prepared import send, together
from agentos.tenants.scoping import current_tenant_id
from campaigns.calling.locks import receipts_in_turn
from campaigns.facts import NUMBER
from campaigns.jurisdictions import tables
from campaigns.models import Campaign, DialReceipt
from campaigns.rules import (
    Consent,
    Exemption,
    Facts,
    Listing,
    Purpose,
    Reassigned,
    Registry,
    Tier,
    Verdict,
    may_call,
)

_LAST = "select sequence, hash from campaigns_dialreceipt where tenant_id = %(tenant)s order by sequence desc limit 1"
_WRITE = """
insert into campaigns_dialreceipt
    (tenant_id, sequence, campaign_id, target_ref, attempt_ref, e164, decided_at, answer, body, previous, hash)
select %(tenant)s, * from jsonb_to_recordset(%(rows)s::jsonb) as receipt(
    sequence bigint, campaign_id uuid, target_ref bigint, attempt_ref uuid, e164 text, decided_at timestamptz,
    answer text, body jsonb, previous text, hash text)
order by 2
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """A receipt that does not hold, and why."""

    sequence: int
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one person, when and on which occasion: claim, dial, queue, answer or preview."""

    facts: Facts
    verdict: Verdict
    at: datetime
    occasion: str
    campaign: Campaign | None = None
    target_id: int | None = None
    attempt_id: UUID | None = None
    caller_id: str = ""


def write_receipt(
    facts: Facts,
    verdict: Verdict,
    at: datetime,
    *,
    occasion: str,
    campaign: Campaign | None = None,
    target_id: int | None = None,
    attempt_id: UUID | None = None,
) -> None:
    """Store one decision, made or refused."""
    write_receipts([Decision(facts, verdict, at, occasion, campaign, target_id, attempt_id)])


def write_receipts(decisions: Sequence[Decision]) -> None:
    """Store decisions in their order. The chain is held for as long as that takes, and until the transaction ends."""
    drafts, tenant_id = [_draft(decision) for decision in decisions], current_tenant_id()
    with together():
        receipts_in_turn(tenant_id)
        last = send(_LAST, tenant=tenant_id)
    ((sequence, previous),) = last() or [(0, "")]
    for draft in drafts:
        sequence += 1
        draft |= {"sequence": sequence, "previous": previous}
        previous = _hash(draft)
        draft["hash"] = previous
    rows = [_row(draft, decision.at) for draft, decision in zip(drafts, decisions, strict=True)]
    send(_WRITE, tenant=tenant_id, rows=json.dumps(rows))


def _draft(decision: Decision) -> dict[str, Any]:
    """What the hash will cover, as far as it is known before the chain is held."""
    verdict, at = decision.verdict, decision.at
    return {
        "campaign": str(decision.campaign.pk) if decision.campaign else None,
        "target": decision.target_id,
        "attempt": str(decision.attempt_id) if decision.attempt_id else None,
        "number": decision.facts.number,
        "answer": verdict.answer.value,
        "body": {
            "occasion": decision.occasion,
            "at": at.isoformat(),
            "facts": encode(decision.facts),
            "verdict": told(verdict),
            **({"from": decision.caller_id} if decision.caller_id else {}),
        },
    }


def _row(draft: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The same by the names of the columns."""
    columns = {"campaign": "campaign_id", "target": "target_ref", "attempt": "attempt_ref", "number": "e164"}
    return {columns.get(name, name): value for name, value in draft.items()} | {"decided_at": at.isoformat()}


def seal(receipt: DialReceipt, number: str = "") -> str:
    """The hash of a receipt and of all before it. `number` saves parsing it where its text is known."""
    return _hash(stated(receipt, number))


def _hash(stated: dict[str, Any]) -> str:
    return sha256(json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def stated(receipt: DialReceipt, number: str = "") -> dict[str, Any]:
    """What the hash of a receipt covers."""
    return {
        "sequence": receipt.sequence,
        "campaign": str(receipt.campaign_id) if receipt.campaign_id else None,
        "target": receipt.target_ref,
        "attempt": str(receipt.attempt_ref) if receipt.attempt_ref else None,
        "number": number or str(receipt.e164),
        "answer": receipt.answer,
        "body": receipt.body,
        "previous": receipt.previous,
    }


def verify() -> Iterator[Fault]:
    """Every receipt of this tenant that was changed, is missing, or would be decided differently from its own facts.

    It reads as it goes: a long chain takes time, and no more memory than a short one.
    """
    expected, previous = 1, ""
    receipts = DialReceipt.objects.annotate(number=NUMBER).defer("e164").order_by("sequence")
    for receipt in receipts.iterator(chunk_size=500):
        if receipt.sequence != expected:
            yield Fault(expected, "missing")
        if receipt.previous != previous:
            yield Fault(receipt.sequence, "does not follow the one before it")
        if seal(receipt, receipt.number) != receipt.hash:
            yield Fault(receipt.sequence, "was changed")
        elif why := replayed(receipt.body):
            yield Fault(receipt.sequence, why)
        expected, previous = receipt.sequence + 1, receipt.hash


def replayed(body: dict[str, Any]) -> str:
    """Ask the gate again; empty when it says the same, and else what is different."""
    known = tables()
    if body["verdict"]["versions"] != known.versions:
        return ""  # decided by other tables, which are not at hand: the seal alone speaks for it
    verdict = may_call(decode(body["facts"]), datetime.fromisoformat(body["at"]), known)
    return "" if told(verdict) == body["verdict"] else "the gate says something else now"


# To and from JSON --------------------------------------------------------------------------------------


def told(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a receipt keeps it and a page shows it."""
    place = verdict.place
    return {
        "answer": verdict.answer.value,
        "reasons": [
            {
                "gate": reason.gate.value,
                "code": reason.code,
                "words": reason.words,
                "citation": reason.citation,
                "until": reason.until.isoformat() if reason.until else None,
            }
            for reason in verdict.reasons
        ],
        "zones": sorted(place.zones),
        "zone_source": place.source.value,
        "states": sorted(place.states),
        "region": place.region,
        "area_code": place.area_code,
        "windows": [
            {
                "state": opinion.state,
                "zone": opinion.zone,
                "local": opinion.local.isoformat(),
                "hours": [clock.isoformat() for clock in opinion.hours] if opinion.hours else None,
                "citation": opinion.citation,
                "why": opinion.why,
            }
            for opinion in verdict.opinions
        ],
        "next_at": verdict.next_at.isoformat() if verdict.next_at else None,
        "versions": verdict.versions,
    }


def encode(facts: Facts) -> dict[str, Any]:
    """Facts as JSON; sets are sorted, moments are ISO 8601."""
    plain: dict[str, Any] = json.loads(json.dumps(facts, default=_plain))
    return plain


def decode(stored: dict[str, Any]) -> Facts:
    """The facts again, equal to those that were encoded."""
    hours = stored["own_hours"]
    return Facts(
        **{
            **stored,
            "purpose": Purpose(stored["purpose"]),
            "exemption": Exemption(stored["exemption"]),
            "countries": frozenset(stored["countries"]),
            "overrides": frozenset(stored["overrides"]),
            "registrations": frozenset(stored["registrations"]),
            "consent": _consent(stored["consent"]),
            "listings": tuple(Listing(**{**each, "since": _moment(each["since"])}) for each in stored["listings"]),
            "registries": tuple(
                Registry(**{**each, "loaded_at": _moment(each["loaded_at"])}) for each in stored["registries"]
            ),
            "reassigned": _reassigned(stored["reassigned"]),
            "attempts": tuple(map(_moment, stored["attempts"])),
            "attempts_of_seller": tuple(map(_moment, stored["attempts_of_seller"])),
            "emergencies": tuple((state, _moment(until)) for state, until in stored["emergencies"]),
            "own_hours": hours and tuple(day and tuple(map(time.fromisoformat, day)) for day in hours),
        }
    )


def _consent(stored: dict[str, Any] | None) -> Consent | None:
    if stored is None:
        return None
    revoked = stored["revoked_at"]
    moments = {"given_at": _moment(stored["given_at"]), "revoked_at": _moment(revoked) if revoked else None}
    return Consent(**{**stored, "tier": Tier(stored["tier"]), **moments})


def _reassigned(stored: dict[str, Any] | None) -> Reassigned | None:
    return Reassigned(stored["answer"], _moment(stored["asked_at"])) if stored else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime | time):
        return value.isoformat()
    if is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    raise TypeError(f"{type(value).__name__} has no place in a receipt")
