"""What the business's own systems are told of a call."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from agentos.tenants.models import Tenant
from agentos.webhooks.events import emit
from calls.after.models import Analysis
from calls.models import Call


def tell_started(call: Call) -> None:
    """Inside the tenant, in the transaction in which it was answered. Of a rehearsal nobody is told."""
    if call.channel == Call.Channel.REHEARSAL:
        return
    emit("call.started", lambda: call_data(call), key=f"call.started:{call.pk}")


def tell_ended(call: Call) -> None:
    """Inside the tenant, in the transaction in which it ended. Of a rehearsal nobody is told."""
    if call.channel == Call.Channel.REHEARSAL:
        return
    emit("call.ended", lambda: call_data(call), key=f"call.ended:{call.pk}")


def tell_analyzed(analysis: Analysis) -> None:
    """Inside the tenant, in the transaction in which it was stored; each time that a call is read, but a rehearsal."""
    call, made_at = analysis.call, analysis.made_at
    if call.channel == Call.Channel.REHEARSAL:
        return
    emit(
        "call.analyzed", lambda: analysis_data(call, analysis), key=f"call.analyzed:{call.pk}:{made_at:%Y%m%d%H%M%S%f}"
    )


def analysis_data(call: Call, analysis: Analysis) -> dict[str, Any]:
    """The call, and what came of it. A field that nobody said has null."""
    return {
        **call_data(call),
        "summary": analysis.summary,
        "result": analysis.result,
        "sentiment": analysis.sentiment,
        "criteria": analysis.criteria,
        "fields": {each["name"]: each["value"] or None for each in analysis.fields},
    }


def call_data(call: Call) -> dict[str, Any]:
    """A call in JSON, the same in every event that is about one."""
    answered, ended = call.answered_at, call.ended_at
    slug = Tenant.objects.values_list("slug", flat=True).get(pk=call.tenant_id)
    return {
        "call_id": str(call.pk),
        "agent_id": str(call.agent_id),
        "agent": call.agent.name,
        "channel": call.channel,
        "site": call.origin or None,
        "direction": call.direction,
        "from": call.from_number,
        "to": call.to_number,
        "status": call.status,
        "ending": call.ending or None,
        "created_at": call.created_at,
        "answered_at": answered,
        "ended_at": ended,
        "duration_s": round((ended - answered).total_seconds()) if answered and ended else None,
        "page": f"{settings.PUBLIC_URL}/t/{slug}/calls/{call.pk}/",
    }
