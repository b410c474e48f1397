"""A web side without a product behind it: scripted TwiML, and sockets that do as they are told."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import uvicorn

Scope = dict[str, Any]
ACCOUNT_SID, AUTH_TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    url: str
    fields: dict[str, str]
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return self.url.partition("://")[2].partition("/")[2].partition("?")[0]


@dataclass
class Page:
    body: str | bytes = "<Response/>"
    status: int = 200
    type: str = "text/xml"
    location: str = ""


class Socket:
    """Our end of a media stream."""

    def __init__(self, scope: Scope, receive: Any, send: Any) -> None:
        self.headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.path: str = scope["path"]
        self.stream_sid = ""
        self.got: list[dict[str, Any]] = []
        self._receive, self._send = receive, send

    async def accept(self) -> None:
        await self._send({"type": "websocket.accept"})

    async def read(self) -> dict[str, Any] | None:
        """The next message; None when the carrier has gone."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            return None
        self.got.append(json.loads(message["text"]))
        self.stream_sid = self.got[-1].get("streamSid", self.stream_sid)
        return self.got[-1]

    async def read_until(self, event: str) -> dict[str, Any]:
        """Read on until a message of this kind; it must come."""
        while (message := await self.read()) is not None:
            if message["event"] == event:
                return message
        raise AssertionError(f"no {event} came")

    async def read_all(self) -> None:
        while await self.read() is not None:
            pass

    async def say(self, **message: Any) -> None:
        await self.send_text(json.dumps({"streamSid": self.stream_sid, **message}))

    async def play(self, payload: str) -> None:
        await self.say(event="media", media={"payload": payload})

    async def mark(self, name: str) -> None:
        await self.say(event="mark", mark={"name": name})

    async def clear(self) -> None:
        await self.say(event="clear")

    async def send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        await self._send({"type": "websocket.send", "bytes": data})

    async def close(self, code: int = 1000) -> None:
        await self._send({"type": "websocket.close", "code": code})

    def events(self) -> list[str]:
        return [message["event"] for message in self.got]


Talk = Callable[[Socket], Awaitable[None]]


async def listen(socket: Socket) -> None:
    """Take the stream and say nothing."""
    await socket.accept()
    await socket.read_all()


@dataclass
class OurSide:
    """An asynchronous context manager: the server runs inside it. Paths are written without their first slash."""

    pages: dict[str, Page] = field(default_factory=dict)
    talk: Talk = listen
    asked: list[Asked] = field(default_factory=list)
    sockets: list[Socket] = field(default_factory=list)
    url: str = ""
    errors: list[BaseException] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        settings = {"port": 0, "log_level": "error", "lifespan": "off", "interface": "asgi3", "ws": "websockets-sansio"}
        config = uvicorn.Config(self._app, **settings)
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup()  # without `serve`, whose clock ticks would slow down every test
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.force_exit = True
        await self._server.shutdown()
        if self.errors and error is None:
            raise self.errors[0]

    def at(self, path: str) -> str:
        return f"{self.url}/{path}"

    def answer(self, path: str, inside: str, **page: Any) -> str:
        """Answer this path with `<Response>inside</Response>`."""
        self.pages[path] = Page(f"<Response>{inside}</Response>", **page)
        return self.at(path)

    def stream(self, path: str = "media", inside: str = "", **attributes: str) -> str:
        """A <Connect><Stream> to this path."""
        more = "".join(f' {name}="{value}"' for name, value in attributes.items())
        url = self.at(path).replace("http:", "ws:")
        return f'<Connect><Stream url="{url}"{more}>{inside}</Stream></Connect>'

    def asked_for(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    def lose_connections(self) -> None:
        """What a process that is killed does to its sockets."""
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()

    async def _app(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._hold(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _hold(self, scope: Scope, receive: Any, send: Any) -> None:
        socket = Socket(scope, receive, send)
        self.sockets.append(socket)
        await receive()
        try:
            await self.talk(socket)
        except Exception as error:  # told at the end, where a test sees it
            self.errors.append(error)

    async def _answer(self, scope: Scope, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        query = scope["query_string"].decode()
        url = self.url + scope["raw_path"].decode() + (f"?{query}" if query else "")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        self.asked.append(Asked(scope["method"], url, fields, headers))
        page = self.pages.get(scope["path"].lstrip("/"), Page(status=404))
        content = page.body.encode() if isinstance(page.body, str) else page.body
        sent = [(b"content-type", page.type.encode()), (b"location", page.location.encode())]
        await send({"type": "http.response.start", "status": page.status, "headers": sent[: 2 if page.location else 1]})
        await send({"type": "http.response.body", "body": content})
