"""Turns told by ourselves, by loudness, for vendors that only turn sound into text."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..offline_voice.loudness import VoiceActivity
from ..offline_voice.mulaw import decode, loudness
from ..ports import EagerEndOfTurn, EndOfTurn, Hearing, HearingEvent, Interim, ProviderError, SpeechStarted, TurnResumed

FRAME_BYTES, FRAME_MS = 160, 20
PREROLL = 15  # frames before the voice was noticed
ONSET = 3  # voiced frames of the last five
FIRST_GLANCE, NEXT_GLANCE = 35, 75  # frames of voice after which the turn so far is read
LONGEST_PART = 1250  # frames; what is longer is read in parts
EAGER_SHARE = 0.5  # of the silence that ends a turn


class Reader(Protocol):
    """The vendor. `guesses`: it reads any stretch at any time, so that a turn can be read before it is over."""

    guesses: bool

    def hear(self, sound: bytes) -> None:
        """Sound of the stretch of voice that is going on."""
        ...

    async def read(self, sound: bytes) -> str:
        """The words of a stretch of voice that is over, or that is guessed to be. Raises ProviderError."""
        ...


@dataclass(slots=True, eq=False)
class Part:
    """A stretch of voice of one turn, and what was read of it."""

    sound: bytearray = field(default_factory=bytearray)
    over: bool = False
    guessed: bool = False  # it was read, or is being, before it was over
    text: str | None = None
    reading: asyncio.Task[None] | None = None


class OwnTurns:
    """Follows one stream of mu-law. Positions count from its first byte."""

    def __init__(self, reader: Reader, hearing: Hearing) -> None:
        self._reader = reader
        self._end_after = max(1, hearing.endpointing_ms // FRAME_MS)
        self._pause_after = max(1, round(self._end_after * EAGER_SHARE)) if hearing.eager and reader.guesses else 0
        self._activity = VoiceActivity()
        self._pending = bytearray()
        self._before: deque[bytes] = deque(maxlen=PREROLL)
        self._recent: deque[bool] = deque(maxlen=5)
        self._position = self._started = self._last_voiced = self._next_glance = 0
        self._voiced = self._told_eager = False
        self._parts: list[Part] = []
        self._glance: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._owes_since = 0.0
        self._arrived: asyncio.Queue[HearingEvent | ProviderError | None] = asyncio.Queue()

    @property
    def owes_since(self) -> float | None:
        """When the vendor was last asked or has last answered, while something is still to be read."""
        return self._owes_since if any(part.over and part.text is None for part in self._parts) else None

    def feed(self, sound: bytes) -> None:
        """Take any length. Never waits."""
        self._pending += sound
        while len(self._pending) >= FRAME_BYTES:
            frame = bytes(self._pending[:FRAME_BYTES])
            del self._pending[:FRAME_BYTES]
            self._frame(frame)

    def words(self, text: str) -> None:
        """What the vendor has understood so far of the stretch that is not read yet, told of its own accord."""
        self._owes_since = asyncio.get_running_loop().time()
        if self._parts and text.strip():
            self._tell_words(text)

    def fail(self, error: ProviderError) -> None:
        """The vendor is lost."""
        self._arrived.put_nowait(error)

    async def events(self) -> AsyncGenerator[HearingEvent, None]:
        """What is heard, in order, until `close`. Raises ProviderError."""
        while (event := await self._arrived.get()) is not None:
            if isinstance(event, ProviderError):
                raise event
            yield event

    async def close(self) -> None:
        """Read nothing more. Safe to repeat."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._arrived.put_nowait(None)

    # Frame by frame ----------------------------------------------------------------------------------

    def _frame(self, frame: bytes) -> None:
        self._position += 1
        voiced = self._activity.voiced(loudness(decode(frame)))
        self._recent.append(voiced)
        if not self._voiced:
            self._before.append(frame)
            if sum(self._recent) >= ONSET:
                self._begin()
            return
        part = self._parts[-1]
        part.sound += frame
        self._reader.hear(frame)
        if voiced:
            if self._position - self._last_voiced > 1:
                self._goes_on(part)
            self._last_voiced = self._position
            self._look(part)
        else:
            self._pause(part, self._position - self._last_voiced)

    def _begin(self) -> None:
        """A voice begins, in a turn of its own or in one that is still being read."""
        first = next(index for index, voiced in enumerate(self._recent) if voiced)
        if not self._parts:
            self._started = self._position - len(self._recent) + first
            self._arrived.put_nowait(SpeechStarted(self._started * FRAME_MS))
        self._voiced, self._last_voiced = True, self._position
        self._next_glance = self._position + FIRST_GLANCE
        sound = b"".join(self._before)
        self._before.clear()
        self._parts.append(Part(bytearray(sound)))
        self._reader.hear(sound)

    def _goes_on(self, part: Part) -> None:
        """The voice came back within the turn: what was read of the part is not all of it."""
        if part.reading is not None:
            part.reading.cancel()
        part.reading, part.text, part.guessed = None, None, False
        if self._told_eager:
            self._told_eager = False
            self._arrived.put_nowait(TurnResumed())

    def _look(self, part: Part) -> None:
        """Now and then the turn so far is read: whoever interrupts must be seen to say something."""
        if len(part.sound) >= LONGEST_PART * FRAME_BYTES:
            self._end_part(part)
        elif self._reader.guesses and self._position >= self._next_glance and self._glance is None:
            self._next_glance = self._position + NEXT_GLANCE
            self._glance = self._spawn(self._read_so_far(part, bytes(part.sound)))

    def _pause(self, part: Part, silent: int) -> None:
        if silent >= self._end_after:
            self._end_part(part)
        elif self._pause_after and silent >= self._pause_after and not part.guessed:
            part.guessed = True
            part.reading = self._spawn(self._read(part))

    def _end_part(self, part: Part) -> None:
        part.over, self._voiced, self._owes_since = True, False, asyncio.get_running_loop().time()
        self._recent.clear()
        if self._glance is not None:
            self._glance.cancel()
        if part.reading is None:
            part.reading = self._spawn(self._read(part))
        self._settle()

    # Reading -----------------------------------------------------------------------------------------

    async def _read_so_far(self, part: Part, sound: bytes) -> None:
        try:
            with suppress(ProviderError):  # the end of the turn is read all the same
                text = await self._reader.read(sound)
                if part in self._parts and not part.over:
                    self._tell_words(text)
        finally:
            self._glance = None

    async def _read(self, part: Part) -> None:
        try:
            part.text = (await self._reader.read(bytes(part.sound))).strip()
        except ProviderError as error:
            if part.over:
                self.fail(error)
            else:
                part.reading = None
            return
        self._settle()

    def _settle(self) -> None:
        """Tell what is certain by now, or nearly."""
        if not self._parts or any(part.text is None for part in self._parts):
            return
        text = " ".join(part.text for part in self._parts if part.text)
        start, end = self._started * FRAME_MS, self._last_voiced * FRAME_MS
        if self._parts[-1].over and not self._voiced:
            self._parts.clear()
            self._told_eager = False
            self._arrived.put_nowait(EndOfTurn(text, start, end))
        elif text and not self._told_eager:
            self._told_eager = True
            self._arrived.put_nowait(EagerEndOfTurn(text, start, end))

    def _tell_words(self, text: str) -> None:
        whole = " ".join(filter(None, [*(part.text for part in self._parts if part.text), text.strip()]))
        if whole:
            self._arrived.put_nowait(Interim(whole, self._started * FRAME_MS, self._last_voiced * FRAME_MS))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
