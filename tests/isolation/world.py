"""Two complete tenants, each with a row in every table, and in every text a word that belongs to it alone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import ForeignKey
from django.test import Client

from agentos.tenants import credentials
from agentos.tenants.log import record
from agentos.tenants.models import Credential, Membership, Role, Tenant, User
from agentos.tenants.scoping import TenantModel, tenant_transaction
from agentos.webhooks import services as endpoints
from agentos.webhooks.events import trial_event
from agentos.webhooks.models import Delivery, Try
from agents.models import Agent, HttpTool, McpServer, NativeAgent
from calls.after.models import Analysis, Budget, Cost, Retention, UseBeside
from calls.models import Call, JournalCursor, NativeCall, ToolRun
from telephony.website import services as buttons
from telephony.website.models import WebCall
from tests import factories
from tests.isolation.bookings import add_bookings
from tests.isolation.campaign import add_campaign
from tests.isolation.knowledge import add_knowledge


@dataclass(frozen=True)
class Business:
    """A tenant, its people by role, and the value that each parameter of an address has for it."""

    secret: str
    tenant: Tenant
    people: Mapping[str, User]
    parameters: Mapping[str, str]
    digits: str

    @cached_property
    def sessions(self) -> dict[str, str]:
        """The session key of everybody, by role, as a browser sends it."""
        sessions = {}
        for role, person in self.people.items():
            client = Client()
            client.force_login(person)
            sessions[role] = str(client.session.session_key)
        return sessions

    @cached_property
    def untouched(self) -> str:
        """The fingerprint of everything as it was at first."""
        return fingerprint(self)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody outside may read anywhere."""
        return self.secret, self.digits, f"{self.digits[3:6]}-{self.digits[6:]}"


# What a parameter is when it belongs to nobody. An address with a parameter that is missing here fails the run.
MISSING = {
    "slug": "no-such-business",
    "agent_id": str(uuid.UUID(int=7)),
    "call_id": str(uuid.UUID(int=8)),
    "version_id": "999999999",
    "number": "999",
    "number_id": "999999999",
    "contact_id": "999999999",
    "consent_id": "999999999",
    "entry_id": "999999999",
    "import_id": "999999999",
    "reply_id": "999999999",
    "load_id": "999999999",
    "member_id": "999999999",
    "campaign_id": str(uuid.UUID(int=9)),
    "endpoint_id": str(uuid.UUID(int=12)),
    "tool_id": str(uuid.UUID(int=13)),
    "server_id": str(uuid.UUID(int=14)),
    "appointment_id": str(uuid.UUID(int=10)),
    "call_back_id": "999999999",
    "calendar_id": "999999999",
    "feed_id": str(uuid.UUID(int=11)),
    "ring_id": str(uuid.UUID(int=15)),
    "source_id": "999999999",
    "gap_id": "999999999",
    "rehearsal_id": "999999999",
    "proposal_id": "999999999",
    "widget_key": str(uuid.UUID(int=15)),
}

# Parameters that name no row: the same word for everybody.
WORDS = {
    "role": "llm",
    "tool_name": "leave_message",
    "step": "message",
    "uidb36": "1",
    "key": "set-password",
    "token": "unsigned",
}

FAR = 900_000_000  # ids that are found nowhere else in a page

DIGITS = {"juniper": "2085550110", "harbor": "5035550199"}


