"""`manage.py practice_carrier`: the carrier on loopback, for those who have none."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from telephony.simulator.neighborhood import resident
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallOptions
from telephony.simulator.specification import Specification


class Command(BaseCommand):
    help = "Play the carrier on this machine: REST API, webhooks, media streams, and people who speak."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", help="where to listen; by default as TWILIO_BASE_URL says")
        parser.add_argument("--port", type=int, help="by default that of TWILIO_BASE_URL")
        parser.add_argument("--spec", type=Path, help="check requests against this twilio_api_v2010.json")
        parser.add_argument("--time-scale", type=float, default=1.0, help="let calls run so many times as fast")
        parser.add_argument("--cps", type=float, help="start so many outgoing calls per second, and queue the others")

    def handle(self, **options: Any) -> None:
        if not settings.TWILIO_ACCOUNT_SID or not settings.TWILIO_AUTH_TOKEN:
            raise CommandError(
                "The carrier and our side must share an account. `make demo` makes one up; otherwise set "
                "TWILIO_ACCOUNT_SID (AC and 32 hex digits), TWILIO_AUTH_TOKEN and TWILIO_BASE_URL for both."
            )
        base = urlsplit(settings.TWILIO_BASE_URL)
        host = options["host"] or (base.hostname if options["port"] is None else None) or "127.0.0.1"
        port = options["port"] or base.port
        if port is None:
            raise CommandError("Say where to listen: --port, or a TWILIO_BASE_URL such as http://127.0.0.1:4010")
        carrier = PracticeCarrier(
            Account(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN),
            host=host,
            port=port,
            options=CallOptions(time_scale=options["time_scale"]),
            specification=Specification.load(options["spec"]) if options["spec"] else None,
            calls_per_second=options["cps"],
            directory=resident,
        )
        try:
            asyncio.run(self._serve(carrier))
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror or error}") from error

    async def _serve(self, carrier: PracticeCarrier) -> None:
        """Until SIGINT or SIGTERM; then end every call in peace."""
        told_to_stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
        async with carrier:
            self.stdout.write(f"The practice carrier listens on {carrier.url}")
            self.stdout.flush()
            await told_to_stop.wait()
