"""A small HTTP/1.1 and WebSocket server in one asyncio protocol: light, so that a benchmark measures the product,
and blunt, so that it can be made to misbehave at any byte.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import responses
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, urlsplit

from websockets.frames import apply_mask

from .faults import Close, Cut, Fault, Mute, Refuse, Stall

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Listener(Protocol):
    """The vendor's side of one socket."""

    def opened(self, socket: Socket) -> None: ...
    def text(self, text: str) -> None: ...
    def binary(self, data: bytes) -> None: ...
    def lost(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Make this request a socket for the listener, with this fault."""

    listener: Listener
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] | None = None

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Answer:
        """JSON, as nearly every vendor answers."""
        return cls(status, json.dumps(value).encode(), {"content-type": "application/json"})


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer in pieces: `begin` is given the reply and writes to it when it likes."""

    begin: Callable[[Reply], None]
    content_type: str
    fault: Fault | None = None


Route = Callable[[Request], Upgrade | Answer | Streamed]


class Wire(asyncio.Protocol):
    """One connection. Requests come one after the other; an upgrade turns it into a socket for good."""

    def __init__(self, route: Route, connections: set[Wire]) -> None:
        self._route = route
        self._connections = connections
        self._buffer = b""
        self._talker: Socket | Reply | None = None
        self._deaf = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self._talker is not None:
            self._talker.lost()

    def data_received(self, data: bytes) -> None:
        if isinstance(self._talker, Socket):
            self._talker.received(data)
            return
        self._buffer += data
        while self._talker is None and not self._deaf and (request := self._request()):
            self._answer(request)

    def done(self) -> None:
        """The answer is complete; the connection takes the next request."""
        self._talker = None

    def _request(self) -> Request | None:
        """The request at the head of the buffer, once it is all there."""
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", 0))
        if len(rest) < size:
            return None
        self._buffer = rest[size:]
        method, target, _ = first.split(" ", 2)
        url = urlsplit(target)
        return Request(method, url.path, parse_qs(url.query), headers, rest[:size])

    def _answer(self, request: Request) -> None:
        answer = self._route(request)
        fault = None if isinstance(answer, Answer) else answer.fault
        if isinstance(fault, Mute):
            self._deaf = True
        elif isinstance(fault, Refuse):
            self._whole(Answer(fault.status, fault.body.encode(), fault.headers))
        elif isinstance(answer, Answer):
            self._whole(answer)
        elif isinstance(answer, Streamed):
            self._talker = Reply(self, answer)
            answer.begin(self._talker)
        else:
            self._upgrade(request, answer)

    def _whole(self, answer: Answer) -> None:
        headers = {"content-length": str(len(answer.body)), **(answer.headers or {})}
        self.transport.write(_head(answer.status, headers) + answer.body)

    def _upgrade(self, request: Request, upgrade: Upgrade) -> None:
        key = request.headers.get("sec-websocket-key", "")
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode(), usedforsecurity=False).digest()).decode()
        self.transport.write(
            _head(101, {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": accept})
        )
        self._talker = Socket(self.transport, upgrade)
        upgrade.listener.opened(self._talker)
        if self._buffer:
            self._talker.received(self._buffer)


class _Talker:
    """What a socket and a streamed reply have in common: they count what they say, until their fault strikes."""

    def __init__(self, transport: asyncio.Transport, fault: Fault | None) -> None:
        self.transport = transport
        self.gone = asyncio.Event()
        self.stalled = False
        self._said = 0
        self._fault = fault

    def begin(self) -> None:
        """The head is out; a fault that waits for no message strikes now."""
        if isinstance(self._fault, (Cut, Close, Stall)) and not self._fault.after:
            self._strike()

    def write(self, data: bytes) -> bool:
        """One message. Says whether it went out."""
        if self.stalled or self.transport.is_closing():
            return False
        self.transport.write(data)
        self._said += 1
        if isinstance(self._fault, (Cut, Close, Stall)) and self._said == self._fault.after:
            self._strike()
        return True

    def _strike(self) -> None:
        match self._fault:
            case Cut():
                self.transport.abort()
            case Stall():
                self.stalled = True
            case Close(code=code, reason=reason):
                self.end(code, reason)

    def end(self, code: int = 1000, reason: str = "") -> None:
        raise NotImplementedError


class Reply(_Talker):
    """A chunked HTTP answer. `on_gone` is called when the client leaves before its end."""

    def __init__(self, wire: Wire, streamed: Streamed) -> None:
        super().__init__(wire.transport, streamed.fault)
        self._wire = wire
        self.on_gone: Callable[[], None] | None = None
        self.transport.write(_head(200, {"content-type": streamed.content_type, "transfer-encoding": "chunked"}))
        self.begin()

    def write(self, data: bytes) -> bool:
        return super().write(b"%x\r\n%s\r\n" % (len(data), data))

    def finish(self) -> None:
        """The last chunk; the connection lives on."""
        if not self.stalled and not self.transport.is_closing():
            self.transport.write(b"0\r\n\r\n")
            self._wire.done()

    def end(self, code: int = 1000, reason: str = "") -> None:
        """The fault's early end: all is well with HTTP, but the story breaks off."""
        self.finish()
        self.stalled = True
        if self.on_gone is not None:
            self.on_gone()

    def lost(self) -> None:
        self.gone.set()
        if self.on_gone is not None:
            self.on_gone()


class Socket(_Talker):
    """The server's end of a WebSocket."""

    def __init__(self, transport: asyncio.Transport, upgrade: Upgrade) -> None:
        super().__init__(transport, upgrade.fault)
        self._listener = upgrade.listener
        self._buffer = b""
        self.close_code: int | None = None
        self.begin()

    def send(self, text: str | bytes) -> bool:
        """One text message, as JSON vendors do."""
        return self.write(_frame(TEXT, text.encode() if isinstance(text, str) else text))

    def send_binary(self, data: bytes) -> bool:
        """One binary message."""
        return self.write(_frame(BINARY, data))

    def send_json(self, message: Mapping[str, Any]) -> bool:
        """One JSON message."""
        return self.send(json.dumps(message))

    def end(self, code: int = 1000, reason: str = "") -> None:
        """Say why, and close."""
        self.transport.write(_frame(CLOSE, code.to_bytes(2, "big") + reason.encode()))
        self.transport.close()

    def received(self, data: bytes) -> None:
        """Cut what came into frames. A client's frames are whole and masked; both SDK and product send no others."""
        buffer = self._buffer + data if self._buffer else data
        at, size = 0, len(buffer)
        while size - at >= 6:
            length, head = buffer[at + 1] & 127, at + 2
            if length == 126:
                length, head = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, head = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            end = head + 4 + length
            if size < end:
                break
            self._frame(buffer[at] & 15, apply_mask(buffer[head + 4 : end], buffer[head : head + 4]))
            at = end
        self._buffer = buffer[at:]

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == BINARY:
            self._listener.binary(payload)
        elif opcode == TEXT:
            self._listener.text(payload.decode())
        elif opcode == CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big") if payload else 1005
            if not self.stalled and not self.transport.is_closing():
                self.transport.write(_frame(CLOSE, payload))
                self.transport.close()
        elif opcode == PING and not self.stalled:
            self.transport.write(_frame(PONG, payload))

    def lost(self) -> None:
        self.gone.set()
        self._listener.lost()


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {responses.get(status, '')}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload
