"""Somebody does not want to be called. From the moment this commits, nobody of the business calls the number."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from agentos.tenants.scoping import tenant_transaction
from campaigns.calling.canceling import cancel_calls
from campaigns.models import Attempt, Consent, DoNotCall, Target
from campaigns.people.lifting import lift_overtaken
from campaigns.texts.phrases import STOP_KEY

OPTED_OUT = "opted_out"


def opt_out(number: str, source: str, evidence: str, at: datetime) -> DoNotCall:
    """Enter the number on the tenant's list, inside the tenant; repeating it changes nothing.

    Whatever waits for the number ends, consent is withdrawn, and a call that is still on its way is canceled.
    """
    lift_overtaken([number], at)
    entry = _entered(number, source, evidence, at)
    how = f"{entry.get_source_display()}, {at:%b %-d, %Y}"
    Consent.objects.filter(e164=number, revoked_at=None, given_at__lte=at).update(revoked_at=at, revoked_how=how[:120])
    Target.objects.filter(e164=number, status=Target.Status.WAITING).update(
        status=Target.Status.DONE, disposition=OPTED_OUT, reason=f"Asked not to be called: {how}."[:200]
    )
    cancel_calls(Attempt.objects.filter(e164=number))
    return entry


def from_conversation(tenant_id: int, call_id: UUID, said: str, at: datetime) -> bool:
    """Somebody told the live agent to stop calling, or pressed the key for it (`said` is empty then).

    Whether the call is one of ours. Repeating it changes nothing.
    """
    with tenant_transaction(tenant_id):
        attempt: Attempt | None = Attempt.objects.select_for_update().filter(call_id=call_id).first()
        if attempt is None:
            return False
        source = DoNotCall.Source.VOICE if said else DoNotCall.Source.KEY
        what = f'Said "{said[:200]}"' if said else f"Pressed {STOP_KEY}"
        opt_out(str(attempt.e164), source, f"{what} in call {attempt.carrier_sid}.", at)
        Attempt.objects.filter(pk=attempt.pk).update(outcome=OPTED_OUT)
        ended = Target.objects.filter(pk=attempt.target_id).exclude(status=Target.Status.LIVE)
        ended.update(status=Target.Status.DONE, disposition=OPTED_OUT)
        return True


def _entered(number: str, source: str, evidence: str, at: datetime) -> DoNotCall:
    """The first request stays the proof; two at once are one.

    That somebody asked again is kept: whoever takes the first request back must not take theirs back with it.
    """
    known: DoNotCall | None = DoNotCall.objects.select_for_update().filter(e164=number, lifted_at=None).first()
    if known is not None:
        known.asked_again_at = at
        known.save(update_fields=["asked_again_at"])
        return known
    try:
        with transaction.atomic():
            entry: DoNotCall = DoNotCall.objects.create(e164=number, source=source, evidence=evidence, since=at)
    except IntegrityError:
        entry = DoNotCall.objects.get(e164=number, lifted_at=None)
        entry.asked_again_at = at
        entry.save(update_fields=["asked_again_at"])
    return entry
