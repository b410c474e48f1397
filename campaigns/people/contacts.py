"""What a number's owner agreed to, and who is never called.

Each function works inside the active tenant. What it writes counts from its commit on: the gate reads these rows when
a call is planned, again when it is dialled, and again when it is answered.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import CharField, Count, Func, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import User
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from campaigns.importing.rows import Rejected, read_number
from campaigns.models import Consent, Contact, DoNotCall
from campaigns.people import optout
from campaigns.people.lifting import lift_overtaken


def normalized(text: str) -> str:
    """E.164, from the way people write numbers. Raises DomainError."""
    try:
        return read_number(text.strip())
    except Rejected as reason:
        raise DomainError("invalid_number", str(reason)) from reason


def found(*, search: str = "", tag: str = "") -> QuerySet[Contact]:
    """Everybody with this tag whose name or number holds what is searched for; empty finds all."""
    people: QuerySet[Contact] = Contact.objects.all()
    if tag:
        people = people.filter(tags__contains=[tag])
    if not search:
        return people
    fits = Q(name__icontains=search)
    digits = "".join(character for character in search if character.isdigit())
    if digits:
        people = people.annotate(digits=Cast("e164", CharField()))
        fits |= Q(digits__contains=digits)
    return people.filter(fits)


def tags() -> list[tuple[str, int]]:
    """The tags in use, those of most people first."""
    one = Func("tags", function="jsonb_array_elements_text", output_field=TextField())
    counted = Contact.objects.order_by().annotate(one=one).values("one").annotate(people=Count("pk"))
    return [(each["one"], each["people"]) for each in counted.order_by("-people", "one")]


# Opt-outs ---------------------------------------------------------------------------------------------------


def opt_out(number: str, source: DoNotCall.Source | str, evidence: str = "", *, by: User | None = None) -> DoNotCall:
    """Never call this number again, whoever asked for that and however; it is told twice without harm.

    Ends what waits for the number in every campaign, withdraws its consents, and cancels a call that is on its way.
    """
    with tenant_transaction(current_tenant_id()):
        entry = optout.opt_out(number, DoNotCall.Source(source), evidence, now())
        if by is not None and entry.created_by_id is None:
            entry.created_by = by
            entry.save(update_fields=["created_by"])
        return entry


def lift(entry_id: int, *, why: str) -> DoNotCall:
    """Take a number off the list. Consents that were withdrawn with it stay withdrawn: it has to be given anew."""
    if not why.strip():
        raise DomainError("why", "Say why this number may be called again.")
    with tenant_transaction(current_tenant_id()):
        entry: DoNotCall = DoNotCall.objects.select_for_update().get(pk=entry_id)
        if entry.lifted_at is None:
            entry.lifted_at, entry.lifted_why = now(), why.strip()[:200]
            entry.save(update_fields=["lifted_at", "lifted_why"])
        return entry


# Consent ----------------------------------------------------------------------------------------------------


def give_consent(
    number: str,
    *,
    tier: Consent.Tier | str,
    source: str,
    given_at: datetime,
    evidence: str = "",
    by: User | None = None,
) -> Consent:
    """Record that the owner of the number agreed. The same record twice is one."""
    if given_at > now():
        raise DomainError("future_consent", "The day of the consent is still to come.")
    with tenant_transaction(current_tenant_id()):
        consent: Consent = Consent.objects.get_or_create(
            e164=number,
            tier=Consent.Tier(tier),
            source=source.strip()[:120],
            given_at=given_at,
            defaults={"evidence": evidence, "created_by": by},
        )[0]
        lift_overtaken([number], now())
        return consent


def revoke_consent(consent_id: int, *, how: str) -> Consent:
    """The owner of the number took it back. The first time counts."""
    with tenant_transaction(current_tenant_id()):
        consent: Consent = Consent.objects.select_for_update().get(pk=consent_id)
        if consent.revoked_at is None:
            consent.revoked_at, consent.revoked_how = now(), how.strip()[:120]
            consent.save(update_fields=["revoked_at", "revoked_how"])
        return consent
