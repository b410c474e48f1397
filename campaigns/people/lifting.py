"""When an opt-out does not hold any more: one rule, for the gate, consents, imports and the next opt-out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from campaigns.models import Consent, DoNotCall
from campaigns.rules import Consent as ConsentFact

C = TypeVar("C", Consent, ConsentFact)


def overtaken_by(asked_at: datetime, consents: Iterable[C]) -> C | None:
    """The consent that lifts an opt-out: given after the last time that somebody asked for it, and not withdrawn.

    Importing the number again does nothing.
    """
    return next((each for each in consents if each.revoked_at is None and each.given_at > asked_at), None)


def lift_overtaken(numbers: Sequence[str], at: datetime) -> None:
    """Take every number off the tenant's list that newer consent has overtaken. Inside the tenant."""
    listed = DoNotCall.objects.filter(e164__in=numbers, lifted_at=None).order_by("e164")
    entries = list(listed.select_for_update())
    if not entries:
        return
    given: dict[str, list[Consent]] = defaultdict(list)
    for consent in Consent.objects.filter(e164__in=[entry.e164 for entry in entries], given_at__lte=at):
        given[str(consent.e164)].append(consent)
    for entry in entries:
        if consent := overtaken_by(entry.asked_again_at or entry.since, given[str(entry.e164)]):
            entry.lifted_at, entry.lifted_why = at, f"Newer consent: {consent.source}"[:200]
            entry.save(update_fields=["lifted_at", "lifted_why"])
