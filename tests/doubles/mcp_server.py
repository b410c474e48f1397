"""A server of tools on this machine: the official library's own server, reached over streamable HTTP."""

from __future__ import annotations

import logging
import socket
from threading import Thread
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations


class ShelfServer:
    """Knows what is in stock and takes orders; `orders` are those that it took. It wants a token where it has one."""

    def __init__(self, token: str = "") -> None:
        self.orders, self.token, self.seen = list[str](), token, set[str]()
        self.breaks_off = False  # in the middle of using a tool
        self.description = "How many of an item are there."
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{listening.getsockname()[1]}"
        self.url = f"http://{self.place}/mcp"
        logging.getLogger("mcp").setLevel(logging.CRITICAL)
        self._app = self._tools().streamable_http_app(json_response=True, stateless_http=True)
        self._server = uvicorn.Server(uvicorn.Config(self._guarded, log_level="critical", interface="asgi3"))
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [listening]}, daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.01)

    def _tools(self) -> MCPServer:
        server = MCPServer("Shelf")

        @server.tool(description=self.description, annotations=ToolAnnotations(read_only_hint=True))
        def in_stock(item: str) -> str:
            return f"7 of {item}"

        @server.tool(description="Order some of an item.")
        def order(item: str, count: int) -> str:
            self.orders.append(f"{count} {item}")
            return "Ordered.\x00"

        return server

    async def _guarded(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"").decode()
            self.seen.add(given)
            if self.token and given != f"Bearer {self.token}":
                await send({"type": "http.response.start", "status": 401, "headers": []})
                await send({"type": "http.response.body", "body": b"no"})
                return
        if self.breaks_off and scope["type"] == "http":
            receive = await self._heard(receive)
            if b"tools/call" in self._body:
                await send({"type": "http.response.start", "status": 502, "headers": []})
                await send({"type": "http.response.body", "body": b"no"})
                return
        await self._app(scope, receive, send)

    async def _heard(self, receive: Any) -> Any:
        """The whole request, which can be read again."""
        message = await receive()
        self._body = message.get("body", b"")
        messages = [message]

        async def again() -> Any:
            return messages.pop() if messages else await receive()

        return again

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
