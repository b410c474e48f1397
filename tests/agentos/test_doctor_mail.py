"""`manage.py doctor` tries the mail server as far as signing in, sends nothing, and shows no password."""

from __future__ import annotations

import base64
import socketserver
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from pytest_django import Settings

from agentos import diagnosis
from agentos.diagnosis import State

PASSWORD = "a-password-that-nobody-may-see"


class Post(socketserver.ThreadingTCPServer):
    """An SMTP server that knows one person; it remembers what it was told."""

    daemon_threads = allow_reuse_address = True

    def __init__(self) -> None:
        self.told: list[str] = []
        super().__init__(("127.0.0.1", 0), Conversation)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Conversation(socketserver.StreamRequestHandler):
    server: Post

    def handle(self) -> None:
        self._say("220 post")
        while line := self.rfile.readline().decode().strip():
            self.server.told.append(line)
            match line.split()[0].upper():
                case "EHLO":
                    self._say("250-post\r\n250 AUTH PLAIN")
                case "AUTH":
                    known = base64.b64encode(f"\0june\0{PASSWORD}".encode()).decode()
                    self._say("235 welcome" if line.endswith(known) else f"535 {PASSWORD} is not it")
                case "QUIT":
                    return self._say("221 bye")
                case _:
                    self._say("250 fine")
        return None

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post()
    Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


Configure = Callable[..., None]


@pytest.fixture
def sends_by(settings: Settings) -> Configure:
    def configure(port: int, password: str = PASSWORD) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "june", password

    return configure


def test_mail_that_goes_to_the_log_is_no_fault():
    finding = diagnosis.check_mail()

    assert finding.state is State.UNUSED
    assert "EMAIL_URL" in finding.sentence


def test_a_server_that_knows_us_is_well_and_gets_no_mail(post: Post, sends_by: Configure):
    sends_by(post.port)

    assert diagnosis.check_mail().state is State.WELL
    assert not any(line.upper().startswith(("MAIL", "RCPT", "DATA")) for line in post.told)


def test_a_wrong_password_is_told_apart_and_never_shown(post: Post, sends_by: Configure):
    sends_by(post.port, PASSWORD + "x")

    finding = diagnosis.check_mail()

    assert finding.state is State.BROKEN
    assert "refuses the name and password" in finding.sentence
    assert PASSWORD not in finding.sentence


def test_a_server_that_is_not_there_is_named(sends_by: Configure):
    sends_by(9)

    finding = diagnosis.check_mail()

    assert finding.state is State.BROKEN
    assert finding.sentence.startswith("127.0.0.1:9 cannot be used (ConnectionRefusedError).")
