"""The product's own pages on a port of this machine, for a practice carrier to ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from pytest_django import Settings

from agentos.asgi import application


@asynccontextmanager
async def product_served(settings: Settings) -> AsyncIterator[str]:
    """PUBLIC_URL while it runs."""
    options: dict[str, Any] = {"port": 0, "log_level": "error", "lifespan": "off", "interface": "asgi3"}
    config = uvicorn.Config(application, **options)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    settings.PUBLIC_URL = f"http://127.0.0.1:{port}"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    yield settings.PUBLIC_URL
    server.force_exit = True
    await server.shutdown()
