"""Events as other calendar programs read them: RFC 5545, as much of it as a feed needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

LONGEST_LINE = 73  # bytes; with the space in front of its continuation still under 75
REFRESH = "PT15M"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. The same `uid` is the same event, whatever changes about it; `revision` counts the changes."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    written_at: datetime
    created_at: datetime
    revision: int = 0
    is_canceled: bool = False


def feed(name: str, events: Iterable[Event]) -> bytes:
    """A whole feed."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//AgentOS//Calendar//EN", f"X-WR-CALNAME:{_text(name)}"]
    head.append(f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}")
    lines = [*head, *(line for event in events for line in _event(event)), "END:VCALENDAR"]
    return b"".join(_folded(line) for line in lines)


def _event(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{_moment(event.written_at)}"
    yield f"CREATED:{_moment(event.created_at)}"
    yield f"LAST-MODIFIED:{_moment(event.written_at)}"
    yield f"SEQUENCE:{event.revision}"
    yield f"STATUS:{'CANCELLED' if event.is_canceled else 'CONFIRMED'}"
    yield f"DTSTART:{_moment(event.starts_at)}"
    yield f"DTEND:{_moment(event.ends_at)}"
    yield f"SUMMARY:{_text(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{_text(event.description)}"
    yield "END:VEVENT"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """Nothing that somebody typed can begin a line of its own."""
    value = "".join(
        each for each in value.replace("\r\n", "\n").replace("\r", "\n") if each == "\n" or each.isprintable()
    )
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        value = value.replace(plain, escaped)
    return value


def _folded(line: str) -> bytes:
    """Long lines go on after a line break and a space; no character is torn apart."""
    pieces, piece = [], b""
    for character in line:
        encoded = character.encode()
        if len(piece) + len(encoded) > LONGEST_LINE:
            pieces.append(piece)
            piece = b""
        piece += encoded
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"
