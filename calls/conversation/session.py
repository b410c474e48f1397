"""The conversation: what is heard goes to the floor, and what the floor decides is done here.

Everything runs on one event loop and nothing in here waits for the world: the two sides, the timers and the line end
in `_do`, which moves the state machines and carries out their actions in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from agents.providers.ports import LanguageModel, ProviderError
from calls.conversation import turn_taking as turns
from calls.conversation.acts import Acts
from calls.conversation.agent_side import AgentSide
from calls.conversation.caller_side import CallerSide, CallerTurn
from calls.conversation.clocks import LEFT_TO_THE_AGENT_S, Clocks
from calls.conversation.commands import Answer, Command
from calls.conversation.escalation import NOBODY_COMES, Escalation, Summons
from calls.conversation.fixed_words import FixedWords
from calls.conversation.goodbyes import is_goodbye
from calls.conversation.history import History
from calls.conversation.keypad import Keypad
from calls.conversation.languages import Languages
from calls.conversation.operator_side import OperatorSide
from calls.conversation.opting_out import OptingOut
from calls.conversation.ports import Journal, Listener, Screen, Speaker, Toolbox
from calls.conversation.records import Records
from calls.conversation.reply import Reply
from calls.conversation.rescue import Rescue, nobody
from calls.conversation.script import Ending, Script
from calls.conversation.speaking import Spawn
from calls.conversation.switching import Switching
from calls.conversation.timers import Timers
from calls.conversation.tool_use import NoTools
from calls.conversation.turn_taking import Action, Agent, Caller, Floor

NO_WORDS_S = 1.5  # a voice that silenced the agent must bring words within this
MOST_HOLDS = 3  # so often may voices without words silence one reply


class Session:
    """One caller, one agent, from the first word to the last."""

    _is_deaf = False  # nobody will understand the caller any more

    def __init__(
        self,
        *,
        script: Script,
        history: History,
        listener: Listener,
        make_speaker: Callable[[Spawn], Speaker],
        model: LanguageModel,
        line: Screen,
        journal: Journal,
        toolbox: Toolbox | None = None,
        earlier_ms: int = 0,
        next_index: int = 0,
        on_stop: Callable[[str], None] = lambda said: None,
        rescue: Rescue = nobody,
        operator_ears: Callable[[], Listener | None] = lambda: None,
        summons: Summons = NOBODY_COMES,
        languages: Languages | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._origin = self._loop.time() - earlier_ms / 1000
        self._script, self._history, self._listener, self._earlier_ms = script, history, listener, earlier_ms
        self._floor, self._timers = Floor(policy=script.policy), Timers(self._loop)
        self._records = Records(journal, line, self.now_ms, next_index, languages or Languages())
        self._keypad = Keypad(self._timers, self.typed)
        self._on_stop, self._toolbox = on_stop, toolbox or NoTools()
        self._opting_out = OptingOut(self._timers, self._keypad, self._stop_calls, is_offered=bool(script.stopped))
        self._clocks = Clocks(script, self._floor, self._timers, self._keypad, self.now_ms)
        self._clocks.do, self._clocks.on_limit = self._do, lambda: self._end(Ending.LIMIT, turns.LimitReached())
        self._over, self._tasks, self._noted = asyncio.Event(), set[asyncio.Task[None]](), list[CallerTurn]()
        self._ended = CallerTurn()  # the caller's latest turn that is over
        self._answered: CallerTurn | None = None  # the turn being answered, until its reply is heard
        self._speaker = make_speaker(self._spawn)
        self.switching = Switching(listener, self._speaker, script, history, self._records)
        self._caller = self._follow_caller()
        self._agent = self._give_voice(model)
        self._words = self._know_words(rescue)
        self.operator = self._let_in_operators(operator_ears)
        self._escalation = self._look_for_needs(summons)
        self.acts = Acts(self._keypad, self._agent.press, self._toolbox.caller_said)

    # From the outside --------------------------------------------------------------------------------

    async def run(self) -> Ending:
        """Hold the conversation. Returns once its last word was played, or the caller is gone."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._spawn(self._listen())
            self._clocks.start()
            if not self.operator.goes_on():
                self._words.open()
            try:
                await self._over.wait()
            finally:
                self._let_everything_go()
        return self._words.ending

    def hear(self, frame: bytes) -> None:
        """Audio of the caller. Never waits."""
        self._listener.hear(frame)

    def mark_reached(self, name: str) -> None:
        """The carrier played everything before this mark."""
        self._speaker.mark_reached(name)

    def silenced(self) -> None:
        """The line has silenced the agent for the caller's voice, and the speaker knows what was heard."""
        self._do(turns.Silenced())
        if not self._over.is_set() and self._floor.agent not in (Agent.HELD, Agent.WAITING):
            self._agent.insist()

    def digit(self, digit: str) -> None:
        """A key was pressed. Which one stays out of the records; the entry becomes a turn."""
        if not self._over.is_set():
            self._records.event("digit")
            self._opting_out.pressed(digit)
            self._keypad.press(digit)

    @property
    def hides_keys(self) -> bool:
        """Whether the sound of the caller may hold the tones of keys that nobody should know."""
        return self._keypad.is_hiding

    def typed(self, text: str) -> None:
        """The caller wrote instead of speaking: a final transcript."""
        if not self._over.is_set():
            self._caller.typed(text)

    def still_typing(self) -> None:
        """The caller is writing: whoever waits for a word waits from now."""
        self._clocks.still_there()

    def command(self, command: Command) -> Answer:
        """A person of the business does something to this call."""
        if self._over.is_set() and not self.operator.is_moving:
            return Answer.OVER
        return self.operator.command(command)

    def operator_speaks(self, key: str, sound: bytes) -> None:
        """Sound of an operator's microphone. Never waits."""
        self.operator.speak(key, sound)

    def caller_gone(self, *, hung_up: bool) -> None:
        """The line is closed; `hung_up`: by the caller, as far as the carrier says."""
        if not self._over.is_set():
            self._end(Ending.CALLER if hung_up else Ending.MEDIA_LOST, turns.CallerGone())

    def now_ms(self) -> int:
        """Position in the call, which goes on counting over a resumption."""
        return round((self._loop.time() - self._origin) * 1000)

    # Beginning and end -------------------------------------------------------------------------------

    def _follow_caller(self) -> CallerSide:
        side = CallerSide(
            floor=self._floor,
            listener=self._listener,
            timers=self._timers,
            now=self._loop.time,
            now_ms=self.now_ms,
            earlier_ms=self._earlier_ms,
            interruption_s=self._script.interruption_s,
        )
        side.do, side.on_turn_over, side.on_forced = self._do, self._on_turn_over, self._on_forced
        side.on_words = self._on_words
        return side

    def _give_voice(self, model: LanguageModel) -> AgentSide:
        side = AgentSide(
            floor=self._floor,
            speaker=self._speaker,
            model=model,
            history=self._history,
            records=self._records,
            timers=self._timers,
            spawn=self._spawn,
            now=self._loop.time,
            script=self._script,
            toolbox=self._toolbox,
        )
        side.do, side.on_finished, side.on_heard_first = self._do, self._on_finished, self._on_heard_first
        side.on_language = self.switching.to
        self._caller.on_likely_over, self._caller.on_resumed = side.speculate, side.drop_guess
        return side

    def _know_words(self, rescue: Rescue) -> FixedWords:
        parts = self._script, self._floor, self._agent, self._clocks, self._records, self._timers
        words = FixedWords(*parts, spawn=self._spawn, rescue=rescue)
        words.do = self._do
        return words

    def _let_in_operators(self, ears: Callable[[], Listener | None]) -> OperatorSide:
        parts = self._floor, self._speaker, self._history, self._records, self._timers
        side = OperatorSide(*parts, spawn=self._spawn, now=self._loop.time, now_ms=self.now_ms, ears=ears)
        side.do, side.on_whisper = self._do, self._agent.drop_guess
        side.on_hang_up = lambda event: self._end(Ending.OPERATOR, event)
        side.on_put_through = lambda: self._end(Ending.TRANSFER, turns.EndAsked())
        side.on_move = lambda event: self._end(Ending.MOVED, event)
        side.on_gap = self._words.ask_to_wait
        return side

    def _look_for_needs(self, summons: Summons) -> Escalation:
        found = Escalation(self._floor, self._agent, self._history, self._records, self._spawn, summons)
        found.leave, self.operator.on_needed = self.operator.on_put_through, found.needed
        return found

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _listen(self) -> None:
        self._listener.on_event = self._on_hearing
        self._listener.on_trouble = lambda error: self._records.failure("stt", error)
        try:
            await self._listener.run()
        except ProviderError:
            self._is_deaf = True
            self._do(turns.HearingLost())

    def _on_hearing(self, event: Any) -> None:
        if not self._over.is_set():
            self._caller.hear(event)

    def _let_everything_go(self) -> None:
        self._keypad.give_back()
        self.operator.close()
        self._timers.cancel_all()
        self._agent.let_go()
        for task in list(self._tasks):
            task.cancel()

    # What happens ------------------------------------------------------------------------------------

    def _do(self, event: turns.Event) -> None:
        if self._over.is_set():
            return
        self._agent.tell_floor()
        for action in self._floor.handle(event):
            self._ACTIONS[action](self)
        if self._agent.has_news and not isinstance(event, turns.ResultCame):
            self._do(turns.ResultCame())
        self._clocks.watch_silence()

    def _on_words(self, text: str) -> None:
        self._agent.heard_meanwhile(self._caller.turn.joined(text))
        self._records.interim(text)

    def _on_turn_over(self, turn: CallerTurn) -> None:
        self._ended = turn
        if self.switching.follow(turn.text, turn.language):
            self._agent.drop_guess()
        if turns.words_of(turn.text):
            self._clocks.caller_spoke()
        self._opting_out.caller_said(turn.whole_text)

    def _stop_calls(self, said: str) -> None:
        """At once: the agent says so, and goodbye. A person who speaks in its place does that themselves."""
        if self._floor.agent in (Agent.CLOSING, Agent.GONE):
            return
        self._records.event("stop_asked")
        self._on_stop(said)
        if self._floor.agent is not Agent.AWAY:
            self._end(Ending.AGENT, turns.StopAsked())

    def _end(self, ending: Ending, event: turns.Event) -> None:
        self._words.ending = ending
        self._do(event)

    def _on_forced(self, text: str) -> None:
        self._records.event("turn_forced")
        if self._agent.reply is not None:
            self._agent.reply.protected = True
        elif not text:
            self._do(turns.SilenceLasted())

    def _on_heard_first(self) -> None:
        self._answered = None

    def _on_finished(self, reply: Reply) -> None:
        unanswered = [turn for turn in self._noted if not self._floor.policy.is_backchannel(turn.text)]
        self._noted = []
        if reply.last and (reply.ending or not any(not is_goodbye(turn.text) for turn in unanswered)):
            self._words.ending = Ending(reply.ending or Ending.AGENT)
            self._do(turns.ReplyFinished(last=True))
            return
        self._do(turns.ReplyFinished())
        if self._is_deaf:
            self._do(turns.HearingLost())
            return
        self._escalation.reply_finished(reply)
        if unanswered and self._floor.caller is Caller.QUIET and self._floor.agent is Agent.LISTENING:
            self._floor.agent = Agent.THINKING
            turn = unanswered[-1]
            turn.voice_ended = turn.endpoint = self._loop.time()  # until now the caller was listening, not waiting
            self._agent.answer(turn)
            self._clocks.watch_silence()

    # What the floor decides --------------------------------------------------------------------------

    def _cancel_reply(self) -> None:
        self._timers.cancel("no words", "voice lasts")
        self._agent.cancel()

    def _stop_speaking(self) -> None:
        self._agent.hold()
        self._timers.set("no words", NO_WORDS_S, self._no_words)

    def _no_words(self) -> None:
        if self._listener.owes_words:
            self._timers.set("no words", NO_WORDS_S, self._no_words)
        else:
            self._do(turns.NoWordsCame())

    def _resume_speaking(self) -> None:
        self._timers.cancel("no words")
        if (reply := self._agent.reply) is not None:
            if reply.utterance.started:
                self._records.event("resumed_after_noise")
            self._agent.resume(protected=reply.holds >= MOST_HOLDS)

    def _reply_to_turn(self) -> None:
        self._timers.cancel("no words")
        turn = self._ended
        self._answered, self._noted = turn, []
        turn.entry = self._history.caller_said(turn.whole_text)
        self._records.caller(turn)
        self._toolbox.caller_said(turn.whole_text)
        if not self._escalation.takes(turn):
            self._agent.answer(turn)

    def _join_turns(self) -> None:
        """The caller had not finished: what was being answered and what comes now are one turn."""
        answered, self._answered = self._answered, None
        if answered is not None and answered.entry is not None and not answered.acted:
            self._history.remove(answered.entry)
            following = self._caller.turn if self._caller.turn.started else self._ended
            following.joins = answered

    def _note(self) -> None:
        """Keep words that are not answered now; they are when the agent has finished."""
        turn = self._ended
        turn.entry = self._history.caller_said(turn.text)
        self._records.caller(turn)
        self._toolbox.caller_said(turn.text)
        self._noted.append(turn)

    def _step_aside(self) -> None:
        """Neither the end of the agent's time nor a turn that it was answering matters while a person speaks."""
        self._clocks.stop()
        self._answered = None

    def _return(self) -> None:
        self._noted = []
        self._clocks.start(at_least_s=LEFT_TO_THE_AGENT_S)
        if self._is_deaf:
            self._do(turns.HearingLost())
        elif self._floor.agent is Agent.THINKING and self.operator.was_lost:
            self._words.came_back()
        elif self._floor.agent is Agent.THINKING:
            self._agent.tell()

    _ACTIONS: dict[Action, Callable[[Session], None]] = {
        Action.CANCEL_REPLY: _cancel_reply,
        Action.STOP_SPEAKING: _stop_speaking,
        Action.RESUME_SPEAKING: _resume_speaking,
        Action.REPLY: _reply_to_turn,
        Action.JOIN_TURNS: _join_turns,
        Action.NOTE: _note,
        Action.AWAIT_WORDS: lambda self: self._agent.await_words(),
        Action.NEVER_MIND: lambda self: self._agent.never_mind(),
        Action.TELL: lambda self: self._agent.tell(),
        Action.PROMPT: lambda self: self._words.prompt(),
        Action.WARN: lambda self: self._words.warn(),
        Action.FAREWELL: lambda self: self._words.farewell(),
        Action.FINISH_SENTENCE: lambda self: self._agent.finish_sentence(),
        Action.STEP_ASIDE: _step_aside,
        Action.RETURN: _return,
        Action.HANG_UP: lambda self: self._over.set(),
        Action.LET_GO: lambda self: self._over.set(),
    }
