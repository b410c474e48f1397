"""`manage.py serve`: one production web process."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Run one production web process. SIGTERM drains it; a second SIGTERM ends its calls' sockets as well."
    requires_system_checks = ()  # the deployment's checks are `manage.py check --deploy`, before the first process

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--uds", help="listen on this Unix socket instead")

    def handle(self, *, host: str, port: int, uds: str | None, **options: Any) -> None:
        from agentos.asgi import application
        from agentos.server import make_server

        make_server(
            application,
            host=host,
            port=port,
            uds=uds,
            behind_proxy=settings.BEHIND_PROXY,
            drain_timeout_s=settings.DRAIN_TIMEOUT_S,
        ).run()
