"""The agent's turns: replies that are thought up, fixed sentences, guesses; what they cost and what was heard."""

from __future__ import annotations

from collections.abc import Callable

from agents.providers.ports import LanguageModel, Message, ProviderError
from calls.conversation import turn_taking as turns
from calls.conversation.caller_side import CallerTurn
from calls.conversation.history import History
from calls.conversation.ports import Speaker, Toolbox
from calls.conversation.records import Records
from calls.conversation.reply import TRIES, Reply
from calls.conversation.script import Script
from calls.conversation.speaking import Spawn
from calls.conversation.speculation import Speculation
from calls.conversation.thinking import CHARACTER_S, Thinker
from calls.conversation.timers import Timers
from calls.conversation.tool_use import ToolUse
from calls.conversation.turn_taking import Agent, Floor

HOLD_S = 1.2  # silence after the end of a turn before the first holding phrase, while there are no words of a reply
HOLD_WITH_WORDS_S = 2.0  # the same, while the words are there and become sound
AGAIN_S = 3.0  # silence after a holding phrase before the next one
AGAIN_AT_S = 2.0  # after the end of a turn, a model that has failed is asked again
GIVE_UP_S = 8.0  # without a word of a reply: apologize
MOST_CUTS = 3  # so often is the rest of a sentence that must be heard said again after a line has cut it
SLOW_S, SLOWEST_S = 1.0, 3.5  # silence over a tool before the first holding phrase, and before each other one
LEAST_SLOW_S = 0.35  # a tool is given this much, however long the caller has waited
MOST_MOMENTS = 4
MOST_UNHEARD = 4  # so many replies in a row may be cut before a word of them was heard; the next is protected


