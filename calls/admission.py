"""May this call be answered, and by which version? Asked while the phone rings, answered within about a second.

The database is asked first. When it does not answer in time, the last known state of the agent decides: answering
fails open, and the call's row is written behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID, uuid5

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.timezone import now

from agentos.draining import drain
from agentos.errors import DomainError
from agentos.tenants.credentials import VendorKeys
from agentos.tenants.models import PublicRoute
from agentos.tenants.scoping import tenant_transaction
from agents.endpoints import can_carry_sound
from agents.languages import LAST
from agents.models import Agent, AgentVersion
from agents.transports import ELEVENLABS_NATIVE
from agents.versions import VersionSpec
from calls import endings, engine_health, runtime
from calls.briefing import Briefing
from calls.engines import AudioEngine, RelayEngine
from calls.equipment import has_key_for
from calls.journal import spool
from calls.memory.services import settings_of, told
from calls.models import Call
from calls.moving import moved
from calls.native.giving import come_up_to_date, comes_back, give
from calls.platform_sentences import platform_sentences
from calls.services import NewCall, finish, next_segment, open_call, turn_away
from calls.snapshots import Answerer, language_of, load_snapshot, save_snapshot
from calls.taking_over import version_of

T = TypeVar("T")

DATABASE_WITHIN_S = 1.0
MOST_SEGMENTS = 20
MOST_TRIES = 3  # segments that broke off at once, before the caller is let go with a sentence

log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(8, thread_name_prefix="admission")


@dataclass(frozen=True, slots=True)
class RelayWish:
    """What the carrier needs to know to hear and speak by itself.

    `greeting` is said at once, and cannot be interrupted where it is `protected`. `plain`: with the carrier's own
    voice and ears for the language, because it did not take those that the version names.
    """

    spec: VersionSpec
    greeting: str = ""
    protected: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """A call that may be connected; its row exists or will."""

    call_id: UUID
    agent_id: UUID
    tenant_id: int
    segment: int
    engine: str = AudioEngine.name
    relay: RelayWish | None = None  # how the carrier is to hear and speak, where it does
    instructions: str = ""  # for the carrier, by the vendor that runs the conversation, where one does


@dataclass(frozen=True, slots=True)
class EngineFailure:
    """Why a segment is over. `of_engine`: the engine could not carry it; otherwise only the connection was lost.

    `of_settings`: it was about what the version asks for. `at_once`: before anybody can have said much.
    """

    of_engine: bool
    of_settings: bool = False
    at_once: bool = False


class Refused(Exception):
    """The call is not connected; `sentence` is for the caller, in the language of the agent as far as it is known."""

    def __init__(self, code: str, language: str = LAST) -> None:
        super().__init__(code)
        self.code, self.language = code, language
        self.sentence: str = getattr(platform_sentences(language), code)


def call_id_for(agent_id: UUID, carrier_sid: str) -> UUID:
    """The carrier's call is ours by name: the same webhook twice, on any process, is the same call."""
    return uuid5(agent_id, carrier_sid)


async def admit(
    *,
    agent_id: UUID,
    carrier_sid: str,
    from_number: str,
    to_number: str,
    direction: str,
    channel: str = "phone",
    briefing: Briefing | None = None,
) -> Admission:
    """Open the call and warm up what it will need. Raises Refused."""
    if drain.begun:
        raise Refused("draining", language_of(agent_id))
    if runtime.running_calls() >= settings.CALLS_PER_PROCESS:
        raise Refused("busy", language_of(agent_id))
    rest: dict[str, Any] = {"from_number": from_number, "to_number": to_number, "channel": channel}
    rest |= {"briefing": briefing or Briefing()}
    rest |= {"direction": "inbound" if direction == "inbound" else "outbound", "carrier_sid": carrier_sid}
    return await _admit(agent_id, call_id_for(agent_id, carrier_sid), rest)


