"""Tools in a conversation that a vendor runs: its model asks us, we judge and do, and it reads what came of it.

The judgement is that of every other engine (`calls/conversation/guarding.py`), and so are the rows: whatever is asked
for twice, by whomever, finds the row of the first time. What the caller has said is the vendor's own record of it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import structlog
from django.conf import settings
from django.core import signing
from django.db import connection
from django.utils.module_loading import import_string
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.hand_overs import NAME as HAND_OVER
from agents.native.offering import HEARD, STOP, STOP_CALLING, TURNS, filled, is_there
from agents.native.offering import KEYS as KEYPAD
from agents.native.services import tools_for
from agents.providers.ports import ToolCall
from agents.tools import Arguments, Tool, ToolContext, ToolOutcome
from agents.versions import VersionSpec
from calls import taking_over
from calls.announce import announce
from calls.conversation.guarding import READING_GIVES_UP_S, UNKNOWN, Run, digest_of
from calls.conversation.ports import ToolResult
from calls.conversation.stopping import find_stop
from calls.models import Call, ToolRun
from calls.native.leaving import KEYS, keep_said, report_of, roles
from calls.native.models import NativeCall
from calls.redaction import Redactor
from calls.resumption import run_of
from calls.shipping import write_run
from calls.toolbox import Scene, open_toolbox, result_of
from calls.transfers.services import TOOL as TRANSFER
from calls.transfers.telling import tell

SALT, LASTS_S = "calls.native.tools", 24 * 3600
MOST_ROWS = 80  # of one call, also refusals
MOST_HEARD, LONGEST_HEARD = 400, 4_000
MOST_TURNS = 10_000
LOOKS_EVERY_S = 0.1
BACKGROUND_S = 55.0

OVER = ToolResult("The call is over. Nothing was done.", ok=False)
ENOUGH = ToolResult("Too many tools for one call. Go on without them.", ok=False)
STILL = ToolResult("This is still under way. Tell the caller so, and do not ask for it again.", ok=False)
NO_STOP = "They have not said so. Ask whether they never want to be called again."
NEXT = {
    "hang_up": "Then use end_call.",
    "hand_over": "Tell the caller in half a sentence that you pass them on, and use end_call at once.",
    "transfer": "Tell the caller in half a sentence that you put them through, and use end_call at once.",
}

LEAVES = {KEYPAD: KEYS, HAND_OVER: taking_over.EVENT, TRANSFER: ""}  # what the agent leaves for, by the event of it

T = TypeVar("T")

log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(8, thread_name_prefix="native-tools")
_going_on: set[asyncio.Task[ToolResult]] = set()


# The pass ------------------------------------------------------------------------------------------------


def pass_for(tenant_id: int, call_id: UUID) -> str:
    """With which the vendor proves that it asks about this call. It opens nothing else, and nothing afterwards."""
    return signing.dumps([tenant_id, call_id.hex], salt=SALT)


def read_pass(text: str) -> tuple[int, UUID] | None:
    """The tenant and the call; None for what we have not signed."""
    try:
        tenant_id, call_id = signing.loads(text, salt=SALT, max_age=LASTS_S)
    except signing.BadSignature:
        return None
    return int(tenant_id), UUID(call_id)


# One request ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What the vendor's model asks for, and what the vendor adds to it."""

    name: str
    arguments: dict[str, Any]
    said: Sequence[tuple[str, str]]  # by whom, and what
    turn: int

    @property
    def heard(self) -> list[str]:
        """What the caller said."""
        return [text for role, text in self.said if role == "user"]

    @classmethod
    def of(cls, name: str, body: Mapping[str, Any]) -> Asked:
        said = said_in(body.get(HEARD))
        turns = str(body.get(TURNS, ""))
        turn = int(turns) if turns.isascii() and turns.isdecimal() and len(turns) < 6 else len(said)
        arguments = {key: value for key, value in body.items() if key not in (HEARD, TURNS)}
        return cls(name, arguments, said, min(turn, MOST_TURNS))


