"""Google Calendar through its REST API: consent, tokens, free/busy, and events that carry our own ids.

Blocking, with an end to every request. Nothing is repeated here: putting the same event twice leaves one event, so
whoever calls may repeat everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx2

CONSENT_URL = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105
REVOKE_URL = "https://oauth2.googleapis.com/revoke"
API_URL = "https://www.googleapis.com/calendar/v3"
SCOPES = (
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.freebusy",
)
PRIMARY = "primary"
TIMEOUT = httpx2.Timeout(5.0, connect=3.0)
EARLY = timedelta(minutes=2)
"""A token is exchanged before it ends, not when."""
GONE, EXISTS = (404, 410), 409
MOST_PAGES = 20
CHANGE_FIELDS = "nextPageToken,items(id,status,start,end)"
"""What others write into their events is not asked for."""


class GoogleError(Exception):
    """Google said no, or nothing. `retryable`: the same may work later."""

    def __init__(self, code: str, *, retryable: bool) -> None:
        super().__init__(code)
        self.code, self.retryable = code, retryable


class GrantEnded(GoogleError):
    """The person took the permission back, or it ended: only they can give it again."""

    def __init__(self) -> None:
        super().__init__("invalid_grant", retryable=False)


@dataclass(frozen=True, slots=True)
class GoogleApp:
    """Our registration at Google. `base_url` is for a server that plays Google; empty: Google's own."""

    client_id: str
    client_secret: str
    redirect_uri: str
    base_url: str = ""

    def at(self, url: str) -> str:
        return f"{self.base_url}/{url.split('/', 3)[3]}" if self.base_url else url


@dataclass(frozen=True, slots=True)
class Tokens:
    """What stands for a person's permission."""

    access: str
    refresh: str
    ends_at: datetime

    def is_over(self, at: datetime) -> bool:
        return at >= self.ends_at - EARLY


