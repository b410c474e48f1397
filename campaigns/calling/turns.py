"""Who calls next when there is not room for all: businesses share evenly, and so do the campaigns of each.

Whoever was served longest ago comes first, so that a pace of one call a second goes round, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import sleep
from uuid import UUID

from django.utils.timezone import now

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from campaigns.calling.claiming import Claimed
from campaigns.calling.dialling import Dialer
from campaigns.calling.lines import account_pace
from campaigns.models import Campaign

ROUND_S, TICK = 0.03, timedelta(seconds=1)  # few calls at a time, so that none waits for many
Call = Callable[[int, UUID, datetime, int], Claimed]
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Turn:
    """A running campaign, and when it was last served. `again`: it is worth asking within this second."""

    tenant_id: int
    campaign_id: UUID
    served_at: datetime
    again: bool = True

    def take(self, most: int, at: datetime, call: Call) -> int:
        """Have at most so many people called; how many it came to."""
        claimed = call(self.tenant_id, self.campaign_id, at, most)
        self.again = claimed.again
        if claimed.wishes:
            self.served_at = at
        return len(claimed.wishes)


def running() -> list[Turn]:
    """The running campaigns of all businesses that are not suspended."""
    turns = []
    for tenant_id in Tenant.objects.filter(suspended_at=None).values_list("pk", flat=True):
        with tenant_transaction(tenant_id):
            campaigns = Campaign.objects.filter(status=Campaign.Status.RUNNING).values_list("pk", "claimed_at")
            turns += [Turn(tenant_id, pk, claimed_at or NEVER) for pk, claimed_at in campaigns]
    return turns


def play(clock: Callable[[], datetime] = now, wait: Callable[[float], None] = sleep) -> None:
    """Serve everybody in rounds until the next tick, while the pace keeps somebody waiting."""
    until, turns = clock() + TICK, running()
    if not turns:
        return
    with Dialer(clock) as dialer:
        while turns:
            dialer.get_ready()
            account = account_pace(clock())
            if (at := clock()) >= until:
                break
            serve(turns, at, dialer.call, most=min(dialer.free, account.room(at)))
            turns = [turn for turn in turns if turn.again]
            if turns:
                wait(ROUND_S)
            dialer.note()


def serve(turns: Sequence[Turn], at: datetime, call: Call, most: int) -> None:
    """One round: what there is room for now is shared out, and whoever is claimed is called."""
    tenants: dict[int, list[Turn]] = {}
    for turn in sorted(turns, key=lambda each: each.served_at):
        tenants.setdefault(turn.tenant_id, []).append(turn)
    longest_ago = sorted(tenants.values(), key=lambda theirs: max(turn.served_at for turn in theirs))
    share_out(most, [_tenant(theirs, at, call) for theirs in longest_ago])


def share_out(room: int, takers: Sequence[Callable[[int], int]]) -> int:
    """Offer each an even share, and what is left to those who took all of theirs; how much was taken."""
    taken, hungry = 0, list(takers)
    while hungry and taken < room:
        share, still = -(-(room - taken) // len(hungry)), []
        for take in hungry:
            offered = min(share, room - taken)
            got = take(offered) if offered else 0
            taken += got
            if got == share:
                still.append(take)
        hungry = still
    return taken


def _tenant(turns: Sequence[Turn], at: datetime, call: Call) -> Callable[[int], int]:
    return lambda most: share_out(most, [_campaign(turn, at, call) for turn in turns])


def _campaign(turn: Turn, at: datetime, call: Call) -> Callable[[int], int]:
    return lambda most: turn.take(most, at, call)
