"""What a person may do to a running call from its page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils.timezone import now

from agentos.tenants.credentials import vendor_keys
from agentos.tenants.models import Membership
from agentos.tenants.permissions import Permission, may
from agents.endpoints import can_carry_sound
from agents.transports import CONVERSATION_RELAY, ELEVENLABS_NATIVE
from agents.versions import VersionSpec
from calls.models import Call, CallEvent
from calls.taking_over import version_of
from calls.transfers.desks import Department, desks

GOT_ONE = ("taken_over", "put_through", "transfer")


@dataclass(frozen=True, slots=True)
class You:
    """What the panel shows. A call that is carried as words has no sound until it is moved to a line that has."""

    is_words: bool
    can_have_sound: bool
    may_steer: bool
    departments: list[Department]  # of people to whom the caller may be put through, now or later

    @property
    def can_transfer(self) -> bool:
        """Whether there are people at all, and a line that can be put through."""
        return bool(self.departments)

    @property
    def is_somebody_there(self) -> bool:
        return any(not desk.why_not for each in self.departments for desk in each.desks)


def you(call: Call, membership: Membership) -> You | None:
    """None for calls that do not run in our processes, and for those who may only watch."""
    transport = _transport(call)
    if transport == ELEVENLABS_NATIVE or not may(membership, Permission.LISTEN_IN):
        return None
    by_phone = call.channel == Call.Channel.PHONE
    is_words = transport == CONVERSATION_RELAY and call.is_by_carrier
    return You(
        is_words=is_words,
        can_have_sound=not is_words or _could_move(call, membership),
        may_steer=may(membership, Permission.STEER_CALLS),
        departments=desks(now()) if by_phone else [],
    )


def waiting_for_person(calls: Collection[Call]) -> set[UUID]:
    """Those of these calls that are in progress, need a person, and have not got one."""
    live = [call.pk for call in calls if call.status == Call.Status.IN_PROGRESS]
    if not live:
        return set()
    told = CallEvent.objects.filter(call__in=live, kind__in=("needs_person", *GOT_ONE)).order_by("at_ms", "pk")
    newest = dict(told.values_list("call", "kind"))
    return {call for call, kind in newest.items() if kind == "needs_person"}


def _could_move(call: Call, membership: Membership) -> bool:
    """Whether this person may have it moved, and it could be carried with sound."""
    spec = VersionSpec.of(version_of(call))
    return may(membership, Permission.STEER_CALLS) and can_carry_sound(spec, vendor_keys())


def _transport(call: Call) -> str:
    """The way in which it is carried, which may not be the one that its version names."""
    other = CallEvent.objects.filter(call=call, kind="engine_fallback").order_by("segment", "sequence").last()
    return str(other.data.get("used", "")) if other else version_of(call).transport
