"""One attempt: held while it is worked on, named by the carrier, taken back when no call came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from agentos.tenants.prepared import send
from agentos.tenants.scoping import current_tenant_id
from calls.services import live_calls
from campaigns.calling.breaker import watch
from campaigns.calling.lines import give_back
from campaigns.models import Attempt, Target

_NAME = """
update campaigns_attempt attempt
set carrier_sid = named.sid,
    state = case when attempt.state in ('asked', 'unknown') then 'placed' else attempt.state end
from jsonb_to_recordset(%(named)s::jsonb) as named(id uuid, sid text)
where attempt.tenant_id = %(tenant)s and attempt.id = named.id and attempt.carrier_sid is null
"""


def without_a_call() -> int:
    """How many attempts hold a line and are no call of their own: ringing ones, and those that hear a message."""
    live = Attempt.objects.exclude(state=Attempt.State.ENDED).exclude(call__in=live_calls())
    return int(live.count())


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
