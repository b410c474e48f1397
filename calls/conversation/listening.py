"""The caller's sound into hearing events, across the loss of a recogniser.

Audio of the turn in progress is kept until the turn is over. When the recogniser's stream is lost, a new one hears
that audio again, so that no word is lost and none is doubled.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from agents.providers.ports import EndOfTurn, HearingEvent, ProviderError, SpeechStarted, SpeechToText, TurnResumed

MOST_REPLAYED_MS = 10_000
RETRY_AFTER_S = (0.0, 0.3, 1.0, 2.0)  # before the first, second, … reconnection in a row
DEAF_AFTER_MS = 4_000  # voice for this long without any result: the recogniser hears nothing; doubles each time
BYTES_PER_MS = 8
IDLE_BYTES = 100 * BYTES_PER_MS  # silence between turns goes out in such pieces: a fifth of the messages

_QUIET = bytes(byte for byte in range(256) if (~byte & 0x7F) < 0x24)  # below about -36 dBFS
_LOUD_SHARE = 8  # one sample in so many must be loud


def is_voiced(frame: bytes) -> bool:
    """Whether there is a voice in this mu-law, by loudness alone; costs under a microsecond."""
    return len(frame.translate(None, _QUIET)) * _LOUD_SHARE > len(frame)


class AudioListener:
    """Feeds one recogniser after another and tells the session what is heard, in positions of the whole call."""

    def __init__(self, make_recogniser: Callable[[], SpeechToText]) -> None:
        self._make = make_recogniser
        self._stt: SpeechToText | None = None
        self._opening: asyncio.Task[SpeechToText] | None = None
        self._kept: deque[bytes] = deque()
        self._kept_ms = 0.0
        self._position_ms = 0.0
        self._offset_ms = 0
        self._deaf_ms, self._deaf_after_ms = 0.0, DEAF_AFTER_MS
        self._heard_something = False
        self._lost = asyncio.Event()
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

    def open(self) -> None:
        """Connect ahead of time, while the phone rings."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._connect())
            self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())

    def hear(self, frame: bytes) -> None:
        """Take the next audio. Never waits."""
        length_ms = len(frame) / BYTES_PER_MS
        self._position_ms += length_ms
        if is_voiced(frame):
            self._voice_at, self._turn_open = self._now(), True
            self._deaf_ms += length_ms
        self._kept.append(frame)
        self._kept_ms += length_ms
        while self._kept_ms > MOST_REPLAYED_MS:
            self._kept_ms -= len(self._kept.popleft()) / BYTES_PER_MS
        if self._stt is not None:
            self._feed(self._stt, frame)
            if self._deaf_ms > self._deaf_after_ms:
                self._lost.set()

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
                    await self._listen_once()
                    error = ProviderError("stt", "the stream ended", code="ended")
                except ProviderError as failed:
                    error = failed
                failures = 1 if self._heard_something or error.code == "deaf" else failures + 1
                self.on_trouble(error)
                if failures > len(RETRY_AFTER_S) or not error.retryable:
                    raise error
                await asyncio.sleep(RETRY_AFTER_S[failures - 1])
        finally:
            await self.close()

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

    async def _connect(self) -> SpeechToText:
        stt = self._make()
        try:
            await stt.open()
        except BaseException:
            await stt.close()
            raise
        return stt

    async def _listen_once(self) -> None:
        self._heard_something = False
        self.open()
        assert self._opening is not None  # noqa: S101 - set by open()
        stt, self._opening = await self._opening, None
        self._offset_ms = int(self._position_ms - self._kept_ms)
        for frame in self._kept:
            stt.feed(frame)
        self._unsent.clear()
        self._stt, self._deaf_ms = stt, 0.0
        self._lost.clear()
        try:
            await self._consume(stt)
        finally:
            self._stt = None
            await stt.close()

    async def _consume(self, stt: SpeechToText) -> None:
        reading = asyncio.ensure_future(self._read(stt))
        deaf = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({reading, deaf}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                self._deaf_after_ms *= 2
                raise ProviderError("stt", "voice is heard on the line, but nothing is recognised", code="deaf")
            reading.result()
        finally:
            for task in (reading, deaf):
                task.cancel()
            await asyncio.wait({reading, deaf})

    async def _read(self, stt: SpeechToText) -> None:
        async for event in stt.events():
            self._heard_something = True
            self._deaf_ms, self._deaf_after_ms = 0.0, DEAF_AFTER_MS
            event = self._in_call_time(event)
            if isinstance(event, EndOfTurn):
                self._turn_open = False
                self._forget_until(event.end_ms)
            self.on_event(event)

    def _in_call_time(self, event: HearingEvent) -> HearingEvent:
        match event:
            case TurnResumed():
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
