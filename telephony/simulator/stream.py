"""The carrier's end of one Media Stream."""

from __future__ import annotations

import asyncio
import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from telephony import mulaw

from .handset import Handset
from .signing import socket_signature
from .wire import LOST, ClientSocket, NoSocket, open_socket

FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
SHAPES = {
    "media": {"event", "streamSid", "media"},
    "mark": {"event", "streamSid", "mark"},
    "clear": {"event", "streamSid"},
}
UNDECODABLE, NONCONFORMING = 31950, 31951


class StreamError(Exception):
    """The stream could not be opened; `code` is the carrier's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class StreamFaults:
    """How this stream misbehaves."""

    lose_marks: bool = False
    ignore_clear: bool = False
    lose_every: int = 0
    """Every so many messages one is lost on the way: its number is missing."""
    repeat_every: int = 0
    swap_every: int = 0
    """Every so many messages one arrives after its successor."""


@dataclass(slots=True)
class StreamLog:
    """What one stream has seen. `on_event` is told everything but audio, with a name and facts about it."""

    media_in: int = 0
    media_out: int = 0
    bytes_in: int = 0
    bad_messages: int = 0
    on_event: Callable[[str, dict[str, Any]], None] | None = None
    warned: set[int] = field(default_factory=set)

    def note(self, kind: str, **facts: Any) -> None:
        if self.on_event is not None:
            self.on_event(kind, facts)

    def warn(self, code: int, why: str) -> None:
        """Count a bad message; like the carrier, tell of each kind once per stream."""
        self.bad_messages += 1
        if code not in self.warned:
            self.warned.add(code)
            self.note("warning", code=code, message=why)


@lru_cache(maxsize=64)
def _payload(frame: bytes) -> str:
    return b2a_base64(frame, newline=False).decode("ascii")


class MediaStreamCaller:
    """One stream of a call: what the handset says goes out, what the agent sends is played on the handset.

    Several thousand messages a second pass through here in a load test, so the hot paths are plain functions called
    by the event loop; no task runs. `closed` says, once, with which code the socket ended.
    """

    def __init__(
        self,
        handset: Handset,
        *,
        url: str,
        auth_token: str,
        account_sid: str,
        call_sid: str,
        stream_sid: str,
        parameters: Mapping[str, str] | None = None,
        connect_to: str = "",
        faults: StreamFaults | None = None,
    ) -> None:
        self.handset, self.url, self.stream_sid = handset, url, stream_sid
        self.log = StreamLog()
        self.faults = faults or StreamFaults()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.started_ms = 0.0
        self._auth_token, self._connect_to = auth_token, connect_to or url
        self._account_sid, self._call_sid = account_sid, call_sid
        self._parameters = dict(parameters or {})
        self._tail = f'"streamSid":"{stream_sid}"}}'
        self._sequence = self._chunk = 0
        self._held_back: list[str] | None = None
        self._swapped: str | None = None
        self._socket = ClientSocket(self._receive, self._receive_binary, self._lost)

    async def open(self) -> None:
        """Connect, introduce the call, and let the handset's frames flow. Raises StreamError."""
        headers = {
            "X-Twilio-Signature": socket_signature(self._auth_token, self.url),
            "User-Agent": "TwilioMediaStreams",
        }
        try:
            await open_socket(self._connect_to, headers, self._socket)
        except NoSocket as error:
            raise StreamError(31920, str(error)) from error
        except TimeoutError as error:
            raise StreamError(31901, "no answer to the connection request") from error
        except OSError as error:
            raise StreamError(31902, "the connection was refused") from error
        self.started_ms = self.handset.clock.now_ms()
        start = {
            "accountSid": self._account_sid,
            "streamSid": self.stream_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": FORMAT,
            "customParameters": self._parameters,
        }
        self._write('{"event":"connected","protocol":"Call","version":"1.0.0"}')
        self._write(self._numbered("start", f'"start":{json.dumps(start, separators=(",", ":"))}'))
        self.handset.on_frame = self._send_frame

    def press(self, digit: str) -> None:
        """Send one key of the keypad."""
        head = f'{{"event":"dtmf","streamSid":"{self.stream_sid}","sequenceNumber":"{self._next()}",'
        self._write(f'{head}"dtmf":{{"track":"inbound_track","digit":{json.dumps(digit)}}}}}')

    async def stop(self) -> None:
        """The call is over or has moved on: say so, and close."""
        self._part()
        if not self.closed.done():
            stop = json.dumps({"accountSid": self._account_sid, "callSid": self._call_sid}, separators=(",", ":"))
            self._write(self._numbered("stop", f'"stop":{stop}'))
        await self._socket.close()

    def vanish(self) -> None:
        """Lose the connection without a word in either direction."""
        self._socket.vanish()

    def freeze(self) -> None:
        """The network stalls: nothing leaves and nothing arrives, but time goes on."""
        self._held_back = [] if self._held_back is None else self._held_back
        self._socket.stop_reading()

    def thaw(self, *, lost: bool = False) -> None:
        """What was held back arrives at once, or never."""
        held_back, self._held_back = self._held_back or [], None
        for message in held_back if not lost else ():
            self._socket.send(message)
        self._socket.read_on()

    def stop_reading(self) -> None:
        """Read nothing more, while frames go on leaving."""
        self._socket.stop_reading()

    def send_raw(self, text: str) -> None:
        """Send whatever text, outside all counting."""
        self._write(text)

    # Out

    def _send_frame(self, frame: bytes) -> None:
        self._chunk += 1
        self.log.media_out += 1
        message = (
            f'{{"event":"media","sequenceNumber":"{self._next()}","media":{{"track":"inbound","chunk":"{self._chunk}",'
            f'"timestamp":"{self._chunk * mulaw.FRAME_MS}","payload":"{_payload(frame)}"}},{self._tail}'
        )
        faults = self.faults
        if not (faults.lose_every or faults.repeat_every or faults.swap_every):
            self._write(message)
        else:
            self._write_badly(message)

    def _write_badly(self, message: str) -> None:
        faults, count = self.faults, self._chunk
        if faults.lose_every and count % faults.lose_every == 0:
            return
        if faults.swap_every and count % faults.swap_every == 0 and self._swapped is None:
            self._swapped = message
            return
        self._write(message)
        if faults.repeat_every and count % faults.repeat_every == 0:
            self._write(message)
        if self._swapped is not None:
            self._write(self._swapped)
            self._swapped = None

    def _return_mark(self, name: str) -> None:
        self.log.note("mark returned", name=name)
        if not self.faults.lose_marks:
            head = f'{{"event":"mark","sequenceNumber":"{self._next()}","streamSid":"{self.stream_sid}",'
            self._write(f'{head}"mark":{{"name":{json.dumps(name)}}}}}')

    def _numbered(self, event: str, body: str) -> str:
        return f'{{"event":"{event}","sequenceNumber":"{self._next()}",{body},{self._tail}'

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def _write(self, message: str) -> None:
        if self._held_back is None:
            self._socket.send(message)
        else:
            self._held_back.append(message)

    # In

    def _receive(self, data: bytes) -> None:
        try:
            message = json.loads(data)
            event = message["event"]
            if message.keys() != SHAPES[event] or message["streamSid"] != self.stream_sid:
                raise ValueError("a field is missing, or unknown, or not ours")
            if event == "media":
                self._play(message["media"])
            elif event == "mark":
                self._mark(message["mark"])
            else:
                self._clear()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self.log.warn(NONCONFORMING, f"{type(error).__name__}: {error}")

    def _play(self, media: dict[str, Any]) -> None:
        if media.keys() != {"payload"}:
            raise ValueError("a medium has a payload and nothing else")
        audio = a2b_base64(media["payload"], strict_mode=True)
        self.log.media_in += 1
        self.log.bytes_in += len(audio)
        if self.log.media_in == 1:
            self.log.note("first frame", after_start_ms=self.handset.clock.now_ms() - self.started_ms)
        self.handset.hear(audio)

    def _mark(self, mark: dict[str, Any]) -> None:
        if mark.keys() != {"name"} or not isinstance(mark["name"], str):
            raise ValueError("a mark has a name and nothing else")
        self.log.note("mark", name=mark["name"])
        self.handset.playback.mark(mark["name"], self._return_mark)

    def _clear(self) -> None:
        if self.faults.ignore_clear:
            self.handset.note_clear()
            self.log.note("clear ignored")
            return
        self.log.note("clear")
        dropped = self.handset.clear()
        self.log.note("cleared", dropped_ms=round(dropped))

    def _receive_binary(self, data: bytes) -> None:
        self.log.warn(UNDECODABLE, "a binary message")

    def _lost(self, code: int) -> None:
        self._part()
        if not self.closed.done():
            self.closed.set_result(code)

    def _part(self) -> None:
        """What was queued for this stream is not played any more."""
        if self.handset.on_frame == self._send_frame:
            self.handset.on_frame = None
            unheard = self.handset.playback.ends_at_ms - self.handset.clock.now_ms()
            self.handset.playback.stop()
            if unheard > 0:
                self.log.note("unheard", ms=round(unheard))

    @property
    def was_lost(self) -> bool:
        """The socket ended without a close frame."""
        return self.closed.done() and self.closed.result() == LOST
