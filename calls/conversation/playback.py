"""The carrier's buffer as far as we can know it: what was sent, and what its marks prove was played."""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.ports import Line

BYTES_PER_S = 8000


class Playback:
    """One per call. Positions are promises of marks; the clock is `loop.time()`.

    Where marks do not come back, the clock of the bytes sent stands in for them.
    """

    def __init__(self, line: Line, now: Callable[[], float]) -> None:
        self._line, self._now = line, now
        self._outstanding: dict[str, tuple[int, Callable[[], None]]] = {}
        self._names = 0
        self._sent = 0
        self._dry_at = 0.0

    @property
    def ahead_s(self) -> float:
        """Seconds of audio that the caller has not heard yet."""
        return max(0.0, self._dry_at - self._now())

    @property
    def has_played(self) -> bool:
        """Whether anything was sent at all."""
        return self._sent > 0

    def send(self, audio: bytes) -> None:
        self._line.play(audio)
        self._sent += len(audio)
        self._dry_at = max(self._dry_at, self._now()) + len(audio) / BYTES_PER_S

    def mark(self, heard: Callable[[], None]) -> None:
        """Call `heard` once everything sent so far was played; never, if it is cleared before."""
        self._names += 1
        name = f"m{self._names}"
        self._outstanding[name] = (self._sent, heard)
        self._line.mark(name)

    def mark_reached(self, name: str) -> None:
        """The carrier returned a mark. One that was forgotten by `clear` means flushed, and says nothing."""
        if name not in self._outstanding:
            return
        position, heard = self._outstanding.pop(name)
        self._dry_at = self._now() + (self._sent - position) / BYTES_PER_S
        heard()

    def clear(self) -> None:
        """Silence now. Forget the marks first: the carrier returns them all, and by then they mean flushed."""
        self._outstanding.clear()
        self._line.clear()
        self._dry_at = self._now()
