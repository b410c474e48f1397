"""The telephone in the caller's hand: what is said into it and what is heard from it, on one clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

from telephony import mulaw

from .clock import Clock
from .playback import Playback
from .tracks import Track

LATE_MS = 20


@dataclass(slots=True, eq=False)
class Utterance:
    """One thing the caller says, when it was said, and what the agent did about it.

    Positions are of the call's clock. The names that end in `_at` are of `perf_counter`: when the frame in question
    was written to the socket, or when the agent's first frame was read from it.
    """

    text: str
    audio: bytes = field(repr=False)
    began_ms: float | None = None
    began_at: float | None = None
    voice_ended_ms: float | None = None
    voice_ended_at: float | None = None
    said_at: float | None = None
    cleared_at: float | None = None
    reply_ms: float | None = None
    reply_at: float | None = None
    unasked_bytes: int = 0
    """Audio that the agent sent after it had given way and before the caller had finished."""
    _voiced_bytes: int = 0
    _position: int = 0

    def __post_init__(self) -> None:
        for at in range(0, len(self.audio), mulaw.FRAME_BYTES):
            if mulaw.is_voiced(self.audio[at : at + mulaw.FRAME_BYTES]):
                self._voiced_bytes = at + mulaw.FRAME_BYTES
        self._voiced_bytes = self._voiced_bytes or len(self.audio)

    @property
    def wait_s(self) -> float | None:
        """What the caller waited, on the wall: from the end of the voice to the first frame of the reply."""
        if self.reply_at is None or self.voice_ended_at is None:
            return None
        return self.reply_at - self.voice_ended_at

    @property
    def barge_in_s(self) -> float | None:
        """What the agent took to give way, on the wall."""
        return None if self.cleared_at is None or self.began_at is None else self.cleared_at - self.began_at

    def next_frame(self, due_ms: float) -> bytes:
        """Take 20 ms, and note what they are."""
        at = perf_counter()
        if self.began_ms is None:
            self.began_ms, self.began_at = due_ms - mulaw.FRAME_MS, at
        frame = self.audio[self._position : self._position + mulaw.FRAME_BYTES]
        self._position += mulaw.FRAME_BYTES
        if self.voice_ended_ms is None and self._position >= self._voiced_bytes:
            self.voice_ended_ms, self.voice_ended_at = due_ms, at
        if self._position >= len(self.audio):
            self.said_at = at
        return frame.ljust(mulaw.FRAME_BYTES, mulaw.SILENCE[:1])


class Handset:
    """Gives 20 ms of the caller's side to `on_frame` at every tick of an absolute clock, and takes what is to be heard.

    Ticks that the machine missed are made up for in one go, as a network does after a stall. No task runs: the event
    loop's timers move any number of handsets.
    """

    def __init__(self, clock: Clock, *, keep_audio: bool = True) -> None:
        self.clock = clock
        self.said: Track | None = Track() if keep_audio else None
        self.heard: Track | None = Track() if keep_audio else None
        self.playback = Playback(clock, self.heard)
        self.utterances: list[Utterance] = []
        self.on_frame: Callable[[bytes], None] | None = None
        self.on_reply: Callable[[Utterance], None] | None = None
        self.frames = 0
        self.late_frames = 0
        self.latest_ms = 0.0
        self._to_say: deque[Utterance] = deque()
        self._speaking: Utterance | None = None
        self._due_ms = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._due_ms = self.clock.now_ms() + mulaw.FRAME_MS
        self._wait()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.playback.stop()

    def say(self, audio: bytes, text: str = "") -> Utterance:
        """Say it from the next frame on, after what is being said already. Frames between things said are silence."""
        utterance = Utterance(text, audio)
        self._to_say.append(utterance)
        return utterance

    async def said_all(self) -> None:
        """Wait until there is nothing left to say."""
        while self._to_say:
            await self.clock.sleep(mulaw.FRAME_MS)

    def hear(self, audio: bytes) -> None:
        """Take audio of the agent."""
        at, utterance = perf_counter(), self._speaking
        idle = self.playback.is_idle
        start_ms = self.playback.add(audio)
        if utterance is None:
            return
        if utterance.voice_ended_at is None:
            if utterance.cleared_at is not None:
                utterance.unasked_bytes += len(audio)
        elif idle and utterance.reply_at is None:
            utterance.reply_at, utterance.reply_ms = at, start_ms
            if self.on_reply is not None:
                self.on_reply(utterance)

    def overhear(self, frame: bytes) -> None:
        """Take 20 ms of somebody else on the line, who is no agent: their pauses are no holes."""
        self.playback.add_live(frame)

    def clear(self) -> float:
        """The agent gives way; the answer is how many milliseconds the caller will not hear."""
        self.note_clear()
        return self.playback.clear()

    def note_clear(self) -> None:
        """Remember when the agent first gave way to what the caller is saying."""
        utterance = self._speaking
        if utterance is not None and utterance.cleared_at is None and utterance.reply_at is None:
            utterance.cleared_at = perf_counter()

    def _tick(self) -> None:
        now = self.clock.now_ms()
        late_ms = (now - self._due_ms) / self.clock.scale
        self.latest_ms = max(self.latest_ms, late_ms)
        self.late_frames += late_ms > LATE_MS
        while self._due_ms <= now:
            frame = self._next_frame()
            if self.said is not None:
                self.said.write(self._due_ms - mulaw.FRAME_MS, frame)
            self.frames += 1
            if self.on_frame is not None:
                self.on_frame(frame)
            self._due_ms += mulaw.FRAME_MS
        self._wait()

    def _next_frame(self) -> bytes:
        if not self._to_say:
            return mulaw.SILENCE
        utterance = self._to_say[0]
        if utterance is not self._speaking:
            self._speaking = utterance
            self.utterances.append(utterance)
        frame = utterance.next_frame(self._due_ms)
        if utterance.said_at is not None:
            self._to_say.popleft()
        return frame

    def _wait(self) -> None:
        delay = self.clock.seconds_until(self._due_ms)
        self._timer = asyncio.get_running_loop().call_later(delay, self._tick)
