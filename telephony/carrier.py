"""The carrier's REST API: a handful of methods. Blocking, so only for tasks, commands and threads.

The SDK waits for ever unless told otherwise, and its own retries would place a call twice. Here every request has an
end and is sent once; whether to send it again is for the caller to decide, by what the error says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from django.conf import settings
from requests import ConnectionError as NotConnected
from requests import ConnectTimeout, RequestException
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

CONNECT_WITHIN_S, ANSWER_WITHIN_S = 3.05, 10.0
MOST_AT_ONCE = 64  # requests of one process that are on their way; each keeps its connection for the next
MOST_RECORDING = 16 * 1024 * 1024
MOST_CALLS = 50_000
PROGRESS = ("initiated", "ringing", "answered", "completed")
_HOST = "https://api.twilio.com"
_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_RECORDING = re.compile(r"RE[0-9a-fA-F]{32}")

log = structlog.get_logger(__name__)


class CarrierError(Exception):
    """The carrier said no, or nothing.

    `retryable`: the same request may be sent again. `is_unknown`: it may have been carried out; look before repeating.
    """

    def __init__(self, code: str, *, retryable: bool, is_unknown: bool = False) -> None:
        super().__init__(code)
        self.code, self.retryable, self.is_unknown = code, retryable, is_unknown


@dataclass(frozen=True, slots=True)
class CarrierAccount:
    sid: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """A call as the carrier knows it, which may be a little later than it tells us by itself."""

    sid: str
    status: str
    to: str
    from_: str
    created_at: datetime | None
    duration_s: int | None
    cents: Decimal | None = None  # known some minutes after the end


class Transport(TwilioHttpClient):  # type: ignore[misc]
    """Sends to `settings.TWILIO_BASE_URL` in place of the carrier's own host, once, and not for ever."""

    def __init__(self, base_url: str, *, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        super().__init__()
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=MOST_AT_ONCE))
        self._read_environment_once(base_url)
        self._base_url = base_url
        self.timeout = (CONNECT_WITHIN_S, answer_within_s)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        return super().request(method, self._base_url + url.removeprefix(_HOST), *args, **kwargs)

    def _read_environment_once(self, base_url: str) -> None:
        """Proxies and certificates are those of the environment; to look there for each request takes a fifth of it."""
        found = self.session.merge_environment_settings(base_url, {}, None, None, None)
        self.session.proxies, self.session.verify = dict(found["proxies"]), found["verify"]
        self.session.trust_env = False

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """It would name both numbers."""

    def log_response(self, status_code: int, response: Any) -> None:
        log.debug("carrier answered", status=status_code, path=urlsplit(response.url).path)


def carrier_client() -> Client:
    """The SDK's client for our account. Raises CarrierError when none is configured."""
    if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN):
        raise CarrierError("not_configured", retryable=False)
    return _client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_BASE_URL)


@cache
def _client(account_sid: str, auth_token: str, base_url: str) -> Client:
    # An empty environment would be taken for none, and a region of the developer's read in its place.
    return Client(account_sid, auth_token, http_client=Transport(base_url), environment={"_": ""})


def preload() -> None:
    """Load what the SDK otherwise loads with its first request: seconds that a caller, or a lock, would wait."""
    import_module("twilio.rest.api")


def fetch_account() -> CarrierAccount:
    with _errors(is_repeatable=True):
        account = carrier_client().api.v2010.accounts(settings.TWILIO_ACCOUNT_SID).fetch()
    return CarrierAccount(account.sid, account.friendly_name, str(account.status))


def fetch_application() -> str:
    """The voice URL of the application that websites call; asked with the API key, which is tried by that."""
    credentials = (settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET, settings.TWILIO_ACCOUNT_SID)
    client = Client(*credentials, http_client=Transport(settings.TWILIO_BASE_URL), environment={"_": ""})
    with _errors(is_repeatable=True):
        return str(client.api.v2010.account.applications(settings.TWILIO_TWIML_APP_SID).fetch().voice_url or "")


def place_call(
    *,
    to: str,
    from_: str,
    url: str,
    status_callback: str,
    answered_by_url: str = "",
    ring_s: int = 30,
    longest_s: int = 3600,
    byoc: str = "",
) -> CarrierCall:
    """Have the carrier ring `to` and ask `url` what to do when somebody answers.

    Where `answered_by_url` is given, the carrier tells it a moment later whether a person or a machine picked up.
    `to` is a number or a SIP address; with `byoc` the call leaves by that trunk of ours, which takes numbers only.
    There is no way to make this safe to repeat: after an error that `is_unknown`, look for the call first.
    """
    detection = {"machine_detection": "DetectMessageEnd", "async_amd": "true"}
    detection["async_amd_status_callback"] = answered_by_url
    with _errors(is_repeatable=False):
        return _call(
            carrier_client().calls.create(
                to=to,
                from_=from_,
                url=url,
                status_callback=status_callback,
                status_callback_event=list(PROGRESS),
                timeout=ring_s,
                time_limit=longest_s,
                **(detection if answered_by_url else {}),
                **({"byoc": byoc} if byoc else {}),
            )
        )