def build(name: str, *, version: int) -> Business:
    """Everything that a business called `name` can have. `name` stands in each text of it."""
    secret = f"{name}-sentinel"
    # No line is free: what would begin a call is refused at the last moment, and leaves nothing running.
    tenant = factories.make_tenant(f"{secret} Limited", slug=f"{secret}-slug", max_concurrent_calls=0)
    people = {
        role.value: factories.make_member(tenant, role, email=f"{role}@{secret}.example", name=f"{secret} {role}")
        for role in Role
    }
    agent = factories.make_agent(tenant, f"{secret} desk", published=False, **_texts(secret))
    with tenant_transaction(tenant):
        agent.published = factories.make_version(agent, number=version, id=FAR + version, **_texts(secret))
        agent.save()
    e164 = f"+1{DIGITS[name]}"
    number = factories.make_number(tenant, e164, id=FAR + version, agent=agent, label=f"{secret} line")
    viewer = Membership.objects.filter(user=people[Role.VIEWER])
    viewer.update(id=FAR + version)
    call = _call(agent, secret, e164)
    campaign_id = add_campaign(agent, number, call, secret, e164)
    bookings = add_bookings(call, secret, e164, number.pk)
    knowledge = add_knowledge(agent, call, secret, number.pk)
    with tenant_transaction(tenant):
        credentials.store(Credential.Kind.VENDOR, "openai", f"{secret}-key")
        endpoint_id = _add_endpoint(secret)
        tool_id, server_id = _add_tools(secret)
        widget_key = _add_button(agent, call, secret)
        record("campaign.started", f"{secret} was started", subject=f"campaign {campaign_id}", note=secret)
    parameters = {
        "slug": tenant.slug,
        "agent_id": str(agent.pk),
        "call_id": str(call.pk),
        "version_id": str(agent.published_id),
        "number": str(version),
        "number_id": str(number.pk),
        **dict.fromkeys(
            ("contact_id", "consent_id", "entry_id", "import_id", "load_id", "reply_id"), str(number.pk)
        ),  # see add_campaign
        "member_id": str(viewer.get().pk),
        "campaign_id": campaign_id,
        "endpoint_id": endpoint_id,
        "tool_id": tool_id,
        "server_id": server_id,
        "widget_key": widget_key,
        **bookings,
        **knowledge,
    }
    return Business(secret, tenant, people, parameters | WORDS, DIGITS[name])


def _add_endpoint(secret: str) -> str:
    """An address that is told of calls, and how that went; switched off, so that nothing is sent."""
    endpoint, _ = endpoints.create(url=f"https://{secret}.example/", note=secret, events=["call.ended"])
    delivery = Delivery.objects.create(endpoint=endpoint, event=trial_event(), state=Delivery.State.FAILED)
    Try.objects.create(delivery=delivery, error="dns", answer=secret)
    endpoints.disable(endpoint)
    return str(endpoint.pk)


def _add_tools(secret: str) -> tuple[str, str]:
    """A tool of its own, which reaches nothing, and a server of tools."""
    texts = {"title": secret, "url": f"https://{secret}.example/"}
    offered = [{"name": secret, "title": secret, "description": secret, "parameters": {}, "changes": True}]
    server = McpServer.objects.create(name="shelf", offered=offered, problem=secret, **texts)
    tool = HttpTool.objects.create(name=secret[:40].replace("-", "_"), description=secret, **texts)
    return str(tool.pk), str(server.pk)


def _add_button(agent: Agent, call: Call, secret: str) -> str:
    """A button on a website, and a call that came by it."""
    widget = buttons.make(agent=agent, domains=[f"{secret}.example"], words=secret, telephone="")
    WebCall.objects.create(call=call, widget=widget)
    return str(widget.key)


def _texts(secret: str) -> dict[str, str]:
    names = ("greeting", "prompt", "note", "farewell", "fallback_sentence", "duration_warning", "consent_notice")
    return {name: f"{secret} {name}" for name in names}


