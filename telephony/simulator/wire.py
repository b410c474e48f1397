"""The client end of a WebSocket in one asyncio protocol.

A load generator shares the machine with what it measures, so this does as little as possible per message, and it tells
the moment a message was read from the network, not the moment a task got round to it. It is also blunt: it can stop
reading, and it can vanish without a word, as telephones and networks do.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import ssl
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import urlsplit

from websockets.frames import apply_mask  # type: ignore[attr-defined]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
LARGEST_MESSAGE = 1 << 20
LOST = 1006
PROTOCOL_ERROR = 1002


class NoSocket(Exception):
    """The handshake came to nothing. `status` is that of the answer, if there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ClientSocket(asyncio.Protocol):
    """`on_text` and `on_binary` are called for every whole message, `on_closed` once, with the close code."""

    def __init__(
        self,
        on_text: Callable[[bytes], None],
        on_binary: Callable[[bytes], None],
        on_closed: Callable[[int], None],
    ) -> None:
        self._on_text, self._on_binary, self._on_closed = on_text, on_binary, on_closed
        self._buffer = b""
        self._parts: list[bytes] = []
        self._opcode = _TEXT
        self._code = LOST
        self._closing = False
        self._open = False
        self._key = base64.b64encode(os.urandom(16))
        self._handshake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    async def shake_hands(self, url: str, headers: Mapping[str, str]) -> None:
        """Ask for the upgrade. Raises NoSocket."""
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = {
            "Host": parts.netloc.rpartition("@")[2],
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": self._key.decode(),
            **headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._send_bytes(f"GET {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
        await self._handshake

    def send(self, text: str) -> None:
        """Write one text message; nothing waits."""
        if self._open and not self._closing:
            self._write(_TEXT, text.encode())

    async def close(self, code: int = 1000, *, within_s: float = 1.0) -> None:
        """Say goodbye and wait until the other side has gone, or make it so."""
        if self._transport is None:
            return
        if self._open and not self._closing:
            self._closing, self._code = True, code
            self._write(_CLOSE, code.to_bytes(2, "big"))
        try:
            async with asyncio.timeout(within_s):
                await self._gone.wait()
        except TimeoutError:
            self.vanish()
            await self._gone.wait()

    def vanish(self) -> None:
        """Reset the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    def stop_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def read_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        if not self._handshake.done():
            self._handshake.set_exception(NoSocket("the connection was closed during the handshake"))
        elif self._open:
            self._open = False
            self._on_closed(self._code)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._open and not self._read_handshake():
            return
        self._read_frames()

    def _read_handshake(self) -> bool:
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator or self._handshake.done():
            return False
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ")[1])
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        accept = base64.b64encode(hashlib.sha1(self._key + _GUID, usedforsecurity=False).digest()).decode()
        if status != 101 or headers.get("sec-websocket-accept") != accept:
            self._handshake.set_exception(NoSocket(f"the handshake was answered with {status}", status))
            self.vanish()
            return False
        self._buffer, self._open = rest, True
        self._handshake.set_result(None)
        return True

    def _read_frames(self) -> None:
        buffer, at, size = self._buffer, 0, len(self._buffer)
        while size - at >= 2 and not self._is_gone:
            length, head = buffer[at + 1], at + 2
            if length == 126:
                length, head = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, head = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if length > LARGEST_MESSAGE or buffer[at + 1] & 0x80:
                self._fail()  # too long, or masked, which a server's frame never is
                return
            if size < head + length:
                break
            self._frame(buffer[at], buffer[head : head + length])
            at = head + length
        self._buffer = buffer[at:]

    def _frame(self, first: int, payload: bytes) -> None:
        whole, opcode = first & 0x80, first & 0x0F
        if opcode == _TEXT and whole:
            self._on_text(payload)
        elif opcode in (_CONTINUATION, _TEXT, _BINARY):
            self._data(opcode, payload, bool(whole))
        elif opcode == _PING and whole:
            self._write(_PONG, payload)
        elif opcode == _CLOSE and whole:
            self._closed_by_server(payload)
        elif opcode != _PONG or not whole:
            self._fail()

    def _data(self, opcode: int, payload: bytes, whole: bool) -> None:
        if opcode != _CONTINUATION:
            self._opcode, self._parts = opcode, []
        self._parts.append(payload)
        if whole:
            message, self._parts = b"".join(self._parts), []
            (self._on_text if self._opcode == _TEXT else self._on_binary)(message)

    def _closed_by_server(self, payload: bytes) -> None:
        if not self._closing:
            self._closing = True
            self._code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
            self._write(_CLOSE, payload)
        if self._transport is not None:
            self._transport.close()

    def _fail(self) -> None:
        self._code = PROTOCOL_ERROR
        self.vanish()

    def _write(self, opcode: int, payload: bytes) -> None:
        size, mask = len(payload), os.urandom(4)
        if size < 126:
            head = bytes((0x80 | opcode, 0x80 | size))
        elif size < 65536:
            head = bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((0x80 | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
        self._send_bytes(b"".join((head, mask, apply_mask(payload, mask))))

    def _send_bytes(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    @property
    def _is_gone(self) -> bool:
        return self._transport is None or self._transport.is_closing()


async def open_socket(url: str, headers: Mapping[str, str], socket: ClientSocket) -> None:
    """Connect `socket` to a ws or wss address within ten seconds. Raises NoSocket, OSError or TimeoutError."""
    parts = urlsplit(url)
    secure = ssl.create_default_context() if parts.scheme == "wss" else None
    port = parts.port or (443 if secure else 80)
    try:
        async with asyncio.timeout(10):
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: socket, parts.hostname or "", port, ssl=secure)
            await socket.shake_hands(url, headers)
    except BaseException:
        socket.vanish()
        raise
