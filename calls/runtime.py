"""Where a call comes to life: its row and version, its equipment, its journal and its Session are put together here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog
from django.db import DatabaseError, connection

from agentos.tenants.credentials import VendorKeys
from agents.endpoints import can_carry_sound
from agents.providers.ports import ProviderError
from agents.tools import Tool
from agents.versions import VersionSpec
from calls import endings, engine_health
from calls.conversation.history import History
from calls.conversation.ports import Line, TextLine
from calls.conversation.rescue import nobody
from calls.conversation.script import Ending
from calls.conversation.session import Session
from calls.engines import AudioEngine, Engine, RealtimeEngine, RelayEngine
from calls.equipment import Equipment, Mind, RealtimeEquipment
from calls.journal import CallJournal
from calls.knowing import Knowledge
from calls.lineup import Lineup, line_up
from calls.live.attendance import Attendance
from calls.live.summoning import summons
from calls.moving import BEGUN, HANDOFF
from calls.opting_out import OptingOut
from calls.redaction import Redactor
from calls.rehearsal.guard import hands_of, is_rehearsed, stops_of
from calls.rescue import rescuer
from calls.resumption import Earlier, heard_before, load_earlier
from calls.scripts import CallTexts, Opening
from calls.services import INDEXES_PER_SEGMENT, NewCall
from calls.snapshots import Answerer
from calls.spool import SpoolKey
from calls.taking_over import EVENT
from calls.toolbox import FINISHED_WITHIN_S, Scene, open_toolbox

PREPARED_FOR_S = 60.0  # a call whose socket does not come by then is not coming
DATABASE_WITHIN_S = 1.0
SHIPPED_WITHIN_S = 1.0

EQUIPMENT: dict[str, type[Mind]] = {
    AudioEngine.name: Equipment,
    RealtimeEngine.name: RealtimeEquipment,
    RelayEngine.name: Mind,
}
GOES_ON = frozenset({Ending.MEDIA_LOST, Ending.HAND_OVER, Ending.MOVED})
OF_SOUND = frozenset({AudioEngine.name, RealtimeEngine.name})

E = TypeVar("E", bound=Engine)

log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(8, thread_name_prefix="runtime")


@dataclass(frozen=True, slots=True)
class CallClaims:
    """What a one-time token says: this socket is that segment of that call; `most_s`: no longer than that, if any."""

    call_id: UUID
    agent_id: UUID
    tenant_id: int
    segment: int
    carrier_sid: str
    most_s: int = 0


@dataclass(slots=True, eq=False)
class Prepared:
    """A call that was admitted, with its equipment warming up."""

    new: NewCall
    tenant_id: int
    business: str
    spec: VersionSpec
    engine: str = AudioEngine.name  # the way in which it will be carried, as far as is known
    texts: CallTexts | None = None
    equipment: Mind | None = None
    timer: asyncio.TimerHandle | None = None
    keys: VendorKeys = field(default_factory=dict, repr=False)  # the business's own, by vendor
    tools: Mapping[str, Tool] = field(default_factory=dict, repr=False)  # the business's own, by name
    language: str = ""  # in which it was held so far, where that is not the version's
    speaker: UUID | None = None  # to whom it was passed on, where it is not the agent of the call
    lineup: Lineup | None = None  # who hears, thinks and speaks in it, where that was decided

    async def line_up(self) -> None:
        """Do without those who are unwell. Never raises, and hardly waits."""
        self.lineup = await line_up(self.spec, self.keys, self.tenant_id, self.engine)
        self.spec = self.lineup.spec

    @property
    def left(self) -> Sequence[Mapping[str, str]]:
        """Whom the call does without at first."""
        return self.lineup.left if self.lineup else ()


_prepared: dict[UUID, Prepared] = {}
_running: dict[UUID, RunningCall[Any]] = {}
_closing: set[asyncio.Task[None]] = set()


def running_calls() -> int:
    """How many calls this process carries."""
    return len(_running)


def prepare(prepared: Prepared) -> Opening:
    """Warm up while the phone rings. Asked twice for the same call, it prepares once."""
    call_id = prepared.new.call_id
    if call_id in _running:
        return Opening()
    if call_id not in _prepared:
        _equip(prepared)
        loop = asyncio.get_running_loop()
        prepared.timer = loop.call_later(PREPARED_FOR_S, lambda: _give_up(call_id))
        _prepared[call_id] = prepared
    texts = _prepared[call_id].texts
    assert texts is not None  # noqa: S101 - set by _equip
    return texts.opening()


def _equip(prepared: Prepared) -> None:
    prepared.texts = CallTexts(
        prepared.spec,
        business=prepared.business,
        caller_number=_caller_number(prepared.new),
        at=prepared.new.briefing.moment or prepared.new.created_at,
        briefing=prepared.new.briefing,
        tools=prepared.tools,
    )
    kind, lineup = EQUIPMENT[prepared.engine], prepared.lineup or Lineup(prepared.spec)
    knowledge = Knowledge(prepared.tenant_id, prepared.speaker or prepared.new.agent_id, prepared.spec.language)
    prepared.equipment = kind(lineup, prepared.keys, knowledge, prepared.language)
    prepared.equipment.languages.today_in = prepared.texts.today_in
    prepared.equipment.open(prepared.texts)


def _caller_number(new: NewCall) -> str:
    """The number of whoever the agent speaks with."""
    return new.from_number if new.direction == "inbound" else new.to_number


def _give_up(call_id: UUID) -> None:
    prepared = _prepared.pop(call_id, None)
    if prepared is not None and prepared.equipment is not None:
        _let_go(prepared.equipment)


def _let_go(equipment: Mind) -> None:
    task = asyncio.ensure_future(equipment.close())
    _closing.add(task)
    task.add_done_callback(_closing.discard)


async def forget_prepared() -> None:
    """Let go of every call whose socket has not come: the process ends."""
    while _prepared:
        _, prepared = _prepared.popitem()
        if prepared.timer is not None:
            prepared.timer.cancel()
        if prepared.equipment is not None:
            await prepared.equipment.close()
    if _closing:
        await asyncio.wait(set(_closing))


async def start_call(claims: CallClaims, line: Line) -> RunningCall[AudioEngine]:
    """Begin the conversation of one segment on a line of sound.

    Raises LookupError when nothing is known about the call.
    """
    prepared, earlier = await _prepared_for(claims, OF_SOUND)
    equipment = prepared.equipment
    assert isinstance(equipment, Equipment)  # noqa: S101 - it was prepared for sound
    keeps = prepared.spec.keeps_recording or is_rehearsed(prepared.new)
    file = f"{claims.tenant_id}/{claims.call_id}.ulaw2" if keeps else ""
    engine: AudioEngine
    if isinstance(equipment, RealtimeEquipment):
        engine = RealtimeEngine(equipment, line, recording=file, earlier_ms=earlier.elapsed_ms)
    else:
        engine = AudioEngine(equipment, line, recording=file, earlier_ms=earlier.elapsed_ms)
    return _started(RunningCall(claims, prepared, earlier, engine))


async def start_relayed_call(claims: CallClaims, line: TextLine, *, greeted: bool) -> RunningCall[RelayEngine]:
    """Begin it on a line of words; `greeted`: the carrier says the first words by itself. Raises LookupError."""
    prepared, earlier = await _prepared_for(claims, frozenset({RelayEngine.name}))
    assert prepared.equipment is not None  # noqa: S101 - set by _equip
    engine = RelayEngine(prepared.equipment, line, greeted=greeted)
    return _started(RunningCall(claims, prepared, earlier, engine))


def _started(call: RunningCall[E]) -> RunningCall[E]:
    call.start()
    return call


async def _prepared_for(claims: CallClaims, engines: frozenset[str]) -> tuple[Prepared, Earlier]:
    """The call with what this way of carrying it needs, and what was said in it so far."""
    prepared = _prepared.pop(claims.call_id, None) if claims.segment == 1 else None
    if prepared is not None and prepared.timer is not None:
        prepared.timer.cancel()
    if prepared is not None and prepared.engine in engines:
        return prepared, heard_before(prepared.new.briefing)
    if prepared is not None and prepared.equipment is not None:
        _let_go(prepared.equipment)
    prepared, earlier = await _load(claims)
    prepared.speaker, prepared.language = earlier.agent_id, earlier.language
    if claims.segment == 1:
        earlier = replace(earlier, said=heard_before(prepared.new.briefing).said)
    usual = AudioEngine.name if AudioEngine.name in engines else RelayEngine.name
    prepared.engine = prepared.spec.transport if prepared.spec.transport in engines else usual
    await prepared.line_up()
    _equip(prepared)
    return prepared, earlier


async def _load(claims: CallClaims) -> tuple[Prepared, Earlier]:
    """The call's version and what was said so far, from the database or from what is kept on this host."""
    loop = asyncio.get_running_loop()

    def in_thread(use_database: bool) -> tuple[NewCall, Answerer, Earlier]:
        try:
            return load_earlier(claims.tenant_id, claims.agent_id, claims.call_id, use_database=use_database)
        finally:
            if use_database:
                connection.close()

    future = loop.run_in_executor(_threads, in_thread, True)
    future.add_done_callback(lambda f: f.cancelled() or f.exception())
    done, _ = await asyncio.wait({future}, timeout=DATABASE_WITHIN_S)
    try:
        if not done:
            raise DatabaseError("too slow")
        new, answerer, earlier = future.result()
    except DatabaseError:
        new, answerer, earlier = await loop.run_in_executor(_threads, in_thread, False)
    tenant_id, business, spec, keys, tools = answerer
    if claims.most_s:
        spec = replace(spec, max_duration_s=min(spec.max_duration_s, claims.most_s))
    return Prepared(new, tenant_id, business, spec, keys=keys, tools=tools), earlier


def _redactor(prepared: Prepared) -> Redactor:
    spec = prepared.spec
    return Redactor.of(spec.redaction, language=spec.language, known=(spec.agent_name, prepared.business))


def _scene(claims: CallClaims, prepared: Prepared, redactor: Redactor) -> Scene:
    number = _caller_number(prepared.new)
    moment, kept = prepared.new.briefing.moment, redactor.data
    return Scene(claims.tenant_id, claims.call_id, prepared.spec, prepared.business, number, kept, moment)


class RunningCall(Generic[E]):
    """One segment of a call on this process. Nothing that the socket calls waits."""

    def __init__(self, claims: CallClaims, prepared: Prepared, earlier: Earlier, engine: E) -> None:
        texts = prepared.texts
        assert texts is not None  # noqa: S101 - set by _equip
        self._claims, self._spec, self._earlier, self.engine = claims, prepared.spec, earlier, engine
        self._new, self._left, self._browser = prepared.new, prepared.left, not prepared.new.is_by_carrier
        redactor, instructions = _redactor(prepared), "\n\n".join(filter(None, (texts.system_prompt(), engine.note)))
        key = SpoolKey(claims.tenant_id, claims.call_id, claims.segment)
        self._journal = CallJournal(key, self._names, redactor=redactor, spoken_by=earlier.passed_to)
        self._opting_out = OptingOut(claims.tenant_id, claims.call_id)
        scene = _scene(claims, prepared, redactor)
        runs, own, hands = earlier.runs, prepared.tools, hands_of(prepared.new)
        self._toolbox, self._worker = open_toolbox(
            scene, self._journal, lambda: self._session.now_ms(), earlier=runs, own=own, through=hands
        )
        self._session = Session(
            script=engine.script(earlier.begin(texts, resumed=claims.segment > 1, speculation=self._spec.speculation)),
            history=History(instructions, earlier.said, earlier.notes),
            listener=engine.listener,
            make_speaker=engine.speaker,
            model=earlier.model(engine.model),
            line=engine.line,
            journal=self._journal,
            toolbox=self._toolbox,
            earlier_ms=earlier.elapsed_ms,
            next_index=(claims.segment - 1) * INDEXES_PER_SEGMENT + bool(prepared.new.briefing.message),
            on_stop=stops_of(prepared.new, self._opting_out.store),
            rescue=nobody if is_rehearsed(prepared.new) else rescuer(scene),
            operator_ears=engine.operator_ears,
            summons=summons(scene, may_ring=not is_rehearsed(prepared.new)),
            languages=engine.languages,
        )
        may_move = isinstance(engine, RelayEngine) and can_carry_sound(prepared.spec, prepared.keys)
        self._session.operator.prepare(earlier.left.speaker, earlier.moved_ago_s, may_move=may_move)
        self._attendance = Attendance(claims.tenant_id, claims.call_id, self._session, engine.tap)
        self._worker.act, self._worker.entries = self._session.acts.perform, self._session.acts.entries
        engine.attach(self._session)
        engine.report_to(self._on_failure)
        self.mark_reached, self.digit = self._session.mark_reached, self._session.digit
        self.typed, self.still_typing = self._session.typed, self._session.still_typing
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        _running[self._claims.call_id] = self
        self._task = asyncio.ensure_future(self._run())

    async def line_closed(self, *, caller_hung_up: bool) -> None:
        """The socket is gone. Returns when everything was let go of."""
        self._session.caller_gone(hung_up=caller_hung_up or self._browser)
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        ids = {"call_id": str(self._claims.call_id), "segment": self._claims.segment}
        earlier_ms = self._earlier.elapsed_ms
        if self._claims.segment == 1:
            self._journal.opened(self._new)
            self._journal.heard_before(self._new.briefing.message, earlier_ms)
        else:
            self._journal.event(BEGUN, earlier_ms, self._earlier.moved.news)
        self._journal.answered()
        if not self._browser and self.engine.name != self._spec.transport:
            facts = {"wanted": self._spec.transport, "used": self.engine.name}
            self._journal.event("engine_fallback", earlier_ms, facts | self._earlier.moved.reason)
        for each in self._left:
            self._journal.event("vendor_left", earlier_ms, dict(each))
        self.engine.begin()
        self._attendance.begin()
        try:
            ending = await self._session.run()
            log.info("conversation over", ending=ending.value, **ids)
        except Exception:  # the end of a task: only this call ends, and the carrier comes back at its resume URL
            log.exception("conversation broke off", **ids)
            ending = Ending.MEDIA_LOST
        try:
            await self._attendance.end(goes_on=ending in GOES_ON)
            await self._finish(ending)
        finally:
            _running.pop(self._claims.call_id, None)
            self.engine.line.hang_up()

    async def _finish(self, ending: Ending) -> None:
        await self._opting_out.stored()
        await self._toolbox.close(FINISHED_WITHIN_S)
        await self.engine.finish(self._journal)
        if ending is Ending.MEDIA_LOST:
            if self.engine.name in OF_SOUND:  # a session for words just closes, also when the caller hangs up
                self._journal.event("media_lost", self._session.now_ms())
        elif ending is Ending.HAND_OVER:  # the carrier comes back, and the call goes on with the other agent
            self._journal.event(EVENT, self._session.now_ms(), dict(self._worker.handed_to or {}))
        elif ending is Ending.MOVED and isinstance(self.engine, RelayEngine):
            self.engine.line.hand_off(HANDOFF)
        elif ending is Ending.TRANSFER:  # the carrier goes on with the call, and may bring it back
            self._journal.event("transfer", self._session.now_ms())
        else:
            endings.remember(self._claims.call_id, was_heard=self.engine.has_spoken)
            self._journal.ended(ending.value)
            if self.engine.name != AudioEngine.name:
                name, failed, of_settings = self.engine.name, self.engine.has_failed, self.engine.is_refused
                await engine_health.note_call(name, self._spec.version_id, failed=failed, of_settings=of_settings)
        arrived = self._journal.shipped(SHIPPED_WITHIN_S)
        self._journal.close()
        await arrived

    def _on_failure(self, part: str, error: ProviderError) -> None:
        data = {"part": part, "provider": error.provider, "code": error.code, "retryable": error.retryable}
        self._journal.event("failure", self._session.now_ms(), data)

    def _names(self, kind: str) -> tuple[str, str]:
        spec = self._spec
        return {
            "stt": (spec.stt_provider, spec.stt_model),
            "llm": (spec.llm_provider, spec.llm_model),
            "tts": (spec.tts_provider, spec.tts_model),
            **self.engine.serves,
        }[kind]
