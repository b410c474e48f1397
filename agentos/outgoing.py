"""The one HTTP client for addresses that a tenant may influence: webhooks, tools, knowledge, pictures.

The guard stands where the connection is made. It resolves the name itself, refuses if any address of it lies outside
the public internet, and connects to the address that it judged, so that a name cannot mean one thing when it is judged
and another when it is used; TLS is verified against the name. Only https, ports 443 and 8443; no redirects, no proxy
of the environment; time and size have bounds, and a compressed body is counted as it unfolds.

OUTGOING_TRUSTED names exceptions, "host:port" of the installation's own network.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2
import structlog
from django.conf import settings

from agentos.addresses import is_public

PORTS = frozenset({443, 8443})
WITHIN_S, CONNECT_WITHIN_S = 10.0, 4.0
MOST_BYTES = 64 * 1024
LIMITS = httpx2.Limits(max_connections=10, keepalive_expiry=5.0)
LONGEST_URL = 2000
# What belongs to the connection is not for a tenant to say.
RESERVED_HEADERS = frozenset({
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect",
    "proxy-authorization", "proxy-connection", "accept-encoding",
})  # fmt: skip
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}")
_HOST_NAME = re.compile(r"(?!.*\.\.)[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?\.?", re.ASCII)

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

log = structlog.get_logger(__name__)
# Of our own: a name server that never answers holds a thread, and nothing waits for it.
_resolving = ThreadPoolExecutor(16, thread_name_prefix="resolve")


class OutgoingError(Exception):
    """No answer that could be used. `message` is for the person who set the address up.

    `code`: address, header (never sent); dns, connect, tls, timeout, protocol, too_large (perhaps next time).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @property
    def retryable(self) -> bool:
        return self.code not in ("address", "header")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said, within bounds."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    took_ms: int

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


# Requests ------------------------------------------------------------------------------------------------


def request(method: str, url: str, **rest: Any) -> Answer:
    """As `request_async`, for threads without an event loop: views, tasks, tools."""
    return asyncio.run(request_async(method, url, **rest))


async def request_async(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    within_s: float = WITHIN_S,
    most_bytes: int = MOST_BYTES,
    purpose: str,
    resolve: Resolve | None = None,
) -> Answer:
    """One request and its whole answer. Raises OutgoingError. `purpose` names it in the log."""
    began = time.monotonic()
    code, status = "", 0
    try:
        async with asyncio.timeout(within_s), client(most_bytes=most_bytes, resolve=resolve) as http:
            sent = http.build_request(method, check_url(url), headers=check_headers(headers or {}), content=content)
            with in_our_words():
                answer = await http.send(sent)
        status = answer.status_code
        return Answer(status, dict(answer.headers), answer.content, _ms_since(began))
    except TimeoutError:
        code = "timeout"
        raise OutgoingError(code, f"No whole answer came within {within_s:g} seconds.") from None
    except OutgoingError as error:
        code = error.code
        raise
    finally:
        log.info("request to a tenant's address", purpose=purpose, status=status, code=code, took_ms=_ms_since(began))


def client(*, most_bytes: int = MOST_BYTES, resolve: Resolve | None = None) -> httpx2.AsyncClient:
    """A guarded client for a library that brings its own requests, such as that of MCP.

    Each answer may have `most_bytes`; the time it may take is for the caller to bound. Errors of the guard come out
    of it as OutgoingError.
    """
    return httpx2.AsyncClient(
        transport=GuardedTransport(resolve or resolve_name, most_bytes),
        headers={"user-agent": "AgentOS"},
        timeout=httpx2.Timeout(WITHIN_S, connect=CONNECT_WITHIN_S),
        follow_redirects=False,
        trust_env=False,
    )


