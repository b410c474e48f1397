"""What is known of the people in a campaign, gathered for the gate: many numbers in a handful of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import TextField, Value
from django.db.models.functions import Cast

from campaigns.models import (
    Attempt,
    Campaign,
    ComplianceProfile,
    Consent,
    Contact,
    DoNotCall,
    EmergencySwitch,
    PlatformDoNotCall,
    Registry,
    RegistryNumber,
)
from campaigns.people.lifting import overtaken_by
from campaigns.rules import DEFAULT_CAP, Facts, Listing, Purpose, Tier
from campaigns.rules import Consent as ConsentFact
from campaigns.rules import Registry as RegistryFact
from campaigns.windows import WeekHours

REMEMBERED = timedelta(days=30)
NUMBER = Cast("e164", TextField())
HUNG_UP = "hung_up"


@dataclass(slots=True)
class Known:
    """Everything about one number."""

    contact: Contact | None = None
    consents: list[Consent] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    registries: list[RegistryFact] = field(default_factory=list)
    attempts: list[datetime] = field(default_factory=list)
    hung_up_on_us: bool = False


class FactBook:
    """The facts of one campaign about these numbers, as they stand now. Ask for it inside the tenant.

    An attempt that is being judged itself is left out of the count by `besides`.
    """

    def __init__(
        self,
        campaign: Campaign,
        numbers: Iterable[str],
        at: datetime,
        *,
        besides: UUID | None = None,
        profile: ComplianceProfile | None = None,
    ) -> None:
        self._campaign, self._at, self._besides = campaign, at, besides
        self._known: dict[str, Known] = defaultdict(Known)
        self._profile = profile or ComplianceProfile.objects.first() or ComplianceProfile()
        switches = EmergencySwitch.objects.filter(until__gt=at)
        self._emergencies = tuple((each.state, each.until) for each in switches.order_by("state"))
        wanted = sorted(set(numbers))
        self._as_text = [Value(number) for number in wanted]  # as they are: parsing each for each query takes seconds
        self._load_people()
        self._load_lists(wanted)
        self._load_attempts()

    def of(self, number: str) -> Facts:
        """The facts for one of the numbers."""
        known, profile = self._known[number], self._profile
        contact = known.contact or Contact()
        return Facts(
            number=number,
            purpose=Purpose(self._campaign.purpose),
            zone=contact.zone,
            state=contact.state,
            zip_code=contact.zip_code,
            consent=asked_for_it(self._campaign, number) or best_consent(known.consents),
            line_type=contact.line_type,
            sip_address=contact.sip_address,
            listings=tuple(each for each in known.listings if not _is_lifted(each, known.consents)),
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

    def _load_people(self) -> None:
        for contact in Contact.objects.filter(e164__in=self._as_text).annotate(number=NUMBER).defer("e164"):
            self._known[contact.number].contact = contact
        consents = Consent.objects.filter(e164__in=self._as_text, given_at__lte=self._at)
        for consent in consents.annotate(number=NUMBER):
            self._known[consent.number].consents.append(consent)

    def _load_lists(self, numbers: Sequence[str]) -> None:
        for entry in DoNotCall.objects.filter(e164__in=self._as_text, lifted_at=None):
            self._known[str(entry.e164)].listings.append(Listing("own", entry.since, entry.source))
        for platform in PlatformDoNotCall.objects.filter(e164__in=self._as_text):
            self._known[str(platform.e164)].listings.append(Listing("platform", platform.since, platform.source))
        if self._campaign.purpose == Campaign.Purpose.TELEMARKETING:
            self._load_registries(numbers)

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

    def _load_attempts(self) -> None:
        asked = Attempt.objects.filter(e164__in=self._as_text, asked_at__gt=self._at - REMEMBERED)
        if self._besides is not None:
            asked = asked.exclude(pk=self._besides)
        for number, moment, outcome in asked.order_by("asked_at").values_list("e164", "asked_at", "outcome"):
            known = self._known[str(number)]
            known.attempts.append(moment)
            known.hung_up_on_us |= outcome == HUNG_UP


def asked_for_it(campaign: Campaign, number: str) -> ConsentFact | None:
    """Whoever asks for a test call on their own telephone agrees to it, in writing, and to nothing else."""
    asked = campaign.confirmed.get("test") if campaign.is_test else None
    if not asked or asked["number"] != number:
        return None
    return ConsentFact(f"test call asked for by user {asked['by_id']}", Tier.WRITTEN, number, campaign.created_at)


def best_consent(consents: Sequence[Consent]) -> ConsentFact | None:
    """The one that allows most: unrevoked before revoked, written before express, newer before older."""
    if not consents:
        return None
    best = max(consents, key=lambda each: (each.revoked_at is None, each.tier == Consent.Tier.WRITTEN, each.given_at))
    return ConsentFact(str(best.pk), Tier(best.tier), str(best.e164), best.given_at, best.revoked_at)


def week_hours(stored: Sequence[Any]) -> WeekHours | None:
    """The campaign's own hours from their stored form: seven times [start, end] or null; None when there are none."""
    if not stored:
        return None
    return tuple((time.fromisoformat(day[0]), time.fromisoformat(day[1])) if day else None for day in stored)


def _is_lifted(listing: Listing, consents: Sequence[Consent]) -> bool:
    return listing.list == "own" and overtaken_by(listing.since, consents) is not None
