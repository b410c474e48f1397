"""One attempt: held while it is worked on, named by the carrier, taken back when no call came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.timezone import now

from agentos.tenants.prepared import prepared, send
from agentos.tenants.scoping import current_tenant_id
from calls.services import SIGN_OF_LIFE
from campaigns.calling.breaker import watch
from campaigns.calling.lines import give_back
from campaigns.models import Attempt, Target

# The lines of a business, counted in this one way for callers, campaigns and pages. A line that rings, or plays a
# message, is an attempt only; one that talks with the agent is an attempt and a call, and counts once.
LINES = """
with call as (
    select id, carrier_sid from calls_call
    where tenant_id = %(tenant)s and status <> 'ended' and seen_at >= %(seen_since)s
), live as (
    select campaign_id, call_id, carrier_sid from campaigns_attempt
    where tenant_id = %(tenant)s and state <> 'ended' and carrier_sid is distinct from %(besides)s
)
"""
IN_USE = """
((select count(*) from call) + (select count(*) from live
    where (call_id is null or call_id not in (select id from call))
    and (carrier_sid is null or carrier_sid not in (select carrier_sid from call where carrier_sid is not null))))
"""
_NAME = """
update campaigns_attempt attempt
set carrier_sid = named.sid,
    state = case when attempt.state in ('asked', 'unknown') then 'placed' else attempt.state end
from jsonb_to_recordset(%(named)s::jsonb) as named(id uuid, sid text)
where attempt.tenant_id = %(tenant)s and attempt.id = named.id and attempt.carrier_sid is null
"""


def lines_in_use(*, besides: str = "") -> int:
    """How many lines of this business are taken, but for the attempt whose call the carrier knows by this name."""
    ((taken,),) = prepared(f"{LINES} select {IN_USE}", besides=besides, **about_lines())
    return int(taken)


def about_lines() -> dict[str, Any]:
    """What LINES asks for: the business, and since when a call that holds a line was seen."""
    return {"tenant": current_tenant_id(), "seen_since": now() - SIGN_OF_LIFE}


def locked(attempt_id: UUID) -> Attempt | None:
    """The attempt, held until the transaction ends. Rows that point at it can still be written meanwhile."""
    attempts = Attempt.objects.select_for_update(of=("self",), no_key=True)
    found: Attempt | None = attempts.select_related("campaign__number", "target").filter(pk=attempt_id).first()
    return found


def of_call(attempt_id: UUID, sid: str) -> Attempt | None:
    """The same, for this call; None for a second call that claims to be the attempt's."""
    attempt = locked(attempt_id)
    return attempt if attempt is not None and attempt.carrier_sid == sid else None


def adopt(sids: Mapping[UUID, str]) -> None:
    """The carrier knows the calls of these attempts by these names. A callback may have said so before."""
    named = [{"id": str(attempt_id), "sid": sid} for attempt_id, sid in sids.items()]
    send(_NAME, tenant=current_tenant_id(), named=json.dumps(named))


def take_back(attempt: Attempt, outcome: str, at: datetime, *, delay: timedelta = timedelta()) -> None:
    """No call came about: the person waits again, and the attempt does not count."""
    attempt.state, attempt.outcome, attempt.ended_at = Attempt.State.ENDED, outcome, at
    attempt.asked_at = None
    attempt.save(update_fields=["state", "outcome", "ended_at", "asked_at"])
    target = attempt.target
    target.status, target.attempts_made, target.due_at = Target.Status.WAITING, attempt.number - 1, at + delay
    target.save(update_fields=["status", "attempts_made", "due_at"])
    give_back(attempt.pk)
    watch(attempt.campaign_id, outcome, at)
