"""Whether those who hear, think and speak are well: what came of asking them in the last minutes, for all processes.

Whoever fails too often is left alone: calls begin with a second choice, and every TRIAL_EVERY_S one call tries the
first again. One answer in such a call, or enough of them in others, and all is forgotten; so it is when nobody has
asked for a while. Counted for each business, and for all that share a key of this installation: those leave a vendor
together, once two of them have met its failures. Without Redis a process goes by what it has seen itself.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from weakref import WeakKeyDictionary

import structlog
from django.utils.crypto import salted_hmac
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from agentos.tenants.credentials import NO_KEYS, VendorKeys
from agents.endpoints import endpoint
from agents.providers.ports import ProviderError
from calls.engine_health import MINUTES, MOST_KEPT, Health
from calls.quick_redis import AWAY, quick_redis

TRIAL_EVERY_S = 30
LEFT_S = 600  # so long after its last failure it is left alone, should nobody try
KEPT_S = 2 * MINUTES * 60
SENT_AFTER_S = 1.0
EVERYBODY = "all"
OF_THE_REQUEST = frozenset(  # what says something of one request, and nothing of whoever refuses it
    {"400", "413", "422", "address", "closed", "content_filter", "filtered", "language", "option", "refusal", "request"}
    | {"voice"}
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked to hear, think or speak; `place` stands for its address and key, and tells nothing about them."""

    kind: str
    provider: str
    model: str
    place: str
    is_own: bool  # by a key or an address of the business

    def circles(self, tenant_id: int) -> list[Circle]:
        """Among whom it is counted when this business asks."""
        own = Circle(self, str(tenant_id))
        return [own] if self.is_own else [own, Circle(self, EVERYBODY)]


@dataclass(frozen=True, slots=True)
class Circle:
    """One business, or everybody, as they meet somebody who is asked."""

    asked: Asked
    of: str

    def key(self, what: str) -> str:
        asked = self.asked
        return f"vendor-{what}:{asked.kind}:{asked.provider}:{asked.model}:{asked.place}:{self.of}"

    def minutes(self, what: str) -> list[str]:
        """The keys of the last minutes."""
        return [self.key(f"{what}-{minute}") for minute in range(_minute() - MINUTES + 1, _minute() + 1)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking once. `tried`: it is left alone, and this call tries it again."""

    asked: Asked
    tenant_id: int
    failed: bool
    tried: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Somebody is left alone, since a moment in seconds; `of` a business, or everybody."""

    kind: str
    provider: str
    model: str
    place: str
    of: str
    since: int

    @property
    def name(self) -> str:
        return f"{self.provider} ({self.model})"


_unsent: Counter[Outcome] = Counter()
_seen: deque[tuple[int, Circle, bool]] = deque(maxlen=MOST_KEPT)
_sending: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[None]] = WeakKeyDictionary()


def asked(kind: str, provider: str, model: str, keys: VendorKeys = NO_KEYS) -> Asked:
    """Who that is for a business with these keys."""
    place, shared = (endpoint(provider, each, hears=kind == "stt") for each in (keys, NO_KEYS))
    digest = salted_hmac("vendor-health", f"{place.base_url} {place.api_key}").hexdigest()[:12]
    return Asked(kind, provider, model, digest, is_own=place != shared)


def tells(error: ProviderError | None) -> bool:
    """Whether this outcome says anything about the health of whoever was asked."""
    return error is None or error.retryable or error.code not in OF_THE_REQUEST


# Counting -------------------------------------------------------------------------------------------------


def note(outcome: Outcome) -> None:
    """Count it. Returns at once; other processes know a moment later."""
    _seen.append((_minute(), Circle(outcome.asked, str(outcome.tenant_id)), outcome.failed))
    _unsent[outcome] += 1
    loop = asyncio.get_running_loop()
    if (task := _sending.get(loop)) is None or task.done():
        _sending[loop] = loop.create_task(_send_soon())


async def _send_soon() -> None:
    while _unsent:
        await asyncio.sleep(SENT_AFTER_S)
        await send()


async def stop_sending() -> None:
    """The process ends: what was seen is told at once."""
    if (task := _sending.pop(asyncio.get_running_loop(), None)) is not None:
        task.cancel()
        await asyncio.wait({task})
    await send()


async def send() -> None:
    """Tell all processes what this one has seen. Never raises, and hardly waits."""
    outcomes = dict(_unsent)
    _unsent.clear()
    if not outcomes:
        return
    try:
        async with quick_redis() as redis:
            await _count(redis, outcomes)
            await _judge(redis, outcomes)
    except AWAY as error:
        log.warning("the health of vendors is not shared", error=type(error).__name__)


async def _count(redis: Redis, outcomes: Mapping[Outcome, int]) -> None:
    async with redis.pipeline(transaction=False) as pipe:
        for outcome, times in outcomes.items():
            for circle in outcome.asked.circles(outcome.tenant_id):
                key = circle.minutes("asked")[-1]
                pipe.hincrby(key, "calls", times)
                pipe.hincrby(key, "failed", times * outcome.failed)
                pipe.expire(key, KEPT_S)
                if outcome.failed and circle.of == EVERYBODY:
                    pipe.pfadd(circle.minutes("hurt")[-1], outcome.tenant_id)
                    pipe.expire(circle.minutes("hurt")[-1], KEPT_S)
        await pipe.execute()


