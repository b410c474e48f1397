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
    ToolCall,
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
    Sounded,
    SpeechToSpeech,
    Stopped,
    TalkEvent,
    Trouble,
    Understood,
    VoiceBegan,
    VoiceEnded,
)
from calls.conversation.listening import BYTES_PER_MS, is_voiced
from calls.conversation.ports import Listener
from calls.conversation.realtime_memory import Memory
from calls.conversation.realtime_voice import Take
from calls.conversation.sentences import HANG_UP

FIRST_S, GAP_S = 3.0, 5.0
READY_S = 2.5  # until it is connected and has ended the answer before
MOST_KEPT = 500  # frames of an open turn, which the version's own ears hear when the model is lost: 10 s
BEFORE_A_VOICE = 25  # of them are kept while nobody speaks
WORDS_WITHIN_S = 2.5  # after the caller's voice; what was said is written down behind it

SPEAKS_ITSELF = (
    "You speak and hear yourself, so you cannot write marks: where you are told to write one that ends the call, say "
    "goodbye and use the tool end_call."
)
END_CALL = ToolSpec(
    "end_call",
    "End the call. Use it in the same answer in which you say goodbye.",
    {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
)


class RealtimeLine:
    """One conversation with the model. It is a LanguageModel whose words have a sound already.

    `second` answers when the connection is lost, under the name `second_name`.
    """

    def __init__(self, talk: SpeechToSpeech, second: LanguageModel, second_name: ServedBy) -> None:
        self._talk, self._second, self._second_name = talk, second, second_name
        self._memory = Memory(talk)
        self._opening: asyncio.Task[None] | None = None
        self._next: Take | None = None
        self._take: Take | None = None
        self._answer: asyncio.Queue[Thought | Answered] | None = None
        self.is_lost = False
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
        """Take what the model tells, until the connection is lost. Raises ProviderError then."""
        self.open()
        assert self._opening is not None  # noqa: S101 - set by open()
        try:
            await asyncio.shield(self._opening)
            async with aclosing(self._talk.events()) as events:
                async for event in events:
                    self._take_in(event)
            raise ProviderError("realtime", "the conversation ended", code="ended")
        except ProviderError as error:
            self.is_lost = True
            if self._answer is not None:
                self._answer.put_nowait(Answered(error=error))
            raise

    def hear(self, frame: bytes) -> None:
        self._talk.hear(frame)

    def expect(self, take: Take) -> None:
        """Where the next answer will be spoken."""
        self._next = take

    # The mind ----------------------------------------------------------------------------------------

    async def warm(self) -> None:
        """As LanguageModel; there is one connection for all answers."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        """As LanguageModel."""
        take, self._next = self._next, None
        if take is not None:
            answer = with_deadlines(self._reply(take, messages, tools), first_s=FIRST_S, gap_s=GAP_S, provider="openai")
        elif self.is_lost:
            yield self._second_name
            answer = self._second.reply(messages, tools)
        else:
            raise ProviderError("realtime", "there is no place for the answer", code="out_of_order")
        async with aclosing(answer):
            async for thought in answer:
                yield thought

    async def _reply(
        self, take: Take, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[Thought, None]:
        await self._ready()
        granted = any(tool.name == END_CALL.name for tool in tools)
        instructions = messages[0].content
        if granted:
            self._talk.instruct(instructions, tools)
        else:
            self._talk.instruct(f"{instructions}\n\n{SPEAKS_ITSELF}", (*tools, END_CALL))
        self._memory.agree(messages[1:])
        self._take, self._answer = take, asyncio.Queue()
        answer, is_whole = self._answer, False
        self._talk.answer()
        try:
            while not isinstance(thought := await answer.get(), Answered):
                ends = isinstance(thought, ToolCall) and thought.name == END_CALL.name and not granted
                yield HANG_UP if ends else thought
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
        try:
            async with asyncio.timeout(READY_S):
                await asyncio.shield(self._opening)
                await self._talk.quiet()
        except TimeoutError as error:
            raise ProviderError("realtime", "it does not get ready", code="not_ready") from error

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
        self._words_due = 0.0
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
        return self._speaks_since is not None or self._now() < self._words_due

    def hear(self, frame: bytes) -> None:
        self._position_bytes += len(frame)
        if is_voiced(frame):
            self._voice_at = self._now()
        if self._line.is_lost:
            self._own.hear(frame)
        else:
            self._kept.append(frame)
            while len(self._kept) > BEFORE_A_VOICE and not self.owes_words:
                self._kept.popleft()
            self._line.hear(frame)

    async def run(self) -> None:
        self._line.on_hearing = self._heard
        self._line.on_trouble = lambda error: self.on_trouble(error)
        try:
            await self._line.listen()
        except ProviderError as error:
            self.on_trouble(error)
        self._speaks_since, self._words_due = None, 0.0
        kept, self._kept = list(self._kept), deque(maxlen=MOST_KEPT)
        self._own_since_ms = (self._position_bytes - sum(map(len, kept))) // BYTES_PER_MS
        self._own.on_event = lambda event: self.on_event(self._in_call_time(event))
        self._own.on_trouble = lambda error: self.on_trouble(error)
        for frame in kept:
            self._own.hear(frame)
        await self._own.run()

    def _heard(self, event: TalkEvent) -> None:
        match event:
            case VoiceBegan():
                if self._speaks_since is None and self._now() >= self._words_due:
                    self._voice_from = event.at_ms
                self._speaks_since = self._voice_to = event.at_ms
                self.on_event(TurnResumed())
                self.on_event(SpeechStarted(event.at_ms))
            case VoiceEnded():
                self.voiced_ms += max(0, event.at_ms - (self._speaks_since or event.at_ms))
                self._speaks_since, self._voice_to = None, event.at_ms
                self._words_due = self._now() + WORDS_WITHIN_S
                if self.answers_ahead():
                    self.on_event(EagerEndOfTurn("", self._voice_from, self._voice_to))
            case Understood(text=text, final=False):
                self.on_event(Interim(text, self._voice_from, self._voice_to))
            case Understood(text=text):
                self._words_due = 0.0
                self._kept.clear()
                if not text:
                    self.on_event(TurnResumed())
                self.on_event(EndOfTurn(text, self._voice_from, max(self._voice_from, self._voice_to)))

    def _in_call_time(self, event: HearingEvent) -> HearingEvent:
        since = self._own_since_ms
        match event:
            case TurnResumed() | WordsLate():
                return event
            case SpeechStarted():
                return replace(event, at_ms=event.at_ms + since)
            case _:
                return replace(event, start_ms=event.start_ms + since, end_ms=event.end_ms + since)
