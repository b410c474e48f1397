"""The pace and the lines of the carrier's account, which all campaigns of all businesses share.

The account's row is held from the question how much room there is until the claim that uses it has committed: so the
limit holds for any number of processes. Who finds the row taken has no room for the moment, and asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from agentos.tenants.prepared import prepared_rows, send, send_for
from agentos.tenants.scoping import current_tenant_id
from campaigns.calling.pace import Pace
from campaigns.models import CarrierLine, CarrierPace

LONGEST_HELD = timedelta(hours=4)  # a line that nobody gave back is free again
SLOWEST = 5  # times that the pace is halved
CALM = timedelta(seconds=2)  # until the pace doubles again
TOGETHER = timedelta(seconds=1)  # one refusal now and then is none of our pace


# Whoever is about to be answered holds the business as well (`calls.services.open_call`): one after the other counts.
_BUSINESS = "select id from tenants_tenant where id = %(tenant)s for no key update skip locked"
_LOOK = "select {columns} from campaigns_carrierpace this where key = %(key)s"
_HOLD = """
select {columns} from campaigns_carrierpace this where key = any(%(keys)s) order by key for update skip locked
"""
_TAKE = """
with line as (
    insert into campaigns_carrierline (attempt_id, account, taken_at)
    select attempt_id, %(account)s, %(at)s from unnest(%(attempts)s::uuid[]) as attempt_id
)
update campaigns_carrierpace pace set next_at = taken.next_at
from unnest(%(keys)s::text[], %(moments)s::timestamptz[]) as taken(key, next_at) where pace.key = taken.key
"""


@dataclass(frozen=True, slots=True)
class Room:
    """What the account and this business may begin now. The rows are held until the transaction ends."""

    calls: int
    rows: Sequence[CarrierPace] = ()

    def take(self, attempts: Sequence[UUID], at: datetime) -> None:
        """These calls begin."""
        moments = [_of(row, at).after(len(attempts), at) for row in self.rows]
        lines = {"attempts": attempts, "account": settings.TWILIO_ACCOUNT_SID, "at": at}
        send(_TAKE, keys=[row.key for row in self.rows], moments=moments, **lines)


def ask_for_shared_room(at: datetime) -> Callable[[], Room]:
    """How many calls may begin now by the pace of the account and of this business, and by the account's lines."""
    business = send(_BUSINESS, tenant=current_tenant_id())
    keys = [_account()]
    if settings.TENANT_CALLS_PER_SECOND:
        keys.append(f"tenant:{current_tenant_id()}")
    held = send_for(CarrierPace, _HOLD, keys=keys)

    def room() -> Room:
        rows = _whole(keys, held())
        return _room(keys, rows, at) if business() else Room(0)

    return room


def _room(keys: Sequence[str], rows: Sequence[CarrierPace], at: datetime) -> Room:
    if len(rows) < len(keys):
        return Room(0)
    calls = min(_of(row, at).room(at) for row in rows)
    if calls and settings.CARRIER_CALLS_AT_ONCE:
        lines = CarrierLine.objects.filter(account=settings.TWILIO_ACCOUNT_SID, taken_at__gt=at - LONGEST_HELD)
        free = settings.CARRIER_CALLS_AT_ONCE - settings.CARRIER_LINES_KEPT_FREE - lines.count()
        calls = min(calls, free)
    return Room(max(0, calls), rows)


def account_pace(at: datetime) -> Pace:
    """The pace of the account alone, to share it out. Nothing is held, so less may be left when it is taken."""
    found = prepared_rows(CarrierPace, _LOOK, key=_account()) or [CarrierPace(key=_account())]
    return _of(found[0], at)


def hold(call_id: UUID) -> None:
    """Somebody calls in: the carrier has given them a line, and no campaign gets it meanwhile."""
    CarrierLine.objects.get_or_create(pk=call_id, defaults={"account": settings.TWILIO_ACCOUNT_SID})


def give_back(line_id: UUID) -> None:
    """The attempt, or the call of somebody who called in, is over."""
    CarrierLine.objects.filter(pk=line_id).delete()


def slow_down(at: datetime) -> None:
    """The carrier has refused a call as one too many. When it does so again within a second, the pace is halved."""
    row = CarrierPace.objects.select_for_update().filter(pk=_account()).first()
    if row is None:
        return
    again = row.refused_at is not None and at - row.refused_at < TOGETHER
    just_now = row.throttled_at is not None and at - row.throttled_at < TOGETHER
    if again and not just_now:
        row.throttles, row.throttled_at = min(SLOWEST, _level(row, at) + 1), at
    row.refused_at = at
    row.save(update_fields=["throttles", "throttled_at", "refused_at"])


def _of(row: CarrierPace, at: datetime) -> Pace:
    """The pace of the account, which the carrier may have slowed down, or that of a business."""
    is_account = row.key == _account()
    whole = settings.CARRIER_CALLS_PER_SECOND if is_account else settings.TENANT_CALLS_PER_SECOND
    return Pace(whole / 2 ** _level(row, at), row.next_at)


def _level(row: CarrierPace, at: datetime) -> int:
    """How many times the pace is halved at this moment."""
    if row.throttled_at is None:
        return 0
    since = abs(at - row.throttled_at)  # a clock that was set back has us wait no longer
    return max(0, row.throttles - int(since / CALM))


def _whole(keys: Sequence[str], held: list[CarrierPace]) -> list[CarrierPace]:
    """All of these rows, made if they are missing; without those that somebody else holds."""
    if len(held) == len(keys):
        return held
    CarrierPace.objects.bulk_create([CarrierPace(key=key) for key in keys], ignore_conflicts=True)
    return prepared_rows(CarrierPace, _HOLD, keys=keys)


def _account() -> str:
    return f"account:{settings.TWILIO_ACCOUNT_SID}"
