"""The campaign of the demo: patients of the sample practice who are reminded of their next appointment.

They live where the law allows calls at this hour, in Boise if that is so there; the gate is asked about each of them
like about anybody. Their numbers are among those that are kept for fiction, and the practice carrier knows who answers
them (telephony/simulator/neighborhood.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.timezone import localtime

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import services
from campaigns.jurisdictions import tables
from campaigns.models import Campaign, ComplianceProfile, Consent, Contact
from campaigns.openings import Openings
from campaigns.places import place
from campaigns.planning.readiness import CONFIRMATIONS
from campaigns.windows import spoken
from telephony.models import PhoneNumber

LONG_ENOUGH = timedelta(minutes=20)  # to be called, and once more after a busy line
BEGINS_IN = timedelta(seconds=40)  # so that somebody can sign in and watch
FIRST_LINE = 121
FIRST = (
    *("Rosa", "Amara", "Walter", "Dana", "Ines", "Tomas", "Keiko", "George"),
    *("Lena", "Samuel", "Priscilla", "Andrew", "Martha", "Omar", "Joan"),
)
LAST = (
    *("Delgado", "Whitfield", "Nakamura", "Brennan", "Castellanos", "Lindgren", "Okafor"),
    *("Petrov", "Sandoval", "Whitaker", "Larsen", "Romero", "Haddad", "Fischer"),
)
TIMES = ("10:00", "08:45", "09:30", "08:15", "10:30", "11:15", "13:00", "13:45", "14:15", "14:30", "15:00", "15:45")
UNASKED = ("Nina Kowalski", 136)  # never gave her consent, and is not called

MESSAGE = """\
Hello {{first_name}}. This is June from Juniper Dental.
You have an appointment on {{visit_date}} at {{visit_time}}.
To confirm it, press 1. For another day, press 2. Or just say it."""
VOICEMAIL = "We have a reminder for you. Please call us back when it suits you."


@dataclass(frozen=True, slots=True)
class Town:
    """Where the patients live: one area code, one clock, one law."""

    name: str
    area_code: str
    zone: str
    state: str

    def number(self, line: int) -> str:
        return f"+1{self.area_code}5550{line}"


# Between them some town is within its hours at any time of the day, except from 11 to 12 UTC.
TOWNS = (
    Town("Boise", "208", "America/Boise", "ID"),
    Town("Honolulu", "808", "Pacific/Honolulu", "HI"),
    Town("Hagåtña", "671", "Pacific/Guam", "GU"),
    Town("San Juan", "787", "America/Puerto_Rico", "PR"),
)


def town_at(at: datetime) -> tuple[Town, datetime]:
    """Where people may be called now for a while, or else where they may be soonest; and from when on."""
    openings, open_now, later = Openings(tables().law), [], []
    for index, town in enumerate(TOWNS):
        here = place(town.number(FIRST_LINE), gazetteer=tables().gazetteer, zone=town.zone, state=town.state)
        stretch = openings.next(here, at)
        if stretch and stretch.opens <= at and stretch.ends - at >= LONG_ENOUGH:
            open_now.append((town, at))
        elif stretch and stretch.opens > at:
            later.append((stretch.opens, index, town))
    if open_now:
        return open_now[0]
    opens, _, town = min(later)
    return town, opens


def ensure_campaign(tenant: Tenant, owner: User, number: PhoneNumber, agent: Agent, at: datetime) -> Campaign:
    """The reminders for the next working day. Asked for a second time on the same day it changes nothing.

    Raises DomainError when somebody has changed the business so that no campaign can start.
    """
    with tenant_transaction(tenant):
        today = localtime(at, ZoneInfo(tenant.timezone)).date()
        visit = _next_working_day(today)
        day = "Tomorrow" if visit - today == timedelta(days=1) else f"{visit:%A}"
        name = f"{day}’s appointments, {visit:%b} {visit.day}"
        found: Campaign | None = Campaign.objects.filter(name=name).first()
        if found is not None:
            return found
        town, opens = town_at(at)
        about = {"legal_name": tenant.name, "callback_number": str(number.e164)}
        ComplianceProfile.objects.get_or_create(defaults=about)
        people = _patients(town, visit, at)
        campaign = _set_up(tenant, owner, name, number, agent, at)
        services.add_people(tenant, campaign.pk, contact_ids=[each.pk for each in people], at=at)
        services.confirm(tenant, campaign.pk, confirmed=CONFIRMATIONS, by=owner)
        services.start(tenant, campaign.pk, at=at)
        if opens > at:
            services.pause(tenant, campaign.pk, reason=_closed(town, opens, tenant))
        campaign.refresh_from_db()
        return campaign


def _set_up(tenant: Tenant, owner: User, name: str, number: PhoneNumber, agent: Agent, at: datetime) -> Campaign:
    return services.create_campaign(
        tenant,
        name=name,
        agent_id=agent.pk,
        by=owner,
        number=number,
        purpose=Campaign.Purpose.HEALTHCARE,
        message=MESSAGE,
        voicemail=VOICEMAIL,
        records_reply=True,
        hours=[],
        starts_at=at + BEGINS_IN,
        at_once=3,
        calls_per_second=0.25,
        most_attempts=2,
        retries={"busy": 2, "no_answer": 3},
    )


def _patients(town: Town, visit: date, at: datetime) -> list[Contact]:
    """People of this town with their visits on that day; all but one agreed to be called."""
    last = LAST[TOWNS.index(town) :] + LAST[: TOWNS.index(town)]
    names = [(f"{first} {last[index % len(last)]}", FIRST_LINE + index) for index, first in enumerate(FIRST)]
    found = []
    for index, (name, line) in enumerate([*names, UNASKED]):
        number = town.number(line)
        visiting = {"visit_date": visit.isoformat(), "visit_time": TIMES[index % len(TIMES)]}
        about = {"name": name, "zone": town.zone, "state": town.state, "is_customer": True, "tags": ["reminders"]}
        contact, _ = Contact.objects.get_or_create(e164=number, defaults=about)
        contact.fields |= visiting
        contact.save(update_fields=["fields"])
        found.append(contact)
        if line != UNASKED[1] and not Consent.objects.filter(e164=number).exists():
            Consent.objects.create(
                e164=number, source="Patient form", evidence="Signed at the desk.", given_at=at - timedelta(days=90)
            )
    return found


def _next_working_day(today: date) -> date:
    after = today + timedelta(days=1)
    return after if after.weekday() < 5 else after + timedelta(days=7 - after.weekday())


def _closed(town: Town, opens: datetime, tenant: Tenant) -> str:
    here = localtime(opens, ZoneInfo(tenant.timezone))
    soonest = f"The first calls are lawful at {spoken(here.time())} ({here:%Z}), in {town.name}: press Go on then."
    return f"Calling hours are over, or nearly, everywhere in the United States. {soonest}"