class AgentSide:
    """Holds the reply on the floor and the guess in the making. The session says when each begins and ends."""

    def __init__(
        self,
        *,
        floor: Floor,
        speaker: Speaker,
        model: LanguageModel,
        history: History,
        records: Records,
        timers: Timers,
        spawn: Spawn,
        now: Callable[[], float],
        script: Script,
        toolbox: Toolbox,
    ) -> None:
        self._floor, self._speaker, self._history, self._records = floor, speaker, history, records
        self._timers, self._spawn, self._now, self._script = timers, spawn, now, script
        tools = ToolUse(toolbox, history, spawn, self._on_news)
        self._thinker = Thinker(model, tools, script, now, self._on_model_failure)
        self._thinker.on_wait, self._thinker.on_language = self._watch_tools, self._on_language
        self._speculation = Speculation(enabled=script.speculation, by_ear=script.by_ear)
        self._turn: CallerTurn | None = None  # the latest one that was answered
        self._unheard_in_a_row = 0
        self._over = False
        self.has_news = False  # a tool has come to a result that the caller has not heard of
        self.reply: Reply | None = None
        self.guess: Reply | None = None
        self.do: Callable[[turns.Event], None] = lambda event: None
        self.on_heard_first: Callable[[], None] = lambda: None
        self.on_language: Callable[[str], None] = lambda language: None
        self.on_finished: Callable[[Reply], None] = lambda reply: None

    # Saying ------------------------------------------------------------------------------------------

    def say(self, *texts: str, kind: str, protected: bool = False, ending: str | None = None) -> None:
        """Say fixed sentences; with an `ending` they are the last ones of the call."""
        reply = self._new(kind)
        reply.last, reply.ending, reply.protected = ending is not None, ending, protected
        for text in texts:
            reply.utterance.say(text)
        reply.utterance.close()
        self._perform(reply)

    def answer(self, turn: CallerTurn) -> None:
        """Answer a turn: with the guess, if it was guessed right."""
        text = turn.whole_text
        reply = self._take_guess(text)
        guessed = reply is not None
        reply = reply or self._take_waiting() or self._new("reply")
        reply.caller_turn = self._turn = turn
        reply.timing.voice_ended, reply.timing.endpoint = turn.voice_ended, turn.endpoint
        if guessed:
            reply.timing.committed = self._now()
            reply.messages[:] = self._messages()
        else:
            self._think(reply, self._messages())
        self.has_news = False
        self._perform(reply)

    def await_words(self) -> None:
        """A voice was heard whose words are late: hold the line. The answer to them will be this reply."""
        self.drop_guess()
        reply = self._new("reply")
        reply.awaits_words = reply.protected = True
        self._perform(reply)
        reply.awaited_since -= HOLD_S
        self._say_that_it_comes(reply)

    def never_mind(self) -> None:
        """It was a noise."""
        if (reply := self._take_waiting()) is not None:
            self._timers.cancel("patience")
            reply.utterance.close()

    def _take_waiting(self) -> Reply | None:
        reply = self.reply
        if reply is None or not reply.awaits_words:
            return None
        reply.awaits_words = reply.protected = False
        if reply.entry is not None:
            self._history.remove(reply.entry)
        return reply

    def tell(self) -> None:
        """Say what tools have brought since the last reply; nobody has asked."""
        reply = self._new("reply")
        reply.caller_turn, self.has_news = self._turn, False
        self._think(reply, self._messages())
        self._perform(reply)

    def hold(self) -> None:
        if self.reply is not None:
            self.reply.holds += 1
            self.reply.utterance.hold()

    def resume(self, *, protected: bool) -> None:
        if self.reply is not None:
            self.reply.protected |= protected
            self.reply.utterance.release(protected=self.protected)

    def insist(self) -> None:
        """What must be heard was cut by the line itself: say the rest of it, but not for ever."""
        if (reply := self.reply) is None:
            return
        self.hold()
        if reply.holds <= MOST_CUTS:
            self.resume(protected=True)
        else:
            reply.cancel()
            self._on_finished(reply)

    def finish_sentence(self) -> None:
        """Say nothing after the sentence that is being said; a notice or a goodbye is said whole."""
        if self.reply is not None and not self.protected:
            self.reply.utterance.finish_sentence()

    def press(self, keys: str) -> bool:
        """Press keys, for a machine at the other end, when what was said before is spoken."""
        return self.reply is not None and self.reply.utterance.press(keys)

    def cancel(self) -> None:
        """The reply loses the floor; what was heard of it stays."""
        self._timers.cancel("patience", "slow tool", "try again")
        reply, self.reply = self.reply, None
        if reply is None:
            return
        self.has_news = self.has_news or reply.has_acted
        reply.interrupted = reply.utterance.started
        self._cut(reply)
        if not reply.utterance.heard_text:
            self._unheard_in_a_row += 1
        self._records.settle(reply)

    def let_go(self) -> None:
        """The call is over: stop everything, write down what there is."""
        self._over = True
        self.drop_guess()
        self.cancel()

    def _cut(self, reply: Reply) -> None:
        """Stop a reply. Closing the model's stream costs its connection, so another is opened for the next turn."""
        if reply.is_thinking and not self._over:
            self._spawn(self._thinker.warm())
        reply.cancel()

    def tell_floor(self) -> None:
        """What the rules have to know of the reply that holds it."""
        self._floor.protected = self.protected
        self._floor.awaits_words = self.reply is not None and self.reply.awaits_words

    @property
    def protected(self) -> bool:
        """Whether what is being said must be heard: a notice, a goodbye, or a reply cut off too often."""
        return self.reply is not None and (self.reply.protected or self.reply.last)

    # Guessing ----------------------------------------------------------------------------------------

    def speculate(self, text: str) -> None:
        """Begin a reply to what the turn will probably have been; without words, to what the model has heard itself."""
        if self._floor.agent is not Agent.LISTENING or not self._speculation.may_begin(text):
            return
        self.drop_guess()
        self._speculation.begin(text)
        self.guess = reply = self._new("reply")
        reply.committed, reply.answers = False, text
        reply.timing.speculated = self._now()
        self._think(reply, self._messages(hypothesis=text))

    def heard_meanwhile(self, text: str) -> None:
        if self._speculation.contradicted_by(text):
            self.drop_guess()

    def drop_guess(self) -> None:
        """Without a trace, but for what it cost."""
        guess, self.guess = self.guess, None
        self._speculation.drop()
        if guess is not None:
            self._cut(guess)
            self._records.settle(guess)

    def _take_guess(self, text: str) -> Reply | None:
        guess = self.guess
        if guess is not None and (guess.failed or not self._speculation.fits(guess.answers, text)):
            self.drop_guess()
        guess, self.guess = self.guess, None
        self._speculation.turn_over()
        if guess is not None:
            guess.commit()
        return guess

    # The life of a reply -----------------------------------------------------------------------------

    def _new(self, kind: str) -> Reply:
        reply = Reply(self._speaker.begin(), kind=kind)
        utterance = reply.utterance
        utterance.on_first_audio = lambda: reply.timing.stamp("first_audio", self._now())
        utterance.on_first_frame = lambda: self._on_first_frame(reply)
        utterance.on_sounding = lambda: self._on_sounding(reply)
        utterance.on_heard = lambda: self._on_heard(reply)
        utterance.on_finished = lambda: self._on_finished(reply)
        utterance.on_trouble = lambda error, goes_on: self._on_voice_failure(reply, error, goes_on=goes_on)
        return reply

    def _messages(self, hypothesis: str = "") -> list[Message]:
        if self.reply is not None and self.reply.entry is not None:
            self.reply.entry.text = self.reply.utterance.heard_text
        return self._history.messages(hypothesis)

    def _think(self, reply: Reply, messages: list[Message]) -> None:
        reply.messages = messages
        reply.task = self._spawn(self._thinker.think(reply))

    def _think_again(self, reply: Reply, *, at_once: bool) -> None:
        """What fails at once fails again at once: the holding phrase is heard first, and trouble may pass meanwhile."""
        delay_s = 0.0 if at_once else max(0.0, reply.awaited_since + AGAIN_AT_S - self._now())

        def again() -> None:
            if reply is self.reply:
                self._think(reply, reply.messages)

        self._timers.set("try again", delay_s, again)

    def _perform(self, reply: Reply) -> None:
        """Let a reply be heard from now on."""
        self.reply = reply
        reply.entry = self._history.agent_says()
        reply.protected = reply.protected or self._unheard_in_a_row >= MOST_UNHEARD
        if reply.kind == "reply":
            reply.awaited_since = self._now()
            self._watch(reply, HOLD_S)
        self._on_language(reply)
        reply.utterance.release(protected=self.protected)

    def _on_language(self, reply: Reply) -> None:
        """A guess changes nothing before it is certain."""
        if reply is self.reply and reply.language:
            self.on_language(reply.language)

    def _on_first_frame(self, reply: Reply) -> None:
        reply.timing.stamp("first_frame", self._now())
        if reply.written or not reply.held_up:
            self._timers.cancel("patience")
        self._records.begin(reply)
        self.on_heard_first()
        self.do(turns.ReplyHeardFirst())

    def _on_sounding(self, reply: Reply) -> None:
        """Only now does the caller hear something: that is when the wait was over."""
        reply.timing.first_frame = self._now()

    def _on_heard(self, reply: Reply) -> None:
        reply.timing.stamp("heard", self._now())
        self._unheard_in_a_row = 0
        self._records.progress(reply)

    def _on_finished(self, reply: Reply) -> None:
        if reply is self.reply:
            self._timers.cancel("patience", "slow tool", "try again")
            self.reply = None
            if reply.task is not None:
                reply.task.cancel()  # where it was not let speak to its end
            self._records.settle(reply)
            self.on_finished(reply)

    # Tools -------------------------------------------------------------------------------------------

    def _on_news(self) -> None:
        """A result that nobody waits for any more: a guess that does not know of it is worth nothing now."""
        self.has_news = True
        self.drop_guess()
        self.do(turns.ResultCame())

    def _watch_tools(self, reply: Reply) -> None:
        waited_s = self._now() - (reply.timing.endpoint or self._now())
        reply.quiet_since = reply.timing.endpoint if not reply.speaks_until else None
        self._timers.set("slow tool", max(LEAST_SLOW_S, SLOW_S - waited_s), lambda: self._look_at_tools(reply))

    def _look_at_tools(self, reply: Reply) -> None:
        """Nobody should listen to silence: say a holding phrase when a tool, and the answer after it, take long."""
        if reply is not self.reply or not reply.awaits_tools or reply.moments >= MOST_MOMENTS:
            return
        now = self._now()
        speaks = bool(reply.utterance.unheard_text) and now < reply.speaks_until + SLOW_S
        if speaks or self._floor.agent in (Agent.WAITING, Agent.HELD):
            reply.quiet_since = None
        elif reply.quiet_since is None:
            reply.quiet_since = now
        patience_s = SLOWEST_S if reply.moments else SLOW_S
        if reply.quiet_since is not None and now - reply.quiet_since >= patience_s - 0.01:
            self._say_moment(reply)
        self._timers.set("slow tool", 0.25, lambda: self._look_at_tools(reply))

    def _say_moment(self, reply: Reply) -> None:
        phrase = self._script.moment(reply.moments, reply.asked_for)
        if not reply.speaks_until:
            reply.timing.stamp("tools", self._now())
        reply.moments += 1
        reply.held_up, reply.quiet_since = True, None
        reply.speaks_until = self._now() + len(phrase) * CHARACTER_S
        reply.utterance.say_first(phrase)

    # Trouble -----------------------------------------------------------------------------------------

    def _watch(self, reply: Reply, wait_s: float) -> None:
        self._timers.set("patience", wait_s, lambda: self._lose_patience(reply))

    def _lose_patience(self, reply: Reply) -> None:
        """The caller has heard nothing of the reply yet: say that it comes, and at last that it does not.

        While tools are running, and once its words are becoming sound, others see to it.
        """
        if reply is not self.reply or reply.awaits_tools or (reply.written and reply.utterance.started):
            return
        waited_s = self._now() - reply.awaited_since
        if self._floor.agent in (Agent.WAITING, Agent.HELD):
            self._watch(reply, HOLD_S)
        elif not reply.written and waited_s >= GIVE_UP_S - 0.01:
            self._records.failure("reply", ProviderError("reply", "nothing to hear", code="gave_up"))
            self.do(turns.ReplyFailed())
        elif reply.written and waited_s < HOLD_WITH_WORDS_S - 0.01:
            self._watch(reply, HOLD_WITH_WORDS_S - waited_s)
        else:
            self._say_that_it_comes(reply)

    def _say_that_it_comes(self, reply: Reply) -> None:
        self._records.failure("reply", ProviderError("reply", "nothing to hear yet", code="slow"))
        phrase = self._script.moment(reply.moments)
        reply.moments += 1
        self._say_meanwhile(reply, phrase)

    def _hold_the_line(self, reply: Reply) -> None:
        """Say the holding phrase, once, while the reply is still to come."""
        if not reply.held_up and not reply.utterance.started:
            self._say_meanwhile(reply, self._script.fallback)

    def _say_meanwhile(self, reply: Reply, phrase: str) -> None:
        """Before what is still to come; then the caller waits anew."""
        reply.held_up = True
        reply.utterance.say_first(phrase)
        if reply.kind == "reply":
            left_s = reply.awaited_since + GIVE_UP_S - self._now()
            self._watch(reply, max(HOLD_S, min(len(phrase) * CHARACTER_S + AGAIN_S, left_s)))

    def _on_model_failure(self, reply: Reply, error: ProviderError) -> None:
        self._records.failure("llm", error)
        if not reply.committed:
            reply.failed = True
        elif reply is self.reply and not reply.written:
            if reply.tries < TRIES:
                self._hold_the_line(reply)
                self._think_again(reply, at_once=error.elsewhere or error.code == "empty")
            else:
                self.do(turns.ReplyFailed())

    def _on_voice_failure(self, reply: Reply, error: ProviderError, *, goes_on: bool) -> None:
        self._records.failure("tts", error)
        if not reply.committed:
            reply.failed = True
        elif reply is self.reply:
            if not goes_on:
                self.do(turns.ReplyFailed())
            elif reply.kind == "reply":
                self._hold_the_line(reply)
