"""Somebody does not want to be called. From the moment this commits, nobody of the business calls the number."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from campaigns.canceling import cancel_calls
from campaigns.models import Consent, DoNotCall, Target

OPTED_OUT = "opted_out"


def opt_out(number: str, source: str, evidence: str, at: datetime) -> DoNotCall:
    """Enter the number on the tenant's list, inside the tenant; repeating it changes nothing.

    Whatever waits for the number ends, consent is withdrawn, and a call that is still on its way is canceled.
    """
    entry = _entered(number, source, evidence, at)
    how = f"{entry.get_source_display()}, {at:%b %-d, %Y}"
    Consent.objects.filter(e164=number, revoked_at=None, given_at__lte=at).update(revoked_at=at, revoked_how=how[:120])
    Target.objects.filter(e164=number, status=Target.Status.WAITING).update(
        status=Target.Status.DONE, disposition=OPTED_OUT, reason=f"Asked not to be called: {how}."[:200]
    )
    cancel_calls(number)
    return entry


def _entered(number: str, source: str, evidence: str, at: datetime) -> DoNotCall:
    """The first request stays the proof, unless newer consent has overtaken it; two at once are one.

    That somebody asked again is kept: whoever takes the first request back must not take theirs back with it.
    """
    known: DoNotCall | None = DoNotCall.objects.select_for_update().filter(e164=number, lifted_at=None).first()
    if known is not None:
        if not Consent.objects.filter(e164=number, revoked_at=None, given_at__gt=known.since).exists():
            known.asked_again_at = at
            known.save(update_fields=["asked_again_at"])
            return known
        known.lifted_at, known.lifted_why = at, "Newer consent"
        known.save(update_fields=["lifted_at", "lifted_why"])
    try:
        with transaction.atomic():
            entry: DoNotCall = DoNotCall.objects.create(e164=number, source=source, evidence=evidence, since=at)
    except IntegrityError:
        entry = DoNotCall.objects.get(e164=number, lifted_at=None)
        entry.asked_again_at = at
        entry.save(update_fields=["asked_again_at"])
    return entry