async def _admit(agent_id: UUID, call_id: UUID, rest: dict[str, Any]) -> Admission:
    opened = await within_budget(lambda: _open_in_database(agent_id, call_id, rest))
    if opened is not None:
        known, rest["briefing"] = opened
    else:
        snapshot = load_snapshot(agent_id)
        if snapshot is None:
            raise Refused("busy")
        log.warning("answering without the database", agent_id=str(agent_id))
        known = snapshot
    tenant_id, business, spec, keys, tools = known
    new = NewCall(call_id=call_id, agent_id=agent_id, version_id=spec.version_id, created_at=now(), **rest)
    engine = await engine_for(spec, keys)
    if engine == ELEVENLABS_NATIVE:
        if told := await _given(new, known):
            return Admission(call_id, agent_id, tenant_id, segment=1, engine=engine, instructions=told)
        engine = AudioEngine.name
    prepared = runtime.Prepared(new, tenant_id, business, spec, engine, keys=keys, tools=tools)
    await prepared.line_up()
    opening = runtime.prepare(prepared)
    wish = RelayWish(spec, opening.text, opening.protected) if engine == RelayEngine.name else None
    return Admission(call_id, agent_id, tenant_id, segment=1, engine=engine, relay=wish)


async def _given(new: NewCall, to: Answerer) -> str:
    """The vendor's instructions for a call that it runs itself; empty where we have to carry it. Raises Refused."""
    if new.channel != Call.Channel.PHONE:  # a browser reaches us alone
        return ""
    told = await give(new, to.tenant_id, to.business, to.spec, to.keys)
    if not told and not can_carry_sound(to.spec, to.keys):
        raise Refused("speechless", to.spec.language)
    return told


async def engine_for(spec: VersionSpec, keys: VendorKeys) -> str:
    """How to carry the next call of a version: as it says, unless that is unwell and we can do it ourselves."""
    if spec.transport == AudioEngine.name or not can_carry_sound(spec, keys):
        return spec.transport
    if has_key_for(spec, keys) and await engine_health.is_well(spec.transport, spec.version_id):
        return spec.transport
    log.warning("carried in another way", engine=spec.transport, version_id=spec.version_id)
    return AudioEngine.name


async def readmit(
    *, agent_id: UUID, carrier_sid: str, failed: EngineFailure | None = None, wants_sound: bool = False
) -> Admission:
    """The next segment of a call whose socket died. Raises Refused("ended") when the conversation was over.

    `failed` is what has become of the segment before, where the carrier says so. `wants_sound`: it was ended for a
    person who listens or speaks.
    """
    call_id = call_id_for(agent_id, carrier_sid)
    if endings.ended_unheard(call_id):
        raise Refused("speechless", language_of(agent_id))
    if endings.has_ended(call_id):
        raise Refused("ended")
    if drain.begun:
        raise Refused("draining", language_of(agent_id))
    answer = await within_budget(lambda: _next_segment(agent_id, call_id))
    if answer is None:
        snapshot = load_snapshot(agent_id)
        if snapshot is None:
            raise Refused("unknown_agent")
        answer = (snapshot, spool.last_segment(call_id) + 1, wants_sound, False)
    answerer, segment, was_moved, was_away = answer
    if was_away:
        await come_up_to_date(answerer.tenant_id, agent_id, call_id)
    if segment == 0 or segment > MOST_SEGMENTS:
        raise Refused("ended")
    if failed is not None and failed.at_once and segment > MOST_TRIES:
        raise Refused("speechless", answerer.spec.language)
    if (wants_sound or was_moved) and can_carry_sound(answerer.spec, answerer.keys):
        return Admission(call_id, agent_id, answerer.tenant_id, segment)
    engine, plain = await _engine_after(answerer, failed)
    engine = AudioEngine.name if engine == ELEVENLABS_NATIVE else engine  # a vendor takes no call in the middle
    wish = RelayWish(answerer.spec, plain=plain) if engine == RelayEngine.name else None
    return Admission(call_id, agent_id, answerer.tenant_id, segment, engine, wish)


async def caller_left(*, agent_id: UUID, carrier_sid: str) -> None:
    """The carrier says that the caller has hung up, where the socket could not tell."""
    call_id = call_id_for(agent_id, carrier_sid)
    await within_budget(lambda: _end_by_caller(agent_id, call_id))
    await engine_health.note(RelayEngine.name, failed=False)


