"""Requests that the carrier makes: signed forms, with its patience and its stubbornness."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import aiohttp
from yarl import URL

from .instructions import TwimlError
from .signing import request_signature

BAD_ANSWER, NO_ANSWER, BAD_HOST, TOO_MANY_REDIRECTS = 11200, 11205, 11210, 11215
MAX_REDIRECTS = 10


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of ours and how the carrier is to call it."""

    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back in the end, from where, and how long it took."""

    status: int
    content_type: str
    body: bytes
    url: str
    took_ms: float


@dataclass(frozen=True)
class Patience:
    """The timeouts and retries of one address; our side may set them in its fragment."""

    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    @classmethod
    def asked_for(cls, url: str) -> Patience:
        asked = dict(parse_qsl(urlsplit(url).fragment))

        def seconds(name: str, default: float, lowest: int) -> float:
            value = asked.get(name, "")
            return min(max(int(value), lowest), 15_000) / 1000 if value.isdecimal() else default

        retries = asked.get("rc", "")
        return cls(
            connect_s=min(seconds("ct", cls.connect_s, 100), 10.0),
            read_s=seconds("rt", cls.read_s, 100),
            total_s=seconds("tt", cls.total_s, 100),
            retries=min(int(retries), 5) if retries.isdecimal() else cls.retries,
            retry_on=frozenset(asked.get("rp", "ct").split(",")),
        )

    def tries_again(self, failure: str) -> bool:
        return failure in self.retry_on or (failure != "" and "all" in self.retry_on)


class _Failed(Exception):
    """One try failed. `kind` is ct, rt, 4xx or 5xx, in the words of the fragment."""

    def __init__(self, kind: str, error: TwimlError) -> None:
        super().__init__(str(error))
        self.kind, self.error = kind, error


class Courier:
    """Carries every webhook of a practice carrier. An asynchronous context manager."""

    def __init__(self, auth_token: str) -> None:
        self._auth_token = auth_token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True), cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, webhook: Webhook, fields: Mapping[str, str]) -> Answer:
        """Deliver, with retries as the address asks for them. Raises TwimlError with an 11xxx code."""
        patience = Patience.asked_for(webhook.url)
        token = str(uuid.uuid4())
        try:
            async with asyncio.timeout(patience.total_s):
                for tried in range(patience.retries + 1):
                    try:
                        return await self._follow(webhook, fields, patience, token)
                    except _Failed as failed:
                        if tried == patience.retries or not patience.tries_again(failed.kind):
                            raise failed.error from failed
        except TimeoutError as error:
            raise TwimlError(NO_ANSWER, f"no answer from {webhook.url} within {patience.total_s:g} s") from error
        raise AssertionError("every try returns or raises")

    async def _follow(self, webhook: Webhook, fields: Mapping[str, str], patience: Patience, token: str) -> Answer:
        """One try. Redirects become GET and lose the form, as on the real carrier."""
        url, method, began = webhook.url, webhook.method.upper(), perf_counter()
        for _ in range(MAX_REDIRECTS):
            answer, location = await self._request(url, method, fields, patience, token, began)
            if not location:
                return answer
            url, method, fields = urljoin(url, location), "GET", {}
        raise _Failed("", TwimlError(TOO_MANY_REDIRECTS, f"more than {MAX_REDIRECTS} redirects from {webhook.url}"))

    async def _request(
        self, url: str, method: str, fields: Mapping[str, str], patience: Patience, token: str, began: float
    ) -> tuple[Answer, str]:
        if self._session is None:
            raise RuntimeError("the courier has not set out")
        plain, form = url.partition("#")[0], None
        if method == "GET":
            plain += ("&" if "?" in plain else "?") + urlencode(fields) if fields else ""
        else:
            form = urlencode(fields)
        signature = request_signature(self._auth_token, plain, fields.items() if form is not None else ())
        try:
            async with self._session.request(
                method,
                URL(plain, encoded=True),
                data=form,
                headers=_headers(signature, token, form=form is not None),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=patience.connect_s, sock_read=patience.read_s),
            ) as response:
                body = await response.read()
        except (aiohttp.ClientConnectorDNSError, aiohttp.InvalidURL) as error:
            raise _Failed("ct", TwimlError(BAD_HOST, f"bad host name in {plain}")) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _Failed("ct", TwimlError(NO_ANSWER, f"no connection to {plain}")) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _Failed("rt", TwimlError(NO_ANSWER, f"no answer from {plain}")) from error
        if response.status in (301, 302, 303, 307, 308):
            return _NOWHERE, response.headers.get("Location", "")
        if response.status >= 400:
            kind = f"{response.status // 100}xx"
            raise _Failed(kind, TwimlError(BAD_ANSWER, f"{plain} answered {response.status}"))
        took_ms = (perf_counter() - began) * 1000
        return Answer(response.status, response.content_type, body, url, took_ms), ""


_NOWHERE = Answer(302, "", b"", "", 0.0)


def _headers(signature: str, token: str, *, form: bool) -> dict[str, str]:
    headers = {
        "X-Twilio-Signature": signature,
        "I-Twilio-Idempotency-Token": token,
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
    }
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    return headers
