"""When a person is needed, by rule and outside of the model, and what is done then.

Somebody is asked for; if there is somebody, the agent says so and leaves the call to them. If not, the agent is told,
and offers to take a message.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from calls.conversation.agent_side import AgentSide
from calls.conversation.caller_side import CallerTurn
from calls.conversation.feelings import Mood, admits_failure, asks_for_person, mood_of
from calls.conversation.history import History
from calls.conversation.records import Records
from calls.conversation.reply import Reply
from calls.conversation.speaking import Spawn
from calls.conversation.turn_taking import Agent, Floor

FOUND_WITHIN_S = 1.0
MOST_TIMES = 2  # so often is somebody asked for in one call
FAILURES = 2  # in a row
MOODS = 3  # the latest turns of the caller that count

NOBODY = (
    "The caller needs a person, and nobody is there at the moment. Say so kindly, and offer to take a message or to "
    "have them called back."
)


class Need(StrEnum):
    """Why a person is needed."""

    ASKED = "asked"
    FRUSTRATED = "frustrated"
    FAILED = "failed"


async def _nobody(reason: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Summons:
    """The needs for which an agent asks for a person, and how: `find` says whether somebody will take the call."""

    needs: frozenset[str] = frozenset()
    find: Callable[[str], Awaitable[bool]] = _nobody


NOBODY_COMES = Summons()


class Escalation:
    """Watches one call."""

    def __init__(
        self,
        floor: Floor,
        agent: AgentSide,
        history: History,
        records: Records,
        spawn: Spawn,
        summons: Summons,
    ) -> None:
        self._floor, self._agent, self._history, self._records = floor, agent, history, records
        self._spawn, self._summons = spawn, summons
        self._moods: deque[Mood | None] = deque(maxlen=MOODS)
        self._failures = self._times = 0
        self._turn: CallerTurn | None = None
        self.leave: Callable[[], None] = lambda: None

    def takes(self, turn: CallerTurn) -> bool:
        """Whether this turn of the caller is answered here, because they need a person."""
        if not self._summons.needs:
            return False
        self._moods.append(mood_of(turn.whole_text))
        self._turn = turn
        return self.needed(self._need(turn.whole_text), turn)

    def reply_finished(self, reply: Reply) -> None:
        """The agent has said something to its end."""
        if reply.kind != "reply":
            return
        failed = reply.failed_tools or admits_failure(reply.utterance.heard_text)
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= FAILURES:
            self._failures = 0
            self.needed(Need.FAILED)

    def needed(self, need: str, turn: CallerTurn | None = None) -> bool:
        """A person is needed; with a `turn` its answer waits for them. False where this agent does not mind."""
        if need not in self._summons.needs or self._times >= MOST_TIMES:
            return False
        self._times += 1
        self._moods.clear()
        self._records.event("needs_person", {"reason": need})
        self._agent.drop_guess()
        self._spawn(self._find(need, turn))
        return True

    def _need(self, said: str) -> str:
        if asks_for_person(said):
            return Need.ASKED
        unhappy = sum(mood is Mood.UNHAPPY for mood in self._moods)
        return Need.FRUSTRATED if self._moods[-1] is Mood.ANGRY or unhappy >= 2 else ""

    async def _find(self, need: str, turn: CallerTurn | None) -> None:
        is_somebody_there = False
        with suppress(TimeoutError):
            async with asyncio.timeout(FOUND_WITHIN_S):
                is_somebody_there = await self._summons.find(need)
        if is_somebody_there:
            self.leave()
            return
        self._history.note(NOBODY)
        if turn is not None and turn is self._turn and self._floor.agent in (Agent.THINKING, Agent.WAITING):
            self._agent.answer(turn)
            if self._floor.agent is Agent.WAITING:
                self._agent.hold()
