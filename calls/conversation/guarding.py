"""The engine's own judgement over tools: whatever a model asks for, only what it may have is done, and once.

A model is a stranger who has read everything that callers say. So nothing that it writes is believed: not the name of
a tool, not the arguments, not that the caller agreed. Decided is here, on plain data, and every decision is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import uuid4

from agents.providers.limits import Limits
from agents.providers.ports import ToolCall, ToolSpec
from agents.providers.schemas import BadArguments, read_arguments
from calls.conversation.evidence import missing_evidence
from calls.conversation.ports import ToolResult

MOST_PER_TURN, MOST_PER_CALL = 5, 30  # calls of any kind, also those that are refused
REFUSED_WITHIN_S = 1.0  # to say no takes no time
MOST_REMEMBERED = 400  # turns of the caller that may be evidence
READING_GIVES_UP_S = 0.5  # so much later than its patience a tool without effect is let go of
LONGEST_S = 60.0  # whatever has an effect is waited for this long; then nobody knows
LONGEST_RESULT = 4_000  # characters that a model reads of a result
PRIVATE = "•••"

RUNNING, DONE, FAILED, REFUSED = "running", "done", "failed", "refused"

UNKNOWN = ToolResult(
    "Nobody knows whether this was done. Do not try it again; tell the caller that somebody will look into it.",
    ok=False,
    certain=False,
)
TOO_LONG = ToolResult("This took too long, and there is no result.", ok=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """A tool as the conversation may use it. `effect`: it changes something. `private` arguments are not kept.

    `outside`: another system does it.
    """

    spec: ToolSpec
    title: str = ""
    effect: bool = True
    waits: bool = True
    timeout_s: float = 8.0
    limits: Limits = field(default_factory=Limits)
    private: frozenset[str] = frozenset()
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """A call that was found good. `key` is the same for the same wish, also when another process repeats it."""

    key: str
    turn: int
    call: ToolCall
    arguments: dict[str, Any]
    tool: Granted
    at_ms: int
    said: str = ""

    @property
    def kept_arguments(self) -> dict[str, Any]:
        """As they may be written down."""
        private = self.tool.private
        return {name: PRIVATE if name in private else value for name, value in self.arguments.items()}


class Worker(Protocol):
    """Does what was found good."""

    async def perform(self, wish: Wish) -> ToolResult:
        """Do it, once for each key. Never raises."""
        ...


class RunJournal(Protocol):
    """Keeps what was asked for and what came of it; a part of the Journal."""

    def tool(self, key: str, state: dict[str, Any]) -> None: ...


@dataclass(slots=True, eq=False)
class Run:
    """A wish that was begun, in this process or an earlier one."""

    name: str
    digest: str
    turn: int
    effect: bool
    result: ToolResult | None = None
    task: asyncio.Task[ToolResult] | None = None

    @property
    def is_certain(self) -> bool:
        """Whether it is known that nothing came of it, so that it may be tried again."""
        return self.result is not None and not self.result.ok and self.result.certain


def digest_of(arguments: Mapping[str, Any]) -> str:
    """The same for the same arguments, in whatever order they were written."""
    text = json.dumps(arguments, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def digest_in(key: str) -> str:
    """The digest of the arguments in the key of a wish."""
    return key.rsplit(":", 2)[1] if key.count(":") >= 2 else ""


class GuardedToolbox:
    """The Toolbox of one call: judges, counts, remembers, and lets `worker` do what is left."""

    def __init__(
        self,
        granted: Sequence[Granted],
        worker: Worker,
        journal: RunJournal,
        *,
        now_ms: Callable[[], int],
        callers_number: str = "",
        earlier: Sequence[Run] = (),
    ) -> None:
        self._granted = {tool.spec.name: tool for tool in granted}
        self._worker, self._journal, self._now_ms = worker, journal, now_ms
        self._callers_number = callers_number
        self._runs: list[Run] = list(earlier)
        self._done: list[Run] = list(earlier)  # in the order in which they came to their results
        self._asked: list[int] = [run.turn for run in earlier]
        self._said: list[str] = []
        self._closed = False

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._granted.values())

    def patience_s(self, name: str) -> float:
        tool = self._granted.get(name)
        if tool is None:
            return REFUSED_WITHIN_S
        return tool.timeout_s if tool.waits else 0.0

    def caller_said(self, text: str) -> None:
        self._said = [*self._said[-MOST_REMEMBERED:], text]

    async def run(self, turn: int, call: ToolCall) -> ToolResult:
        """As Toolbox. Up to the moment in which a run begins, nothing here waits: no two can begin as one."""
        tool = self._granted.get(call.name)
        try:
            run = self._begin(turn, call, tool)
        except _Refused as refused:
            return self._refuse(turn, call, tool, str(refused))
        return await _result_of(run)

    async def close(self, within_s: float) -> None:
        """Nothing begins any more; wait for what has begun."""
        self._closed = True
        if tasks := [run.task for run in self._runs if run.task is not None and not run.task.done()]:
            _, late = await asyncio.wait(tasks, timeout=within_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    # Judging -------------------------------------------------------------------------------------------

    def _begin(self, turn: int, call: ToolCall, tool: Granted | None) -> Run:
        """A run for the call, new or known. Raises _Refused."""
        if self._closed:
            raise _Refused("The call is over.")
        self._count(turn)
        if tool is None:
            raise _Refused(f"There is no tool of this name. There are: {', '.join(self._granted) or 'none'}.")
        try:
            arguments = read_arguments(call.arguments or "{}", tool.spec.parameters)
        except BadArguments as wrong:
            raise _Refused(f"{wrong} Nothing was done.") from None
        digest = digest_of(arguments)
        if known := self._known(tool, digest, turn):
            return known
        self._hold_to_limits(tool, turn)
        if lacks := missing_evidence(tool.limits, arguments, self._said, callers_number=self._callers_number):
            raise _Refused(f"{lacks} Nothing was done.")
        return self._start(turn, call, tool, arguments, digest)

    def _count(self, turn: int) -> None:
        if self._asked.count(turn) >= MOST_PER_TURN:
            raise _Refused("Too many tools for one answer. Tell the caller what you know.")
        if len(self._asked) >= MOST_PER_CALL:
            raise _Refused("Too many tools for one call. Go on without them.")
        self._asked.append(turn)

    def _known(self, tool: Granted, digest: str, turn: int) -> Run | None:
        """The run that this call repeats. What had an effect is repeated in vain until another effect came after it."""
        for run in reversed(self._runs):
            if (run.name, run.digest) != (tool.spec.name, digest):
                continue
            if run.turn == turn:
                return run
            if not tool.effect or run.is_certain:
                return None
            return None if self._is_undone(run) else run
        return None

    def _is_undone(self, run: Run) -> bool:
        """Whether something else was done after it, such as canceling what it has booked."""
        if not _worked(run):
            return False
        since = self._done[self._done.index(run) + 1 :]
        return any(other.effect and other.name != run.name and _worked(other) for other in since)

    def _hold_to_limits(self, tool: Granted, turn: int) -> None:
        turns = [run.turn for run in self._runs if run.name == tool.spec.name]
        if turns.count(turn) >= tool.limits.per_turn:
            raise _Refused("This tool was used enough in this answer. Nothing was done.")
        if len(turns) >= tool.limits.per_call:
            raise _Refused("This tool was used as often as it may be in one call. Nothing was done.")

    def _refuse(self, turn: int, call: ToolCall, tool: Granted | None, why: str) -> ToolResult:
        state = {
            "turn": turn,
            "tool_call_id": call.id[:80],
            "name": call.name[:80],
            "title": tool.title if tool else "",
            "arguments": {},
            "result": why,
            "state": REFUSED,
            "effect": False,
            "started_ms": self._now_ms(),
            "took_ms": 0,
        }
        self._journal.tool(f"refused:{uuid4().hex}", state)
        return ToolResult(why, ok=False)

    # Doing ---------------------------------------------------------------------------------------------

    def _start(self, turn: int, call: ToolCall, tool: Granted, arguments: dict[str, Any], digest: str) -> Run:
        nth = sum((run.name, run.digest) == (tool.spec.name, digest) for run in self._runs)
        wish = Wish(
            key=f"{tool.spec.name[:48]}:{digest}:{nth}",
            turn=turn,
            call=call,
            arguments=arguments,
            tool=tool,
            at_ms=self._now_ms(),
            said=self._said[-1] if self._said else "",
        )
        run = Run(tool.spec.name, digest, turn, tool.effect)
        self._runs.append(run)
        run.task = asyncio.get_running_loop().create_task(self._perform(run, wish))
        return run

    async def _perform(self, run: Run, wish: Wish) -> ToolResult:
        tool = wish.tool
        within_s = LONGEST_S if tool.effect else tool.timeout_s + READING_GIVES_UP_S
        try:
            async with asyncio.timeout(within_s):
                result = await self._worker.perform(wish)
        except TimeoutError:
            result = UNKNOWN if tool.effect else TOO_LONG
            run.result = result
        else:
            if len(result.content) > LONGEST_RESULT:
                result = replace(result, content=result.content[:LONGEST_RESULT])
            run.result = result
        self._done.append(run)
        self._keep(run, wish, result)
        return result

    def _keep(self, run: Run, wish: Wish, result: ToolResult) -> None:
        state = {
            "turn": wish.turn,
            "tool_call_id": wish.call.id[:80],
            "name": wish.tool.spec.name,
            "title": wish.tool.title,
            "arguments": wish.kept_arguments,
            "result": result.content,
            "state": DONE if result.ok else FAILED if run.is_certain else RUNNING,
            "effect": wish.tool.effect,
            "started_ms": wish.at_ms,
            "took_ms": max(0, self._now_ms() - wish.at_ms),
        }
        self._journal.tool(wish.key, state)


class _Refused(Exception):
    """Why a call is not carried out, in words for the model."""


def _worked(run: Run) -> bool:
    return run.result is not None and run.result.ok


async def _result_of(run: Run) -> ToolResult:
    """The result, also of a run that is still going on; whoever stops waiting for it does not stop it."""
    if run.task is not None:
        return await asyncio.shield(run.task)
    return run.result or UNKNOWN
