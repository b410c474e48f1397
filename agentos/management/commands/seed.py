"""Fill an empty platform with a sample business and a neighbour. What is there already stays as it is."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import now

from agentos import provisioning, samples
from agentos.errors import DomainError
from agentos.sample_desk import ensure_desk
from agentos.tenants.models import Role, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents import services as agents
from agents.models import Agent, AgentVersion
from telephony.models import PhoneNumber

LOCAL = {"127.0.0.1", "localhost", "::1"}
LOCAL_PASSWORD = "juniper-demo"  # noqa: S105 - known on purpose, and only where nobody else can reach the pages

FACTS = """\
Hours: Monday to Friday, 8 AM to 5 PM. Closed on weekends.
Address: 410 West Grove Street, Boise.
Insurance: Delta Dental, Regence Blue Shield and most PPO plans. Bring your card.
Phone: 208 555 0110."""

PARKING = "Parking: behind the building, free for two hours."

FRONT_DESK = (
    "You are June, the automated front desk of Juniper Dental in Boise.\n\n"
    "Help callers with questions and appointments. To book one, ask for the name, the reason, the day and the time, "
    "read all four back, and book when the caller agrees. To move or cancel one, look it up by the name, say when it "
    "is and what you would change, and change it after a yes. Keep replies to two sentences. Say dates with the "
    "weekday.\n\n"
    "Never give medical advice. If someone is in pain, bleeding or swollen, offer the first appointment that is free "
    "and say that the emergency number is 911.\n\n"
)

AFTER_HOURS = {
    "greeting": "Hello, you have reached Juniper Dental outside our hours. This is June, the automated assistant. "
    "Would you like to leave a message?",
    "farewell": "Somebody will call you back. Goodbye.",
    "prompt": "You are June, the automated assistant of Juniper Dental in Boise. The practice is closed now.\n\n"
    "Say when it opens again. Take a message: the name, the number to call back, and what it is about. Read it back. "
    "Never give medical advice. If someone is in danger, say that the emergency number is 911.\n\n" + FACTS,
    "tools": [{"name": name, "settings": {}} for name in ("leave_message", "request_callback", "end_call")],
}

NIGHT_LINE = {
    "greeting": "Harbor Law, after hours. This is the automated assistant. How can I help?",
    "farewell": "Thank you for calling Harbor Law. Goodbye.",
    "prompt": "You take messages for Harbor Law when nobody is there. Ask for the name, the number and the matter.\n\n"
    "Hours: Monday to Friday, 9 AM to 6 PM.\nPhone: 212 555 0160.",
}


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    role: Role


JUNIPER = (
    Person("Priya Nair", "owner@juniper.example", Role.OWNER),
    Person("Mats Lindqvist", "admin@juniper.example", Role.ADMIN),
    Person("Rae Ostrander", "member@juniper.example", Role.MEMBER),
    Person("Dev Banerjee", "viewer@juniper.example", Role.VIEWER),
)
HARBOR = (Person("Noor Haddad", "owner@harbor.example", Role.OWNER),)


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the login as JSON on the last line")
        parser.add_argument("--practice", action="store_true", help="call patients, through the practice carrier only")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with provisioning.all_or_nothing():
                login = seed(practice=options["practice"])
        except DomainError as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(login))
        else:
            self.stdout.write(f"Sign in as {login['email']} with {login['password']} at {login['dashboard_url']}")


def password() -> str:
    """Known to everybody on one's own machine; where others can reach the pages, made from this server's secret."""
    if urlsplit(settings.PUBLIC_URL).hostname in LOCAL:
        return LOCAL_PASSWORD
    return hmac.new(settings.SECRET_KEY.encode(), b"sample people", hashlib.sha256).hexdigest()[:20]


def seed(*, practice: bool = False) -> dict[str, Any]:
    """Two businesses, so that it can be seen that neither sees the other. Returns the owner's login.

    With `practice` a campaign calls people whom only the practice carrier knows.
    """
    juniper = _tenant("Juniper Dental", "America/Boise", JUNIPER)
    owner = User.objects.get(email=JUNIPER[0].email)
    desk = _front_desk(juniper, owner)
    _agent(juniper, "After hours", owner, {"First version": AFTER_HOURS})
    ensure_desk(juniper, owner)
    main = _number(juniper, "+12085550110", "Main line", "Front desk")
    _number(juniper, "+12085550112", "After hours", "After hours")
    _number(juniper, "+12085550118", "Billing", "")
    _neighbour()
    told = provisioning.described(juniper, desk, email=owner.email, number=main)
    if practice:
        told |= _campaign(juniper, owner, main, desk.agent)
    return {**told, "password": password(), "others": [each.email for each in JUNIPER[1:]]}


def _campaign(tenant: Tenant, owner: User, number: PhoneNumber, agent: Agent) -> dict[str, str]:
    """Its name and where it is; nothing where people have changed the business so that it cannot run."""
    try:
        campaign = samples.ensure_campaign(tenant, owner, number, agent, now())
    except DomainError:
        return {}
    return {"campaign": campaign.name, "campaign_url": f"{settings.PUBLIC_URL}/t/{tenant.slug}/campaigns/"}


def _neighbour() -> None:
    harbor = _tenant("Harbor Law", "America/New_York", HARBOR)
    owner = User.objects.get(email=HARBOR[0].email)
    _agent(harbor, "Night line", owner, {"First version": NIGHT_LINE})
    _number(harbor, "+12125550160", "Night line", "Night line")


def _tenant(name: str, timezone: str, people: tuple[Person, ...]) -> Tenant:
    tenant = Tenant.objects.filter(name=name).first() or provisioning.ensure_tenant(name, timezone=timezone, lines=10)
    for person in people:
        if not User.objects.filter(email=person.email).exists():
            provisioning.ensure_member(tenant, person.email, role=person.role, password=password(), name=person.name)
    return tenant


def _front_desk(tenant: Tenant, owner: User) -> AgentVersion:
    """In two versions, so that there is something to compare and to go back to."""
    first = {
        "greeting": "Thank you for calling Juniper Dental. This is June, the automated assistant. How can I help?",
        "farewell": "Thank you for calling Juniper Dental. Goodbye.",
        "keyterms": ["Juniper Dental", "Lindqvist", "Invisalign", "Delta Dental", "crown"],
        "prompt": FRONT_DESK + FACTS,
    }
    own = ("find_appointments", "move_appointment", "cancel_appointment")
    tools = ("check_availability", "book_appointment", *own, "leave_message", "transfer_call", "end_call")
    granted = [{"name": name, "settings": {}} for name in tools]
    second = {"prompt": f"{FRONT_DESK}{FACTS}\n{PARKING}", "tools": granted}
    return _agent(tenant, "Front desk", owner, {"First version": first, "Say where to park": second})


def _agent(tenant: Tenant, name: str, owner: User, versions: dict[str, dict[str, Any]]) -> AgentVersion:
    """The agent as it is live; a new one gets these versions, by their notes."""
    with tenant_transaction(tenant):
        agent = Agent.objects.select_related("published__agent").filter(name=name, archived_at=None).first()
        live: AgentVersion | None = agent.published if agent else None
        if live is not None:
            return live
        agent = agent or agents.create_agent(tenant, name=name)
        for note, changes in versions.items():
            agents.save_draft(tenant, agent.pk, changes=changes)
            version = agents.publish(tenant, agent.pk, by=owner, note=note)
        return version


def _number(tenant: Tenant, e164: str, label: str, agent_name: str) -> PhoneNumber:
    """The number as it is; a new one leads to the agent of this name."""
    with tenant_transaction(tenant):
        agent = Agent.objects.filter(name=agent_name, archived_at=None).first()
        number = PhoneNumber.objects.filter(e164=e164).first()
        return number or provisioning.ensure_number(tenant, e164, agent=agent, label=label)
