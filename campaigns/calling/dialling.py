"""Asking the carrier, exactly once for each attempt.

The attempt's row says ASKED before the request leaves, and a session of whoever asks holds the attempt's lock from
before that row is written until the answer is stored. So an attempt that says ASKED, and whose lock is free, belongs to
a worker that died: its call is looked up at the carrier, and never placed again.

Whoever claims dials, with no queue between. One thread keeps the books; others wait for the carrier, and touch no
database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from functools import cache
from typing import Self
from uuid import UUID

from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from campaigns.calling.attempts import adopt, locked, take_back
from campaigns.calling.breaker import ACCOUNT_TROUBLE, pause_account
from campaigns.calling.claiming import Claimed, claim_due
from campaigns.calling.lines import slow_down
from campaigns.calling.locks import Locks
from campaigns.calling.settling import settle
from campaigns.models import Attempt
from telephony import carrier
from telephony.carrier import MOST_AT_ONCE, CarrierCall, CarrierError

TOO_MANY_REQUESTS = "20429"
PATIENCE_S = 1.0  # between two looks at what is still open


class Dialer:
    """Claims people and calls them until it is left, and is left when the carrier has answered for all."""

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        self._clock, self._locks = clock, Locks()
        self._asked: dict[Future[CarrierCall], tuple[int, UUID]] = {}

    @property
    def free(self) -> int:
        """How many more requests may leave at once: nothing is claimed that would have to wait."""
        return MOST_AT_ONCE - len(self._asked)

    def get_ready(self) -> None:
        """Before each round, so that the locks of the attempts to come need not be waited for."""
        self._locks.stock_up()

    def call(self, tenant_id: int, campaign_id: UUID, at: datetime, most: int) -> Claimed:
        """Claim at most so many people of the campaign. Once that is written down, ask the carrier for their calls."""
        claimed = claim_due(tenant_id, campaign_id, at, most, new_id=self._locks.new_id)
        for attempt_id, wish in claimed.wishes.items():
            self._asked[_threads().submit(carrier.place_call, **wish)] = tenant_id, attempt_id
        return claimed

    def note(self, wait_s: float = 0.0) -> None:
        """Store what the carrier has answered by now, or by the first answer within that time."""
        answered, _ = wait(self._asked, wait_s, FIRST_COMPLETED)
        of_tenant: dict[int, list[Future[CarrierCall]]] = defaultdict(list)
        for each in answered:
            of_tenant[self._asked[each][0]].append(each)
        for tenant_id, theirs in of_tenant.items():
            self._store(tenant_id, {self._asked.pop(each)[1]: each for each in theirs})

    def _store(self, tenant_id: int, answers: dict[UUID, Future[CarrierCall]]) -> None:
        errors = {attempt_id: each.exception() for attempt_id, each in answers.items()}
        refused = {attempt_id: error for attempt_id, error in errors.items() if isinstance(error, CarrierError)}
        with tenant_transaction(tenant_id):
            adopt({attempt_id: answers[attempt_id].result().sid for attempt_id, error in errors.items() if not error})
            for attempt_id, refusal in refused.items():
                _not_placed(attempt_id, refusal, self._clock())
        for code in {refusal.code for refusal in refused.values()} & ACCOUNT_TROUBLE.keys():
            pause_account(code)
        for error in errors.values():
            if error is not None and not isinstance(error, CarrierError):
                raise error  # of our own making; the attempt says ASKED and will be looked up

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *how: object) -> None:
        try:
            while self._asked:
                self.note(PATIENCE_S)
        finally:
            wait(self._asked)  # what cannot be stored is held until it is certainly over
            self._locks.close()


@cache
def _threads() -> ThreadPoolExecutor:
    """Those of this process that wait for the carrier."""
    return ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="dial")


def _not_placed(attempt_id: UUID, error: CarrierError, at: datetime) -> None:
    attempt = locked(attempt_id)
    if attempt is None or attempt.state != Attempt.State.ASKED:
        return
    if error.is_unknown:
        attempt.state = Attempt.State.UNKNOWN
        attempt.save(update_fields=["state"])
    elif error.code in ACCOUNT_TROUBLE:
        take_back(attempt, "void", at, delay=timedelta(minutes=5))
    elif error.code == TOO_MANY_REQUESTS:
        slow_down(at)
        take_back(attempt, "throttled", at, delay=timedelta(seconds=20))
    elif error.retryable:
        take_back(attempt, "not_placed", at, delay=timedelta(seconds=20))
    else:
        settle(attempt, "failed", at)