def _end_by_caller(agent_id: UUID, call_id: UUID) -> None:
    tenant = tenant_of(agent_id).tenant
    spool.recover(call_id)
    with tenant_transaction(tenant):
        if call := Call.objects.select_for_update().filter(pk=call_id).first():
            finish(call, Call.Ending.CALLER, now())


async def _engine_after(answerer: Answerer, failed: EngineFailure | None) -> tuple[str, bool]:
    """How to go on, and whether without the settings of the version."""
    if failed is None or not failed.of_engine:
        return await engine_for(answerer.spec, answerer.keys), False
    engine, version_id = answerer.spec.transport, answerer.spec.version_id
    await engine_health.note_call(engine, version_id, failed=True, of_settings=failed.of_settings)
    if can_carry_sound(answerer.spec, answerer.keys):
        return AudioEngine.name, False
    return engine, True


async def within_budget(work: Callable[[], T]) -> T | None:
    """The result, or None when the database is away or too slow. Never waits longer than DATABASE_WITHIN_S."""
    future = asyncio.get_running_loop().run_in_executor(_threads, _in_thread, work)
    done, _ = await asyncio.wait({future}, timeout=DATABASE_WITHIN_S)
    future.add_done_callback(lambda f: f.cancelled() or f.exception())
    if not done:
        return None
    try:
        return future.result()
    except DatabaseError as error:
        log.warning("the database is away", error=type(error).__name__)
        return None


def _in_thread(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connection.close()


def tenant_of(agent_id: UUID) -> PublicRoute:
    """Where a public id leads. Raises Refused."""
    route = PublicRoute.objects.select_related("tenant").filter(pk=agent_id).first()
    if route is None:
        raise Refused("unknown_agent")
    return route


def _open_in_database(agent_id: UUID, call_id: UUID, rest: dict[str, Any]) -> tuple[Answerer, Briefing]:
    tenant = tenant_of(agent_id).tenant
    with tenant_transaction(tenant):
        agent = Agent.objects.filter(pk=agent_id, archived_at=None).first()
        if agent is None:
            raise Refused("unknown_agent")
        versions = AgentVersion.objects.select_related("agent").filter(agent=agent)
        version = versions.filter(pk=agent.published_id).first()
        if version is None:
            raise Refused("unpublished")
        answerer = Answerer.of(tenant, version)
        rest = rest | {"briefing": _with_memory(answerer, rest)}
    new = NewCall(call_id=call_id, agent_id=agent_id, version_id=version.pk, created_at=now(), **rest)
    try:
        open_call(tenant.pk, new)
    except DomainError as error:
        if error.code != "ended" and new.direction == "inbound":
            turn_away(tenant.pk, new)
        raise Refused(error.code, answerer.spec.language) from None
    save_snapshot(agent_id, answerer)
    return answerer, new.briefing


def _with_memory(answerer: Answerer, rest: dict[str, Any]) -> Briefing:
    """What is remembered of whoever is on the line, where the version remembers callers and the number is shown."""
    briefing: Briefing = rest["briefing"]
    if rest["channel"] != Call.Channel.PHONE or settings_of(answerer.spec.tools) is None:
        return briefing
    number = rest["from_number"] if rest["direction"] == "inbound" else rest["to_number"]
    return replace(briefing, remembered=told(number))


def _next_segment(agent_id: UUID, call_id: UUID) -> tuple[Answerer, int, bool, bool]:
    """Who goes on, in which segment; whether the call was moved to a line of sound, and was at a vendor until now."""
    tenant = tenant_of(agent_id).tenant
    spool.recover(call_id)
    with tenant_transaction(tenant):
        line = comes_back(call_id)
    segment = (next_segment(tenant.pk, call_id) or 0) if line.goes_on else 0
    with tenant_transaction(tenant):
        call = Call.objects.filter(pk=call_id).first()
        if call is None:
            raise Refused("ended")
        return Answerer.of(tenant, version_of(call)), segment, moved(call).is_moved, line.was_away