def said_in(history: Any) -> list[tuple[str, str]]:
    """Who said what so far, in order, in the vendor's record; empty for whatever reads otherwise."""
    try:
        entries = json.loads(history) if isinstance(history, str) else history
    except (ValueError, RecursionError):
        return []
    if isinstance(entries, dict):
        entries = entries.get("entries")
    known = [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    return [(role, text[:LONGEST_HEARD]) for role, text in roles(known)][-MOST_HEARD:]


@dataclass(frozen=True, slots=True)
class Standing:
    """A call that the vendor has, as far as tools go: who acts, with what, and what was done before."""

    scene: Scene
    tools: Mapping[str, Tool]
    runs: Sequence[Run]
    began: datetime

    def now_ms(self) -> int:
        return max(0, round((now() - self.began).total_seconds() * 1000))


async def run_tool(tenant_id: int, agent_id: UUID, call_id: UUID, asked: Asked) -> ToolResult:
    """Judge and do what is asked for, once. Repeated, it answers what the first time came to."""
    standing = await _in_thread(lambda: _standing(tenant_id, agent_id, call_id, asked))
    if not isinstance(standing, Standing):
        return standing
    tool = standing.tools.get(asked.name)
    arguments = filled(asked.arguments, tool.parameters) if tool else asked.arguments
    journal = _Rows(standing)
    box, _ = open_toolbox(standing.scene, journal, standing.now_ms, earlier=standing.runs, own=standing.tools)
    for text in asked.heard:
        box.caller_said(text)
    text = json.dumps(arguments, ensure_ascii=False)
    task = asyncio.ensure_future(box.run(asked.turn, ToolCall("", asked.name, text)))
    _going_on.add(task)
    task.add_done_callback(_going_on.discard)
    patience_s = _patience_s(tool)
    done, _ = await asyncio.wait({task}, timeout=patience_s)
    result = task.result() if done else STILL
    if result is UNKNOWN and tool is not None:
        result = await _of_another(standing.scene, tool.name, arguments, patience_s)
    await journal.written()
    announce(tenant_id, {call_id})
    return result


def told(result: ToolResult) -> dict[str, Any]:
    """The answer as the model there reads it."""
    say = f'Say exactly: "{result.say}"' if result.say else ""
    return {"ok": result.ok, "result": " ".join(filter(None, (result.content, say, NEXT.get(result.then, ""))))}


def _patience_s(tool: Tool | None) -> float:
    if tool is None:
        return 1.0
    return tool.timeout_s + READING_GIVES_UP_S if tool.waits else BACKGROUND_S


async def _of_another(scene: Scene, name: str, arguments: Mapping[str, Any], within_s: float) -> ToolResult:
    """The same is being done already, or was when a process died: what it has come to within this time."""
    loop = asyncio.get_running_loop()
    until, key = loop.time() + within_s, f"{name[:48]}:{digest_of(arguments)}:"

    def look() -> ToolResult:
        with tenant_transaction(scene.tenant_id):
            row = ToolRun.objects.filter(call_id=scene.call_id, key__startswith=key).order_by("pk").last()
            return result_of(row) if row is not None else UNKNOWN

    while (found := await _in_thread(look)) is UNKNOWN and loop.time() < until:
        await asyncio.sleep(LOOKS_EVERY_S)
    return found


def _standing(tenant_id: int, agent_id: UUID, call_id: UUID, asked: Asked) -> Standing | ToolResult:
    with tenant_transaction(tenant_id):
        open_ones = NativeCall.objects.filter(state=NativeCall.State.OPEN, lasts_until__gt=now())
        there = open_ones.filter(call_id=call_id, call__agent_id=agent_id).exclude(call__status=Call.Status.ENDED)
        native = there.select_related("call__version__agent", "call__tenant").first()
        if native is None:
            return OVER
        rows = list(native.call.tool_runs.all())
        if len(rows) >= MOST_ROWS:
            return ENOUGH
        call, spec = native.call, VersionSpec.of(native.call.version)
        tools = {name: tool for name, tool in tools_for(agent_id, spec).items() if is_there(tool)}
        stopping = replace(STOP_CALLING, run=_stop_calling(str(call.briefing.get("stopped", ""))))
        redactor = Redactor.of(spec.redaction, language=spec.language, known=(spec.agent_name, call.tenant.name))
        if asked.name in tools and asked.name in LEAVES:
            tools[asked.name] = _leaving_with(tools[asked.name], native, asked, redactor)
        scene = Scene(
            tenant_id,
            call_id,
            replace(spec, tools=_grants(spec, tools)),
            call.tenant.name,
            call.from_number if call.direction == "inbound" else call.to_number,
            redactor.data,
        )
        done = [run_of(row) for row in rows if row.state != ToolRun.State.REFUSED]
        return Standing(scene, {**tools, STOP: stopping}, done, call.answered_at or call.created_at)


def _leaving_with(tool: Tool, native: NativeCall, asked: Asked, redactor: Redactor) -> Tool:
    """The agent leaves the call for this one: why, and what was said until then, is kept with what it does."""

    def run(context: ToolContext, arguments: Arguments) -> ToolOutcome:
        assert tool.run is not None  # noqa: S101 - it is offered there
        outcome = tool.run(context, arguments)
        if outcome.ok:
            lasted_s = (now() - (native.call.answered_at or now())).total_seconds()
            if wish := LEAVES[tool.name]:
                tell(native.call, wish, **(outcome.target or arguments))
            held = NativeCall.objects.select_for_update(of=("self",)).select_related("call").get(pk=native.pk)
            keep_said(held, report_of(asked.said, lasted_s), redactor)
        return outcome

    return replace(tool, run=run)


def _grants(spec: VersionSpec, tools: Mapping[str, Tool]) -> list[dict[str, Any]]:
    chosen = {each["name"]: each for each in spec.tools}
    return [chosen.get(name, {"name": name, "settings": {}}) for name in tools]


def _stop_calling(stopped: str) -> Callable[[ToolContext, Arguments], ToolOutcome]:
    """`stopped` answers whoever asks for it in a call that we made. In others nobody is called."""

    def run(context: ToolContext, arguments: Arguments) -> ToolOutcome:
        if find_stop(arguments["said"]) is None and find_stop(context.caller_said) is None:
            return ToolOutcome(NO_STOP, ok=False)
        if not stopped:
            return ToolOutcome("They called us; nobody calls them from here. Offer to take a message about it.")
        import_string(settings.STOP_CALLS)(context.tenant_id, context.call_id, arguments["said"], context.now)
        return ToolOutcome("Nobody calls them any more.", say=stopped, then="hang_up")

    return run


class _Rows:
    """Journal of runs: a row for each, in its place at once."""

    def __init__(self, standing: Standing) -> None:
        self._scene, self._pending = standing.scene, set[asyncio.Future[None]]()

    def tool(self, key: str, state: dict[str, Any]) -> None:
        kept = state | {name: self._scene.kept(state[name]) for name in ("arguments", "result")}
        future = asyncio.ensure_future(_in_thread(lambda: self._write(key, kept)))
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)

    async def written(self) -> None:
        if self._pending:
            await asyncio.wait(set(self._pending))

    def _write(self, key: str, state: dict[str, Any]) -> None:
        with tenant_transaction(self._scene.tenant_id):
            write_run(self._scene.call_id, key, state)


async def _in_thread(work: Callable[[], T]) -> T:
    def run() -> T:
        try:
            return work()
        finally:
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(_threads, run)
