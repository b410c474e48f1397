"""Two providers of a kind as one: the second answers when the first fails or is too slow with its first item."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TypeVar

from .breaker import Breaker, OnOutcome, breaker_of, unheard
from .deadlines import FIRST_LATE, with_deadlines
from .hedging import first_of_two
from .ports import (
    LanguageModel,
    Message,
    ProviderError,
    ServedBy,
    Speech,
    TextToSpeech,
    Thought,
    ToolSpec,
    Usage,
    Wasted,
)

T = TypeVar("T")
Source = tuple[Breaker, Callable[[], AsyncGenerator[T, None]]]
OnFailure = Callable[[ProviderError], None]

LEFT_S = 20.0  # so long is a voice left that broke off
CHARACTERS_PER_TOKEN = 4  # to estimate what a question cost that nobody let answer


class FallbackLanguageModel:
    """A LanguageModel over one or two. `on_failure` hears each failure that is not raised, `on_outcome` all that comes.

    With `hedge_s` the second is asked as well when the first has said nothing for so long. `last_s` is the patience
    with whoever has nobody behind him. What one has read that was late is told as Wasted.
    """

    def __init__(
        self,
        primary: LanguageModel,
        second: LanguageModel | None,
        *,
        first_s: float,
        gap_s: float,
        on_failure: OnFailure,
        second_name: ServedBy | None = None,
        last_s: float | None = None,
        hedge_s: float | None = None,
        on_outcome: OnOutcome = unheard,
    ) -> None:
        self._second_name = second_name
        models = [model for model in (primary, second) if model is not None]
        self._models = [(breaker_of("llm", model, index, on_outcome), model) for index, model in enumerate(models)]
        self._first_s, self._gap_s, self._on_failure = first_s, gap_s, on_failure
        self._last_s, self._hedge_s = last_s or first_s, hedge_s

    async def warm(self) -> None:
        """Open a connection to each. Never raises."""
        await asyncio.gather(*(model.warm() for _, model in self._models))

    async def reply(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> AsyncGenerator[Thought, None]:
        """As LanguageModel. Once anything has come, a failure is raised: what to do then is the caller's decision."""
        sources: list[Source[Thought]] = [
            (breaker, partial(self._reply, model, messages, tools)) for breaker, model in self._models
        ]
        async with aclosing(self._answer(sources, messages)) as answer:
            async for item in answer:
                yield item

    def _answer(self, sources: list[Source[Thought]], messages: Sequence[Message]) -> AsyncGenerator[Thought, None]:
        read = Usage(sum(len(message.content) for message in messages) // CHARACTERS_PER_TOKEN, 0)
        if self._hedge_s is not None and len(sources) == 2 and all(breaker.is_closed for breaker, _ in sources):
            return first_of_two(
                *sources,
                after_s=self._hedge_s,
                first_s=self._last_s,
                gap_s=self._gap_s,
                on_failure=self._on_failure,
                lost=lambda is_second: Wasted(read, self._second_name if is_second else None),
            )
        return _first_to_answer(
            sources,
            first_s=self._first_s,
            last_s=self._last_s,
            gap_s=self._gap_s,
            on_failure=self._on_failure,
            late=Wasted(read),
        )

    async def _reply(
        self, model: LanguageModel, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[Thought, None]:
        unnamed = self._second_name if model is not self._models[0][1] else None
        async with aclosing(model.reply(messages, tools)) as answer:
            async for item in answer:
                if unnamed:
                    yield unnamed
                    unnamed = None
                yield item


class FallbackTextToSpeech:
    """A TextToSpeech over one or two. `on_failure` hears each failure that is not raised.

    One that breaks off in the middle of a piece is asked last for a while: the rest is to be heard, and by one voice.
    """

    def __init__(
        self,
        primary: TextToSpeech,
        second: TextToSpeech | None,
        *,
        first_s: float,
        gap_s: float,
        on_failure: OnFailure,
        second_name: ServedBy | None = None,
        last_s: float | None = None,
        on_outcome: OnOutcome = unheard,
    ) -> None:
        self._second_name = second_name
        voices = [voice for voice in (primary, second) if voice is not None]
        self._voices = [(breaker_of("tts", voice, index, on_outcome), voice) for index, voice in enumerate(voices)]
        self._first_s, self._gap_s, self._on_failure = first_s, gap_s, on_failure
        self._last_s = last_s or first_s
        self._second_first_until = 0.0

    async def open(self) -> None:
        """Connect the first that can be. Raises ProviderError when none can."""
        for index, (breaker, voice) in enumerate(self._voices, start=1):
            try:
                return await voice.open()
            except ProviderError as error:
                breaker.failed(error)
                if index == len(self._voices):
                    raise
                self._on_failure(error)
        return None

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        """As TextToSpeech. Once audio has come, a failure is raised: what to do then is the caller's decision."""
        loop = asyncio.get_running_loop()
        is_second_first = loop.time() < self._second_first_until
        voices = self._voices[::-1] if is_second_first else self._voices
        sources = [(breaker, partial(self._speak, voice, piece)) for breaker, voice in voices]
        answer = _first_to_answer(
            sources, first_s=self._first_s, last_s=self._last_s, gap_s=self._gap_s, on_failure=self._on_failure
        )
        try:
            async with aclosing(answer):
                async for item in answer:
                    yield item
        except ProviderError:
            self._second_first_until = 0.0 if is_second_first else loop.time() + LEFT_S
            raise

    async def _speak(self, voice: TextToSpeech, piece: str) -> AsyncGenerator[Speech, None]:
        name = self._second_name if voice is not self._voices[0][1] else None
        async with aclosing(voice.speak(piece)) as sounds:
            async for speech in sounds:
                yield replace(speech, served_by=name) if name else speech

    async def close(self) -> None:
        """Let go of both within 1 s. Safe to repeat."""
        await asyncio.gather(*(voice.close() for _, voice in self._voices))


async def _first_to_answer(
    sources: Sequence[Source[T]],
    *,
    first_s: float,
    last_s: float,
    gap_s: float,
    on_failure: OnFailure,
    late: T | None = None,
) -> AsyncGenerator[T, None]:
    """The items of the first source that gives one in time; raises the last one's failure when none does.

    A source whose breaker is open is passed over while another is left. With none left it is asked all the same:
    there is nothing better to do. `late` goes before the next one's items where the first was given up as late.
    """
    lost: T | None = None
    for index, (breaker, start) in enumerate(sources):
        is_last = index == len(sources) - 1
        if not breaker.allows() and not is_last:
            on_failure(ProviderError(breaker.provider, "left alone after repeated failures", code="breaker_open"))
            continue
        answered = False
        items = _told(breaker, start(), first_s=last_s if is_last else first_s, gap_s=gap_s)
        try:
            async with aclosing(items):
                async for item in items:
                    answered = True
                    yield item
                    if lost is not None:
                        yield lost
                        lost = None
                return
        except ProviderError as error:
            if answered or is_last:
                raise
            on_failure(error)
            lost = late if error.code == FIRST_LATE else None


async def _told(
    breaker: Breaker, source: AsyncGenerator[T, None], *, first_s: float, gap_s: float
) -> AsyncGenerator[T, None]:
    """The items of one source; its breaker learns how it went. A listener who leaves has been answered."""
    answered = False
    items = with_deadlines(source, first_s=first_s, gap_s=gap_s, provider=breaker.provider)
    try:
        async with aclosing(items):
            async for item in items:
                answered = True
                yield item
    except ProviderError as error:
        breaker.failed(error)
        raise
    except (GeneratorExit, asyncio.CancelledError):
        if answered:
            breaker.succeeded()
        raise
    breaker.succeeded()
