"""What the client makes of a Google that answers strangely, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from agents.integrations import google_calendar as google
from agents.integrations.google_calendar import GoogleApp, GoogleError, GrantEnded, Tokens
from tests.doubles.google import GoogleDouble, google_double

APP = GoogleApp("id", "secret", "https://agents.example/calendar/google/")
AT = datetime(2026, 11, 24, 17, tzinfo=UTC)
TOKENS = Tokens("access", "refresh", AT)


@pytest.fixture(scope="module")
def there() -> Iterator[GoogleDouble]:
    with google_double() as double:
        yield double


@pytest.fixture
def app(there: GoogleDouble) -> GoogleApp:
    return replace(APP, base_url=there.url)


def ask(app: GoogleApp) -> list[tuple[datetime, datetime]]:
    return google.busy(app, "access", AT, AT + timedelta(hours=1))


def test_consent_is_asked_for_a_token_that_lasts_and_for_little_else() -> None:
    asked = parse_qs(urlsplit(google.consent_url(APP, "signed")).query)

    assert (asked["access_type"], asked["prompt"], asked["state"]) == (["offline"], ["consent"], ["signed"])
    assert [scope.rsplit("/", 1)[-1] for scope in asked["scope"][0].split()] == ["calendar.events", "calendar.freebusy"]


@pytest.mark.parametrize(
    ("status", "text", "retryable"),
    [
        (200, "<html>", True),
        (200, "{}", True),
        (200, '{"calendars": {"primary": {"busy": [{"start": "soon"}]}}}', True),
        (200, '{"calendars": {"primary": {"errors": [{"reason": "notFound"}]}}}', False),
        (401, "{}", True),
        (403, '{"error": {"errors": [{"reason": "rateLimitExceeded"}]}}', True),
        (403, '{"error": {"errors": [{"reason": "forbidden"}]}}', False),
        (429, "", True),
        (500, "", True),
    ],
)
def test_an_answer_that_tells_nothing_is_never_taken_for_a_free_day(
    there: GoogleDouble, app: GoogleApp, status: int, text: str, retryable: bool
) -> None:
    there.scripted = [(status, text)]

    with pytest.raises(GoogleError) as failed:
        ask(app)
    assert failed.value.retryable is retryable


def test_a_google_that_is_away_may_be_asked_again() -> None:
    with pytest.raises(GoogleError) as failed:
        ask(replace(APP, base_url="http://127.0.0.1:9"))
    assert (failed.value.code, failed.value.retryable) == ("unreachable", True)


def test_a_permission_that_ended_is_told_from_a_wrong_secret(there: GoogleDouble, app: GoogleApp) -> None:
    there.scripted = [(400, '{"error": "invalid_grant"}'), (401, '{"error": "invalid_client"}')]

    with pytest.raises(GrantEnded):
        google.renew(app, TOKENS, AT)
    with pytest.raises(GoogleError, match="invalid_client") as failed:
        google.renew(app, TOKENS, AT)
    assert not isinstance(failed.value, GrantEnded)


def test_a_first_consent_without_a_token_that_lasts_is_refused(there: GoogleDouble, app: GoogleApp) -> None:
    there.scripted = [(200, json.dumps({"access_token": "access", "expires_in": 3599}))]

    with pytest.raises(GoogleError, match="no_refresh_token"):
        google.exchange(app, "code", AT)


def test_tokens_are_renewed_before_they_end() -> None:
    assert TOKENS.is_over(AT - timedelta(minutes=1))
    assert not TOKENS.is_over(AT - timedelta(minutes=5))
