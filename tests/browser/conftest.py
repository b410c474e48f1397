"""Pages in Debian's Chromium, served by a production process of our own on the database of the tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from agentos.tenants.models import User

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop in the thread of the tests

CHECKOUT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium")
STARTS_WITHIN_S = 60
SETTLES_WITHIN_S = 20
POLL_MS = 25
KEYS = ("TWILIO_AUTH_TOKEN", "DEEPGRAM_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ELEVENLABS_API_KEY")
QUIET_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a microphone that beeps once a second
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="Chromium is missing: apt-get install chromium. The pages were NOT looked at.")
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))
            if CHROMIUM is None:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET_CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def quick_passwords() -> None:
    """People sign in at a process that keeps passwords as in production."""


@dataclass
class Server:
    """`manage.py serve` with its static files collected, as in production."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "server.log").open("ab")
        manage = [sys.executable, "-W", "ignore", "manage.py", *command]
        return subprocess.Popen(manage, cwd=CHECKOUT, env=self._environment(), stdout=log, stderr=log)

    def start(self) -> None:
        self.process = self.run("serve", "--port", str(self.port))
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urlopen(f"{self.url}/account/login/", timeout=5):
                    return
            except URLError:
                time.sleep(0.1)
        pytest.fail(f"the server did not start:\n{self.log[-4000:]}")

    def stop(self) -> None:
        """At once, also with calls in progress."""
        if self.process is not None:
            for _ in range(2):
                self.process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
            self.process.wait(timeout=30)
        self.process = None

    def settle(self) -> None:
        """Wait until the journals of all calls have reached the database: emptying it would meet them halfway."""
        deadline = time.monotonic() + SETTLES_WITHIN_S
        while any((self.folder / "spool").rglob("*.jsonl")):
            assert time.monotonic() < deadline, self.log[-4000:]
            time.sleep(0.05)

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def _environment(self) -> dict[str, str]:
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
        chosen = {
            "DATABASE_URL": database.geturl(),
            "REDIS_URL": settings.REDIS_URL,
            "PUBLIC_URL": self.url,
            "SECRET_KEY": settings.SECRET_KEY,
            "DATA_DIR": str(self.folder),
            "STATIC_ROOT": str(self.folder / "static"),
            "DEBUG": "false",
        }
        return os.environ | dict.fromkeys(KEYS, "") | chosen


@pytest.fixture(scope="session")
def serving(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(tmp_path_factory.mktemp("server"), port)
    collected = server.run("collectstatic", "--noinput", "--verbosity", "0")
    assert collected.wait(timeout=STARTS_WITHIN_S) == 0, server.log
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(transactional_db: None, serving: Server) -> Iterator[Server]:
    """The server, on a database that is emptied after each test."""
    yield serving
    serving.settle()


Contexts = Callable[..., BrowserContext]


@pytest.fixture
def contexts(server: Server, chromium: Browser) -> Iterator[Contexts]:
    """`contexts(**options)` is a person with a browser of their own."""
    opened: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        size = {"width": 1440, "height": 900}
        opened.append(chromium.new_context(**({"base_url": server.url, "viewport": size} | options)))
        return opened[-1]

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def context(contexts: Contexts) -> BrowserContext:
    return contexts()


SignedIn = Callable[..., Page]


@pytest.fixture
def signed_in(server: Server, context: BrowserContext) -> SignedIn:
    """`signed_in(user)` gives a page in a browser in which `user` is signed in."""

    def page_of(user: User, within: BrowserContext = context) -> Page:
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        within.add_cookies([{"name": name, "value": client.cookies[name].value, "url": server.url}])
        return within.new_page()

    return page_of


class Complaints(list[str]):
    """What the browser has against a page: scripts that throw, files that miss, its own policy broken."""

    def hear(self, page: Page) -> Page:
        page.on("console", lambda message: message.type == "error" and self.append(message.text))
        page.on("pageerror", lambda error: self.append(str(error)))
        return page


def until(page: Page, condition: str, *, within_ms: int = 10_000) -> None:
    """Wait for an expression to hold. Playwright's own way evaluates in the page, which its policy forbids."""
    for _ in range(within_ms // POLL_MS):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(POLL_MS)
    pytest.fail(f"never true within {within_ms} ms: {condition}")
