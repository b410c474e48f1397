"""Messages arrive whole and in order, however the network cuts them; what breaks the protocol ends the connection."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import uvicorn
from websockets.frames import CloseCode, Frame, Opcode

from agentos.websocket import MOST_UNREAD, WebSocketProtocol

LARGEST = 64 * 1024
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Listener:
    """An application that keeps what it is told, and reads only while it may."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def __call__(self, scope: Any, receive: Callable[[], Coroutine[Any, Any, Any]], send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            await self.may_read.wait()
            message = await receive()
            self.heard.put_nowait(message)
            if message["type"] == "websocket.disconnect":
                return

    async def texts(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            return [(await self.heard.get())["text"] for _ in range(count)]

    async def close_code(self) -> int:
        async with asyncio.timeout(10):
            while (message := await self.heard.get())["type"] != "websocket.disconnect":
                pass
        code: int = message["code"]
        return code


class Peer:
    """The other side, which writes bytes as it likes."""

    def __init__(self, listener: Listener, reader: StreamReader, writer: StreamWriter) -> None:
        self.listener, self.reader, self.writer = listener, reader, writer

    async def send(self, *parts: bytes) -> None:
        """Each part in a segment of its own."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(0.001)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    listener = Listener()
    config = uvicorn.Config(
        listener, port=0, ws=WebSocketProtocol, ws_max_size=LARGEST, ws_per_message_deflate=False, lifespan="off"
    )
    config.load()
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    yield Peer(listener, reader, writer)
    writer.close()
    server.should_exit = True
    await serving


def text(said: str | bytes, *, fin: bool = True, opcode: Opcode = Opcode.TEXT, mask: bool = True) -> bytes:
    data = said if isinstance(said, bytes) else said.encode()
    return Frame(opcode, data, fin).serialize(mask=mask)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 125, 126, 300, 65_000])
async def test_a_text_of_any_length_arrives(peer: Peer, length: int) -> None:
    await peer.send(text("x" * length))

    assert await peer.listener.texts(1) == ["x" * length]


async def test_a_text_that_is_cut_anywhere_arrives_once(peer: Peer) -> None:
    whole = text("a text that comes in two parts")

    for cut in range(1, len(whole)):
        await peer.send(whole[:cut], whole[cut:])

    assert await peer.listener.texts(len(whole) - 1) == ["a text that comes in two parts"] * (len(whole) - 1)


async def test_many_texts_in_one_segment_arrive_in_order(peer: Peer) -> None:
    texts = [f"message {n} " + "x" * n * 7 for n in range(40)]
    together = b"".join(map(text, texts))

    await peer.send(together[:1111], together[1111:])

    assert await peer.listener.texts(40) == texts


async def test_a_message_in_fragments_with_a_ping_between_them_is_one(peer: Peer) -> None:
    parts = [text("first, ", fin=False), text("", opcode=Opcode.PING), text("last", opcode=Opcode.CONT), text("next")]

    await peer.send(b"".join(parts))

    assert await peer.listener.texts(2) == ["first, last", "next"]
    assert await peer.reader.readexactly(2) == bytes([0x80 | Opcode.PONG, 0])


async def test_a_text_between_the_fragments_of_another_is_refused(peer: Peer) -> None:
    await peer.send(text("first, ", fin=False), text("another"))

    assert await peer.listener.close_code() == CloseCode.PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (text("not masked", mask=False), CloseCode.PROTOCOL_ERROR),
        (text("x" * (LARGEST + 1)), CloseCode.MESSAGE_TOO_BIG),
        (bytes([0xC1]) + text("with a bit that means nothing")[1:], CloseCode.PROTOCOL_ERROR),
    ],
    ids=["not masked", "too long", "a reserved bit"],
)
async def test_what_breaks_the_protocol_ends_the_connection(peer: Peer, broken: bytes, code: int) -> None:
    await peer.send(text("before") + broken)

    assert await peer.listener.texts(1) == ["before"]
    assert await peer.listener.close_code() == code


async def test_bytes_that_are_no_text_end_the_connection(peer: Peer) -> None:
    await peer.send(text(b"\xff\xfe"))

    assert await peer.listener.close_code() == CloseCode.INVALID_DATA


async def test_a_peer_that_sends_faster_than_it_is_read_has_to_wait(peer: Peer) -> None:
    peer.listener.may_read.clear()
    many, sent = 400, 0

    async def flood() -> None:
        nonlocal sent
        for sent in range(1, many + 1):
            await peer.send(text(f"{sent} " + "x" * 60_000))

    flooding, before = asyncio.create_task(flood()), -1
    while before < sent < many:
        before = sent
        await asyncio.sleep(0.3)
    assert MOST_UNREAD < sent < many
    peer.listener.may_read.set()

    assert [each.split()[0] for each in await peer.listener.texts(many)] == [str(n + 1) for n in range(many)]
    await flooding


async def test_a_farewell_is_told(peer: Peer) -> None:
    await peer.send(text("the last words") + text(b"\x03\xe8bye", opcode=Opcode.CLOSE))

    assert await peer.listener.texts(1) == ["the last words"]
    assert await peer.listener.close_code() == CloseCode.NORMAL_CLOSURE
