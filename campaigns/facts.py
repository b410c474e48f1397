"""What is known of the people in a campaign, gathered for the gate: many numbers in one statement."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import TextField
from django.db.models.functions import Cast

from agentos.tenants.prepared import prepared
from agentos.tenants.scoping import current_tenant_id
from campaigns.models import Attempt, Campaign, ComplianceProfile, Registry, RegistryNumber
from campaigns.people.lifting import overtaken_by
from campaigns.rules import DEFAULT_CAP, Facts, Listing, Purpose, Tier
from campaigns.rules import Consent as ConsentFact
from campaigns.rules import Registry as RegistryFact
from campaigns.windows import WeekHours

REMEMBERED = timedelta(days=30)
NUMBER = Cast("e164", TextField())
HUNG_UP = "hung_up"

# Everything about these numbers, and what holds for all of them, in one statement. What a row is says its first column.
_ALL = """
select 'contact', e164, null::timestamptz, null::timestamptz,
       array[zone, state, zip_code, line_type, sip_address, is_customer::text]
from campaigns_contact where tenant_id = %(tenant)s and e164 = any(%(numbers)s)
union all
select 'consent', e164, given_at, revoked_at, array[id::text, tier]
from campaigns_consent where tenant_id = %(tenant)s and e164 = any(%(numbers)s) and given_at <= %(at)s
union all
select 'own', e164, since, asked_again_at, array[source]
from campaigns_donotcall where tenant_id = %(tenant)s and e164 = any(%(numbers)s) and lifted_at is null
union all
select 'platform', e164, since, null, array[source]
from campaigns_platformdonotcall where e164 = any(%(numbers)s)
union all
select 'attempt', e164, asked_at, null, array[outcome, state, id::text]
from campaigns_attempt where tenant_id = %(tenant)s and e164 = any(%(numbers)s)
    and (asked_at > %(remembered)s or state <> 'ended')
