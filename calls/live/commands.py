"""Commands to a running call: from any web process to the one that carries it, and its answer back.

The channel of a call names its tenant, so that a command of another business reaches nobody.
"""

from __future__ import annotations

import uuid
from uuid import UUID

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from calls.conversation.commands import Answer, Command, encode
from calls.live.exchange import exchange
from calls.quick_redis import AWAY

ANSWERED_WITHIN_S = 1.5
SOUND = b"\x00"  # begins a message with sound, of an operator's microphone behind its key; others begin with a brace
KEY_BYTES = 16


def channel_of(tenant_id: int, call_id: UUID) -> str:
    """Where the process that carries the call listens."""
    return f"agentos:call:{tenant_id}:{call_id}:in"


def sound_of(tenant_id: int, call_id: UUID) -> str:
    """Where that process lets the call be heard."""
    return f"agentos:call:{tenant_id}:{call_id}:out"


def sound_message(operator: str, sound: bytes) -> bytes:
    """What comes from the microphone called `operator`, which is a UUID in hexadecimal digits."""
    return SOUND + bytes.fromhex(operator) + sound


def send(tenant_id: int, call_id: UUID, command: Command) -> Answer:
    """Give a running call a command and wait for what comes of it. Sync; takes at most a few seconds."""
    reply_to = _reply_to()
    try:
        with Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=2 * ANSWERED_WITHIN_S,
            socket_connect_timeout=ANSWERED_WITHIN_S,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            if not client.publish(channel_of(tenant_id, call_id), encode(command, reply_to)):
                return Answer.OVER
            found = client.blpop([reply_to], timeout=ANSWERED_WITHIN_S)
    except (RedisError, OSError):
        return Answer.LOST
    return Answer(found[1].decode()) if found else Answer.LOST


async def send_soon(tenant_id: int, call_id: UUID, command: Command) -> Answer:
    """The same, for those who must not block."""
    reply_to = _reply_to()
    try:
        found = await exchange().ask(
            channel_of(tenant_id, call_id), encode(command, reply_to), reply_to, ANSWERED_WITHIN_S
        )
    except AWAY:
        return Answer.LOST
    if found is None:
        return Answer.LOST
    return Answer(found.decode()) if found else Answer.OVER


def _reply_to() -> str:
    return f"agentos:answer:{uuid.uuid4().hex}"
