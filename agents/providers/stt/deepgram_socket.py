"""The socket under the Deepgram SDK's typed streams.

The SDK brings its own, which may hang for half a minute on the way in or out and swallows cancellation; it can be
given another through `transport_factory`. That factory is one for the whole process, so the stream that is being
opened says through a context variable which socket it wants to sit on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ..sockets import lost, open_socket

WRITE_AHEAD = 16_000
_wanted: ContextVar[DeepgramSocket] = ContextVar("_wanted")


class DeepgramSocket:
    """Satisfies the SDK's AsyncTransport, and can also send at once, without a task to wait in."""

    def __init__(self) -> None:
        self.url = ""
        self.headers: Mapping[str, str] = {}
        self._connection: ClientConnection | None = None

    @contextmanager
    def under_next_stream(self) -> Iterator[None]:
        """The stream that the SDK opens inside this block sits on this socket."""
        token = _wanted.set(self)
        try:
            yield
        finally:
            _wanted.reset(token)

    async def open(self) -> ClientConnection:
        """Connect within 3 s, once. Raises ProviderError."""
        if self._connection is None:
            self._connection = await open_socket("deepgram", self.url, self.headers)
        return self._connection

    @property
    def free(self) -> bool:
        """Whether what is sent now will leave soon."""
        connection = self._connection
        return (
            connection is not None
            and connection.protocol.state is State.OPEN
            and connection.transport.get_write_buffer_size() < WRITE_AHEAD
        )

    def push(self, data: bytes | str) -> None:
        """Write now. For a caller that asked `free`; a socket that is not open drops it."""
        if self._connection is not None:
            broadcast((self._connection,), data)

    async def send(self, data: bytes | str) -> None:
        """Send as the SDK does."""
        await (await self.open()).send(data)

    async def recv(self) -> bytes | str:
        """The next message, as the SDK asks for it."""
        return await (await self.open()).recv()

    async def __aiter__(self) -> AsyncIterator[bytes | str]:
        connection = await self.open()
        try:
            while True:
                yield await connection.recv()
        except ConnectionClosed as closed:
            raise lost("deepgram", closed) from closed

    async def close(self) -> None:
        """Let go within a second, whatever the peer does."""
        if self._connection is not None:
            await self._connection.close()


def transport(url: str, headers: Mapping[str, str]) -> DeepgramSocket:
    """The SDK's transport factory: it tells where to connect; connecting is `open`."""
    socket = _wanted.get(None) or DeepgramSocket()
    socket.url, socket.headers = url, headers
    return socket