union all
select 'emergency', state, null, until, null
from campaigns_emergencyswitch where until > %(at)s
union all
select 'profile', '', relaxed_signed_at, null, array[daily_cap::text, overrides::text, registrations::text]
from campaigns_complianceprofile where tenant_id = %(tenant)s
order by 3, 2
"""


@dataclass(frozen=True, slots=True)
class Person:
    """What the gate wants to know of a contact."""

    zone: str = ""
    state: str = ""
    zip_code: str = ""
    line_type: str = ""
    sip_address: str = ""
    is_customer: bool = False


@dataclass(slots=True)
class Known:
    """Everything about one number."""

    contact: Person = Person()
    consents: list[ConsentFact] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    opted_out_at: datetime | None = None  # the last time that they asked
    registries: list[RegistryFact] = field(default_factory=list)
    attempts: list[datetime] = field(default_factory=list)
    hung_up_on_us: bool = False


class FactBook:
    """The facts of one campaign about these numbers, as they stand now. Ask for it inside the tenant.

    Attempts that are being judged themselves are left out of the count by `besides`. `in_call` are the numbers that
    this business is calling at the moment, but for those attempts.
    """

    def __init__(
        self, campaign: Campaign, numbers: Iterable[str], at: datetime, *, besides: Collection[UUID] = ()
    ) -> None:
        self._campaign, self._at = campaign, at
        self._besides = {str(attempt_id) for attempt_id in besides}
        self._known: dict[str, Known] = defaultdict(Known)
        self._profile = ComplianceProfile()
        self._emergencies: tuple[tuple[str, datetime], ...] = ()
        self.in_call: set[str] = set()
        wanted = sorted(set(numbers))
        self._load(wanted)
        if campaign.purpose == Campaign.Purpose.TELEMARKETING:
            self._load_registries(wanted)

    def of(self, number: str) -> Facts:
        """The facts for one of the numbers."""
        known, profile = self._known[number], self._profile
        contact = known.contact
        return Facts(
            number=number,
            purpose=Purpose(self._campaign.purpose),
            zone=contact.zone,
            state=contact.state,
            zip_code=contact.zip_code,
            consent=asked_for_it(self._campaign, number) or best_consent(known.consents),
            line_type=contact.line_type,
            sip_address=contact.sip_address,
            listings=tuple(each for each in known.listings if not _is_lifted(each, known)),
            registries=tuple(known.registries),
            attempts=tuple(known.attempts),
            attempts_of_seller=tuple(known.attempts),
            hung_up_on_us=known.hung_up_on_us,
            is_customer=contact.is_customer,
            signed_off=profile.relaxed_signed_at is not None,
            own_hours=week_hours(self._campaign.hours),
            emergencies=self._emergencies,
            overrides=frozenset(profile.overrides),
            registrations=frozenset(profile.registrations),
            daily_cap=min(profile.daily_cap, DEFAULT_CAP),
        )

    def _load(self, numbers: Sequence[str]) -> None:
        asked = {"numbers": numbers, "at": self._at, "remembered": self._at - REMEMBERED}
        for kind, about, since, until, words in prepared(_ALL, tenant=current_tenant_id(), **asked):
            match kind:
                case "contact":
                    zone, state, zip_code, line_type, sip, is_customer = words
                    self._known[about].contact = Person(zone, state, zip_code, line_type, sip, is_customer == "true")
                case "consent":
                    given = ConsentFact(words[0], Tier(words[1]), about, since, until)
                    self._known[about].consents.append(given)
                case "own":
                    self._known[about].listings.append(Listing(kind, since, words[0]))
                    self._known[about].opted_out_at = until or since
                case "platform":
                    self._known[about].listings.append(Listing(kind, since, words[0]))
                case "attempt":
                    self._count(about, since, *words)
                case "emergency":
                    self._emergencies += ((about, until),)
                case "profile":
                    cap, overrides, registrations = words
                    cleared = {"overrides": json.loads(overrides), "registrations": json.loads(registrations)}
                    self._profile = ComplianceProfile(daily_cap=int(cap), relaxed_signed_at=since, **cleared)

    def _count(self, number: str, asked_at: datetime | None, outcome: str, state: str, attempt_id: str) -> None:
        """An attempt that is under way, or that the carrier was asked for."""
        if attempt_id in self._besides:
            return
        if state != Attempt.State.ENDED:
            self.in_call.add(number)
        if asked_at is not None and asked_at > self._at - REMEMBERED:
            known = self._known[number]
            known.attempts.append(asked_at)
            known.hung_up_on_us |= outcome == HUNG_UP

    def _load_registries(self, numbers: Sequence[str]) -> None:
        codes = {number[2:5] for number in numbers if number.startswith("+1")}
        files = {each.pk: each for each in Registry.objects.filter(area_code__in=codes)}
        wanted = {int(number[5:]) for number in numbers if number.startswith("+1") and len(number) == 12}
        rows = RegistryNumber.objects.filter(registry__in=files, digits__in=wanted)
        listed = set(rows.values_list("registry_id", "digits"))
        for number in numbers:
            for file in files.values():
                if number[2:5] == file.area_code:
                    is_listed = (file.pk, int(number[5:])) in listed
                    fact = RegistryFact(file.name, file.loaded_at, file.version[:12], is_listed)
                    self._known[number].registries.append(fact)


def asked_for_it(campaign: Campaign, number: str) -> ConsentFact | None:
    """Whoever asks for a test call on their own telephone agrees to it, in writing, and to nothing else."""
    asked = campaign.confirmed.get("test") if campaign.is_test else None
    if not asked or asked["number"] != number:
        return None
    return ConsentFact(f"test call asked for by user {asked['by_id']}", Tier.WRITTEN, number, campaign.created_at)


def best_consent(consents: Sequence[ConsentFact]) -> ConsentFact | None:
    """The one that allows most: unrevoked before revoked, written before express, newer before older."""
    if not consents:
        return None
    return max(consents, key=lambda each: (each.revoked_at is None, each.tier is Tier.WRITTEN, each.given_at))


def week_hours(stored: Sequence[Any]) -> WeekHours | None:
    """The campaign's own hours from their stored form: seven times [start, end] or null; None when there are none."""
    if not stored:
        return None
    return tuple((time.fromisoformat(day[0]), time.fromisoformat(day[1])) if day else None for day in stored)


def _is_lifted(listing: Listing, known: Known) -> bool:
    at = known.opted_out_at
    return listing.list == "own" and at is not None and overtaken_by(at, known.consents) is not None
