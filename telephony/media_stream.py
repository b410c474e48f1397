"""Media Streams: the carrier's JSON over a WebSocket, to events and back.

Nearly every message is a frame of audio in the one shape that the carrier writes. That shape is matched as a whole and
needs no JSON parser; every other message takes the strict road and means the same.
"""

from __future__ import annotations

import json
import re
import time
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from telephony.wire_json import bounded_text, digit, parameters, parsed

MAX_PAYLOAD = 16 * 1024
MAX_BAD = 50
FRAMES_PER_S = 100  # twice what a caller can say
HELD_BACK = 250  # frames that may arrive at once: a network that stalls for five seconds delivers them together
FRAME_BYTES = 160
SILENCE = b"\xff" * FRAME_BYTES

_MEDIA = re.compile(
    r'\{"event": ?"media", ?"sequenceNumber": ?"([0-9]{1,12})", ?"media": ?\{"track": ?"inbound", ?'
    r'"chunk": ?"[0-9]{1,12}", ?"timestamp": ?"([0-9]{1,12})", ?"payload": ?"([^"]*)"\}, ?'
    r'"streamSid": ?"[A-Za-z0-9]{1,64}"\}'
)
_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class StreamStarted(NamedTuple):
    """The stream of one call begins; `parameters` are those of our TwiML."""

    call_sid: str
    account_sid: str
    stream_sid: str
    parameters: dict[str, str]


class AudioReceived(NamedTuple):
    """Mu-law of any length, heard from the caller `timestamp_ms` after the start."""

    frame: bytes
    timestamp_ms: int
    sequence: int


class MarkReached(NamedTuple):
    """Everything queued before the mark was played, or cleared."""

    name: str


class DigitPressed(NamedTuple):
    digit: str


class TypedLine(NamedTuple):
    """What somebody at the browser phone typed in place of speaking."""

    text: str


class StillTyping(NamedTuple):
    """Somebody at the browser phone is writing a line, which is not silence."""


class StreamStopped(NamedTuple):
    """The caller hung up, or the carrier moved the call elsewhere."""


Event = StreamStarted | AudioReceived | MarkReached | DigitPressed | TypedLine | StillTyping | StreamStopped


@dataclass(slots=True)
class Counts:
    """What was wrong with a stream so far."""

    bad: int = 0
    unknown: int = 0
    lost: int = 0
    repeated: int = 0


