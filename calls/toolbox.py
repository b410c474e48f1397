"""The Toolbox for real: what the conversation's judgement lets through is done here, once, in a thread of its own.

Before an effect its row is written and committed: whoever asks for the same again, in this process or in the one that
takes the call over, finds the row instead of doing it twice. A row that says "running" and belongs to nobody any more
means that nobody knows; then a person is told, and it is not tried again.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.scoping import WrongTenant, tenant_transaction
from agents.tools import Grant, Tool, ToolContext, ToolOutcome, built_in, granted
from agents.versions import VersionSpec
from calls.conversation.guarding import UNKNOWN, Granted, GuardedToolbox, Run, RunJournal, Wish, Worker
from calls.conversation.ports import ToolResult
from calls.models import ToolRun

THREADS, OF_ONE_TENANT = 24, 8
FINISHED_WITHIN_S = 8.0  # for what is still going on when the call ends

Act = Callable[[Wish, Mapping[str, Any]], Awaitable[ToolResult]]

log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tools")
_shares: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, asyncio.Semaphore]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Scene:
    """The call in which tools run."""

    tenant_id: int
    call_id: UUID
    spec: VersionSpec
    business: str
    caller_number: str
    kept: Callable[[Any], Any] = lambda value: value  # what may be stored of it
    moment: datetime | None = None  # when it takes place, where that is not now


def open_toolbox(
    scene: Scene,
    journal: RunJournal,
    now_ms: Callable[[], int],
    *,
    earlier: Sequence[Run] = (),
    own: Mapping[str, Tool] | None = None,
    through: Callable[[ToolWorker], Worker] = lambda worker: worker,
) -> tuple[GuardedToolbox, ToolWorker]:
    """The tools that the version grants; `own` are those that the business has made itself.

    `through` puts another worker before ours, such as one that only pretends.
    """
    grants = granted(scene.spec.tools, {**built_in(), **(own or {})})
    worker = ToolWorker(scene, {grant.tool.name: grant for grant in grants})
    box = GuardedToolbox(
        [_granted(grant.tool) for grant in grants],
        through(worker),
        journal,
        now_ms=now_ms,
        callers_number=scene.caller_number,
        earlier=earlier,
    )
    return box, worker


def _granted(tool: Tool) -> Granted:
    told = (tool.title, tool.effect, tool.waits, tool.timeout_s, tool.limits, tool.private, tool.outside)
    return Granted(tool.spec(), *told)


@dataclass(slots=True)
class ToolWorker:
    """Runs wishes that were found good. `act` does what only the conversation can."""

    scene: Scene
    grants: Mapping[str, Grant]
    act: Act | None = None
    entries: Mapping[str, str] = field(default_factory=dict)
    handed_to: Mapping[str, Any] | None = None  # the agent that the call goes on with

    async def perform(self, wish: Wish) -> ToolResult:
        """As Worker. A thread that has begun goes on to its end, whoever still waits for it."""
        grant = self.grants[wish.tool.spec.name]
        if grant.tool.run is None:
            return await self.act(wish, grant.settings) if self.act else FAILED
        async with _share(self.scene.tenant_id):
            return await asyncio.get_running_loop().run_in_executor(_threads, self._in_thread, wish, grant)

    def _in_thread(self, wish: Wish, grant: Grant) -> ToolResult:
        try:
            if grant.tool.effect and (known := self._claim(wish)):
                return known
        except (DatabaseError, WrongTenant) as error:  # the row of the call is not there, or the database is not
            self._report(grant, error)
            return FAILED
        else:
            return self._run(wish, grant)
        finally:
            connection.close()

    def _run(self, wish: Wish, grant: Grant) -> ToolResult:
        try:
            detached = self._detached(wish, grant) if grant.tool.detached else None
            with tenant_transaction(self.scene.tenant_id):
                outcome = detached or self._outcome(wish, grant)
                self._note(wish, outcome)
        except Exception as error:  # the end of a thread: what a tool raises is its own fault and ends nobody's call
            self._report(grant, error)
            if not grant.tool.effect:
                return FAILED
            return UNKNOWN if grant.tool.outside else self._settle(wish)
        self.handed_to = outcome.target or self.handed_to
        told = (outcome.content, outcome.ok, outcome.say, outcome.then, outcome.recalled, outcome.certain)
        return ToolResult(*told)

    def _report(self, grant: Grant, error: Exception) -> None:
        """Where it failed, without what it was about: an error's words may hold anything."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        ids = {"call_id": str(self.scene.call_id), "tool": grant.tool.name}
        log.error("a tool has failed", error=type(error).__name__, where=where, **ids)

    def _detached(self, wish: Wish, grant: Grant) -> ToolOutcome:
        """Another system takes its time; our connection goes back to those who need one."""
        run = grant.tool.run
        assert run is not None  # noqa: S101 - the conversation's own were done by `act`
        connection.close()
        return run(self._context(wish, grant), wish.arguments)

    def _outcome(self, wish: Wish, grant: Grant) -> ToolOutcome:
        run = grant.tool.run
        assert run is not None  # noqa: S101 - the conversation's own were done by `act`
        try:
            with transaction.atomic():
                return run(self._context(wish, grant), wish.arguments)
        except DomainError as error:
            return ToolOutcome(error.message, ok=False)

    def _context(self, wish: Wish, grant: Grant) -> ToolContext:
        scene = self.scene
        return ToolContext(
            tenant_id=scene.tenant_id,
            call_id=scene.call_id,
            turn=wish.turn,
            version=scene.spec,
            business=scene.business,
            caller_number=scene.caller_number,
            now=scene.moment or now(),
            key=f"{scene.call_id}:{wish.key}",
            settings=grant.settings,
            caller_said=wish.said,
            entries=dict(self.entries),
        )

    # The row -------------------------------------------------------------------------------------------

    def _claim(self, wish: Wish) -> ToolResult | None:
        """Make the wish ours before anything happens; what became of it, when it was somebody else's already."""
        try:
            with tenant_transaction(self.scene.tenant_id):
                ToolRun.objects.create(call_id=self.scene.call_id, key=wish.key, **_facts(wish, self.scene.kept))
        except IntegrityError:
            with tenant_transaction(self.scene.tenant_id):
                return result_of(ToolRun.objects.get(call_id=self.scene.call_id, key=wish.key))
        return None

    def _note(self, wish: Wish, outcome: ToolOutcome) -> None:
        """In the transaction of the effect itself: one is never there without the other. Of what nobody knows the row
        goes on saying so."""
        if wish.tool.effect and outcome.certain:
            state = ToolRun.State.DONE if outcome.ok else ToolRun.State.FAILED
            self._row(wish).update(state=state, result=self.scene.kept(outcome.content))

    def _settle(self, wish: Wish) -> ToolResult:
        """After a failure: the row tells whether the effect was committed all the same."""
        try:
            with tenant_transaction(self.scene.tenant_id):
                row = self._row(wish).select_for_update().get()
                if row.state != ToolRun.State.RUNNING:
                    return result_of(row)
                self._row(wish).update(state=ToolRun.State.FAILED, result=FAILED.content)
        except DatabaseError:
            return UNKNOWN
        return FAILED

    def _row(self, wish: Wish) -> Any:
        return ToolRun.objects.filter(call_id=self.scene.call_id, key=wish.key)


FAILED = ToolResult(
    "This does not work right now, and nothing was done. Say so, and offer to take a message.", ok=False
)


def result_of(row: ToolRun) -> ToolResult:
    """What an earlier run has come to, for whoever asks for the same again."""
    if row.state == ToolRun.State.RUNNING:
        return UNKNOWN
    return ToolResult(row.result, ok=row.ok)


def _facts(wish: Wish, kept: Callable[[Any], Any]) -> dict[str, Any]:
    tool = wish.tool
    return {
        "turn": wish.turn,
        "tool_call_id": wish.call.id[:80],
        "name": tool.spec.name,
        "title": tool.title,
        "arguments": kept(wish.kept_arguments),
        "effect": tool.effect,
        "started_ms": wish.at_ms,
    }


def _share(tenant_id: int) -> asyncio.Semaphore:
    """One business whose tools are slow does not keep the others waiting."""
    shares = _shares.setdefault(asyncio.get_running_loop(), {})
    return shares.setdefault(tenant_id, asyncio.Semaphore(OF_ONE_TENANT))
