"""The drill's campaign, its driver, and what to ask of it afterwards. Imported once Django is set up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connection

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.calling.reconciling import reconcile, unfinished
from campaigns.calling.settling import settle
from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign, ComplianceProfile, Consent, Contact, DialReceipt, Target
from campaigns.places import place
from campaigns.receipts import verify
from campaigns.windows import is_open
from telephony.models import PhoneNumber

TICK_S, RECONCILE_S = 0.1, 1.0


def make_campaign(people: int, not_yet: int, closed_code: str, at: datetime) -> Campaign:
    """So many people who may be called now, and some for whom it is too early."""
    codes = sorted(code for code, area in tables().gazetteer.areas.items() if _opens(code, at))
    numbers = [f"+1{codes[n % len(codes)]}555{n // len(codes):04}" for n in range(people)]
    numbers += [f"+1{closed_code}555{n:04}" for n in range(not_yet)]
    tenant = Tenant.objects.get(slug="drill")
    with tenant_transaction(tenant):
        ComplianceProfile.objects.get_or_create(defaults={"inbound_reserve": 0})
        campaign = Campaign.objects.create(
            name="Drill",
            agent=Agent.objects.get(),
            number=PhoneNumber.objects.get(),
            status=Campaign.Status.RUNNING,
            at_once=200,
            calls_per_second=70,
        )
        contacts = Contact.objects.bulk_create([Contact(e164=number) for number in numbers])
        given = at - timedelta(days=30)
        Consent.objects.bulk_create([Consent(e164=n, source="drill", given_at=given) for n in numbers])
        Target.objects.bulk_create(
            [Target(campaign=campaign, contact=c, e164=c.e164, due_at=given) for c in contacts], batch_size=2000
        )
    return campaign


def _opens(code: str, at: datetime) -> bool:
    found = place(f"+1{code}5550100", gazetteer=tables().gazetteer)
    ends = at + timedelta(minutes=10)
    return (
        found.refusal is None and "ME" not in found.states and all(is_open(found, t, tables().law) for t in (at, ends))
    )


class Driver:
    """The schedule, and people who answer: what the carrier has placed is talked through and settled."""

    def __init__(self, campaign: Campaign, clock: Callable[[], datetime]) -> None:
        self._campaign, self._clock, self._reconciled_at = campaign, clock, 0.0
        self._threads = ThreadPoolExecutor(4)

    def round(self) -> int:
        """One round; how many people are still to be called."""
        tenant_id = self._campaign.tenant_id
        with tenant_transaction(tenant_id):
            placed = Attempt.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
                "target", "campaign"
            )
            for attempt in placed.filter(state=Attempt.State.PLACED)[:200]:
                settle(attempt, "confirmed", self._clock())
        if time.monotonic() - self._reconciled_at > RECONCILE_S:
            self._reconciled_at = time.monotonic()
            self._look_after(tenant_id)
        with tenant_transaction(tenant_id):
            waiting = Target.objects.filter(campaign=self._campaign, due_at__lte=self._clock() + timedelta(minutes=2))
            left: int = waiting.filter(status__in=[Target.Status.WAITING, Target.Status.LIVE]).count()
        time.sleep(TICK_S)
        return left

    def close(self) -> None:
        self._threads.shutdown()

    def _look_after(self, tenant_id: int) -> None:
        with tenant_transaction(tenant_id):
            attempt_ids = unfinished(self._clock())
        list(self._threads.map(lambda each: self._reconcile(tenant_id, each), attempt_ids))

    def _reconcile(self, tenant_id: int, attempt_id: object) -> None:
        try:
            reconcile(tenant_id, attempt_id, self._clock)  # type: ignore[arg-type]
        finally:
            connection.close()


def numbers(campaign: Campaign, closed_code: str) -> tuple[set[str], set[str]]:
    """Who should have been called by now, and who should not."""
    with tenant_transaction(campaign.tenant_id):
        found = {str(number) for number in campaign.targets.values_list("e164", flat=True)}
    not_yet = {number for number in found if number[2:5] == closed_code}
    return found - not_yet, not_yet


def outside_window(placed: Iterable[tuple[str, float]], clock: Callable[[], datetime]) -> int:
    """Calls that began when the window of their number was closed, by the drill's clock."""
    shift = clock() - datetime.fromtimestamp(time.time(), tz=clock().tzinfo)
    count = 0
    for number, moment in placed:
        at = datetime.fromtimestamp(moment, tz=clock().tzinfo) + shift
        count += not is_open(place(number, gazetteer=tables().gazetteer), at, tables().law)
    return count


def receipts(campaign: Campaign) -> tuple[int, int]:
    """How many there are, and how many do not hold."""
    with tenant_transaction(campaign.tenant_id):
        return DialReceipt.objects.count(), len(list(verify()))
