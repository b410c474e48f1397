"""A request that is too large is refused early: by what it says, and by what it sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn

from agentos import bounds
from agentos.bounds import LARGEST_BODY, LARGEST_UPLOAD, with_bounds
from agentos.health import Message, Receive, Send
from campaigns.importing.sheets import MOST_BYTES
from tests.embedded import CHECKOUT

UPLOAD = "/t/juniper/contacts/import/"
CHUNK = bytes(2**16)


class Reader:
    """An application that reads as Django does: all of a body before it answers, and nothing after a disconnect."""

    def __init__(self) -> None:
        self.read, self.asked = 0, 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.asked += 1
        while (message := await receive())["type"] == "http.request":
            self.read += len(message["body"])
            if not message["more_body"]:
                await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
                await send({"type": "http.response.body", "body": b"kept"})
                return


@asynccontextmanager
async def serving(application: Reader, socket: Path) -> AsyncIterator[str]:
    """A real server process's HTTP, on a socket of its own."""
    config = uvicorn.Config(
        with_bounds(application), uds=str(socket), http="httptools", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    running = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield str(socket)
    finally:
        server.should_exit = True
        await running


async def answer(socket: str, head: str, body: Callable[[asyncio.StreamWriter], object] = lambda writer: None) -> str:
    """What the server says to a request with this head, while the body is sent."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(f"{head}\r\nHost: localhost\r\n\r\n".encode())
    body(writer)
    said = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(line for line in said.lower().splitlines() if line.startswith("content-length:"))
    said += (await reader.readexactly(int(length.split(":")[1]))).decode()
    writer.close()
    return said


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LINGERS_S", 0.05)


async def test_two_gigabytes_are_refused_before_the_first_byte(tmp_path: Path) -> None:
    reader = Reader()
    async with serving(reader, tmp_path / "s") as socket:
        said = await answer(socket, f"POST {UPLOAD} HTTP/1.1\r\nContent-Length: {2 * 2**30}")

    assert said.startswith("HTTP/1.1 413")
    assert f"larger than {MOST_BYTES // 2**20} MB. Nothing was kept." in said  # as the page says it
    assert reader.asked == 0


async def test_a_body_that_does_not_say_its_length_is_counted(tmp_path: Path) -> None:
    def endless(writer: asyncio.StreamWriter) -> None:
        for _ in range(LARGEST_UPLOAD // len(CHUNK) + 2):
            writer.write(f"{len(CHUNK):x}\r\n".encode() + CHUNK + b"\r\n")

    reader = Reader()
    async with serving(reader, tmp_path / "s") as socket:
        said = await answer(socket, f"POST {UPLOAD} HTTP/1.1\r\nTransfer-Encoding: chunked", endless)

    assert said.startswith("HTTP/1.1 413")
    assert LARGEST_UPLOAD - 2**20 < reader.read <= LARGEST_UPLOAD


async def test_what_is_within_the_bounds_arrives_whole(tmp_path: Path) -> None:
    reader = Reader()
    async with serving(reader, tmp_path / "s") as socket:
        said = await answer(
            socket,
            f"POST {UPLOAD} HTTP/1.1\r\nContent-Length: {LARGEST_BODY + 1}",
            lambda writer: writer.write(bytes(LARGEST_BODY + 1)),
        )

    assert said.startswith("HTTP/1.1 200")
    assert reader.read == LARGEST_BODY + 1


@pytest.mark.parametrize("path", ["/agents/1/answer", "/t/juniper/contacts/", "/t/a/b/contacts/import/"])
async def test_only_the_pages_that_take_files_take_large_requests(tmp_path: Path, path: str) -> None:
    reader = Reader()
    async with serving(reader, tmp_path / "s") as socket:
        said = await answer(socket, f"POST {path} HTTP/1.1\r\nContent-Length: {LARGEST_BODY + 1}")

    assert said.startswith("HTTP/1.1 413")
    assert reader.asked == 0


def test_the_proxy_in_front_has_the_same_bounds() -> None:
    proxy = (CHECKOUT / "docker/nginx.conf").read_text()

    assert f"client_max_body_size {LARGEST_BODY // 2**20}m;" in proxy
    assert f"client_max_body_size {LARGEST_UPLOAD // 2**20}m;" in proxy
    assert "/(contacts/(import|do-not-call/registry)|knowledge)/$" in proxy
