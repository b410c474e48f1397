"""One production web process: Uvicorn as measured in docs/decisions/0002-asgi-server.md, with a drain of our own."""

from __future__ import annotations

import asyncio
import logging
from types import FrameType
from typing import Any

import uvicorn
from websockets.exceptions import InvalidState

from agentos.draining import drain
from agentos.websocket import WebSocketProtocol

logger = logging.getLogger(__name__)

LARGEST_MESSAGE = 64 * 1024
LAST_WORDS_S = 10  # from the end of the drain to the end of every task
# Where a proxy may stand. Of the addresses it forwards, the last one outside of these is the client's.
PROXIES = "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"


class DrainingServer(uvicorn.Server):
    """Told to end, it takes nothing new, and waits for its live calls before it does.

    A second signal, or `drain_timeout_s`, ends the waiting: the remaining carrier sockets are closed, and the carrier
    goes on at each call's resume URL. Whatever happens, the application's own shutdown runs.
    """

    def __init__(self, config: uvicorn.Config, drain_timeout_s: float) -> None:
        super().__init__(config)
        self._drain_timeout_s = drain_timeout_s
        self._hastened = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._hastened, self.should_exit = self.should_exit, True

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        drain.begin()
        try:
            for server in self.servers:
                server.close()
            self._close(call=False)
            await self._last_call_ended()
            self._close(call=True)
            await self._tasks_ended()
        finally:
            await self.lifespan.shutdown()

    def _close(self, *, call: bool) -> None:
        """Close the sockets that carry a call, or everything else: requests under way are still answered."""
        for connection in list(self.server_state.connections):
            if drain.holds(getattr(connection, "scope", None) or {}) == call:
                try:
                    connection.shutdown()
                except InvalidState:  # the other side closes it at this moment
                    connection.transport.close()

    async def _last_call_ended(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._drain_timeout_s
        while drain.calls and not self._hastened and loop.time() < deadline:
            await asyncio.sleep(0.05)

    async def _tasks_ended(self) -> None:
        """Let what is left finish; what does not is cancelled."""
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await self._wait_tasks_to_complete()
        except TimeoutError:
            tasks = list(self.server_state.tasks)
            logger.error("cancelling %d tasks that did not end in time", len(tasks))
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=2)


def make_server(
    application: Any,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    uds: str | None = None,
    behind_proxy: bool = False,
    drain_timeout_s: float,
) -> DrainingServer:
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        uds=uds,
        interface="asgi3",
        lifespan="on",
        loop="auto",  # uvloop, and asyncio where there is none
        http="httptools",
        ws=WebSocketProtocol,
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        proxy_headers=behind_proxy,
        forwarded_allow_ips="*" if uds else PROXIES,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
    )
    return DrainingServer(config, drain_timeout_s)