def check_url(url: str) -> str:
    """The address, if it has the form of one that may be asked. Raises OutgoingError."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise OutgoingError("address", "This is not the address of a server.")
    try:
        httpx2.URL(url)
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except (ValueError, httpx2.InvalidURL):
        raise OutgoingError("address", "This is not the address of a server.") from None
    if "@" in parts.netloc:
        raise OutgoingError("address", "Put names and passwords into a header, not into the address.")
    _check_place(parts.scheme, host, port)
    return url


def _check_place(scheme: str, host: str, port: int) -> None:
    if is_trusted(host, port) and scheme in ("http", "https"):
        return
    if scheme != "https":
        raise OutgoingError("address", "The address has to begin with https://.")
    if port not in PORTS:
        raise OutgoingError("address", "Only the ports 443 and 8443 can be reached.")
    if not host or (":" not in host and not _HOST_NAME.fullmatch(host)) or host.rstrip(".") == _own_name():
        raise OutgoingError("address", "This is not the address of a server.")


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, if a request may carry them. Raises OutgoingError."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in RESERVED_HEADERS:
            raise OutgoingError("header", f"The header {name[:40]!r} cannot be set.")
        if not value.isascii() or not value.isprintable():
            raise OutgoingError("header", f"The value of {name} has characters that a header cannot have.")
    return dict(headers)


def is_trusted(host: str, port: int) -> bool:
    """Whether this installation has opened the place itself."""
    return f"{host}:{port}" in settings.OUTGOING_TRUSTED


async def resolve_name(host: str, port: int) -> Sequence[str]:
    """Every address of a name. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_resolving, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return list(dict.fromkeys(str(each[4][0]) for each in found))


# The guard -----------------------------------------------------------------------------------------------


class _Backend(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that it has judged, and to nothing else."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve, self._sockets = resolve, httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self._judged(host, port)
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            try:
                return await self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if last == 0:
                    raise
        raise OutgoingError("dns", "The name of this server is not known.")

    async def connect_unix_socket(self, path: str, *args: Any, **kwargs: Any) -> httpcore2.AsyncNetworkStream:
        raise OutgoingError("address", "This is not the address of a server.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _judged(self, host: str, port: int) -> Sequence[str]:
        """The addresses of the name: all of them public, or none."""
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                addresses = await self._resolve(host, port)
        except (OSError, UnicodeError):
            raise OutgoingError("dns", "The name of this server is not known.") from None
        if not is_trusted(host, port) and not all(is_public(address) for address in addresses):
            log.warning("a request into a private network was refused", port=port)
            raise OutgoingError("address", "This address is not on the public internet.")
        return addresses[:2]


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """HTTP/1.1 over judged connections, each answer within its bounds."""

    def __init__(self, resolve: Resolve, most_bytes: int, limits: httpx2.Limits = LIMITS) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._most_bytes = most_bytes
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_tls(),
            network_backend=_Backend(resolve),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        _check_place(url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80))
        request.headers["accept-encoding"] = "gzip, identity"
        response = await super().handle_async_request(request)
        encoding = response.headers.pop("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip"):
            await response.aclose()
            raise OutgoingError("protocol", "The answer is compressed in a way that was not asked for.")
        response.headers.pop("content-length", None)
        stream = _Bounded(response.stream, self._most_bytes, is_gzip=encoding == "gzip")
        return httpx2.Response(response.status_code, headers=response.headers, stream=stream)


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends where it may not go on. What is compressed unfolds in here, piece by piece."""

    def __init__(self, stream: Any, most_bytes: int, *, is_gzip: bool) -> None:
        self._stream, self._most_bytes = stream, most_bytes
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if is_gzip else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most_bytes
        async for part in self._stream:
            piece = self._unfolded(part, left + 1)
            left -= len(piece)
            if left < 0:
                raise OutgoingError("too_large", f"The answer is longer than {self._most_bytes // 1024} KB.")
            yield piece

    def _unfolded(self, part: bytes, most: int) -> bytes:
        if self._gzip is None:
            return part
        try:
            return self._gzip.decompress(part, most)
        except zlib.error:
            raise OutgoingError("protocol", "The answer says that it is compressed, and is not.") from None

    async def aclose(self) -> None:
        await self._stream.aclose()


@contextmanager
def in_our_words() -> Iterator[None]:
    """Errors of the HTTP client become OutgoingError."""
    try:
        yield
    except httpx2.ConnectTimeout:  # the other side has heard nothing
        raise OutgoingError("connect", "The server cannot be reached.") from None
    except httpx2.TimeoutException:
        raise OutgoingError("timeout", "The server did not answer in time.") from None
    except httpx2.ConnectError as error:
        if isinstance(_origin(error), ssl.SSLError):
            raise OutgoingError("tls", "The server has no certificate for this name that can be trusted.") from None
        raise OutgoingError("connect", "The server cannot be reached.") from None
    except (httpx2.HTTPError, httpx2.InvalidURL):
        raise OutgoingError("protocol", "The server broke off, or does not speak HTTP.") from None


def _origin(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """One for the process: to read the system's certificates takes milliseconds."""
    return httpx2.create_ssl_context(trust_env=False)


def _own_name() -> str:
    return (urlsplit(settings.PUBLIC_URL).hostname or "").lower()


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
