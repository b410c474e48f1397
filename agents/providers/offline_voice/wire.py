"""What the web process and the worker say to each other: length, kind and channel, then the payload."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import IntEnum
from struct import Struct
from typing import Any

from ..ports import EagerEndOfTurn, EndOfTurn, HearingEvent, Interim, ProviderError, SpeechStarted, TurnResumed

HEADER = Struct(">IBI")
LARGEST = 16 * 1024 * 1024


class Kind(IntEnum):
    SPEAK = 1  # to the worker: {"text", "voice", "speed"}
    HUSH = 2
    LISTEN = 3  # {"endpointing_ms", "eager"}
    AUDIO = 4  # mu-law
    FORGET = 5
    SOUND = 11  # from the worker: JSON of words, newline, mu-law
    SPOKEN = 12
    READY = 13
    HEARD = 14  # a hearing event
    FAILED = 15  # {"reason", "retryable"}


_EVENTS: dict[str, type[Any]] = {
    event.__name__: event for event in (SpeechStarted, Interim, EagerEndOfTurn, TurnResumed, EndOfTurn)
}


def message(kind: Kind, channel: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(len(payload), kind, channel) + payload


def words(data: dict[str, Any]) -> bytes:
    return json.dumps(data).encode()


def event_to_bytes(event: HearingEvent) -> bytes:
    fields = {name: getattr(event, name) for name in event.__slots__}
    return json.dumps([type(event).__name__, fields]).encode()


def event_from_bytes(payload: bytes) -> HearingEvent:
    name, fields = json.loads(payload)
    event: HearingEvent = _EVENTS[name](**fields)
    return event


def failure(payload: bytes) -> ProviderError:
    """What FAILED says."""
    said = json.loads(payload)
    return ProviderError("offline", said["reason"], retryable=said["retryable"], code="worker")


def gone() -> ProviderError:
    return ProviderError("offline", "the worker is gone", code="worker")


class Reader:
    """Puts messages together from whatever pieces arrive."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, int, bytes]]:
        self._data += data
        while len(self._data) >= HEADER.size:
            length, kind, channel = HEADER.unpack_from(self._data)
            if length > LARGEST:
                raise ValueError("a message is too large")
            if len(self._data) < HEADER.size + length:
                return
            payload = bytes(self._data[HEADER.size : HEADER.size + length])
            del self._data[: HEADER.size + length]
            yield Kind(kind), channel, payload
