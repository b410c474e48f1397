"""The caller's turns: from what the recogniser reports to a turn that is over, even if it never says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agents.providers.ports import (
    EagerEndOfTurn,
    EndOfTurn,
    HearingEvent,
    Interim,
    SpeechStarted,
    TurnResumed,
    WordsLate,
)
from calls.conversation import turn_taking as turns
from calls.conversation.history import Entry
from calls.conversation.ports import Listener
from calls.conversation.speculation import STABLE_S
from calls.conversation.timers import Timers
from calls.conversation.turn_taking import Agent, Caller, Floor

STALLED_S = 2.5  # a voice that began and fell silent without a word is taken for noise
STALLED_WITH_WORDS_S = 6.0  # words whose end the recogniser never reports end by themselves
LONGEST_TURN_S = 30.0  # then the turn ends, whatever the recogniser says


@dataclass(slots=True, eq=False)
class CallerTurn:
    """What the caller says until the agent may answer. `joins` is the earlier part of a turn that went on."""

    text: str = ""
    started: bool = False
    started_ms: int = 0
    ended_ms: int = 0
    voice_ended: float | None = None
    endpoint: float | None = None
    entry: Entry | None = None
    index: int | None = None
    joins: CallerTurn | None = None
    language: str = ""  # as far as whoever understood it says
    acted: bool = False  # its answer has asked for tools: it is no longer as if it had not been said
    already_answered: str = ""  # words of a turn that was ended by force; the recogniser may repeat them

    def begin(self, at_ms: int) -> None:
        if not self.started:
            self.started, self.started_ms = True, at_ms

    def joined(self, text: str) -> str:
        return f"{self.joins.whole_text} {text}".strip() if self.joins else text

    @property
    def whole_text(self) -> str:
        return self.joined(self.text)

    @property
    def first_ms(self) -> int:
        return self.joins.first_ms if self.joins else self.started_ms

    def new_words(self, text: str) -> str:
        """What `text` says beyond the words that were answered; the recogniser may write those in another way."""
        before = turns.words_of(self.already_answered)
        if not before or turns.words_of(text)[: len(before)] != before:
            return text
        return text[turns.end_of_words(text, len(before)) :].lstrip(" ,.;!?")


class CallerSide:
    """Follows one turn after another. `on_turn_over` gets each turn just before the floor hears of its end."""

    def __init__(
        self,
        *,
        floor: Floor,
        listener: Listener,
        timers: Timers,
        now: Callable[[], float],
        now_ms: Callable[[], int],
        earlier_ms: int,
        interruption_s: float | None,
    ) -> None:
        self._floor, self._listener, self._timers = floor, listener, timers
        self._now, self._now_ms, self._earlier_ms = now, now_ms, earlier_ms
        self._interruption_s = interruption_s
        self.turn = CallerTurn()
        self.do: Callable[[turns.Event], None] = lambda event: None
        self.on_words: Callable[[str], None] = lambda text: None
        self.on_likely_over: Callable[[str], None] = lambda text: None
        self.on_resumed: Callable[[], None] = lambda: None
        self.on_turn_over: Callable[[CallerTurn], None] = lambda turn: None
        self.on_forced: Callable[[str], None] = lambda text: None

    def hear(self, event: HearingEvent) -> None:
        match event:
            case SpeechStarted():
                self._voice(event)
            case Interim():
                self._words(event.text, event.start_ms)
                self._stable()
            case EagerEndOfTurn(text=""):
                self.on_likely_over("")
            case EagerEndOfTurn():
                self._words(event.text, event.start_ms)
                self._likely_over()
            case TurnResumed():
                self.on_resumed()
            case EndOfTurn():
                start_ms, end_ms = event.start_ms + self._earlier_ms, event.end_ms + self._earlier_ms
                self.end(event.text, start_ms, end_ms, language=event.language)
            case WordsLate() if self.turn.text:
                self._end_without_recogniser()
            case WordsLate():
                self.do(turns.WordsLate())

    def typed(self, text: str) -> None:
        """Words that need no recognition: a final transcript."""
        at = self._now_ms()
        self.turn.begin(at)
        self.do(turns.Words(text))
        self.end(text, at, at, spoken=False)

    def end(self, text: str, start_ms: int, end_ms: int, *, spoken: bool = True, language: str = "") -> None:
        """The turn is over, with these words."""
        self._timers.cancel("stable", "longest turn", "stalled", "voice lasts")
        turn, self.turn = self.turn, CallerTurn()
        turn.text, turn.language = turn.new_words(text), language
        turn.started_ms = min(turn.started_ms, start_ms) if turn.started else start_ms
        turn.ended_ms = max(turn.started_ms, end_ms)
        voice_at = self._listener.voice_at if spoken else None
        turn.endpoint = self._now()
        turn.voice_ended = voice_at if voice_at is not None else turn.endpoint
        self.on_turn_over(turn)
        self.do(turns.TurnEnded(turn.whole_text if self._floor.agent is Agent.LISTENING else turn.text))

    def _voice(self, event: SpeechStarted) -> None:
        self._begin(event.at_ms)
        self._timers.set("stalled", STALLED_S, self._stalled)
        self.do(turns.SpeechStarted())
        if event.text:
            self._words(event.text, event.at_ms)
        elif self._interruption_s is None:
            return
        elif self._interruption_s:
            self._timers.set("voice lasts", self._interruption_s, lambda: self.do(turns.VoiceLasted()))
        else:
            self.do(turns.VoiceLasted())

    def _words(self, text: str, start_ms: int) -> None:
        text = self.turn.new_words(text)
        if not turns.words_of(text):
            return
        self._begin(start_ms)
        self.turn.text = text
        self._timers.set("stalled", STALLED_WITH_WORDS_S, self._stalled)
        self.on_words(text)
        self.do(turns.Words(text))

    def _begin(self, at_ms: int) -> None:
        self.turn.begin(at_ms + self._earlier_ms)
        if not self._timers.is_set("longest turn"):
            self._timers.set("longest turn", LONGEST_TURN_S, self._force_end)

    def _quiet_s(self) -> float:
        voice_at = self._listener.voice_at
        return self._now() - voice_at if voice_at is not None else LONGEST_TURN_S

    def _stable(self) -> None:
        """With silence on the line, the latest interim may be all there is."""
        wait_s = STABLE_S - self._quiet_s()
        if wait_s > 0:
            self._timers.set("stable", wait_s + 0.001, self._stable)
        else:
            self._likely_over()

    def _likely_over(self) -> None:
        if self.turn.text:
            self.on_likely_over(self.turn.whole_text)

    def _stalled(self) -> None:
        """The recogniser owes us the end of this turn."""
        if self._floor.caller is Caller.QUIET:
            return
        patience_s = STALLED_WITH_WORDS_S if self.turn.text else STALLED_S
        wait_s = STALLED_S if self._floor.awaits_words else patience_s - self._quiet_s()
        if wait_s > 0:
            self._timers.set("stalled", wait_s + 0.001, self._stalled)
        else:
            self._end_without_recogniser()

    def _force_end(self) -> None:
        """No sequence of interims may keep the agent mute for ever."""
        text = self.turn.text
        self._end_without_recogniser()
        self.on_forced(text)

    def _end_without_recogniser(self) -> None:
        text = self.turn.text
        self.end(text, self.turn.started_ms, self._now_ms())
        self.turn.already_answered = text