def _call(agent: Agent, secret: str, e164: str) -> Call:
    call = factories.make_call(agent, status=Call.Status.ENDED, from_number=e164, to_number=e164, carrier_sid=secret)
    factories.make_turn(call, f"{secret} was heard", unheard=f"{secret} was not heard")
    factories.make_event(call, "note", text=f"{secret} happened")
    factories.make_usage(call, model=secret)
    factories.make_carrier_event(agent, key=secret, call_sid=secret, payload={"From": secret})
    recording = factories.make_recording(call, file=f"{secret}.wav")
    file = Path(settings.RECORDINGS_DIR) / recording.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(f"RIFF {secret}".encode())
    with tenant_transaction(agent.tenant_id):
        JournalCursor.objects.create(call=call, segment=1)
        ToolRun.objects.create(
            call=call, key=secret, turn=0, name=secret, title=secret, result=secret, arguments=[secret]
        )
        Cost.objects.create(call=call, cents=7, unpriced=[secret])
        NativeAgent.objects.create(agent=agent, differs=[secret])
        settled = {"state": NativeCall.State.IMPORTED, "lasts_until": call.ended_at, "conversation_id": secret}
        NativeCall.objects.create(call=call, vendor_agent=secret, **settled)
        UseBeside.objects.create(purpose="trying", provider="x", model=secret, unit="input_tokens", quantity=1)
        Budget.objects.create(monthly_cents=100_000)
        Retention.objects.create(transcript_days=90)
        Analysis.objects.create(call=call, state="done", made_at=call.ended_at, summary=f"{secret} came of it")
    return call


def tenant_models() -> list[type[TenantModel]]:
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


def tables_without_rows(business: Business) -> list[str]:
    """Tables that the world forgot: nothing could be seen to leak from them."""
    with tenant_transaction(business.tenant):
        return [model._meta.db_table for model in tenant_models() if not model.objects.exists()]


def something_was_written() -> bool:
    """Whether this transaction has changed any row at all. Far cheaper than to look at every one."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_current_xact_id_if_assigned()")
        return cursor.fetchone()[0] is not None


def fingerprint(business: Business) -> str:
    """Every row and every file of a business, in one line: the same line means that nothing changed."""
    tables = [f"select md5(t::text) as row from {model._meta.db_table} t" for model in tenant_models()]  # noqa: S608
    tables += [
        "select md5(t::text) from tenants_membership t where tenant_id = %(tenant)s",
        "select md5(t::text) from tenants_tenant t where id = %(tenant)s",
        "select md5(concat(u.id, u.email, u.name, u.password, u.is_active, u.is_superuser)) from tenants_user u "
        "join tenants_membership m on m.user_id = u.id where m.tenant_id = %(tenant)s",
    ]
    query = f"select md5(string_agg(row, ' ' order by row)) from ({' union all '.join(tables)}) as everything"  # noqa: S608
    with tenant_transaction(business.tenant), connection.cursor() as cursor:
        cursor.execute(query, {"tenant": business.tenant.pk})
        digest: str = cursor.fetchone()[0]
    files = sorted(Path(settings.RECORDINGS_DIR).glob(f"{business.secret}*"))
    return " ".join([digest, *(file.read_text() for file in files)])


def foreign_keys_across(here: Business, there: Business) -> list[str]:
    """Rows of `here` that point into `there`. Row-level security does not look at foreign keys."""
    links = _links()
    pointing = " union all ".join(
        f"select {index}, {field.column}::text from {model._meta.db_table} where {field.column} is not null"  # noqa: S608
        for index, (model, field) in enumerate(links)
    )
    with tenant_transaction(here.tenant), connection.cursor() as cursor:
        cursor.execute(pointing)
        pointers = set(cursor.fetchall())
    theirs = {model for _, field in links for model in [field.related_model]}
    existing = " union all ".join(
        f"select '{model._meta.db_table}', {model._meta.pk.column}::text from {model._meta.db_table}"  # noqa: S608
        for model in theirs
    )
    with tenant_transaction(there.tenant), connection.cursor() as cursor:
        cursor.execute(existing)
        rows = set(cursor.fetchall())
    named = [(*links[index], key) for index, key in pointers]
    return [f"{model.__name__}.{f.name}" for model, f, key in named if (f.related_model._meta.db_table, key) in rows]


def _links() -> list[tuple[type[TenantModel], ForeignKey]]:
    """Every foreign key from a table of a tenant to another."""
    return [
        (model, field)
        for model in tenant_models()
        for field in model._meta.concrete_fields
        if isinstance(field.related_model, type) and issubclass(field.related_model, TenantModel)
    ]
