"""`manage.py doctor`: one sentence for each part, an exit code for scripts, and never a secret."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from agentos import diagnosis
from agentos.diagnosis import State

KEY = "a-key-that-nobody-may-see"
NOWHERE = "http://127.0.0.1:9"  # the discard port; nothing listens there

Answers = Callable[..., str]


@pytest.fixture
def vendor() -> Iterator[Answers]:
    """`vendor(status, body)` starts a server that gives this one answer; its address is returned."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, body: str = "{}") -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def use(settings: Settings, name: str, base_url: str) -> None:
    settings.VENDORS = {**settings.VENDORS, name: {"api_key": KEY, "base_url": base_url}}


@pytest.mark.django_db
def test_a_database_that_is_well_says_so():
    finding = diagnosis.check_database()

    assert finding.state is State.WELL
    assert "bound by row-level security" in finding.sentence


@pytest.mark.django_db
def test_a_missing_migration_is_counted_and_the_remedy_named():
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'sessions'")

    finding = diagnosis.check_database()

    assert finding.state is State.BROKEN
    assert finding.sentence == "lacks 1 migrations: run `manage.py migrate`."


@pytest.mark.django_db
def test_a_database_that_was_left_in_the_middle_of_the_early_migrations_is_not_touched():
    MigrationRecorder(connection).record_unapplied("calls", "0023_rehearsals_played")

    with pytest.raises(CommandError, match="1 of that time's migrations of “calls” are missing"):
        call_command("migrate", verbosity=0)


def test_redis_answers_with_its_version():
    assert diagnosis.check_redis().state is State.WELL


def test_a_redis_that_is_not_there_is_broken(settings: Settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    finding = diagnosis.check_redis()

    assert finding.state is State.BROKEN
    assert "REDIS_URL" in finding.sentence


def test_a_missing_worker_is_noticed():
    finding = diagnosis.check_worker()

    assert finding.state is State.BROKEN
    assert "celery --app agentos worker" in finding.sentence


@pytest.mark.parametrize("vendor_name", ["Deepgram", "OpenAI", "Anthropic", "ElevenLabs"])
class TestVendors:
    def test_without_a_key_the_offline_voice_is_used(self, vendor_name: str):
        finding = diagnosis.CHECKS[vendor_name]()

        assert finding.state is State.UNUSED
        assert "the offline voice is used" in finding.sentence

    @pytest.mark.parametrize(
        ("status", "body", "state", "words"),
        [
            (200, "{}", State.WELL, "the key is valid"),
            (401, "{}", State.BROKEN, "refuses the key"),
            (401, '{"detail": {"status": "missing_permissions"}}', State.WELL, "may not do everything"),
            (404, "{}", State.WELL, "could not be asked about the key"),
            (500, "{}", State.BROKEN, "status 500"),
        ],
    )
    def test_its_answer_is_told(
        self, settings: Settings, vendor: Answers, vendor_name: str, status: int, body: str, state: State, words: str
    ):
        use(settings, vendor_name.lower(), vendor(status, body))

        finding = diagnosis.CHECKS[vendor_name]()

        assert finding.state is state
        assert words in finding.sentence

    def test_a_server_that_is_not_there_is_named(self, settings: Settings, vendor_name: str):
        use(settings, vendor_name.lower(), NOWHERE)

        finding = diagnosis.CHECKS[vendor_name]()

        assert finding.state is State.BROKEN
        assert NOWHERE in finding.sentence


class TestTwilio:
    @pytest.fixture
    def answers(self, settings: Settings, vendor: Answers) -> Callable[[int, str], None]:
        def start(status: int, body: str) -> None:
            settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC" + "0" * 32, KEY
            settings.TWILIO_BASE_URL = vendor(status, body)

        return start

    def test_without_an_account_calls_are_practised(self):
        assert diagnosis.check_twilio().state is State.UNUSED

    def test_an_account_without_a_token_is_half_configured(self, settings: Settings):
        settings.TWILIO_ACCOUNT_SID = "AC" + "0" * 32

        assert "TWILIO_AUTH_TOKEN is missing" in diagnosis.check_twilio().sentence

    @pytest.mark.parametrize(
        ("status", "body", "state", "words"),
        [
            (200, '{"sid": "AC0", "status": "active"}', State.WELL, "practice carrier answers"),
            (200, '{"sid": "AC0", "status": "suspended"}', State.BROKEN, "suspended"),
            (401, '{"code": 20003, "message": "Authenticate", "status": 401}', State.BROKEN, "do not belong together"),
            (503, '{"code": 20503, "message": "Later", "status": 503}', State.BROKEN, "the error 20503"),
        ],
    )
    def test_its_answer_is_told(
        self, answers: Callable[[int, str], None], status: int, body: str, state: State, words: str
    ):
        answers(status, body)

        finding = diagnosis.check_twilio()

        assert finding.state is state
        assert words in finding.sentence

    def test_a_carrier_that_is_not_there_is_named(self, answers: Callable[[int, str], None], settings: Settings):
        answers(200, "{}")
        settings.TWILIO_BASE_URL = NOWHERE

        assert f"{NOWHERE} does not answer" in diagnosis.check_twilio().sentence


class TestPublicUrl:
    def test_it_is_well_when_it_leads_here(self, settings: Settings, vendor: Answers):
        settings.PUBLIC_URL = vendor(200, "alive\n")

        assert diagnosis.check_public_url().state is State.WELL

    def test_something_else_behind_it_is_noticed(self, settings: Settings, vendor: Answers):
        settings.PUBLIC_URL = vendor(200, "<h1>Welcome to nginx!</h1>")

        assert "answered by something else" in diagnosis.check_public_url().sentence

    def test_twilio_cannot_reach_this_machine_by_its_inner_name(self, settings: Settings):
        settings.PUBLIC_URL, settings.TWILIO_ACCOUNT_SID = "http://localhost:8000", "AC" + "0" * 32

        assert "Twilio cannot reach it" in diagnosis.check_public_url().sentence

    def test_twilio_needs_https(self, settings: Settings):
        settings.PUBLIC_URL, settings.TWILIO_ACCOUNT_SID = "http://voice.example.com", "AC" + "0" * 32

        assert "not https" in diagnosis.check_public_url().sentence

    def test_the_practice_carrier_reaches_this_machine(self, settings: Settings, vendor: Answers):
        settings.PUBLIC_URL, settings.TWILIO_ACCOUNT_SID = vendor(200, "alive\n"), "AC" + "0" * 32
        settings.TWILIO_BASE_URL = "http://127.0.0.1:4010"

        assert diagnosis.check_public_url().state is State.WELL


def test_a_secret_in_anothers_message_is_not_repeated(settings: Settings):
    settings.TWILIO_AUTH_TOKEN = KEY

    assert diagnosis.broken(f"refused token={KEY}").sentence == "refused token=…"


@pytest.mark.django_db
def test_the_command_fails_and_names_what_is_not_well(settings: Settings, vendor: Answers):
    use(settings, "deepgram", vendor(401))
    settings.PUBLIC_URL = vendor(200, "alive\n")
    printed = io.StringIO()

    with pytest.raises(CommandError, match="Not well: Worker, Deepgram"):
        call_command("doctor", stdout=printed)

    lines = printed.getvalue().splitlines()
    assert [line.split()[1] for line in lines][:4] == ["Database", "Redis", "Worker", "Twilio"]
    assert KEY not in printed.getvalue()
