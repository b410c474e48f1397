"""The practice carrier as a server on loopback."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from aiohttp import web

from .control import Control
from .exchange import Directory, Exchange
from .faults import RestFaults
from .rest import RestApi
from .setup import Account, CallOptions
from .specification import Specification
from .voices import OfflineSpeaker, Speaker

STOPPING_WITHIN_S = 5.0


class PracticeCarrier:
    """An asynchronous context manager: the server listens inside it. Port 0 takes any free one; `url` says which."""

    def __init__(
        self,
        account: Account,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speaker: Speaker | None = None,
        options: CallOptions | None = None,
        specification: Specification | None = None,
        calls_per_second: float | None = None,
        directory: Directory | None = None,
    ) -> None:
        self.account, self.faults = account, RestFaults()
        self.url = f"http://{host}:{port}"
        self._host, self._port = host, port
        self._offline = OfflineSpeaker()
        self.exchange = Exchange(
            account,
            speaker=speaker or self._offline,
            options=options,
            calls_per_second=calls_per_second,
            directory=directory,
        )
        self._specification = specification or Specification.load()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Raises OSError if the port is taken."""
        app = web.Application()
        RestApi(self.exchange, self._specification, self.faults).add_to(app.router)
        Control(self.exchange, self.faults).add_to(app.router)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOPPING_WITHIN_S)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._offline.close)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, self._host, self._port)
            await site.start()
            await stack.enter_async_context(self.exchange)
            self._stack = stack.pop_all()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        self.exchange.options = replace(self.exchange.options, api_url=self.url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
