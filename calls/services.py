"""What happens to calls: opened once, advanced only forwards, ended once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from calls.after.budget import is_spent
from calls.briefing import Briefing
from calls.models import Call, by_carrier
from calls.telling import tell_ended, tell_started

SIGN_OF_LIFE = timedelta(seconds=90)  # a call that was not seen for this long holds no line
LONGEST_TRANSFER = timedelta(hours=4)  # so long may somebody talk with a person to whom they were put through


@dataclass(frozen=True, slots=True)
class NewCall:
    """What is known when the phone rings."""

    call_id: UUID
    agent_id: UUID
    version_id: int
    channel: str
    direction: str
    from_number: str
    to_number: str
    carrier_sid: str | None
    created_at: datetime
    briefing: Briefing = field(default_factory=Briefing)
    origin: str = ""

    @property
    def is_by_carrier(self) -> bool:
        return by_carrier(self.channel, self.carrier_sid)


def open_call(tenant_id: int, new: NewCall) -> Call:
    """Open the call, or return it if it is known: the carrier asks twice, also at the same time.

    Raises DomainError "busy" when the tenant's lines are all in use, "suspended" when the tenant is or chose to be once
    its budget is spent, and "ended" for
    a call that is over: a webhook that is played again opens nothing.
    """
    with tenant_transaction(tenant_id):
        # No stronger lock: whoever writes a row of the tenant in a long transaction would keep the caller waiting.
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        known: Call | None = Call.objects.filter(pk=new.call_id).first()
        if known is not None and known.ending == Call.Ending.REFUSED:
            raise DomainError("busy", "All lines were busy.")
        if known is not None and known.status == Call.Status.ENDED:
            raise DomainError("ended", "This call is over.")
        if known is not None:
            return known
        if tenant.is_suspended:
            raise DomainError("suspended", "This business cannot take calls at the moment.")
        if is_spent(keeps="callers"):
            raise DomainError("suspended", "The budget of this business is spent.")
        if lines_in_use(besides=new.carrier_sid or "") >= tenant.max_concurrent_calls:
            raise DomainError("busy", "All lines are busy at the moment.")
        return create_call(new)


def turn_away(tenant_id: int, new: NewCall) -> None:
    """Keep that somebody called and was not answered: they may want to be called back. Safe to repeat."""
    with tenant_transaction(tenant_id):
        finish(create_call(new), Call.Ending.REFUSED, now())


def live_calls() -> Any:
    """The calls of this tenant that hold a line."""
    return Call.objects.exclude(status=Call.Status.ENDED).filter(seen_at__gte=now() - SIGN_OF_LIFE)


def lines_in_use(*, besides: str = "") -> int:
    """How many lines of this tenant are taken: by its calls, and by what rings without being a call here yet.

    `besides` is the carrier's name of a call that was dialed by a campaign and has its line already.
    """
    taken: int = import_string(settings.LINES_IN_USE)(besides=besides)
    return taken


def create_call(new: NewCall) -> Call:
    """The row of a call inside the current tenant, made if it is missing."""
    call: Call
    call, is_new = Call.objects.get_or_create(
        pk=new.call_id,
        defaults={
            "agent_id": new.agent_id,
            "version_id": new.version_id,
            "channel": new.channel,
            "direction": new.direction,
            "from_number": new.from_number[:40],
            "to_number": new.to_number[:40],
            "carrier_sid": new.carrier_sid,
            "origin": new.origin[:255],
            "created_at": new.created_at,
            "briefing": new.briefing.to_json(),
        },
    )
    if is_new and _came_in(call):
        import_string(settings.TAKE_CARRIER_LINE)(call.pk)
    return call


def _came_in(call: Call) -> bool:
    """Whether it holds a line of the carrier's account that nobody asked the carrier for."""
    return call.is_by_carrier and call.direction == Call.Direction.INBOUND


# What the carrier reports ------------------------------------------------------------------------------

_ENDINGS = {
    "completed": Call.Ending.CARRIER,
    "busy": Call.Ending.NO_ANSWER,
    "no-answer": Call.Ending.NO_ANSWER,
    "canceled": Call.Ending.CALLER,
    "failed": Call.Ending.FAILURE,
}


def advance_call(tenant_id: int, *, agent_id: UUID, carrier_sid: str, status: str, at: datetime) -> None:
    """Take a status of the carrier. It may come late, twice and out of order: a call only moves forwards."""
    with tenant_transaction(tenant_id):
        call = Call.objects.select_for_update().filter(carrier_sid=carrier_sid, agent_id=agent_id).first()
        if call is None or call.status == Call.Status.ENDED:
            return
        if status in _ENDINGS:
            finish(call, _ENDINGS[status], at)
        elif status == "in-progress":
            answer(call, at)


def answer(call: Call, at: datetime) -> None:
    """The call is connected, if it was ringing."""
    if call.status == Call.Status.RINGING:
        call.status, call.answered_at, call.seen_at = Call.Status.IN_PROGRESS, at, now()
        call.save(update_fields=["status", "answered_at", "seen_at"])
        tell_started(call)


def finish(call: Call, ending: str, at: datetime) -> None:
    """The call is over; a later report can only say more about why."""
    if call.status != Call.Status.ENDED:
        call.status, call.ending, call.ended_at, call.seen_at = Call.Status.ENDED, ending, at, now()
        call.save(update_fields=["status", "ending", "ended_at", "seen_at"])
        if _came_in(call):
            import_string(settings.GIVE_BACK_CARRIER_LINE)(call.pk)
        tell_ended(call)
    elif call.ending == Call.Ending.CARRIER and ending != Call.Ending.CARRIER:
        call.ending = ending  # our own reason says more than the carrier's
        call.save(update_fields=["ending"])


def end_call(tenant_id: int, call_id: UUID, *, ending: str, at: datetime) -> None:
    """End the call. Ending it twice changes nothing."""
    with tenant_transaction(tenant_id):
        finish(Call.objects.select_for_update().get(pk=call_id), ending, at)


INDEXES_PER_SEGMENT = 10_000  # turns of two segments never share an index


def next_segment(tenant_id: int, call_id: UUID) -> int | None:
    """Claim the next segment of a call that lost its process; None when the call is over or unknown."""
    with tenant_transaction(tenant_id):
        call: Call | None = Call.objects.select_for_update().filter(pk=call_id).first()
        if call is None or call.status == Call.Status.ENDED:
            return None
        call.segments, call.seen_at = call.segments + 1, now()
        call.save(update_fields=["segments", "seen_at"])
        return call.segments


# Housekeeping ------------------------------------------------------------------------------------------


def keep_alive(tenant_id: int, call_ids: Sequence[UUID]) -> None:
    """These calls are carried by a living process."""
    with tenant_transaction(tenant_id):
        Call.objects.filter(pk__in=list(call_ids)).exclude(status=Call.Status.ENDED).update(seen_at=now())


def end_forgotten(tenant_id: int) -> int:
    """End the calls that nobody has carried for a while; returns how many."""
    with tenant_transaction(tenant_id):
        forgotten = Call.objects.select_for_update(skip_locked=True).exclude(status=Call.Status.ENDED)
        ended = 0
        recent = Q(transfers__created_at__gt=now() - LONGEST_TRANSFER)
        talking = recent & Q(transfers__state__in=("dialing", "returning", "talking"))
        for call in forgotten.filter(seen_at__lt=now() - SIGN_OF_LIFE).exclude(talking):
            answered = call.status == Call.Status.IN_PROGRESS
            finish(call, Call.Ending.MEDIA_LOST if answered else Call.Ending.NO_ANSWER, call.seen_at)
            ended += 1
        return ended