def send_text(*, to: str, from_: str, body: str) -> str:
    """Have the carrier deliver a text message; its SID. Not to be repeated after an error that `is_unknown`."""
    with _errors(is_repeatable=False):
        sent = carrier_client().messages.create(to=to, from_=from_, body=body)
    return str(sent.sid)


def fetch_recording(sid: str) -> bytes:
    """The WAV file of a recording, all of it. Raises CarrierError; "20404" is one that is not ready, or gone."""
    carrier_client()
    if not _RECORDING.fullmatch(sid):
        raise CarrierError("invalid_sid", retryable=False)
    account = settings.TWILIO_ACCOUNT_SID
    url = f"{settings.TWILIO_BASE_URL}/2010-04-01/Accounts/{account}/Recordings/{sid}.wav"
    timeout = (CONNECT_WITHIN_S, ANSWER_WITHIN_S)
    with (
        _errors(is_repeatable=True),
        requests.get(url, auth=(account, settings.TWILIO_AUTH_TOKEN), timeout=timeout, stream=True) as answer,
    ):
        if answer.status_code != 200:
            code = "20404" if answer.status_code == 404 else str(answer.status_code)
            raise CarrierError(code, retryable=answer.status_code in (404, 429) or answer.status_code >= 500)
        return _whole(answer)


def delete_recording(sid: str) -> None:
    """Have the carrier forget a recording that is ours now. Raises CarrierError; one that is gone already is none."""
    with _errors(is_repeatable=True, gone="20404"):
        carrier_client().recordings(sid).delete()


def _whole(answer: requests.Response) -> bytes:
    """The body, unless it is longer than any reply; one that breaks off raises by itself."""
    body = b""
    for piece in answer.iter_content(64 * 1024):
        body += piece
        if len(body) > MOST_RECORDING:
            raise CarrierError("too_long", retryable=False)
    return body


def hang_up(sid: str) -> None:
    """End the call, ringing or not. One that has ended already is left in peace."""
    with _errors(is_repeatable=True, gone="20404", over="21220"):
        carrier_client().calls(_checked(sid)).update(status="completed")


def redirect(sid: str, url: str) -> None:
    """Have a connected call ask `url` what to do now, whatever it is doing."""
    with _errors(is_repeatable=True):
        carrier_client().calls(_checked(sid)).update(url=url, method="POST")


def fetch_call(sid: str) -> CarrierCall | None:
    """The call, or None when the carrier knows none of this name."""
    with _errors(is_repeatable=True, gone="20404"):
        return _call(carrier_client().calls(_checked(sid)).fetch())
    return None


def find_calls(*, to: str, from_: str, since: datetime) -> Sequence[CarrierCall]:
    """The latest calls between two numbers, queued ones too: what to look at before dialing again."""
    with _errors(is_repeatable=True):
        calls = [_call(call) for call in carrier_client().calls.list(to=to, from_=from_, limit=50)]
    return [call for call in calls if call.created_at is None or call.created_at >= since]


def ended_calls(since: datetime) -> Sequence[CarrierCall]:
    """Calls that have ended since then, newest first, with what they cost where the carrier knows it by now."""
    with _errors(is_repeatable=True):
        found = carrier_client().calls.list(status="completed", end_time_after=since, limit=MOST_CALLS, page_size=1000)
        return [_call(call) for call in found]


@contextmanager
def _errors(*, is_repeatable: bool, **harmless: str) -> Iterator[None]:
    """Translate what the SDK raises; `harmless` names codes that are none of our errors."""
    try:
        yield
    except TwilioRestException as error:
        code = str(error.code or error.status)
        if code in harmless.values():
            return
        is_failure = error.status >= 500
        throttled = error.status == 429
        raise CarrierError(
            code,
            retryable=throttled or (is_failure and is_repeatable),
            is_unknown=is_failure and not is_repeatable,
        ) from error
    except RequestException as error:
        was_sent = not _never_left(error)
        raise CarrierError(
            "unreachable",
            retryable=is_repeatable or not was_sent,
            is_unknown=was_sent and not is_repeatable,
        ) from error
    except TwilioException as error:
        raise CarrierError("unreadable", retryable=is_repeatable, is_unknown=not is_repeatable) from error


def _never_left(error: RequestException) -> bool:
    """Whether no connection came about, so that nothing can have been asked."""
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, NotConnected) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _call(call: Any) -> CarrierCall:
    return CarrierCall(
        sid=call.sid,
        status=str(call.status),
        to=call.to,
        from_=call._from,
        created_at=call.date_created,
        duration_s=int(call.duration) if call.duration else None,
        cents=_cents(call.price) if call.price_unit == "USD" else None,
    )


def _cents(price: str | None) -> Decimal | None:
    """The carrier writes what it takes as a negative amount of dollars."""
    try:
        return -100 * Decimal(price) if price else None
    except InvalidOperation:
        return None


def _checked(sid: str) -> str:
    if not _SID.fullmatch(sid):
        raise CarrierError("invalid_sid", retryable=False)
    return sid
