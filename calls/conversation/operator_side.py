"""A person of the business in a running call: what they whisper, and what they say in the agent's place.

Silence is never theirs to leave behind: when the sound of their microphone stops coming, the agent goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agents.providers.ports import EndOfTurn, HearingEvent, ProviderError
from calls.conversation import turn_taking as turns
from calls.conversation.commands import (
    Answer,
    Command,
    Escalate,
    GiveBack,
    HangUp,
    Listen,
    Move,
    PutThrough,
    TakeOver,
    Whisper,
)
from calls.conversation.history import History
from calls.conversation.ports import Listener, Speaker
from calls.conversation.records import Records
from calls.conversation.speaking import Spawn
from calls.conversation.timers import Timers
from calls.conversation.turn_taking import Agent, Floor

LOST_AFTER_S = 3.0  # without any sound of their microphone
LONGEST_GAP_S = 1.2  # in which a caller hears nothing while the call is moved, before they are asked to wait
FRAME_BYTES = 160

WHISPERED = (
    "{by}, a colleague of yours who follows this call, tells you privately: “{text}” Act on it in your next answer, in "
    "your own words. The caller has not heard it: do not mention it, or that you were told."
)
TALKED = (
    "{by}, a colleague of yours, took over the call for a while. What {by} said to the caller stands in square "
    "brackets in your turns. Now you go on: keep to what was agreed, and do not ask again for what was said."
)


@dataclass(frozen=True, slots=True)
class Microphone:
    """Whose it is, and the key of its sound."""

    by: str
    key: str

    @property
    def number(self) -> int:
        """As the journal keeps it: what redaction takes for nobody's number."""
        return int(self.key, 16)

    @classmethod
    def from_number(cls, by: str, number: object) -> Microphone | None:
        return cls(by, f"{number:032x}") if isinstance(number, int) else None


@dataclass(slots=True)
class Operator:
    """Whoever is speaking now. `key` names their microphone."""

    by: str
    key: str
    since_ms: int
    heard_at: float
    ears: Listener | None = None
    was_understood: bool = False
    was_heard: bool = False


class OperatorSide:
    """Carries out what comes from the outside; `ears` make sense of what an operator says, where there are any."""

    def __init__(
        self,
        floor: Floor,
        speaker: Speaker,
        history: History,
        records: Records,
        timers: Timers,
        *,
        spawn: Spawn,
        now: Callable[[], float],
        now_ms: Callable[[], int],
        ears: Callable[[], Listener | None],
    ) -> None:
        self._floor, self._speaker, self._history, self._records = floor, speaker, history, records
        self._timers, self._spawn, self._now, self._now_ms, self._ears = timers, spawn, now, now_ms, ears
        self._operator: Operator | None = None
        self.earlier: Microphone | None = None  # who spoke when the segment before this one was lost
        self.was_lost = False  # why the last of them left
        self.may_move = False  # whether a call without sound can be carried with sound from now on
        self.is_moving = False
        self.moved_ago_s: float | None = None  # before this segment began, where that is why it did
        self.do: Callable[[turns.Event], None] = lambda event: None
        self.on_whisper: Callable[[], None] = lambda: None
        self.on_hang_up: Callable[[turns.Event], None] = lambda event: None
        self.on_put_through: Callable[[], None] = lambda: None
        self.on_move: Callable[[turns.Event], None] = lambda event: None
        self.on_gap: Callable[[], None] = lambda: None
        self.on_needed: Callable[[str], bool] = lambda reason: False
        self.on_change: Callable[[str], None] = lambda by: None  # who speaks from now on; empty: the agent

    def prepare(self, earlier: Microphone | None, moved_ago_s: float | None, *, may_move: bool) -> None:
        """What is known when the segment begins."""
        self.earlier, self.moved_ago_s, self.may_move = earlier, moved_ago_s, may_move

    def command(self, command: Command) -> Answer:
        """Do it, unless the call is about to end."""
        if self.is_moving:
            return Answer.MOVING
        goes_while_closing = isinstance(command, Listen) or (isinstance(command, HangUp) and command.at_once)
        if self._floor.agent is Agent.GONE or (self._floor.agent is Agent.CLOSING and not goes_while_closing):
            return Answer.OVER
        match command:
            case Whisper():
                self._whisper(command)
            case Listen():
                if command.begins:
                    self._records.event("listened", {"by": command.by})
            case HangUp():
                self._records.event("hung_up", {"by": command.by})
                self.on_hang_up(turns.CallerGone() if command.at_once else turns.EndAsked())
            case PutThrough():
                self._records.event("put_through", {"by": command.by})
                self.on_put_through()
            case Move():
                return self._move(command.by, turns.EndAsked())
            case TakeOver():
                return self._take_over(command)
            case GiveBack():
                return self._give_back(command)
            case Escalate():
                self.on_needed(command.reason)
        return Answer.DONE

    def speak(self, key: str, sound: bytes) -> None:
        """What comes from an operator's microphone; that of anybody else stays unheard. Never waits."""
        operator = self._operator
        if operator is None or operator.key != key:
            return
        operator.heard_at, operator.was_heard = self._now(), True
        self._speaker.let_through(sound)
        if operator.ears is not None:
            for start in range(0, len(sound), FRAME_BYTES):
                operator.ears.hear(sound[start : start + FRAME_BYTES])

    def _whisper(self, command: Whisper) -> None:
        self._history.note(WHISPERED.format(by=command.by, text=command.text))
        self._records.event("whispered", {"by": command.by, "text": command.text})
        self.on_whisper()

    # Speaking in the agent's place -------------------------------------------------------------------

    def _take_over(self, command: TakeOver) -> Answer:
        if self._operator is not None:
            return Answer.DONE if self._operator.key == command.operator else Answer.TAKEN
        if not self._speaker.carries_sound and not self.may_move:
            return Answer.NO_SOUND
        microphone = Microphone(command.by, command.operator)
        self._records.event("taken_over", {"by": command.by, "microphone": microphone.number})
        if not self._speaker.carries_sound:
            return self._move(command.by, turns.CallerGone())
        self._let_speak(microphone)
        return Answer.DONE

    def _move(self, by: str, event: turns.Event) -> Answer:
        """Leave the call to its next segment, which has sound; whoever has taken it over speaks there at once."""
        if self._speaker.carries_sound:
            return Answer.DONE
        if not self.may_move:
            return Answer.NO_SOUND
        self._records.event("moved", {"by": by})
        self.is_moving = True
        self.on_move(event)
        return Answer.MOVING

    def goes_on(self) -> bool:
        """Whether somebody speaks in the agent's place from the first moment: they did so before the line was lost."""
        if self.earlier is None or not self._speaker.carries_sound:
            return False
        self._let_speak(self.earlier)
        if self.moved_ago_s is not None:
            self._timers.set("gap", max(0.0, LONGEST_GAP_S - self.moved_ago_s), self._bridge_gap)
        return True

    def _bridge_gap(self) -> None:
        """They are not here yet, and the caller has heard nothing for too long."""
        if self._operator is not None and not self._operator.was_heard:
            self.on_gap()

    def _let_speak(self, microphone: Microphone) -> None:
        operator = Operator(microphone.by, microphone.key, self._now_ms(), self._now(), self._ears())
        self._operator = operator
        self.on_change(microphone.by)
        self.do(turns.OperatorCame())
        if operator.ears is not None:
            self._spawn(self._understand(operator, operator.ears))
        self._watch(operator)

    def _give_back(self, command: GiveBack) -> Answer:
        if self._operator is None or self._operator.key != command.operator:
            return Answer.TAKEN
        self._leave(self._operator, lost=command.lost)
        return Answer.DONE

    def _watch(self, operator: Operator) -> None:
        left_s = operator.heard_at + LOST_AFTER_S - self._now()
        if operator is not self._operator:
            return
        if left_s <= 0:
            self._leave(operator, lost=True)
        else:
            self._timers.set("operator", left_s, lambda: self._watch(operator))

    def _leave(self, operator: Operator, *, lost: bool) -> None:
        self.close()
        self._operator, self.was_lost = None, lost
        self._history.note(TALKED.format(by=operator.by))
        self._records.event("given_back", {"by": operator.by, "lost": lost})
        self.on_change("")
        self.do(turns.OperatorLeft())

    def close(self) -> None:
        """Nobody speaks in the agent's place any more: what they said that nobody understood is kept as a span."""
        self._timers.cancel("operator")
        operator = self._operator
        if operator is not None and not operator.was_understood:
            self._records.operator(operator.by, "", operator.since_ms, self._now_ms())
            operator.was_understood = True

    # What they say -----------------------------------------------------------------------------------

    async def _understand(self, operator: Operator, ears: Listener) -> None:
        def hear(event: HearingEvent) -> None:
            if isinstance(event, EndOfTurn) and turns.words_of(event.text):
                operator.was_understood = True
                since_ms = operator.since_ms
                self._history.operator_said(operator.by, event.text)
                self._records.operator(operator.by, event.text, since_ms + event.start_ms, since_ms + event.end_ms)

        ears.on_event = hear
        ears.on_trouble = lambda error: None  # those that hear the caller tell
        try:
            await ears.run()
        except ProviderError:
            operator.ears = None  # their voice is heard all the same, only not written down
