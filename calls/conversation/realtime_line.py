"""A model that hears, thinks and speaks itself, seen as what a conversation needs: an ear, a mind and a mouth.

The conversation stays ours: the model answers only when the floor says so, and remembers what the history holds. When
its connection is lost, the ears, the mind and the voice that the version names go on with the call.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from agents.providers.deadlines import with_deadlines
from agents.providers.ports import (
    EagerEndOfTurn,
    EndOfTurn,
    HearingEvent,
    Interim,
    LanguageModel,
    Message,
    ProviderError,
    ServedBy,
    SpeechStarted,
    Thought,
    ToolSpec,
    TurnResumed,
    Usage,
    WordsLate,
)
from agents.providers.realtime.ports import (
    Answered,
    Asked,
    Kept,
    Said,
    Sign,
    Sounded,
    SpeechToSpeech,
    Stopped,
    TalkEvent,
    Trouble,
    Understood,
    VoiceBegan,
    VoiceEnded,
)
from calls.conversation.languages import Languages
from calls.conversation.listening import BYTES_PER_MS, is_voiced
from calls.conversation.ports import Listener
from calls.conversation.realtime_memory import Memory
from calls.conversation.realtime_signs import Signs
from calls.conversation.realtime_tools import END_CALL, SPEAKS_ITSELF, as_mark, switching
from calls.conversation.realtime_voice import Take
from calls.conversation.sentences import language_in

FIRST_S, GAP_S = 1.5, 5.0  # the first with all that comes before it, such as the end of an answer that was stopped
MOST_FAILED = 2  # answers in a row; then the call goes on without it
MOST_KEPT = 500  # frames of an open turn, which the version's own ears hear when the model is lost: 10 s
BEFORE_A_VOICE = 25  # of them are kept while nobody speaks
LATE_S, WORDS_WITHIN_S = 1.2, 3.0  # after the caller's voice; what was said is written down behind it


class RealtimeLine:
    """One conversation with the model. It is a LanguageModel whose words have a sound already.

    `second` answers, under the name `second_name`, where an answer has failed or is late, and when the model is lost:
    its connection is, it gives no sign, or one answer after another fails.
    """

    def __init__(
        self, talk: SpeechToSpeech, second: LanguageModel, second_name: ServedBy, languages: Languages | None = None
    ) -> None:
        self._talk, self._second, self._second_name = talk, second, second_name
        self._languages, self._switching = languages or Languages(), switching(languages) if languages else None
        self._memory = Memory(talk)
        self._opening: asyncio.Task[None] | None = None
        self._next: Take | None = None
        self._take: Take | None = None
        self._answer: asyncio.Queue[Thought | Answered] | None = None
        self._signs = Signs(talk.ask_for_sign, asyncio.get_running_loop().time)
        self._gone: asyncio.Future[ProviderError] = asyncio.get_running_loop().create_future()
        self._failed_in_a_row = 0
        self.is_lost = self.is_refused = self._stands_in = False  # refused: by a vendor who would refuse it again
        self.stopped = Usage(0, 0)  # what answers have used that were stopped
        self.on_hearing: Callable[[TalkEvent], None] = lambda event: None
        self.on_trouble: Callable[[ProviderError], None] = lambda error: None

    def open(self) -> None:
        """Connect ahead of time, while the phone rings."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._talk.open())
            self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def close(self) -> None:
        """Let go of the model. Safe to repeat."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        await self._talk.close()

    async def listen(self) -> None:
        """Take what the model tells, until it is lost. Raises ProviderError then."""
        following = asyncio.ensure_future(self._follow())
        ends: set[asyncio.Future[Any]] = {following, self._gone}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._gone.done():
                raise self._gone.result()
            following.result()
        except ProviderError as error:
            self.is_lost, self.is_refused = True, not error.retryable
            if self._answer is not None:
                self._answer.put_nowait(Answered(error=error))
            raise
        finally:
            following.cancel()
            await asyncio.wait({following})

    async def _follow(self) -> None:
        self.open()
        assert self._opening is not None  # noqa: S101 - set by open()
        await asyncio.shield(self._opening)
        async with aclosing(self._talk.events()) as events:
            async for event in events:
                self._signs.told()
                self._take_in(event)
        raise ProviderError("realtime", "the conversation ended", code="ended")

    def hear(self, frame: bytes, *, owed: bool) -> None:
        """Take the next sound; `owed`: of what was heard so far, something is still to be told."""
        self._talk.hear(frame)
        if self._signs.are_missing(owed=owed or self._answer is not None):
            self.give_up(ProviderError("realtime", "it gives no sign", code="no_sign"))

    def give_up(self, error: ProviderError) -> None:
        """Go on without the model: `listen` raises this. Safe to repeat."""
        if not self._gone.done():
            self._gone.set_result(error)

    def write_down_in(self, language: str) -> None:
        """What the caller says is written down in this language from now on."""
        self._talk.write_down_in(language)

    @property
    def speaks(self) -> bool:
        """Whether the next answer is the model's own, in its own voice."""
        return not (self.is_lost or self._stands_in)

    def expect(self, take: Take) -> None:
        """Where the next answer will be spoken."""
        self._next = take

    # The mind ----------------------------------------------------------------------------------------

    async def warm(self) -> None:
        """As LanguageModel; there is one connection for all answers."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        """As LanguageModel."""
        take, self._next = self._next, None
        if take is None:
            self._stands_in = False
            yield self._second_name
            answer = self._second.reply(messages, tools)
        else:
            answer = self._own_reply(take, messages, tools)
        async with aclosing(answer):
            async for thought in answer:
                yield thought

    async def _own_reply(
        self, take: Take, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[Thought, None]:
        """Its answer. Where that fails, the second is asked next."""
        answer = with_deadlines(self._reply(take, messages, tools), first_s=FIRST_S, gap_s=GAP_S, provider="openai")
        try:
            async with aclosing(answer):
                async for thought in answer:
                    yield thought
        except ProviderError as error:
            take.break_off()
            self._stands_in, error.elsewhere = True, True
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= MOST_FAILED:
                self.give_up(error)
            raise
        self._failed_in_a_row = 0

    async def _reply(
        self, take: Take, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[Thought, None]:
        """Where it has only changed the language, it is asked again, to speak it."""
        used, language, is_answered = list[Usage](), "", False
        granted = {tool.name for tool in tools}
        for switch in (self._switching, None):
            await self._ready()
            own = tuple(tool for tool in (END_CALL, switch) if tool and tool.name not in granted)
            instructions = "\n\n".join(filter(None, (messages[0].content, self._languages.goes_on_in(language))))
            self._talk.instruct(f"{instructions}\n\n{SPEAKS_ITSELF}" if own else instructions, (*tools, *own))
            async with aclosing(self._ask(take, messages, own)) as answer:
                async for thought in answer:
                    if isinstance(thought, Usage):
                        used.append(thought)
                        continue
                    found = language_in(thought) if isinstance(thought, str) else ""
                    language, is_answered = found or language, is_answered or bool(thought and not found)
                    yield thought
            if is_answered or not language:
                break
        if used:
            yield sum(used[1:], used[0])

    async def _ask(
        self, take: Take, messages: Sequence[Message], own: Sequence[ToolSpec]
    ) -> AsyncGenerator[Thought, None]:
        self._memory.agree(messages[1:])
        self._take, self._answer = take, asyncio.Queue()
        answer, is_whole = self._answer, False
        self._talk.answer()
        try:
            while not isinstance(thought := await answer.get(), Answered):
                yield as_mark(thought, own)
            if thought.usage:
                yield thought.usage
            if thought.error:
                raise thought.error
            is_whole = True
        finally:
            if not is_whole:
                self._talk.stop()
            take.end(broken=not is_whole)
            self._take = self._answer = None

    async def _ready(self) -> None:
        self.open()
        assert self._opening is not None  # noqa: S101 - set by open()
        if self.is_lost:
            raise ProviderError("realtime", "the connection is lost", code="connection_lost")
        await asyncio.shield(self._opening)
        await self._talk.quiet()

    # What the model tells ----------------------------------------------------------------------------

    def _take_in(self, event: TalkEvent) -> None:
        match event:
            case Kept():
                self._memory.kept(event)
            case Said():
                self._speaks(event.item, lambda take: take.say(event.text), event.text)
            case Sounded():
                self._speaks(event.item, lambda take: take.sound(event.audio), "")
            case Asked():
                self._memory.asked(event.item, event.call)
                if self._answer is not None:
                    self._answer.put_nowait(event.call)
            case Answered():
                if self._answer is not None:
                    self._answer.put_nowait(event)
            case Stopped():
                self.stopped += event.usage
            case Trouble():
                self.on_trouble(event.error)
            case Sign():
                pass
            case _:
                if isinstance(event, Understood) and event.final:
                    self._memory.understood(event.item, event.text)
                self.on_hearing(event)

    def _speaks(self, item: str, happens: Callable[[Take], None], text: str) -> None:
        if self._take is not None and self._answer is not None:
            self._memory.answers(item, self._take)
            happens(self._take)
            self._answer.put_nowait(text)


class RealtimeListener(Listener):
    """What the model hears. `own` are the ears that go on when it is lost; positions are of the whole call's sound."""

    def __init__(self, line: RealtimeLine, own: Listener) -> None:
        self._line, self._own = line, own
        self._now = asyncio.get_running_loop().time
        self._position_bytes = self._own_since_ms = 0
        self._speaks_since: int | None = None
        self._voice_from = self._voice_to = 0
        self._voice_at: float | None = None
        self._owes = 0  # turns whose words are still to come
        self._words_due: float | None = None
        self._told_at = 0.0  # when the words of a turn were written down last
        self._is_late = False
        self._kept: deque[bytes] = deque(maxlen=MOST_KEPT)  # of the open turn
        self.voiced_ms = 0  # so much voice was written down
        self.on_event: Callable[[HearingEvent], None] = lambda event: None
        self.on_trouble: Callable[[ProviderError], None] = lambda error: None
        self.answers_ahead: Callable[[], bool] = lambda: True  # before the words of a turn are written down

    @property
    def voice_at(self) -> float | None:
        return self._voice_at

    @property
    def owes_words(self) -> bool:
        return self._speaks_since is not None or self._words_due is not None

    def hear(self, frame: bytes) -> None:
        self._position_bytes += len(frame)
        if voiced := is_voiced(frame):
            self._voice_at = self._now()
        if self._line.is_lost:
            self._own.hear(frame)
        else:
            self._kept.append(frame)
            while len(self._kept) > BEFORE_A_VOICE and not self.owes_words and not self._voiced_lately:
                self._kept.popleft()
            self._line.hear(frame, owed=voiced or self.owes_words)
            self._look_for_words()

    @property
    def _voiced_lately(self) -> bool:
        """Whether a voice was heard that the model may not have told of yet."""
        return self._voice_at is not None and self._voice_at > max(self._told_at, self._now() - WORDS_WITHIN_S)

    def _look_for_words(self) -> None:
        """A voice is over, and whoever writes it down is late, or does not come back."""
        if self._words_due is None or self._speaks_since is not None:
            return
        if self._now() >= self._words_due:
            self._line.give_up(ProviderError("realtime", "no words come of a voice", code="late"))
        elif self._now() >= self._words_due - WORDS_WITHIN_S + LATE_S:
            self._tell_of_late_words()

    def _tell_of_late_words(self) -> None:
        if not self._is_late:
            self._is_late = True
            self.on_event(WordsLate())

    def switch_language(self, language: str) -> None:
        self._line.write_down_in(language)
        self._own.switch_language(language)

    async def run(self) -> None:
        self._line.on_hearing = self._heard
        self._line.on_trouble = lambda error: self.on_trouble(error)
        try:
            await self._line.listen()
        except ProviderError as error:
            self.on_trouble(error)
        self._speaks_since, self._words_due = None, None
        kept, self._kept = list(self._kept), deque(maxlen=MOST_KEPT)
        self._own_since_ms = (self._position_bytes - sum(map(len, kept))) // BYTES_PER_MS
        if any(map(is_voiced, kept)) and self._now() - (self._voice_at or self._now()) >= LATE_S:
            self._tell_of_late_words()
        self._own.on_event = lambda event: self.on_event(self._in_call_time(event))
        self._own.on_trouble = lambda error: self.on_trouble(error)
        for frame in kept:
            self._own.hear(frame)
        await self._own.run()

    def _heard(self, event: TalkEvent) -> None:
        match event:
            case VoiceBegan():
                if not self.owes_words:
                    self._voice_from = event.at_ms
                self._speaks_since = self._voice_to = event.at_ms
                self.on_event(TurnResumed())
                self.on_event(SpeechStarted(event.at_ms))
            case VoiceEnded():
                self.voiced_ms += max(0, event.at_ms - (self._speaks_since or event.at_ms))
                self._speaks_since, self._voice_to = None, event.at_ms
                self._owes, self._is_late = self._owes + 1, False
                self._words_due = self._now() + WORDS_WITHIN_S
                if self.answers_ahead():
                    self.on_event(EagerEndOfTurn("", self._voice_from, self._voice_to))
            case Understood(text=text, final=False):
                self.on_event(Interim(text, self._voice_from, self._voice_to))
            case Understood(text=text):
                self._written_down()
                if not text:
                    self.on_event(TurnResumed())
                self.on_event(EndOfTurn(text, self._voice_from, max(self._voice_from, self._voice_to)))

    def _written_down(self) -> None:
        """The words of a turn are here: only what follows it need be heard again. There may be more of it already."""
        self._owes, self._told_at = max(0, self._owes - 1), self._now()
        if not self._owes:
            self._words_due = None
        kept_from = self._position_bytes - sum(map(len, self._kept))
        while self._kept and kept_from < self._voice_to * BYTES_PER_MS:
            kept_from += len(self._kept.popleft())

    def _in_call_time(self, event: HearingEvent) -> HearingEvent:
        since = self._own_since_ms
        match event:
            case TurnResumed() | WordsLate():
                return event
            case SpeechStarted():
                return replace(event, at_ms=event.at_ms + since)
            case _:
                return replace(event, start_ms=event.start_ms + since, end_ms=event.end_ms + since)
