"""Numbers, and what the carrier tells us about calls."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import phonenumbers
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from agentos.errors import DomainError
from agentos.tenants.models import PublicRoute, Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.services import advance_call
from telephony.event_writer import ArrivedEvent, EventWriter
from telephony.models import CarrierEvent, PhoneNumber

STATUS = "status"

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def add_number(tenant: Tenant | int, *, e164: str, label: str = "", agent_id: UUID | None = None) -> PhoneNumber:
    """Give the tenant a number. Spaces, dots, dashes and brackets in it do not matter."""
    plain = normalized(e164)
    with tenant_transaction(tenant):
        number = PhoneNumber(e164=plain, label=label[:60], agent=_agent(agent_id))
        try:
            with transaction.atomic():
                number.save()
        except IntegrityError as error:
            raise DomainError("number_taken", f"The number {plain} is already in use.") from error
        return number


def assign_number(tenant: Tenant | int, number_id: int, *, agent_id: UUID | None) -> PhoneNumber:
    """Let `agent_id` answer the number, or nobody."""
    with tenant_transaction(tenant):
        number: PhoneNumber | None = PhoneNumber.objects.select_for_update().filter(pk=number_id).first()
        if number is None:
            raise DomainError("unknown_number", "This number is not one of yours.")
        number.agent = _agent(agent_id)
        number.save(update_fields=["agent"])
        return number


def lead_over_trunk(tenant: Tenant | int, number_id: int, *, trunk: str) -> PhoneNumber:
    """Let calls from the number leave by this trunk of the business's own, or, when empty, by the carrier's lines."""
    with tenant_transaction(tenant):
        number: PhoneNumber | None = PhoneNumber.objects.select_for_update().filter(pk=number_id).first()
        if number is None:
            raise DomainError("unknown_number", "This number is not one of yours.")
        number.byoc_trunk = trunk
        number.save(update_fields=["byoc_trunk"])
        return number


def leaves_by_trunk(e164: str) -> bool:
    """Whether calls from this number leave by a trunk of the business's own. Inside the tenant."""
    return bool(PhoneNumber.objects.filter(e164=e164).exclude(byoc_trunk="").exists())


def remove_number(tenant: Tenant | int, number_id: int) -> None:
    """Give the number up. Removing it twice changes nothing; one that campaigns call from stays."""
    with tenant_transaction(tenant):
        try:
            with transaction.atomic():
                PhoneNumber.objects.filter(pk=number_id).delete()
        except ProtectedError as error:
            raise DomainError("number_in_use", "A campaign calls from this number, so it stays.") from error


def normalized(e164: str) -> str:
    """The number as the carrier writes it, such as +12085550110. Raises DomainError for what cannot be one."""
    plain = re.sub(r"[\s().\-]", "", e164)
    try:
        is_possible = bool(_E164.fullmatch(plain)) and phonenumbers.is_possible_number(phonenumbers.parse(plain))
    except phonenumbers.NumberParseException:
        is_possible = False
    if not is_possible:
        raise DomainError("invalid_number", "Write the number with its country code, such as +1 208 555 0110.")
    return plain


def record_carrier_event(
    tenant: Tenant | int,
    *,
    agent_id: UUID,
    call_sid: str,
    kind: str,
    key: str,
    payload: dict[str, Any],
    received_at: datetime,
) -> bool:
    """Store a webhook under its key; True when it is new. The carrier repeats itself, and that changes nothing."""
    with tenant_transaction(tenant):
        is_new: bool
        _, is_new = CarrierEvent.objects.get_or_create(
            key=key,
            defaults={
                "agent_id": agent_id,
                "call_sid": call_sid,
                "kind": kind,
                "payload": payload,
                "received_at": received_at,
            },
        )
        return is_new


def file_event(event: ArrivedEvent) -> None:
    """Store the event with the tenant it belongs to, and move the call on where it reports a status."""
    route = PublicRoute.objects.filter(pk=event.agent_id).first()
    if route is None:
        return
    with tenant_transaction(route.tenant_id):
        record_carrier_event(
            route.tenant_id,
            agent_id=event.agent_id,
            call_sid=event.call_sid,
            kind=event.kind,
            key=event.key,
            payload=event.payload,
            received_at=event.received_at,
        )
        if event.kind == STATUS:
            advance_call(
                route.tenant_id,
                agent_id=event.agent_id,
                carrier_sid=event.call_sid,
                status=event.payload["CallStatus"],
                at=_reported_at(event),
            )


def carrier_events() -> EventWriter:
    """What keeps this process's webhooks behind their answers."""
    return _event_writer(Path(settings.SPOOL_DIR) / "carrier-events")


@cache
def _event_writer(folder: Path) -> EventWriter:
    return EventWriter(folder, file_event)


def _reported_at(event: ArrivedEvent) -> datetime:
    """The carrier's own time of what it reports; ours when it gives none."""
    try:
        at = parsedate_to_datetime(event.payload.get("Timestamp", ""))
    except ValueError:
        return event.received_at
    return at if at.tzinfo else event.received_at


def _agent(agent_id: UUID | None) -> Agent | None:
    if agent_id is None:
        return None
    agent: Agent | None = Agent.objects.filter(pk=agent_id, archived_at=None).first()
    if agent is None:
        raise DomainError("unknown_agent", "This agent is not one of yours.")
    return agent
