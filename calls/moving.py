"""A call that is carried as words goes on with sound, because a person wants to listen to it or to speak in it.

The session for words ends, the carrier asks what to do, and the next segment is one of Media Streams. From then on the
call keeps to it, whatever becomes of its processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calls.models import Call

EVENT, BEGUN = "moved", "resumed"
KINDS = (EVENT, BEGUN)
HANDOFF = "sound"  # what the carrier is told with the end of the session, and tells us again
NOTE = (
    "The caller has waited for a moment, because the line was changed. Go on where you were, in one or two sentences: "
    "say the rest of what was cut short, or answer what is open. Do not greet, and do not ask again for what was said."
)


@dataclass(frozen=True, slots=True)
class Moved:
    """That the call keeps to sound, and whether the segment that begins now is the first with it; then since when."""

    is_moved: bool = False
    since_ms: int | None = None

    @property
    def reason(self) -> dict[str, bool]:
        """Why the call is not carried as its version says, for the record."""
        return {"moved": True} if self.is_moved else {}

    @property
    def news(self) -> dict[str, bool]:
        """Why the segment begins, for the record."""
        return {} if self.since_ms is None else {"moved": True}

    @classmethod
    def of(cls, events: Iterable[tuple[str, int]]) -> Moved:
        """From the kinds and positions of the call's events, in order."""
        known = [(kind, at_ms) for kind, at_ms in events if kind in KINDS]
        is_new = bool(known) and known[-1][0] == EVENT
        return cls(any(kind == EVENT for kind, _ in known), known[-1][1] if is_new else None)


def is_between_lines(call: Call) -> bool:
    """Whether nobody carries it just now because it is being moved. Inside the tenant."""
    is_over = Call.objects.filter(pk=call.pk, status=Call.Status.ENDED).exists()
    return not is_over and moved(call).since_ms is not None


def moved(call: Call) -> Moved:
    """What is known of it. Inside the tenant."""
    events: Sequence[tuple[str, int]] = list(
        call.events.filter(kind__in=KINDS).order_by("segment", "sequence").values_list("kind", "at_ms")
    )
    return Moved.of(events)
