"""The caller's sound into hearing events, across the loss of a recogniser.

Audio of the turn in progress is kept until the turn is over. When the recogniser's stream is lost, a new one hears
that audio again, so that no word is lost and none is doubled. Where there is a second recogniser, it is the new one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace

from agents.providers.breaker import Breaker, OnOutcome, breaker_of, unheard
from agents.providers.ports import (
    EndOfTurn,
    HearingEvent,
    Interim,
    ProviderError,
    SpeechStarted,
    SpeechToText,
    TurnResumed,
    WordsLate,
)

MOST_REPLAYED_MS = 10_000
RETRY_AFTER_S = (0.0, 0.3, 1.0, 2.0)  # before the first, second, … reconnection in a row
DEAF_AFTER_MS = 4_000  # voice for this long without any result: the recogniser hears nothing; doubles each time
DEAF_TO_MS, SILENT_MS = 400, 1_500  # so much voice, and so much silence after it, where there is another to ask
LATE_MS = 1_500  # so much silence after a voice without a sign of the vendor: its words are late
STUCK_MS = 3_000  # the same, where there is no other: the connection is given up; what speaks until then is well
OPEN_WITHIN_S = 1.5  # where another recogniser is there to be asked
BYTES_PER_MS = 8
IDLE_BYTES = 100 * BYTES_PER_MS  # silence between turns goes out in such pieces: a fifth of the messages

_QUIET = bytes(byte for byte in range(256) if (~byte & 0x7F) < 0x24)  # below about -36 dBFS
_LOUD_SHARE = 8  # one sample in so many must be loud


def is_voiced(frame: bytes) -> bool:
    """Whether there is a voice in this mu-law, by loudness alone; costs under a microsecond."""
    return len(frame.translate(None, _QUIET)) * _LOUD_SHARE > len(frame)


class AudioListener:
    """Feeds one recogniser after another and tells the session what is heard, in positions of the whole call."""

    def __init__(
        self,
        make_recogniser: Callable[[], SpeechToText],
        second: Callable[[], SpeechToText] | None = None,
        on_outcome: OnOutcome = unheard,
        *,
        knows: Callable[[int], bool] = lambda ear: True,
        polyglots: Collection[int] = (),
    ) -> None:
        """`knows`: whether one of the two understands the language of the call; `polyglots` understand all at once."""
        self._makers = [make_recogniser, *([second] if second else [])]
        self._on_outcome = on_outcome
        self._knows, self._polyglots = knows, polyglots
        self._chosen = 0
        self._hopeless: set[int] = set()
        self._stt: SpeechToText | None = None
        self._opening: asyncio.Task[SpeechToText] | None = None
        self._kept: deque[bytes] = deque()
        self._kept_ms = 0.0
        self._position_ms = self._by_second_ms = 0.0
        self._offset_ms = 0
        self._deaf_ms, self._silent_ms, self._patience = 0.0, 0.0, 1
        self._voiced_ms = 0.0  # of the open turn
        self._is_late = self._has_words = self._heard_something = False
        self._was_lost = False  # the stream, since the open turn began; nothing has come of it after that
        self._closing: set[asyncio.Task[None]] = set()
        self._lost = asyncio.Event()
        self._is_renewed = asyncio.Event()  # somebody else is ready to hear in the place of whoever hears now
        self._turn_open = False
        self._unsent = bytearray()
        self.on_event: Callable[[HearingEvent], None] = lambda event: None
        self.on_trouble: Callable[[ProviderError], None] = lambda error: None
        self._voice_at: float | None = None
        self._now = asyncio.get_running_loop().time

    @property
    def voice_at(self) -> float | None:
        """Loop time of the last frame with a voice in it."""
        return self._voice_at

    @property
    def owes_words(self) -> bool:
        """No: a voice with words in it brings them while it lasts."""
        return False

    @property
    def position_ms(self) -> int:
        """How much of the caller's audio has been received."""
        return int(self._position_ms)

    @property
    def by_second_ms(self) -> int:
        """How much of it went to the second recogniser."""
        return int(self._by_second_ms)

    def open(self) -> None:
        """Connect ahead of time, while the phone rings."""
        if self._opening is None:
            self._leave_out_who_does_not_know()
            self._opening = asyncio.ensure_future(self._connect())
            self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())

    def hear(self, frame: bytes) -> None:
        """Take the next audio. Never waits."""
        length_ms = len(frame) / BYTES_PER_MS
        self._position_ms += length_ms
        self._by_second_ms += length_ms * self._chosen
        if is_voiced(frame):
            self._voice_at, self._turn_open = self._now(), True
            self._deaf_ms += length_ms
            self._voiced_ms += length_ms
            self._silent_ms = 0.0
        else:
            self._silent_ms += length_ms
        self._kept.append(frame)
        self._kept_ms += length_ms
        while self._kept_ms > MOST_REPLAYED_MS:
            self._kept_ms -= len(self._kept.popleft()) / BYTES_PER_MS
        if self._stt is not None:
            self._feed(self._stt, frame)
        if self._voiced_ms >= DEAF_TO_MS and self._quiet_ms >= LATE_MS:
            self._wait_for_words()
        if self._is_deaf():
            self._lost.set()

    def _wait_for_words(self) -> None:
        """A turn is over by its sound. Tell when its vendor is late with it; one that gives signs heard a noise."""
        owes_since = self._stt.owes_since if self._stt is not None and not self._was_lost else 0.0
        quiet_ms = (self._now() - owes_since) * 1000 if owes_since is not None else 0.0
        if quiet_ms >= LATE_MS and not self._is_late:
            self._is_late = True
            self.on_trouble(ProviderError("stt", "no words come of a voice", code="late"))
            if self._has_words:
                self._take_what_there_is()
            self.on_event(WordsLate())
        elif self._silent_ms >= STUCK_MS and not self._is_late:
            self._voiced_ms = 0.0

    def _take_what_there_is(self) -> None:
        """The words so far will be answered: nobody else need hear them, and the next turn may go to another."""
        self._forget_until(int(self._position_ms - LATE_MS))
        self._turn_over()
        self._deaf_ms = 0.0
        if self._has_another:
            self._lost.set()

    def _turn_over(self) -> None:
        self._turn_open = self._is_late = self._has_words = self._was_lost = False
        self._voiced_ms = 0.0

    @property
    def _quiet_ms(self) -> float:
        """Since the voice was over, whoever has been asked meanwhile; or since somebody else hears it."""
        if self._was_lost and self._voice_at is not None:
            return (self._now() - self._voice_at) * 1000
        return self._silent_ms

    def _is_deaf(self) -> bool:
        """A voice was on the line and nothing came of it: neither while it lasted nor in the silence after it.

        Noise can do that, too, so each time more is needed.
        """
        limit_ms = SILENT_MS if self._has_another else STUCK_MS
        unanswered = self._deaf_ms >= DEAF_TO_MS and self._silent_ms >= limit_ms * self._patience
        may_tell = self._has_another or self._is_late
        return (unanswered and may_tell) or self._deaf_ms > DEAF_AFTER_MS * self._patience

    @property
    def _has_another(self) -> bool:
        return len(self._makers) > len(self._hopeless) + 1

    def _feed(self, stt: SpeechToText, frame: bytes) -> None:
        """Frame by frame while somebody speaks or a turn is open; nobody waits for the silence between turns."""
        if self._turn_open and not self._unsent:
            stt.feed(frame)
            return
        self._unsent += frame
        if self._turn_open or len(self._unsent) >= IDLE_BYTES:
            stt.feed(bytes(self._unsent))
            self._unsent.clear()

    async def run(self) -> None:
        """Listen until cancelled. Raises ProviderError when no recogniser can be reached any more."""
        failures = 0
        try:
            while True:
                try:
                    if await self._listen_once():
                        continue
                    error = ProviderError("stt", "the stream ended", code="ended")
                except ProviderError as failed:
                    error = failed
                failures = 1 if self._heard_something or error.code == "deaf" else failures + 1
                self._was_lost = self._turn_open
                self.on_trouble(error)
                self._turn_to_another(error)
                if failures > len(RETRY_AFTER_S) * len(self._makers):
                    raise error
                await asyncio.sleep(RETRY_AFTER_S[(failures - 1) // len(self._makers)])
        finally:
            await self.close()

    def _turn_to_another(self, error: ProviderError) -> None:
        """The one that has just failed is asked again only when there is no other. Raises where nobody is left."""
        if not error.retryable:
            self._hopeless.add(self._chosen)
        others = [index for index in range(len(self._makers)) if index not in self._hopeless]
        if not others:
            raise error
        self._chosen = next((index for index in others if index != self._chosen), others[0])

    def switch_language(self, language: str) -> None:
        """The makers know of it. Whoever hears now goes on until another one is open, which hears the turn again."""
        self._hopeless.clear()
        self._leave_out_who_does_not_know()
        if self._chosen in self._polyglots:
            return
        if self._opening is not None and self._stt is None:  # for the old language; it is not used yet
            self._opening.add_done_callback(lambda task: self._now_renew(task))
        else:
            self._renew()

    def _now_renew(self, opening: asyncio.Task[SpeechToText]) -> None:
        if not opening.cancelled():
            asyncio.get_running_loop().call_soon(self._renew)

    def _leave_out_who_does_not_know(self) -> None:
        self._hopeless |= {ear for ear in range(len(self._makers)) if not self._knows(ear)}
        if self._chosen in self._hopeless:
            self._chosen = next((ear for ear in range(len(self._makers)) if ear not in self._hopeless), self._chosen)

    def _renew(self) -> None:
        if self._opening is None and self._stt is not None:
            self._opening = opening = asyncio.ensure_future(self._connect_to_any())
            opening.add_done_callback(self._renewed)

    def _renewed(self, opening: asyncio.Task[SpeechToText]) -> None:
        """Where nobody can be reached who knows the language, rather the wrong ears than none."""
        if opening.cancelled():
            return
        if opening.exception() is None:
            self._is_renewed.set()
        elif self._stt is not None and self._opening is opening:
            self._opening = None

    async def _connect_to_any(self) -> SpeechToText:
        """Raises ProviderError when none of the recognisers can be reached."""
        for _ in self._makers[1:]:
            try:
                return await self._connect()
            except ProviderError as error:
                self.on_trouble(error)
                self._turn_to_another(error)
        try:
            return await self._connect()
        except ProviderError as error:
            self.on_trouble(error)
            raise

    async def close(self) -> None:
        """Let go of the recogniser. Safe to repeat."""
        opening, self._opening = self._opening, None
        stt, self._stt = self._stt, None
        if opening is not None:
            opening.cancel()
            await asyncio.wait({opening})
            if not opening.cancelled() and opening.exception() is None:
                stt = opening.result()
        if stt is not None:
            await stt.close()
        if self._closing:
            await asyncio.wait(set(self._closing))

    def _let_go(self, stt: SpeechToText) -> None:
        """A vendor that is unwell takes its time to say goodbye, and the next one need not wait for it."""
        task = asyncio.ensure_future(stt.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _connect(self) -> SpeechToText:
        stt = self._next()
        try:
            async with asyncio.timeout(OPEN_WITHIN_S if self._has_another else None):
                await stt.open()
        except BaseException as error:
            self._let_go(stt)
            trouble = error if isinstance(error, ProviderError) else None
            if isinstance(error, TimeoutError):
                trouble = ProviderError("stt", "the stream did not open in time", code="connect_timeout")
            if trouble is None:
                raise
            self._breaker_of(stt).failed(trouble)
            raise trouble from error
        return stt

    def _next(self) -> SpeechToText:
        """The chosen recogniser; one that was unwell for other calls gives way to a second."""
        stt = self._makers[self._chosen]()
        if self._chosen == 0 and self._has_another and not self._breaker_of(stt).allows():
            self._chosen = 1
            return self._makers[1]()
        return stt

    def _breaker_of(self, stt: SpeechToText) -> Breaker:
        return breaker_of("stt", stt, self._chosen, self._on_outcome)

    async def _listen_once(self) -> bool:
        """Hear with one recogniser to its end; whether another one is ready to go on."""
        self._heard_something = False
        self.open()
        assert self._opening is not None  # noqa: S101 - set by open()
        try:
            stt = await self._opening
        finally:
            self._opening = None
        self._offset_ms = int(self._position_ms - self._kept_ms)
        for frame in self._kept:
            stt.feed(frame)
        self._unsent.clear()
        self._stt, self._deaf_ms, self._silent_ms = stt, 0.0, 0.0
        self._lost.clear()
        self._is_renewed.clear()
        try:
            return await self._consume(stt)
        except ProviderError as error:
            self._breaker_of(stt).failed(error)
            raise
        finally:
            self._stt = None
            self._let_go(stt)

    async def _consume(self, stt: SpeechToText) -> bool:
        reading = asyncio.ensure_future(self._read(stt))
        deaf = asyncio.ensure_future(self._lost.wait())
        renewed = asyncio.ensure_future(self._is_renewed.wait())
        try:
            await asyncio.wait({reading, deaf, renewed}, return_when=asyncio.FIRST_COMPLETED)
            if renewed.done():
                return True
            if not reading.done():
                self._patience *= 2
                raise ProviderError("stt", "voice is heard on the line, but nothing is recognised", code="deaf")
            reading.result()
            return False
        finally:
            for task in (reading, deaf, renewed):
                task.cancel()
            await asyncio.wait({reading, deaf, renewed})

    async def _read(self, stt: SpeechToText) -> None:
        async for event in stt.events():
            if not self._heard_something:
                self._heard_something = True
                self._breaker_of(stt).succeeded()
            self._deaf_ms, self._patience, self._was_lost = 0.0, 1, False
            event = self._in_call_time(event)
            if isinstance(event, EndOfTurn):
                self._turn_over()
                self._forget_until(event.end_ms)
            elif isinstance(event, Interim):
                self._has_words = bool(event.text)
            self.on_event(event)

    def _in_call_time(self, event: HearingEvent) -> HearingEvent:
        match event:
            case TurnResumed() | WordsLate():
                return event
            case SpeechStarted():
                return replace(event, at_ms=event.at_ms + self._offset_ms)
            case _:
                return replace(event, start_ms=event.start_ms + self._offset_ms, end_ms=event.end_ms + self._offset_ms)

    def _forget_until(self, position_ms: int) -> None:
        """What was confirmed need not be heard again."""
        start = self._position_ms - self._kept_ms
        while self._kept and start + len(self._kept[0]) / BYTES_PER_MS <= position_ms:
            length_ms = len(self._kept.popleft()) / BYTES_PER_MS
            start += length_ms
            self._kept_ms -= length_ms
