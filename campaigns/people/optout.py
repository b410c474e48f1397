"""Somebody does not want to be called, or is not who we want. When this commits, the business calls the number no more.

Whoever agreed is not reached at a number that somebody else answers, and whoever answers has not agreed. So such a
number is closed like that of an opt-out, with a reason of its own, until consent is recorded that is newer.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from agentos.tenants.scoping import tenant_transaction
from agentos.webhooks.events import emit
from campaigns.calling.canceling import cancel_calls
from campaigns.models import Attempt, Consent, DoNotCall, Target
from campaigns.people.lifting import lift_overtaken
from campaigns.texts.phrases import STOP_KEY

OPTED_OUT, WRONG_PERSON = "opted_out", "wrong_person"
WRONG = DoNotCall.Source.WRONG
NOT_THEM = "This number is not theirs"


def opt_out(number: str, source: str, evidence: str, at: datetime) -> DoNotCall:
    """Enter the number on the tenant's list, inside the tenant; repeating it changes nothing.

    Whatever waits for the number ends, consent is withdrawn, and a call that is still on its way is canceled.
    """
    lift_overtaken([number], at)
    entry = _entered(number, source, evidence, at)
    _close(entry, OPTED_OUT, "Asked not to be called", at)
    emit("contact.opted_out", {"number": number, "source": source, "at": at}, key=f"contact.opted_out:{entry.pk}")
    return entry


def reached_somebody_else(number: str, evidence: str, at: datetime) -> DoNotCall:
    """The same for a number that somebody else answers. Whoever asked not to be called there stays listed for that."""
    lift_overtaken([number], at)
    entry = _listed(number) or _listed_now(number, WRONG, evidence, at)[0]
    _close(entry, WRONG_PERSON, NOT_THEM, at)
    return entry


def is_them_after_all(number: str, why: str, at: datetime) -> DoNotCall | None:
    """Take that back, unless somebody has asked not to be called since; None where there is nothing to take back."""
    entry = _listed(number)
    if entry is None or entry.source != WRONG:
        return None
    entry.lifted_at, entry.lifted_why = at, why[:200]
    entry.save(update_fields=["lifted_at", "lifted_why"])
    Consent.objects.filter(e164=number, revoked_at=entry.since).update(revoked_at=None, revoked_how="")
    ended = Target.objects.filter(e164=number, status=Target.Status.DONE, disposition=WRONG_PERSON)
    ended.filter(reason__startswith=NOT_THEM).update(status=Target.Status.WAITING, disposition="", reason="", due_at=at)
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


def _close(entry: DoNotCall, disposition: str, why: str, at: datetime) -> None:
    """What was agreed to before is void, nobody waits for a call, and what is on its way is canceled."""
    number, how = str(entry.e164), f"{entry.get_source_display()}, {at:%b %-d, %Y}"
    Consent.objects.filter(e164=number, revoked_at=None, given_at__lte=at).update(revoked_at=at, revoked_how=how[:120])
    waiting = Target.objects.filter(e164=number, status=Target.Status.WAITING)
    waiting.update(status=Target.Status.DONE, disposition=disposition, reason=f"{why}: {how}."[:200])
    cancel_calls(Attempt.objects.filter(e164=number))


def _entered(number: str, source: str, evidence: str, at: datetime) -> DoNotCall:
    """The first request stays the proof; two at once are one.

    That somebody asked again is kept: whoever takes the first request back must not take theirs back with it.
    """
    entry = _listed(number)
    if entry is None:
        entry, is_new = _listed_now(number, source, evidence, at)
        if is_new:
            return entry
    if entry.source == WRONG:  # until now nobody has asked
        entry.source, entry.evidence, entry.since = source, evidence, at
    entry.asked_again_at = at
    entry.save(update_fields=["source", "evidence", "since", "asked_again_at"])
    return entry


def _listed(number: str) -> DoNotCall | None:
    entry: DoNotCall | None = DoNotCall.objects.select_for_update().filter(e164=number, lifted_at=None).first()
    return entry


def _listed_now(number: str, source: str, evidence: str, at: datetime) -> tuple[DoNotCall, bool]:
    try:
        with transaction.atomic():
            return DoNotCall.objects.create(e164=number, source=source, evidence=evidence, since=at), True
    except IntegrityError:
        return DoNotCall.objects.get(e164=number, lifted_at=None), False
