"""Where an event writer puts its events in a test: a database that can be away."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from telephony.event_writer import ArrivedEvent, EventWriter
from tests.telephony.signing import CALL_SID


class Shelf:
    """A database that can be away."""

    def __init__(self) -> None:
        self.stored: list[ArrivedEvent] = []
        self.error: Exception | None = None
        self.tried = threading.Event()

    def store(self, event: ArrivedEvent) -> None:
        self.tried.set()
        if self.error:
            raise self.error
        self.stored.append(event)


def writer_of(folder: Path, shelf: Shelf) -> EventWriter:
    return EventWriter(folder, shelf.store, retry_s=0.01)


def an_event(key: str = "k", received_at: datetime | None = None) -> ArrivedEvent:
    at = received_at or datetime.now(UTC)
    return ArrivedEvent(uuid4(), CALL_SID, "status", key, {"CallStatus": "completed"}, at)
