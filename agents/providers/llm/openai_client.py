"""The client of OpenAI and of servers that speak the same: one address, shared connections, failures in our words."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import httpx2
from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AsyncStream,
    DefaultAioHttpClient,
    OpenAIError,
)

from ..ports import Endpoint, ProviderError
from ..sockets import may_pass
from .connections import BROKEN, LIMITS, TIMEOUT, Connections, Pool, is_lost_connection

DEFAULT_BASE = "https://api.openai.com/v1"
HOPELESS_TYPES = {"invalid_request_error", "authentication_error", "permission_error", "not_found_error"}

# Of the two clients that the SDK knows, aiohttp's reads a token in two thirds of the time.
connections = Connections(lambda: DefaultAioHttpClient(timeout=TIMEOUT, limits=LIMITS))
_guarded: dict[Callable[[], httpx2.AsyncClient], Connections] = {}


def pool_of(endpoint: Endpoint) -> Pool:
    """The running event loop's connections to this address; what is guarded has connections of its own."""
    make = endpoint.through
    return (connections if make is None else _guarded.setdefault(make, Connections(make))).pool()


def base_of(endpoint: Endpoint) -> str:
    """The address under which everything stands; one without a path gets the vendor's. Raises ProviderError."""
    if endpoint.through and not endpoint.base_url:  # what a business says to its own server is not for the vendor
        raise ProviderError("openai", "there is no address", retryable=False, code="no_address")
    base = endpoint.base_url or DEFAULT_BASE
    return base if urlsplit(base).path.strip("/") else base.rstrip("/") + "/v1"


def client_of(endpoint: Endpoint) -> AsyncOpenAI:
    """A client on the running event loop's connections, which never tries twice. Raises ProviderError."""
    return AsyncOpenAI(
        api_key=endpoint.api_key or "none",
        base_url=base_of(endpoint),
        http_client=pool_of(endpoint).client,
        max_retries=0,
    )


class Post:
    """Asks one page of a server again and again; what is the same each time is put together once.

    The SDK puts address, headers and options together for each request, which takes it longer than sending it.
    """

    def __init__(self, client: AsyncOpenAI, page: str, http: httpx2.AsyncClient) -> None:
        self._client, self._http = client, http
        self._url = httpx2.URL(f"{str(client.base_url).rstrip('/')}{page}")
        kind = {"Content-Type": "application/json", "User-Agent": client.user_agent}
        self._headers = httpx2.Headers({**self._http.headers, **kind, **client.auth_headers})

    async def stream(self, body: Mapping[str, Any]) -> AsyncStream[object]:
        """The answer, event by event. Raises what the SDK and the client under it raise."""
        written = json.dumps(body, separators=(",", ":")).encode()
        within = {"timeout": TIMEOUT.as_dict()}
        request = httpx2.Request("POST", self._url, headers=self._headers, content=written, extensions=within)
        response = await self._http.send(request, stream=True)
        if not response.is_success:
            raise await _refusal(response)
        return AsyncStream(cast_to=object, response=response, client=self._client)


async def _refusal(response: httpx2.Response) -> APIStatusError:
    told: Any = await response.aread()
    with suppress(ValueError):
        told = json.loads(told)
    await response.aclose()
    body = told.get("error", told) if isinstance(told, dict) else told
    return APIStatusError("refused", response=response, body=body)


def preload() -> None:
    """Pay at process start what the first call would otherwise pay. Not on a running event loop."""
    client = AsyncOpenAI(api_key="none", base_url=DEFAULT_BASE)
    _ = client.models, client.audio.transcriptions, client.audio.speech, client.realtime
    asyncio.run(client.close())  # imports what every client's end needs
    with suppress(ImportError):  # what the SDK itself imports when a socket is opened; a later one may not
        importlib.import_module("openai.lib._websocket")


async def close_clients() -> None:
    """Close this event loop's connections."""
    for each in (connections, *_guarded.values()):
        await each.close()


@contextmanager
def told_as(provider: str) -> Iterator[None]:
    """What the SDK, the network and the reading of an answer raise in here is a failure of this provider."""
    try:
        yield
    except ProviderError as error:
        error.provider = provider
        raise
    except (OpenAIError, *BROKEN) as error:
        raise failure(error, provider) from error


def failure(error: Exception, provider: str = "openai") -> ProviderError:
    """Our word for it. The vendor's own text stays out: it may repeat a key or what the caller said."""
    match error:
        case APITimeoutError() | httpx2.TimeoutException() if not is_lost_connection(error):
            return ProviderError(provider, "no answer in time", code="timeout")
        case APIConnectionError() | httpx2.HTTPError():
            return ProviderError(provider, "the connection failed", code="connection")
        case APIStatusError(status_code=status):
            if status == 402 or (status == 429 and "insufficient_quota" in (error.code, error.type)):
                return ProviderError(provider, "the quota is used up", retryable=False, code="quota")
            code = "rate_limit" if status == 429 else str(status)
            details = " ".join(filter(None, (error.code, error.param)))
            message = f"refused with {status} {details}".rstrip()
            return ProviderError(provider, message, retryable=may_pass(status), code=code)
        case APIError():
            hopeless = error.type in HOPELESS_TYPES
            code = error.code or error.type or "error"
            return ProviderError(provider, f"failed in mid-answer: {code}", retryable=not hopeless, code=code)
        case OpenAIError():
            return ProviderError(provider, "the request could not be made", retryable=False, code="request")
    return ProviderError(provider, "the answer was not readable", code="unreadable")
