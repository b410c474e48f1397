"""`manage.py demo`: everything in one foreground command, for `make demo`."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from agentos import embedded
from agentos.supervisor import Child, Supervisor

HOST = "127.0.0.1"
FIRST_PAGE_WITHIN_S = 60
LASTED_S = 30
GIVE_UP_AFTER = 5  # starts in a row that did not last
MANAGE = [sys.executable, "manage.py"]
WORKER = ["worker", "--beat", "--pool", "threads", "--concurrency", "4", "--loglevel", "INFO"]

WELCOME = """
  AgentOS is running at  {dashboard_url}

  Sign in as   {email}
  Password     {password}

  Try this
  · Open the agent "Front desk" and press Call: talk with it, interrupt it, hang up, and read the call's page.
{campaign}  · Let somebody call {number}, in another terminal:
      {python} manage.py call --to {number} --say "I would like to book an appointment"
  · See what is configured, and what is not: {python} manage.py doctor

  Logs are in {logs}. Ctrl-C stops everything.
"""


CAMPAIGN = """\
  · Watch people being reminded of their visits: "{campaign}", at {campaign_url}
    Some confirm by key, some by voice; a machine, a busy line, somebody who wants no more calls. It begins in a moment.
"""


@dataclass
class Service:
    """A child that runs for as long as the demo does."""

    name: str
    command: list[str]
    child: Child | None = None
    failures: int = 0
    start_at: float = 0.0


class Command(BaseCommand):
    help = "Run servers, sample tenant, web, worker and practice carrier in one foreground command."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        insist_on_free_port(settings.PORT)
        self._listen_for_the_end()
        os.chdir(settings.BASE_DIR)
        logs: Path = settings.LOCAL_DIR / "log"
        with embedded_servers() as servers, choices_for_children() as practising, Supervisor(logs) as supervisor:
            login = self._prepare(practising=practising)
            services = make_services(practising=practising)
            for service in services:
                (logs / f"{service.name}.log").unlink(missing_ok=True)
                self._launch(supervisor, service)
            if self._first_page(services[0]):
                self.say(welcome(login, logs))
            self._look_after(supervisor, services, servers)
            self.say("Stopping …")
            supervisor.stop(grace_s=5)

    def say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone before we are
            self.stdout.write(text)
            self.stdout.flush()

    def _prepare(self, *, practising: bool) -> dict[str, Any]:
        """The database's tables, the sample tenant, the files of the pages. Returns the login.

        The sample campaign calls only through the practice carrier; with a real one it does not exist.
        """
        self.say("Preparing the database …")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        login = io.StringIO()
        call_command("seed", "--json", *(["--practice"] if practising else []), stdout=login)
        found: dict[str, Any] = json.loads(login.getvalue().splitlines()[-1])
        return found

    def _launch(self, supervisor: Supervisor, service: Service) -> None:
        service.child = supervisor.start(service.name, service.command, env={"DRAIN_TIMEOUT_S": "3"})

    def _first_page(self, web: Service) -> bool:
        """Wait until the web process answers; False when there is no point in waiting any longer."""
        deadline = time.monotonic() + FIRST_PAGE_WITHIN_S
        while not self._told_to_stop() and web.child and web.child.running() and time.monotonic() < deadline:
            if answers(settings.PORT):
                return True
            time.sleep(0.1)
        return False

    def _listen_for_the_end(self) -> None:
        self._stopping = threading.Event()
        self._make = os.getppid() if "MAKELEVEL" in os.environ else None
        self._has_terminal = os.isatty(0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if (number, signal.getsignal(number)) != (signal.SIGHUP, signal.SIG_IGN):  # as nohup leaves it
                signal.signal(number, lambda *_: self._stopping.set())

    def _told_to_stop(self) -> bool:
        """By a signal, or because the `make` that started us was killed, or the terminal went away."""
        orphaned = self._make is not None and os.getppid() != self._make
        return self._stopping.is_set() or orphaned or (self._has_terminal and not os.isatty(0))

    def _look_after(self, supervisor: Supervisor, services: list[Service], servers: embedded.Servers | None) -> None:
        while not self._told_to_stop():
            if servers and (died := servers.died()):
                raise CommandError(f"{died.name} ended. Its last words:\n{died.last_lines()}")
            for service in services:
                if service.child is None:
                    if time.monotonic() >= service.start_at:
                        self._launch(supervisor, service)
                    continue
                for complaint in service.child.complaints():
                    self.say(f"{service.name}: {complaint} (more in {here(service.child.log)})")
                if not service.child.running():
                    self._bury(supervisor, service, service.child)
            self._stopping.wait(0.5)

    def _bury(self, supervisor: Supervisor, service: Service, child: Child) -> None:
        """Say that it died, and when it starts again. Raises CommandError when it keeps dying."""
        supervisor.forget(child)
        service.child = None
        service.failures = 1 if child.uptime_s() > LASTED_S else service.failures + 1
        last = f"Its last words, from {here(child.log)}:\n{child.last_lines()}"
        if service.failures == GIVE_UP_AFTER:
            raise CommandError(f"{service.name} keeps ending. {last}")
        pause_s = 2 ** (service.failures - 1)
        service.start_at = time.monotonic() + pause_s
        self.say(f"{service.name} ended ({child.process.returncode}) and starts again in {pause_s} s. {last}")


def welcome(login: dict[str, Any], logs: Path) -> str:
    campaign = CAMPAIGN.format(**login) if "campaign" in login else ""
    return WELCOME.format(**login | {"campaign": campaign}, logs=here(logs), python=here(sys.executable))


def insist_on_free_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken. Stop what listens there, or choose another: PORT={port + 1} make demo"
            ) from error


@contextmanager
def embedded_servers() -> Iterator[embedded.Servers | None]:
    """PostgreSQL and Redis of our own, where the environment names no others."""
    own = {"postgresql": "DATABASE_URL" not in os.environ, "redis": "REDIS_URL" not in os.environ}
    if not any(own.values()):
        yield None
        return
    try:
        servers = embedded.start(settings.LOCAL_DIR, **own)
    except embedded.FolderInUse as error:
        raise CommandError(f"A demo of this checkout runs already. {error}") from error
    except (embedded.ServerError, OSError) as error:
        raise CommandError(str(error)) from error
    try:
        yield servers
    finally:
        servers.stop()


@contextmanager
def choices_for_children() -> Iterator[bool]:
    """Write down what this demo chose, for its children and for commands in other terminals.

    Says whether calls go through the practice carrier: they do unless a Twilio account is configured.
    """
    chosen = {"PORT": str(settings.PORT), "PUBLIC_URL": settings.PUBLIC_URL}
    practising = not settings.TWILIO_ACCOUNT_SID
    if practising:
        token = embedded.local_secret(settings.LOCAL_DIR, "practice_carrier")
        chosen |= {
            "TWILIO_BASE_URL": f"http://{HOST}:{free_port()}",
            "TWILIO_ACCOUNT_SID": f"AC{hashlib.md5(token.encode(), usedforsecurity=False).hexdigest()}",
            "TWILIO_AUTH_TOKEN": token,
        }
    file: Path = settings.LOCAL_DIR / "demo.env"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={value}\n" for name, value in chosen.items()))
    try:
        yield practising
    finally:
        file.unlink(missing_ok=True)


def make_services(*, practising: bool) -> list[Service]:
    services = [
        Service("web", [*MANAGE, "serve", "--host", HOST, "--port", str(settings.PORT)]),
        Service("worker", [sys.executable, "-m", "celery", "--app", "agentos", *WORKER]),
    ]
    if practising:
        services.append(Service("practice-carrier", [*MANAGE, "practice_carrier"]))
    return services


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def here(path: str | Path) -> str:
    """The path as a person in the checkout would write it."""
    text = str(path)
    return text.removeprefix(f"{settings.BASE_DIR}/")
