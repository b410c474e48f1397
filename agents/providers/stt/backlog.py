"""The caller's audio on its way to a recogniser, and where the recogniser's clock stands against the call's.

A recogniser counts the audio that it was sent. That differs from the audio that was fed once some was dropped
(the socket was away for long) or silence was put in (nothing came for long), so positions are carried back here.
"""

from __future__ import annotations

from collections import deque

BYTES_PER_MS = 8
LIMIT = 3_000 * BYTES_PER_MS
LARGEST_MESSAGE = 250 * BYTES_PER_MS


class Backlog:
    """At most 3 s of audio that could not be sent yet; the oldest goes first."""

    def __init__(self) -> None:
        self.dropped = 0
        self.sent = 0
        self._frames: deque[bytes] = deque()
        self._waiting = 0
        self._shifts: deque[tuple[int, int]] = deque([(0, 0)], maxlen=100)

    def __bool__(self) -> bool:
        return self._waiting > 0

    def put(self, frame: bytes) -> None:
        """Keep the frame for later, at the price of the oldest when there are too many."""
        if (excess := len(frame) - LIMIT) > 0:
            frame = frame[excess:]
            self._drop(excess)
        self._frames.append(frame)
        self._waiting += len(frame)
        while self._waiting > LIMIT:
            oldest = self._frames.popleft()
            self._waiting -= len(oldest)
            self._drop(len(oldest))

    def take(self) -> bytes:
        """The oldest audio, as much as one message may carry."""
        taken = self._frames.popleft()
        while self._frames and len(taken) + len(self._frames[0]) <= LARGEST_MESSAGE:
            taken += self._frames.popleft()
        if len(taken) > LARGEST_MESSAGE:
            self._frames.appendleft(taken[LARGEST_MESSAGE:])
            taken = taken[:LARGEST_MESSAGE]
        self._waiting -= len(taken)
        self.sent += len(taken)
        return taken

    def add_silence(self, size: int) -> None:
        """`size` bytes were sent that nobody had fed."""
        self.sent += size
        self._shift(-size)

    def position_ms(self, heard_s: float) -> int:
        """Where the call is when the recogniser says `heard_s`."""
        heard = round(heard_s * 1000) * BYTES_PER_MS
        shift = next((shift for since, shift in reversed(self._shifts) if since <= heard), self._shifts[0][1])
        return max(0, (heard + shift) // BYTES_PER_MS)

    def _drop(self, size: int) -> None:
        if size:
            self.dropped += size
            self._shift(size)

    def _shift(self, size: int) -> None:
        since, shift = self._shifts[-1]
        if since == self.sent:
            self._shifts.pop()
        self._shifts.append((self.sent, shift + size))
