"""What a conversation needs from the world around it."""

from __future__ import annotations

from typing import Any, Protocol


class Line(Protocol):
    """The carrier's end: takes audio faster than real time and plays it in order. Nothing here waits."""

    def play(self, audio: bytes) -> None:
        """Queue 8 kHz mu-law of any length."""
        ...

    def mark(self, name: str) -> None:
        """Queue a label that comes back when everything before it was played (or was cleared)."""
        ...

    def clear(self) -> None:
        """Forget what is queued, here and at the carrier. Nothing queued before is sent after it."""
        ...

    def hang_up(self) -> None:
        """End the call once everything queued was sent."""
        ...

    def show(self, kind: str, data: dict[str, Any]) -> None:
        """Tell a caller who has a screen (the browser phone) what was said; other lines ignore it."""
        ...


class Journal(Protocol):
    """Writes behind the call. Nothing here waits or fails; order is kept."""

    def turn(self, index: int, state: dict[str, Any]) -> None:
        """The whole state of turn `index` so far; a later one replaces it."""
        ...

    def event(self, kind: str, at_ms: int, data: dict[str, Any] | None = None) -> None:
        """Something that happened, at a position of the call in milliseconds."""
        ...

    def usage(self, kind: str, provider: str, model: str, unit: str, quantity: int, *, speculative: bool) -> None:
        """Add to what the call has used."""
        ...
