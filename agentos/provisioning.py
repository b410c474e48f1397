"""Making sure that a business, its people, agents and numbers exist: the verbs of `provision` and `seed`.

Each finds what is there, makes what is missing, and says nothing when there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils.text import slugify

from agentos.errors import DomainError
from agentos.tenants.models import Membership, Role, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agentos.tenants.zones import timezones
from agents import services as agents
from agents.comparison import same, values
from agents.drafts import judge
from agents.models import Agent, AgentVersion
from telephony import services as telephony
from telephony.addresses import incoming_call_url, incoming_message_url, media_url, status_url
from telephony.models import PhoneNumber

LINES = 200
_LOCK = 0x61676F73


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """What happens inside is kept whole or not at all, and waits for another run that is under way."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        yield


def ensure_tenant(wish: str, *, timezone: str | None = None, lines: int | None = None) -> Tenant:
    """The tenant with this slug or name; a new one takes as many calls at a time as one process carries, and more."""
    slug = slugify(wish)
    if not slug:
        raise DomainError("no_tenant", "Give the business a name with letters or digits in it.")
    tenant = Tenant.objects.filter(slug=slug).first() or Tenant.objects.filter(name=wish).first()
    if tenant is None:
        tenant = Tenant(name=wish, slug=slug, max_concurrent_calls=LINES)
    tenant.timezone = timezone or tenant.timezone
    tenant.max_concurrent_calls = lines or tenant.max_concurrent_calls
    _valid(tenant)
    tenant.save()
    return tenant


def ensure_member(
    tenant: Tenant, email: str, *, role: Role = Role.OWNER, password: str | None = None, name: str = ""
) -> User:
    """The person with this address, in this role; without a password nobody can sign in as a new person."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise DomainError("no_email", f"{email or 'Nothing'} is no email address.") from error
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, password, name=name)
    elif password and not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    Membership.objects.update_or_create(tenant=tenant, user=user, defaults={"role": role})
    return user


def ensure_agent(tenant: Tenant, name: str, *, changes: Mapping[str, Any], template_name: str) -> AgentVersion:
    """The agent of this name, live with these values; what `changes` does not name stays as it is live.

    Raises DomainError when a value makes no sense, and when publishing would take along what somebody else has
    changed in the draft.
    """
    with tenant_transaction(tenant):
        agent = Agent.objects.select_related("published__agent").filter(name=name, archived_at=None).first()
        if agent is None:
            agent = agents.create_agent(tenant, name=name, template_name=template_name)
        live: AgentVersion | None = agent.published
        if live is not None:
            judgement = judge(values(live), changes)
            if not judgement.accepted and not judgement.errors:
                return live
            if not same(live, agents.draft_of(agent)):
                raise DomainError("unpublished", f"The draft of {name} has changes: publish or discard them first.")
        saved = agents.save_draft(tenant, agent.pk, changes=changes)
        for field, found in saved.errors.items():
            raise DomainError("wrong_value", f"{field.replace('_', ' ')}: {found[0]}")
        return agents.publish(tenant, agent.pk, anyway=True)


def ensure_number(tenant: Tenant, e164: str, *, agent: Agent | None, label: str = "") -> PhoneNumber:
    """The number, answered by this agent. Raises DomainError when it belongs to another business."""
    plain = telephony.normalized(e164)
    agent_id = agent.pk if agent else None
    with tenant_transaction(tenant):
        number: PhoneNumber | None = PhoneNumber.objects.filter(e164=plain).first()
        if number is None:
            return telephony.add_number(tenant, e164=plain, label=label, agent_id=agent_id)
        if number.agent_id != agent_id:
            return telephony.assign_number(tenant, number.pk, agent_id=agent_id)
        return number


def described(tenant: Tenant, version: AgentVersion, *, email: str, number: PhoneNumber | None) -> dict[str, Any]:
    """What a script needs to know to call the agent and to look at the calls."""
    dashboard = f"{settings.PUBLIC_URL}/t/{tenant.slug}"
    return {
        "tenant": tenant.slug,
        "tenant_id": tenant.pk,
        "email": email or None,
        "agent": version.agent.name,
        "agent_id": str(version.agent_id),
        "version": version.number,
        "number": str(number.e164) if number else None,
        "transport": version.transport,
        "stt": f"{version.stt_provider}:{version.stt_model}",
        "llm": f"{version.llm_provider}:{version.llm_model}",
        "tts": f"{version.tts_provider}:{version.tts_model}",
        "voice": version.tts_voice,
        "speculation": version.speculation,
        "max_concurrent_calls": tenant.max_concurrent_calls,
        "incoming_call_url": incoming_call_url(version.agent_id),
        "status_url": status_url(version.agent_id).partition("#")[0],
        "incoming_message_url": incoming_message_url(version.agent_id),
        "media_url": media_url(version.agent_id),
        "dashboard_url": f"{dashboard}/calls/",
        "agent_url": f"{dashboard}/agents/{version.agent_id}/",
    }


def _valid(tenant: Tenant) -> None:
    if tenant.timezone not in timezones():
        raise DomainError("wrong_value", "There is no time zone of this name. Write it like America/Boise.")
    try:
        tenant.full_clean()
    except ValidationError as error:
        field, found = next(iter(error.message_dict.items()))
        raise DomainError("wrong_value", f"{field.replace('_', ' ')}: {found[0]}") from error