@dataclass(slots=True)
class MediaStream:
    """One stream. `receive` never raises: a bad message is counted, and `is_spent` says when there were too many."""

    typing: bool = False
    frames_per_s: int = FRAMES_PER_S
    clock: Callable[[], float] = time.monotonic
    counts: Counts = field(default_factory=Counts)
    stream_sid: str = ""
    _media_head: str = ""
    _tail: str = ""
    _sequence: int = 0
    _heard_until_ms: int = 0
    _allowance: float = HELD_BACK
    _allowed_at: float = 0.0

    @property
    def is_spent(self) -> bool:
        """More bad messages came than a sound carrier ever sends."""
        return self.counts.bad >= MAX_BAD

    def refuse(self) -> None:
        """Count a message that is not even text."""
        self.counts.bad += 1

    def receive(self, text: str) -> tuple[Event, ...]:
        """The events in one message: none for what does not concern us, several where silence fills a gap."""
        try:
            if match := _MEDIA.fullmatch(text):
                sequence, timestamp, payload = match.groups()
                try:
                    frame = a2b_base64(payload, strict_mode=True)
                except ValueError:  # perhaps the slashes are escaped
                    return self._receive(parsed(text))
                return self._audio(frame, int(timestamp), int(sequence))
            return self._receive(parsed(text))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self.counts.bad += 1
            return ()

    def media(self, audio: bytes) -> str:
        return self._media_head + b2a_base64(audio, newline=False).decode("ascii") + '"}}'

    def mark(self, name: str) -> str:
        return f'{{"event":"mark"{self._tail}"mark":{{"name":{json.dumps(name)}}}}}'

    def clear(self) -> str:
        return f'{{"event":"clear"{self._tail[:-1]}}}'

    def _receive(self, message: dict[str, Any]) -> tuple[Event, ...]:
        event = message["event"]
        if event != "media":
            self._count(_number(message.get("sequenceNumber", "0")))
        match event:
            case "media":
                return self._media_received(message)
            case "mark":
                return (MarkReached(bounded_text(message["mark"]["name"], 200)),)
            case "dtmf":
                return (DigitPressed(digit(message["dtmf"]["digit"])),)
            case "start":
                return (self._start(message),)
            case "stop":
                return (StreamStopped(),)
            case "text" if self.typing:
                return (TypedLine(bounded_text(message["text"], 2000)),)
            case "typing" if self.typing:
                return (StillTyping(),)
            case "connected":
                return ()
        self.counts.unknown += 1
        return ()

    def _start(self, message: dict[str, Any]) -> StreamStarted:
        start = message["start"]
        sid = start.get("streamSid") or message["streamSid"]
        if self.stream_sid or not _SID.fullmatch(sid):
            raise ValueError("a stream starts once, under a plain name")
        given = parameters(start.get("customParameters"))
        call, account = bounded_text(start["callSid"], 64), bounded_text(start.get("accountSid", ""), 64)
        started = StreamStarted(call, account, sid, given)
        self._allowed_at = self.clock()
        self.stream_sid, self._tail = sid, f',"streamSid":"{sid}",'
        self._media_head = f'{{"event":"media"{self._tail}"media":{{"payload":"'
        return started

    def _media_received(self, message: dict[str, Any]) -> tuple[Event, ...]:
        media = message["media"]
        sequence = _number(message.get("sequenceNumber", "0"))
        if media.get("track", "inbound") != "inbound":
            self._count(sequence)
            return ()
        frame = a2b_base64(media["payload"], strict_mode=True)
        return self._audio(frame, _number(media.get("timestamp", "0")), sequence)

    def _audio(self, frame: bytes, timestamp_ms: int, sequence: int) -> tuple[Event, ...]:
        if not 0 < len(frame) <= MAX_PAYLOAD:
            raise ValueError("a payload of a length that no carrier sends")
        frames = 1 if len(frame) <= FRAME_BYTES else len(frame) / FRAME_BYTES
        if self._allowance < frames and self._renewed() < frames:
            raise ValueError("audio faster than anybody speaks")
        self._allowance -= frames
        lost = self._count(sequence)
        missing_ms = timestamp_ms - self._heard_until_ms
        self._heard_until_ms = timestamp_ms + len(frame) // 8
        heard = AudioReceived(frame, timestamp_ms, sequence)
        if not lost or missing_ms < 20:
            return (heard,)
        silent = min(lost, missing_ms // 20, 50)
        self._allowance -= silent
        return (*(AudioReceived(SILENCE, timestamp_ms - 20 * n, sequence) for n in range(silent, 0, -1)), heard)

    def _count(self, sequence: int) -> int:
        """How many messages were lost before this one."""
        step, before = sequence - self._sequence, self._sequence
        if step < 1:
            self.counts.repeated += bool(sequence)
            return 0
        self._sequence = sequence
        if step == 1 or not before:
            return 0
        self.counts.lost += step - 1
        return step - 1

    def _renewed(self) -> float:
        """The allowance, with what time has added since it was last used up."""
        at = self.clock()
        earned = (at - self._allowed_at) * self.frames_per_s
        self._allowed_at, self._allowance = at, min(self._allowance + earned, HELD_BACK)
        return self._allowance


def _number(value: str | int) -> int:
    """Numbers come as strings of digits; some senders write them bare."""
    digits = str(value) if type(value) is int else value
    if not isinstance(digits, str) or not 1 <= len(digits) <= 12 or not digits.isascii() or not digits.isdecimal():
        raise ValueError("not a number")
    return int(digits)
