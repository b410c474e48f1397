"""The media sockets behind the production server's own protocol, on a port of this machine, with scripted calls."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import uvicorn
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect

from agentos.websocket import WebSocketProtocol
from calls.conversation.ports import Line
from calls.runtime import CallClaims
from telephony import tokens
from tests.telephony.signing import ACCOUNT_SID, CALL_SID, ORIGIN, signature

STREAM_SID = "MZ00000000000000000000000000000001"
SOCKETS = ORIGIN.replace("https", "wss")
AGENT = uuid4()
PATH = f"/agents/{AGENT}/media"
CLAIMS = CallClaims(call_id=uuid4(), agent_id=AGENT, tenant_id=7, segment=1, carrier_sid=CALL_SID)


class ScriptedCall:
    """Stands where a conversation would: it remembers what it hears, and the test speaks for it through `line`."""

    def __init__(self, claims: CallClaims, line: Line) -> None:
        self.claims, self.line, self.engine = claims, line, self
        self.heard: list[bytes] = []
        self.events: list[tuple[str, str]] = []
        self.closed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._changed = asyncio.Event()

    def hear(self, frame: bytes) -> None:
        self.heard.append(frame)
        self._changed.set()

    def mark_reached(self, name: str) -> None:
        self._note("mark", name)

    def digit(self, digit: str) -> None:
        self._note("digit", digit)

    def typed(self, text: str) -> None:
        self._note("typed", text)

    def still_typing(self) -> None:
        self._note("typing", "")

    async def line_closed(self, *, caller_hung_up: bool) -> None:
        self.closed.set_result(caller_hung_up)

    async def until(self, is_so: Callable[[ScriptedCall], bool]) -> None:
        while not is_so(self):
            self._changed.clear()
            await self._changed.wait()

    def _note(self, kind: str, value: str) -> None:
        self.events.append((kind, value))
        self._changed.set()


@dataclass
class Calls:
    """The calls that were started; `error` refuses the next."""

    started: asyncio.Queue[ScriptedCall] = field(default_factory=asyncio.Queue)
    error: Exception | None = None

    async def start(self, claims: CallClaims, line: Line) -> Any:
        if self.error:
            raise self.error
        call = ScriptedCall(claims, line)
        self.started.put_nowait(call)
        return call

    async def next(self) -> ScriptedCall:
        return await self.started.get()


@asynccontextmanager
async def serving(application: Any) -> AsyncIterator[int]:
    """Run `application` in this event loop; the port. At the end its sockets are cut and every task has ended."""
    config = uvicorn.Config(
        application,
        interface="asgi3",
        http="httptools",
        ws=WebSocketProtocol,
        ws_per_message_deflate=False,
        log_config=None,
    )
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()
    before = asyncio.all_tasks()
    server = await loop.create_server(
        lambda: config.http_protocol_class(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks)
        await server.wait_closed()
    assert not {task for task in asyncio.all_tasks() - before if "telephony" in repr(task.get_coro())}


class Carrier:
    """The other end of a socket: sends what the carrier sends and reads what it would play."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._sequence = 0

    async def say(self, message: dict[str, Any] | str) -> None:
        await self.socket.send(message if isinstance(message, str) else json.dumps(message, separators=(",", ":")))

    async def begin(self, token: str, **start: Any) -> None:
        await self.say({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        await self.say(start_message(token, **start))

    async def media(self, frame: bytes) -> None:
        self._sequence += 1
        payload = base64.b64encode(frame).decode()
        media = {"track": "inbound", "chunk": str(self._sequence), "timestamp": str(self._sequence * 20)}
        number = {"sequenceNumber": str(self._sequence + 1)}
        await self.say({"event": "media", **number, "media": {**media, "payload": payload}, "streamSid": STREAM_SID})

    async def stop(self) -> None:
        await self.say({"event": "stop", "streamSid": STREAM_SID, "stop": {"callSid": CALL_SID}})

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.socket.recv())
        return message

    async def audio(self) -> bytes:
        return base64.b64decode((await self.hear())["media"]["payload"])

    async def closed(self) -> int | None:
        """The code that our side closed with, after whatever it still had to say."""
        async for _ in self.socket:
            pass
        return self.socket.close_code


def start_message(token: str, **start: Any) -> dict[str, Any]:
    details = {
        "accountSid": ACCOUNT_SID,
        "streamSid": STREAM_SID,
        "callSid": CALL_SID,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": token} if token else {},
    } | start
    return {"event": "start", "sequenceNumber": "1", "start": details, "streamSid": STREAM_SID}


def token(**changes: Any) -> str:
    fields = {name: getattr(CLAIMS, name) for name in CallClaims.__dataclass_fields__} | changes
    return tokens.mint(CallClaims(**fields))


@asynccontextmanager
async def dialed(port: int, path: str = PATH, headers: dict[str, str] | None = None) -> AsyncIterator[Carrier]:
    """A socket that the carrier has opened, with a right signature unless `headers` say otherwise."""
    signed = {"X-Twilio-Signature": signature(f"{SOCKETS}{path}")}
    uri = f"ws://127.0.0.1:{port}{path}"
    async with connect(uri, additional_headers=signed if headers is None else headers, max_size=None) as socket:
        yield Carrier(socket)
