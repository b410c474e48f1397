"""Both sides of a call on one clock, written while it lasts: the caller, and the agent as it was played.

The file is raw mu-law, two interleaved channels at 8 kHz: byte 2n is the caller, byte 2n + 1 the agent. A resumed call
goes on in the same file at its position in the call; the gap is silence.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from struct import pack
from typing import Any, Protocol

import structlog

from calls.conversation.ports import Line

BYTES_PER_S = 8000
SILENCE = 0xFF
WRITE_EVERY_S = 1.0
STILL_OPEN_S = 0.2  # the newest audio stays in memory: a clear may still take it back

log = structlog.get_logger(__name__)
_disk = ThreadPoolExecutor(2, thread_name_prefix="recorder")


class Recorder:
    """Collects both sides of one segment and writes them to the file in the background."""

    def __init__(self, path: Path, *, earlier_ms: int, now: Callable[[], float]) -> None:
        self._path, self._now = path, now
        self._origin = now() - earlier_ms / 1000
        self._start = self._written = earlier_ms * BYTES_PER_S // 1000
        self._caller = bytearray()
        self._agent = bytearray()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._write_behind())

    def heard(self, frame: bytes) -> None:
        """Sound of the caller, arriving now; after a gap it takes its place on the clock."""
        self._place(self._caller, frame, latest=len(self._caller) + BYTES_PER_S // 5)

    def played(self, audio: bytes) -> None:
        """Sound of the agent: it is heard after everything that waits already."""
        self._place(self._agent, audio, latest=len(self._agent))

    def cleared(self) -> None:
        """What the caller has not heard yet was taken back."""
        del self._agent[max(0, self._position() - self._written) :]

    async def finish(self) -> int:
        """Write the rest. Returns the length of the recording in milliseconds."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._write(self._position())
        return self._written * 1000 // BYTES_PER_S

    def _position(self) -> int:
        return max(self._written, round((self._now() - self._origin) * BYTES_PER_S))

    def _place(self, channel: bytearray, audio: bytes, *, latest: int) -> None:
        at = self._position() - self._written
        if at > latest or (not channel and at > 0):
            channel += bytes([SILENCE]) * (at - len(channel))
        channel += audio

    async def _write_behind(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            await self._write(self._position() - int(STILL_OPEN_S * BYTES_PER_S))

    async def _write(self, until: int) -> None:
        length = until - self._written
        if length <= 0:
            return
        both = bytearray([SILENCE]) * (length * 2)
        for side, channel in enumerate((self._caller, self._agent)):
            part = channel[:length]
            both[side : side + 2 * len(part) : 2] = part
            del channel[:length]
        position, self._written = self._written, until
        try:
            await asyncio.get_running_loop().run_in_executor(_disk, self._write_at, position * 2, bytes(both))
        except OSError as error:
            log.error("a recording cannot be written", reason=error.strerror)

    def _write_at(self, offset: int, data: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size < offset:
                os.pwrite(descriptor, bytes([SILENCE]) * (offset - size), size)
            os.pwrite(descriptor, data, offset)
        finally:
            os.close(descriptor)


class Follower(Protocol):
    """Whoever keeps, or lets somebody hear, what the agent says."""

    def played(self, audio: bytes) -> None: ...

    def cleared(self) -> None: ...


class RecordedLine:
    """A line whose agent side is recorded, or followed otherwise, as it is played."""

    def __init__(self, line: Line, *followers: Follower) -> None:
        self._line, self._followers = line, followers

    def play(self, audio: bytes) -> None:
        for follower in self._followers:
            follower.played(audio)
        self._line.play(audio)

    def clear(self) -> None:
        for follower in self._followers:
            follower.cleared()
        self._line.clear()

    def mark(self, name: str) -> None:
        self._line.mark(name)

    def hang_up(self) -> None:
        self._line.hang_up()

    def show(self, kind: str, data: dict[str, Any]) -> None:
        self._line.show(kind, data)


# Listening to it ---------------------------------------------------------------------------------------


def _linear(code: int) -> int:
    """The 16-bit sample of a mu-law byte (ITU-T G.711)."""
    code = ~code & 0xFF
    sample = ((((code & 15) << 3) + 0x84) << (code >> 4 & 7)) - 0x84
    return -sample if code & 0x80 else sample


_LOW = bytes(_linear(code) & 0xFF for code in range(256))
_HIGH = bytes(_linear(code) >> 8 & 0xFF for code in range(256))
HEADER_BYTES = 44


def wav_size(path: Path) -> int:
    """Size of the recording as a 16-bit WAV file."""
    return HEADER_BYTES + path.stat().st_size * 2


def wav_bytes(path: Path, start: int, length: int) -> Iterator[bytes]:
    """A part of the recording as a 16-bit stereo WAV, which every browser plays; only that part is read."""
    header = _wav_header(path.stat().st_size * 2)
    end = start + length
    if start < HEADER_BYTES:
        yield header[start:end]
    position = max(0, start - HEADER_BYTES)
    with path.open("rb") as file:
        while position < end - HEADER_BYTES:
            sample, odd = divmod(position, 2)
            file.seek(sample)
            codes = file.read(min(32_768, (end - HEADER_BYTES - position + odd + 1) // 2))
            if not codes:
                return
            linear = bytearray(len(codes) * 2)
            linear[0::2], linear[1::2] = codes.translate(_LOW), codes.translate(_HIGH)
            part = bytes(linear[odd : odd + end - HEADER_BYTES - position])
            yield part
            position += len(part)


def _wav_header(data_bytes: int) -> bytes:
    return b"".join(
        (
            pack("<4sI4s", b"RIFF", 36 + data_bytes, b"WAVE"),
            pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, BYTES_PER_S, BYTES_PER_S * 4, 4, 16),
            pack("<4sI", b"data", data_bytes),
        )
    )