@dataclass(frozen=True, slots=True)
class Event:
    """An event under our own id: 5 to 1,024 characters of 0-9 and a-v."""

    id: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an event there. Without times it is gone, or lasts whole days."""

    id: str
    is_gone: bool
    starts_at: datetime | None = None
    ends_at: datetime | None = None


# The permission -------------------------------------------------------------------------------------------


def consent_url(app: GoogleApp, state: str) -> str:
    """Where a person allows it. Google sends them back with a code and with `state` as it was."""
    query = {
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "access_type": "offline",
        "prompt": "consent",  # without it a second consent brings no token that lasts
        "state": state,
    }
    return f"{app.at(CONSENT_URL)}?{urlencode(query)}"


def exchange(app: GoogleApp, code: str, at: datetime) -> Tokens:
    """The code that came back for tokens, once."""
    answer = _ask_token(app, {"grant_type": "authorization_code", "code": code, "redirect_uri": app.redirect_uri})
    if not answer.get("refresh_token"):
        raise GoogleError("no_refresh_token", retryable=False)
    return _tokens(answer, str(answer["refresh_token"]), at)


def renew(app: GoogleApp, tokens: Tokens, at: datetime) -> Tokens:
    """A fresh token to act with. Raises GrantEnded when the permission is gone."""
    answer = _ask_token(app, {"grant_type": "refresh_token", "refresh_token": tokens.refresh})
    return _tokens(answer, str(answer.get("refresh_token") or tokens.refresh), at)


def revoke(app: GoogleApp, tokens: Tokens) -> None:
    """Give the permission back. One that is gone already is no error."""
    _send("POST", app.at(REVOKE_URL), data={"token": tokens.refresh}, harmless=(400,))


def _ask_token(app: GoogleApp, form: Mapping[str, str]) -> dict[str, Any]:
    whole = {**form, "client_id": app.client_id, "client_secret": app.client_secret}
    answer = _send("POST", app.at(TOKEN_URL), data=whole, harmless=(400, 401))
    body = _json(answer)
    if answer.status_code in (400, 401):
        code = str(body.get("error", "refused"))
        raise GrantEnded if code == "invalid_grant" else GoogleError(code, retryable=False)
    if not body.get("access_token"):
        raise GoogleError("unreadable", retryable=True)
    return body


def _tokens(answer: Mapping[str, Any], refresh: str, at: datetime) -> Tokens:
    return Tokens(str(answer["access_token"]), refresh, at + timedelta(seconds=int(answer.get("expires_in", 3600))))


# The calendar ---------------------------------------------------------------------------------------------


def busy(app: GoogleApp, access: str, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """When the calendar is taken."""
    asked = {"timeMin": _written(since), "timeMax": _written(until), "items": [{"id": PRIMARY}]}
    body = _json(_send("POST", app.at(f"{API_URL}/freeBusy"), access=access, json=asked))
    try:
        calendar = body["calendars"][PRIMARY]
        if calendar.get("errors"):
            raise GoogleError(str(calendar["errors"][0].get("reason", "refused")), retryable=False)
        return [(_read(each["start"]), _read(each["end"])) for each in calendar["busy"]]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise GoogleError("unreadable", retryable=True) from error


def put_event(app: GoogleApp, access: str, event: Event) -> None:
    """Make the event be there as it is here, whether it was there, was removed there, or never was."""
    body = {
        "summary": event.summary,
        "description": event.description,
        "start": {"dateTime": _written(event.starts_at)},
        "end": {"dateTime": _written(event.ends_at)},
        "status": "confirmed",
    }
    url = app.at(f"{API_URL}/calendars/{PRIMARY}/events")
    answer = _send("POST", url, access=access, json={"id": event.id, **body}, harmless=(EXISTS,))
    if answer.status_code == EXISTS:
        _send("PATCH", f"{url}/{quote(event.id)}", access=access, json=body)


def delete_event(app: GoogleApp, access: str, event_id: str) -> None:
    """Make the event not be there."""
    url = app.at(f"{API_URL}/calendars/{PRIMARY}/events/{quote(event_id)}")
    _send("DELETE", url, access=access, harmless=GONE)


def changes(app: GoogleApp, access: str, since: datetime) -> list[Change]:
    """What was made, changed or removed there since that moment. Raises GoogleError."""
    url = app.at(f"{API_URL}/calendars/{PRIMARY}/events")
    asked = {"updatedMin": _written(since), "showDeleted": "true", "maxResults": "250", "fields": CHANGE_FIELDS}
    found: list[Change] = []
    for _ in range(MOST_PAGES):
        body = _json(_send("GET", f"{url}?{urlencode(asked)}", access=access))
        try:
            found += [_change(each) for each in body["items"]]
        except (KeyError, TypeError, ValueError) as error:
            raise GoogleError("unreadable", retryable=True) from error
        if not body.get("nextPageToken"):
            break
        asked["pageToken"] = str(body["nextPageToken"])
    return found


def _change(item: Mapping[str, Any]) -> Change:
    starts, ends = (item.get(name, {}).get("dateTime") for name in ("start", "end"))
    if item.get("status") == "cancelled" or not (starts and ends):
        return Change(str(item["id"]), item.get("status") == "cancelled")
    return Change(str(item["id"]), False, _read(starts), _read(ends))


def _send(
    method: str,
    url: str,
    *,
    access: str = "",
    json: Any = None,
    data: Mapping[str, str] | None = None,
    harmless: tuple[int, ...] = (),
) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {access}"} if access else {}
    try:
        with httpx2.Client(timeout=TIMEOUT, trust_env=False) as client:
            answer = client.request(method, url, headers=headers, json=json, data=data)
    except httpx2.HTTPError as error:
        raise GoogleError("unreachable", retryable=True) from error
    status = answer.status_code
    if answer.is_success or status in harmless:
        return answer
    is_throttled = status == 403 and "ateLimitExceeded" in answer.text
    raise GoogleError(str(status), retryable=status in (401, 429) or status >= 500 or is_throttled)


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError as error:
        raise GoogleError("unreadable", retryable=True) from error
    return body if isinstance(body, dict) else {}


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
