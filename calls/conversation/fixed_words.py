"""What the agent says by its script: how it opens, asks into a silence, warns of the end, and says goodbye."""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation import turn_taking as turns
from calls.conversation.agent_side import AgentSide
from calls.conversation.clocks import Clocks
from calls.conversation.records import Records
from calls.conversation.rescue import Rescue, last_words
from calls.conversation.script import Ending, Script
from calls.conversation.speaking import Spawn
from calls.conversation.timers import Timers
from calls.conversation.turn_taking import Agent, Floor


class FixedWords:
    """Says the sentences of one script. `ending` is how the call ends, as far as is known; its last words go by it."""

    def __init__(
        self,
        script: Script,
        floor: Floor,
        agent: AgentSide,
        clocks: Clocks,
        records: Records,
        timers: Timers,
        *,
        spawn: Spawn,
        rescue: Rescue,
    ) -> None:
        self._script, self._floor, self._agent, self._clocks = script, floor, agent, clocks
        self._records, self._timers, self._spawn, self._rescue = records, timers, spawn, rescue
        self.ending = Ending.CALLER
        self.do: Callable[[turns.Event], None] = lambda event: None

    def open(self) -> None:
        opening = self._script.opening
        if notices := [text for text in (self._script.introduction, self._script.consent_notice) if text]:
            self.say(*notices, *opening, kind="greeting", protected=True)
        elif opening:
            self.say(*opening, kind=self._script.opening_kind)
        if self._script.takes_over:
            self.do(turns.ResultCame())
        self._clocks.watch_silence()

    def say(self, *texts: str, kind: str, protected: bool = False, ending: Ending | None = None) -> None:
        """With an `ending` these are the last words of the call."""
        if self._floor.agent is Agent.LISTENING:
            self._floor.agent = Agent.THINKING
        self._agent.say(*texts, kind=kind, protected=protected, ending=ending)

    def prompt(self) -> None:
        """Nobody speaks: ask whether somebody is there, and after the last question say goodbye."""
        if (prompt := self._clocks.next_prompt()) is not None:
            self.say(prompt, kind="prompt")
        else:
            self.say(self._script.farewell, kind="farewell", ending=Ending.SILENCE)

    def warn(self) -> None:
        self._records.event("limit_near")
        if self._agent.reply is not None:
            self._agent.reply.utterance.say_first(self._script.duration_warning)
        else:
            self.say(self._script.duration_warning, kind="warning")

    def ask_to_wait(self) -> None:
        """Whoever is about to speak in the agent's place is not here yet."""
        self.say(self._script.moments[0], kind="moment")

    def came_back(self) -> None:
        """A person who spoke in the agent's place is gone, and has not said so."""
        self.say(self._script.came_back, kind="return")

    def farewell(self) -> None:
        self._timers.cancel("limit", "limit near", "no words")
        self._agent.cancel()
        if text := self._script.last_words(self.ending):
            self.say(text, kind="farewell", ending=self.ending)
        else:
            self.ending = Ending.FAILURE
            self._spawn(self._apologize())

    async def _apologize(self) -> None:
        text, self.ending = await last_words(self._rescue, self._script)
        self.say(text, kind="farewell", ending=self.ending)
