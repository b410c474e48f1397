"""Google's consent, tokens and calendar, as far as ours uses them, on loopback in a thread of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

EVENTS = "/calendar/v3/calendars/primary/events"
CLIENT = ("client-id.apps.example", "client-secret")
Reply = tuple[int, dict[str, Any] | str | None]


@dataclass
class GoogleDouble:
    """One person's account. Set `is_away`, or take the permission back with `take_back`."""

    url: str = ""
    busy: list[tuple[str, str]] = field(default_factory=list)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    """Ids of events that somebody made or changed there, for the next who asks what has changed."""
    is_away: bool = False
    scripted: list[tuple[int, str]] = field(default_factory=list)
    """Status and body of what is answered next, whatever is asked."""
    refresh_tokens: set[str] = field(default_factory=set)
    access_tokens: set[str] = field(default_factory=set)
    _serial: Iterator[int] = field(default_factory=count)

    def take_back(self) -> None:
        """The person removes our application from their account."""
        self.refresh_tokens.clear()
        self.access_tokens.clear()

    def forget_access(self) -> None:
        """Tokens to act with end sooner than they said."""
        self.access_tokens.clear()

    def move_by_hand(self, event_id: str, start: str, end: str) -> None:
        """A person drags the event to another time."""
        self.events[event_id] |= {"start": {"dateTime": start}, "end": {"dateTime": end}}
        self.changed.append(event_id)

    def remove_by_hand(self, event_id: str) -> None:
        self.events[event_id] = {"id": event_id, "status": "cancelled"}
        self.changed.append(event_id)

    @property
    def shown(self) -> list[tuple[str, str, str]]:
        """What a person sees in the calendar: summary, start, end."""
        return [
            (each["summary"], each["start"]["dateTime"], each["end"]["dateTime"])
            for each in self.events.values()
            if each["status"] == "confirmed"
        ]

    # What is served

    def consent(self, query: dict[str, str]) -> str:
        """The person presses Allow: where the browser goes next."""
        assert query["client_id"] == CLIENT[0]
        assert (query["response_type"], query["access_type"]) == ("code", "offline")
        return f"{query['redirect_uri']}?{urlencode({'code': 'code-1', 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> Reply:
        if (form.get("client_id"), form.get("client_secret")) != CLIENT:
            return 401, {"error": "invalid_client"}
        if form["grant_type"] == "authorization_code":
            if form.get("code") != "code-1":
                return 400, {"error": "invalid_grant"}
            self.refresh_tokens.add(refresh := f"refresh-{next(self._serial)}")
            return 200, self._access() | {"refresh_token": refresh}
        if form.get("refresh_token") not in self.refresh_tokens:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        return 200, self._access()

    def revoke(self, form: dict[str, str]) -> Reply:
        if form.get("token") not in self.refresh_tokens:
            return 400, {"error": "invalid_token"}
        self.take_back()
        return 200, {}

    def calendar(self, method: str, path: str, body: dict[str, Any]) -> Reply:
        if (method, path) == ("POST", "/calendar/v3/freeBusy"):
            since, until = (datetime.fromisoformat(body[name]) for name in ("timeMin", "timeMax"))
            times = [*self.busy, *((start, end) for _, start, end in self.shown)]
            within = [
                {"start": start, "end": end}
                for start, end in times
                if datetime.fromisoformat(start) < until and datetime.fromisoformat(end) > since
            ]
            return 200, {
                "kind": "calendar#freeBusy",
                "calendars": {each["id"]: {"busy": within} for each in body["items"]},
            }
        if (method, path) == ("POST", EVENTS):
            if body["id"] in self.events:
                return 409, {"error": {"code": 409, "message": "The requested identifier already exists."}}
            self.events[body["id"]] = body
            return 200, body
        if (method, path) == ("GET", EVENTS):
            return self._changes(body)
        return self._one(method, path.removeprefix(f"{EVENTS}/"), body)

    def _changes(self, query: dict[str, Any]) -> Reply:
        """A page of one event each, so that whoever asks has to turn it."""
        assert datetime.fromisoformat(query["updatedMin"]).tzinfo
        place = int(query.get("pageToken", 0))
        more = {"nextPageToken": str(place + 1)} if place + 1 < len(self.changed) else {}
        return 200, {"items": [self.events[each] for each in self.changed[place : place + 1]], **more}

    def _one(self, method: str, event_id: str, body: dict[str, Any]) -> Reply:
        event = self.events.get(event_id)
        if event is None:
            return 404, {"error": {"code": 404, "message": "Not Found"}}
        if method == "PATCH":
            event.update(body)
            return 200, event
        if event["status"] == "cancelled":
            return 410, {"error": {"code": 410, "message": "Resource has been deleted"}}
        event["status"] = "cancelled"
        return 204, None

    def _access(self) -> dict[str, Any]:
        self.access_tokens.add(access := f"access-{next(self._serial)}")
        return {"access_token": access, "expires_in": 3599, "token_type": "Bearer"}


class _Handler(BaseHTTPRequestHandler):
    double: GoogleDouble

    def do_GET(self) -> None:
        if urlsplit(self.path).path == EVENTS:
            return self.do_POST()
        self.send_response(302)
        self.send_header("Location", self.double.consent(dict(parse_qsl(urlsplit(self.path).query))))
        self.end_headers()
        return None

    def do_POST(self) -> None:
        status, body = self._reply()
        self._answer(status, body if isinstance(body, str) else "" if body is None else json.dumps(body))

    do_PATCH = do_DELETE = do_POST

    def _reply(self) -> Reply:
        path = urlsplit(self.path).path
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.double.requests.append(f"{self.command} {path.rsplit('/', 1)[-1]}")
        if self.double.scripted:
            return self.double.scripted.pop(0)
        if self.double.is_away:
            return 503, {"error": {"code": 503, "message": "Backend Error"}}
        if path in ("/token", "/revoke"):
            form = dict(parse_qsl(sent))
            return self.double.token(form) if path == "/token" else self.double.revoke(form)
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.double.access_tokens:
            return 401, {"error": {"code": 401, "message": "Invalid Credentials"}}
        asked = json.loads(sent) if sent else dict(parse_qsl(urlsplit(self.path).query))
        return self.double.calendar(self.command, path, asked)

    def _answer(self, status: int, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def google_double() -> Iterator[GoogleDouble]:
    """It serves until the block ends."""
    double = GoogleDouble()
    handler = type("Handler", (_Handler,), {"double": double})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