async def _judge(redis: Redis, outcomes: Iterable[Outcome]) -> None:
    """Leave alone whoever has become unwell; whoever answers again is forgiven."""
    came: dict[Circle, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        for circle in outcome.asked.circles(outcome.tenant_id):
            came[circle].append(outcome)
    flags = await redis.mget([circle.key("left") for circle in came])
    is_left = {circle: flag is not None for circle, flag in zip(came, flags, strict=True)}
    doubtful = [each for each, what in came.items() if is_left[each] or any(outcome.failed for outcome in what)]
    if not doubtful:
        return
    found = await _healths(redis, doubtful)
    async with redis.pipeline(transaction=False) as pipe:
        for circle in doubtful:
            _decide(pipe, circle, came[circle], found[circle], is_left=is_left[circle])
        await pipe.execute()


def _decide(pipe: Pipeline, circle: Circle, came: Sequence[Outcome], found: Health, *, is_left: bool) -> None:
    flag, has_failed = circle.key("left"), any(outcome.failed for outcome in came)
    has_answered = not all(outcome.failed for outcome in came)
    if is_left and any(outcome.tried and not outcome.failed for outcome in came):
        pipe.delete(flag, *circle.minutes("asked"), *circle.minutes("hurt"))
    elif not found.is_well:
        asked = circle.asked
        trouble = Trouble(asked.kind, asked.provider, asked.model, asked.place, circle.of, int(time.time()))
        pipe.set(flag, json.dumps(asdict(trouble)), nx=True, ex=LEFT_S)
        pipe.expire(flag, LEFT_S)
        if not is_left:
            pipe.set(circle.key("trial"), 1, nx=True, ex=TRIAL_EVERY_S)
            log.warning("a vendor is left alone", kind=asked.kind, provider=asked.provider, model=asked.model)
    elif has_failed:
        pipe.expire(flag, LEFT_S)
    elif has_answered:
        pipe.delete(flag)


async def _healths(redis: Redis, circles: Sequence[Circle]) -> dict[Circle, Health]:
    """What came of asking in the last minutes. Failures of one business alone are not everybody's."""
    async with redis.pipeline(transaction=False) as pipe:
        for circle in circles:
            pipe.pfcount(*circle.minutes("hurt"))
            for key in circle.minutes("asked"):
                pipe.hmget(key, "calls", "failed")
        answers = iter(await pipe.execute())
    found = {}
    for circle in circles:
        hurt = next(answers)
        calls, failed = (
            sum(int(each or 0) for each in two) for two in zip(*(next(answers) for _ in range(MINUTES)), strict=True)
        )
        found[circle] = Health(calls, failed if circle.of != EVERYBODY or hurt > 1 else 0)
    return found


# Asking ---------------------------------------------------------------------------------------------------


async def left_alone(askeds: Sequence[Asked], tenant_id: int) -> dict[Asked, Circle]:
    """Who of these is left alone, by everybody or by this business. Never raises, and hardly waits."""
    circles = [circle for each in askeds for circle in each.circles(tenant_id)]
    try:
        async with quick_redis() as redis:
            flags = await redis.mget([circle.key("left") for circle in circles])
        return {circle.asked: circle for circle, flag in zip(circles, flags, strict=True) if flag}
    except AWAY:
        return {circle.asked: circle for circle in circles if not _own(circle).is_well}


def _own(circle: Circle) -> Health:
    """What this process has seen."""
    since = _minute() - MINUTES
    own = [failed for minute, met, failed in _seen if met == circle and minute > since]
    return Health(len(own), sum(own))


async def may_try(circle: Circle) -> bool:
    """Whether this call is the one that tries it again. Never raises, and hardly waits."""
    try:
        async with quick_redis() as redis:
            return bool(await redis.set(circle.key("trial"), 1, nx=True, ex=TRIAL_EVERY_S))
    except AWAY:
        return False


# Showing --------------------------------------------------------------------------------------------------


async def troubles(askeds: Sequence[Asked], tenant_id: int) -> dict[Asked, tuple[Trouble, Health]]:
    """Who of these is left alone, and what came of asking for this business. Raises one of AWAY."""
    circles = [circle for each in askeds for circle in each.circles(tenant_id)]
    if not circles:
        return {}
    async with quick_redis() as redis:
        flags = await redis.mget([circle.key("left") for circle in circles])
        left = {circle.asked: Trouble(**json.loads(flag)) for circle, flag in zip(circles, flags, strict=True) if flag}
        own = await _healths(redis, [each.circles(tenant_id)[0] for each in left]) if left else {}
    return {circle.asked: (left[circle.asked], health) for circle, health in own.items()}


async def all_troubles() -> list[Trouble]:
    """Who is left alone, by whomever: for the operator. Raises one of AWAY."""
    async with quick_redis() as redis:
        keys = [key async for key in redis.scan_iter("vendor-left:*", count=1000)]
        flags = await redis.mget(keys) if keys else []
    return [Trouble(**json.loads(flag)) for flag in flags if flag]


def _minute() -> int:
    return int(time.time()) // 60
