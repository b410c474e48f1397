"""Rows for tests: plain functions with sensible people in them. Each enters its tenant by itself."""

from __future__ import annotations

from datetime import date, datetime
from itertools import count
from typing import Any

from django.utils.timezone import localdate, now

from agentos.tenants.models import Membership, PublicRoute, Role, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, AgentVersion
from calls.models import Call, CallEvent, Recording, Turn, UsageLine
from telephony.models import CarrierEvent, PhoneNumber

PASSWORD = "correct horse battery"

GREETING = "Thank you for calling Juniper Dental. How can I help?"
PROMPT = "You are the front desk of Juniper Dental in Boise. Opening hours: Monday to Friday, 8 AM to 5 PM."

_serial = count(1)


def make_tenant(name: str = "Juniper Dental", **fields: Any) -> Tenant:
    fields.setdefault("slug", Tenant.slug_for(name))
    return Tenant.objects.create(name=name, **fields)


def today(tenant: Tenant) -> date:
    """As the pages of the tenant see it: its own clock's, which late in the day is not the server's."""
    return localdate(timezone=tenant.zone)


def suspend(tenant: Tenant) -> None:
    tenant.suspended_at = now()
    tenant.save(update_fields=["suspended_at"])


def make_user(email: str = "", *, name: str = "", password: str | None = None) -> User:
    """A person. Without `password` nobody can sign in as them by form; tests use `client.force_login`."""
    return User.objects.create_user(email or f"person{next(_serial)}@example.com", password, name=name)


def make_member(tenant: Tenant, role: Role | str = Role.MEMBER, **person: Any) -> User:
    user = make_user(**person)
    Membership.objects.create(tenant=tenant, user=user, role=role)
    return user


def make_agent(tenant: Tenant, name: str = "Front desk", *, published: bool = True, **version: Any) -> Agent:
    """An agent with a draft and, unless told otherwise, version 1 published; all its providers are offline."""
    with tenant_transaction(tenant):
        agent = Agent.objects.create(name=name)
        PublicRoute.objects.create(id=agent.pk, tenant=tenant)
        make_version(agent, number=None, **version)
        if published:
            agent.published = make_version(agent, number=1, **version)
            agent.save(update_fields=["published"])
        return agent


def make_version(agent: Agent, number: int | None = None, **fields: Any) -> AgentVersion:
    """A draft, or with a number a published version."""
    fields = {"greeting": GREETING, "prompt": PROMPT} | fields
    with tenant_transaction(agent.tenant_id):
        published_at = now() if number is not None else None
        return AgentVersion.objects.create(agent=agent, number=number, published_at=published_at, **fields)


def make_number(tenant: Tenant, e164: str = "", *, agent: Agent | None = None, **fields: Any) -> PhoneNumber:
    with tenant_transaction(tenant):
        e164 = e164 or f"+12085550{next(_serial) % 900 + 100}"
        return PhoneNumber.objects.create(e164=e164, agent=agent, **fields)


def make_call(agent: Agent, version: AgentVersion | None = None, **fields: Any) -> Call:
    """A call that `agent` answered, ringing unless `status` says otherwise; an ended one gets its end."""
    with tenant_transaction(agent.tenant_id):
        version = version or agent.published or agent.versions.get(number=None)
        fields = {"from_number": "+12085550147", "to_number": "+12085550110"} | fields
        if fields.get("status") == Call.Status.ENDED:
            ended_at: datetime = fields.setdefault("ended_at", now())
            fields.setdefault("answered_at", ended_at)
            fields.setdefault("ending", Call.Ending.CALLER)
        return Call.objects.create(agent=agent, version=version, **fields)


def make_turn(call: Call, heard: str = "", *, speaker: str = Turn.Speaker.CALLER, **fields: Any) -> Turn:
    """The next turn of `call`, two seconds after the last one began."""
    with tenant_transaction(call.tenant_id):
        index = fields.pop("index", call.turns.count())
        times = {"started_ms": index * 2000, "ended_ms": index * 2000 + 1500}
        return Turn.objects.create(call=call, index=index, speaker=speaker, heard=heard, **(times | fields))


def make_event(call: Call, kind: str = "barge_in", *, at_ms: int = 0, **data: Any) -> CallEvent:
    with tenant_transaction(call.tenant_id):
        sequence = call.events.count()
        return CallEvent.objects.create(call=call, segment=1, sequence=sequence, kind=kind, at_ms=at_ms, data=data)


def make_recording(call: Call, file: str = "", **fields: Any) -> Recording:
    with tenant_transaction(call.tenant_id):
        return Recording.objects.create(call=call, file=file or f"{call.pk}.wav", **fields)


def make_usage(call: Call, quantity: int = 60, **fields: Any) -> UsageLine:
    with tenant_transaction(call.tenant_id):
        line = {"kind": "stt", "provider": "offline", "model": "offline", "unit": "seconds"} | fields
        return UsageLine.objects.create(call=call, quantity=quantity, **line)


def make_carrier_event(agent: Agent, kind: str = "status", **fields: Any) -> CarrierEvent:
    with tenant_transaction(agent.tenant_id):
        sid = fields.pop("call_sid", f"CA{next(_serial):032x}")
        fields = {"key": f"{sid}:{kind}", "payload": {}} | fields
        return CarrierEvent.objects.create(agent=agent, kind=kind, call_sid=sid, **fields)
