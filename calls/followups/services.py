"""Leads and call-backs. Each works inside the active tenant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agentos.webhooks.events import emit
from calls.calendar.booking import Guest, Origin, usual_calendar
from calls.calendar.names import is_same_name
from calls.followups.hours import due_at, zones_of
from calls.followups.models import CallBack, Lead, LeftMessage


def save_lead(guest: Guest, fields: Mapping[str, str], origin: Origin) -> Lead:
    """Write down who may become a customer. In one call, what comes later about the same person is added to it."""
    with tenant_transaction(current_tenant_id()):
        of_call = Lead.objects.select_for_update().filter(call_id=origin.call_id) if origin.call_id else ()
        known: Lead | None = next((each for each in of_call if is_same_name(guest.name, each.name)), None)
        if known is None and origin.key:
            known = Lead.objects.filter(key=origin.key).first()
        lead = known or Lead(call_id=origin.call_id, key=origin.key)
        lead.name, lead.e164 = guest.name[:120], guest.e164 or lead.e164
        lead.note = guest.reason[:500] or lead.note
        lead.fields = lead.fields | {name[:60]: value[:500] for name, value in fields.items()}
        lead.save()
        if known is None:
            emit("lead.logged", lambda: _told(lead) | {"note": lead.note, "fields": lead.fields}, key=f"lead:{lead.pk}")
        return lead


def request_call_back(guest: Guest, wished: datetime, origin: Origin) -> CallBack:
    """Somebody is to be rung, at the wished time or as soon after it as is fit. The same key asks once."""
    with tenant_transaction(current_tenant_id()):
        due = due_at(max(wished, now()), zones_of(guest.e164), usual_calendar().rules)
        rest = {"e164": guest.e164, "name": guest.name[:120], "reason": guest.reason[:300], "due_at": due}
        if origin.key is None:
            made: CallBack = CallBack.objects.create(call_id=origin.call_id, **rest)
        else:
            made, _ = CallBack.objects.get_or_create(key=origin.key, defaults={"call_id": origin.call_id} | rest)
        told = {"reason": made.reason, "due_at": made.due_at}
        emit("callback.requested", lambda: _told(made) | told, key=f"callback.requested:{made.pk}")
        return made


def keep_message(text: str, guest: Guest, origin: Origin, *, for_whom: str = "") -> LeftMessage:
    """Keep what somebody wants a person of the business to know. The same key keeps it once."""
    facts = {"text": text[:1000], "for_whom": for_whom[:120], "name": guest.name[:120], "e164": guest.e164}
    kept: LeftMessage
    kept, _ = LeftMessage.objects.get_or_create(key=origin.key, defaults={"call_id": origin.call_id, **facts})
    told = {"id": str(kept.pk), "call_id": str(origin.call_id) if origin.call_id else None, **facts}
    emit("message.left", told, key=f"message.left:{kept.pk}")
    return kept


def _told(row: Lead | CallBack) -> dict[str, Any]:
    """Of whom it is, for the business's own systems."""
    return {
        "id": str(row.pk),
        "call_id": str(row.call_id) if row.call_id else None,
        "name": row.name,
        "number": row.e164,
    }


def settle_call_back(call_back: CallBack, *, by: User, done: bool) -> CallBack:
    """Done, or taken back. The first to have done it stays named."""
    with tenant_transaction(current_tenant_id()):
        found: CallBack = CallBack.objects.select_for_update().get(pk=call_back.pk)
        if done != (found.done_at is not None):
            found.done_at, found.done_by = (now(), by) if done else (None, None)
            found.save(update_fields=["done_at", "done_by"])
        return found
