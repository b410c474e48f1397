from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import jwt
import pytest
import time_machine
from django.utils.timezone import now
from pytest_django import Settings
from redis import Redis

from agentos import embedded
from calls.runtime import CallClaims
from telephony.tokens import TokenRefused, _key, mint, read, redeem
from telephony.twiml import connect_stream
from tests.telephony.signing import CALL_SID

CLAIMS = CallClaims(call_id=uuid4(), agent_id=uuid4(), tenant_id=7, segment=1, carrier_sid=CALL_SID)


async def use(token: str, *, agent_id: UUID = CLAIMS.agent_id, call_sid: str = CALL_SID) -> CallClaims:
    return await redeem(token, agent_id=agent_id, call_sid=call_sid)


@pytest.fixture
def no_redis(settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"


@pytest.fixture
def own_redis(settings: Settings, tmp_path: Path) -> Iterator[int]:
    """A Redis that the test may stop; its process id."""
    servers = embedded.start(tmp_path / "servers", durable=False, postgresql=False)
    settings.REDIS_URL = embedded.redis_url(tmp_path / "servers")
    with Redis.from_url(settings.REDIS_URL) as client:
        process = client.info("server")["process_id"]
    yield process
    servers.stop()


@contextmanager
def frozen(process: int) -> Iterator[None]:
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


async def test_a_token_names_its_call_and_opens_it():
    token = mint(CLAIMS)

    assert read(token) == CLAIMS
    assert await use(token) == CLAIMS


async def test_a_token_works_once():
    token = mint(CLAIMS)
    await use(token)

    with pytest.raises(TokenRefused, match="used before"):
        await use(token)


async def test_of_many_who_use_a_token_at_once_one_gets_in():
    token = mint(CLAIMS)

    results = await asyncio.gather(*(use(token) for _ in range(20)), return_exceptions=True)

    assert results.count(CLAIMS) == 1
    assert sum(isinstance(result, TokenRefused) for result in results) == 19


async def test_a_token_used_on_another_host_works_no_more(settings: Settings, tmp_path: Path):
    token = mint(CLAIMS)
    await use(token)
    settings.SPOOL_DIR = tmp_path / "other host"

    with pytest.raises(TokenRefused, match="used before"):
        await use(token)


@pytest.mark.usefixtures("no_redis")
async def test_without_redis_a_token_still_works_and_once():
    token = mint(CLAIMS)

    assert await use(token) == CLAIMS
    with pytest.raises(TokenRefused, match="used before"):
        await use(token)


async def test_a_frozen_redis_does_not_keep_a_caller_waiting(own_redis: int):
    token = mint(CLAIMS)
    with frozen(own_redis):
        async with asyncio.timeout(5):
            assert await use(token) == CLAIMS
            with pytest.raises(TokenRefused, match="used before"):
                await use(token)


async def test_a_full_disk_does_not_keep_a_caller_out(settings: Settings, tmp_path: Path):
    settings.SPOOL_DIR = tmp_path / "no folder"
    settings.SPOOL_DIR.write_text("")
    token = mint(CLAIMS)

    assert await use(token) == CLAIMS
    with pytest.raises(TokenRefused, match="used before"):
        await use(token)


@pytest.mark.usefixtures("no_redis")
async def test_nobody_gets_in_when_nothing_can_tell_whether_the_token_was_used(settings: Settings, tmp_path: Path):
    settings.SPOOL_DIR = tmp_path / "no folder"
    settings.SPOOL_DIR.write_text("")

    with pytest.raises(TokenRefused, match="neither"):
        await use(mint(CLAIMS))


async def test_a_token_of_another_call_is_refused_and_stays_good():
    token = mint(CLAIMS)

    with pytest.raises(TokenRefused, match="another call"):
        await use(token, agent_id=uuid4())
    for other in ("CA" + "2" * 32, ""):
        with pytest.raises(TokenRefused, match="another call"):
            await use(token, call_sid=other)
    assert await use(token) == CLAIMS


async def test_the_token_of_the_next_segment_is_another_token():
    await use(mint(CLAIMS))

    assert (await use(mint(replace(CLAIMS, segment=2)))).segment == 2


def test_a_token_dies_within_seconds(settings: Settings):
    token = mint(CLAIMS)

    with time_machine.travel(now() + timedelta(seconds=settings.CALL_TOKEN_SECONDS + 4)):
        assert read(token) == CLAIMS
    with (
        time_machine.travel(now() + timedelta(seconds=settings.CALL_TOKEN_SECONDS + 7)),
        pytest.raises(TokenRefused, match="expired"),
    ):
        read(token)


def test_a_clock_that_steps_back_does_not_shut_callers_out():
    token = mint(CLAIMS)

    with time_machine.travel(now() - timedelta(hours=1)):
        assert read(token) == CLAIMS


def forged(key: bytes | None, algorithm: str = "HS256", **changes: object) -> str:
    payload = jwt.decode(mint(CLAIMS), options={"verify_signature": False}) | changes
    return jwt.encode({name: value for name, value in payload.items() if value is not None}, key, algorithm=algorithm)


FORGERIES: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "nonsense": lambda: "a.b.c",
    "no text of the Web": lambda: "é" * 20,
    "another key": lambda: forged(b"x" * 32),
    "no signature": lambda: forged(None, "none"),
    "another algorithm": lambda: forged(_key() * 2, "HS512"),
    "for somebody else": lambda: forged(_key(), aud="invitation"),
    "for nobody": lambda: forged(_key(), aud=None),
    "of another kind": lambda: forged(_key(), typ="session"),
    "without an end": lambda: forged(_key(), exp=None),
    "without a name": lambda: forged(_key(), jti=None),
}


@pytest.mark.usefixtures("no_redis")
async def test_used_tokens_are_forgotten_when_they_have_long_ended(settings: Settings):
    def kept() -> int:
        return sum(path.is_file() for path in settings.SPOOL_DIR.rglob("*"))

    for hours, expected in ((0, 1), (1, 2), (3, 1)):
        with time_machine.travel(datetime(2026, 11, 21, 12, 10, tzinfo=UTC) + timedelta(hours=hours)):
            await use(mint(CLAIMS))
        assert kept() == expected


@pytest.mark.parametrize("what", FORGERIES)
def test_what_is_not_a_token_of_ours_for_a_call_is_refused(what: str):
    with pytest.raises(TokenRefused):
        read(FORGERIES[what]())


def test_any_change_to_a_token_breaks_it():
    token = mint(CLAIMS)
    for at, letter in enumerate(token[:-1]):  # the last letter holds spare bits
        with pytest.raises(TokenRefused):
            read(token[:at] + ("A" if letter != "A" else "B") + token[at + 1 :])


def test_a_token_of_another_installation_is_refused(settings: Settings):
    token = mint(CLAIMS)
    settings.SECRET_KEY = "another secret"

    with pytest.raises(TokenRefused, match="not ours"):
        read(token)


def test_the_longest_token_fits_into_the_parameter():
    token = mint(replace(CLAIMS, tenant_id=2**63, segment=9999, carrier_sid="x" * 40))

    assert connect_stream("wss://a.example", token, resume_url="https://a.example")
