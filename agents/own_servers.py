"""Servers of a business's own, which speak as OpenAI's do: their addresses, the way to them, and whether they work.

An address and its key are one secret of the vault, so that neither is ever used with another's. Whoever calls such a
server goes through the guard of `agentos.outgoing`, in calls as on the page.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx2
from django.conf import settings

from agentos import outgoing, vault
from agentos.errors import DomainError
from agentos.outgoing import Answer, OutgoingError, Resolve
from agentos.tenants import credentials
from agentos.tenants.models import Credential
from agents.providers.llm.connections import LIMITS, TIMEOUT
from agents.providers.ports import Endpoint

PATIENCE_S = 6.0
MOST_BYTES = 16 * 1024 * 1024  # of one answer: minutes of sound
MOST_LISTED = 2 * 1024 * 1024
MOST_NAMED = 3
LONGEST_ADDRESS = 300
PAGES = ("/chat/completions", "/completions", "/audio/transcriptions", "/audio/speech", "/models")


@dataclass(frozen=True, slots=True)
class OwnServer:
    """What a server does in calls. `name` is the provider's and the credential's."""

    name: str
    does: str
    example: str


OWN_SERVERS = (
    OwnServer("own_model", "Thinking", "Such as vLLM, Ollama, OpenRouter"),
    OwnServer("own_ears", "Hearing", "Such as faster-whisper, Speaches"),
    OwnServer("own_voice", "Speaking", "Such as Kokoro, LocalAI"),
)


def own_server(name: str) -> OwnServer | None:
    return next((each for each in OWN_SERVERS if each.name == name), None)


def place_of(name: str, secret: str | None) -> Endpoint:
    """Where this server is: the business's, else the installation's. Without an address nobody is asked."""
    if secret:
        address, _, key = secret.partition("#")
        return Endpoint(key or settings.NO_KEY, address, through=guarded_client)
    own = settings.VENDORS.get(name, {})
    if own.get("base_url"):
        return Endpoint(own["api_key"], own["base_url"])
    return Endpoint(through=guarded_client)


def addresses(held: Mapping[str, Credential]) -> dict[str, str]:
    """The addresses that a business has entered, by server; those that can be read."""
    found = {}
    for each in OWN_SERVERS:
        if (credential := held.get(each.name)) is not None:
            with suppress(vault.Unreadable):
                found[each.name] = credentials.secret_of(credential).partition("#")[0]
    return found


def enter(name: str, address: str, key: str) -> tuple[Credential, Trial]:
    """Try a server and keep its address with the key, inside the tenant, in the place of an earlier one.

    One that does not answer yet is kept; one that may never be asked is not. Raises DomainError with a sentence.
    """
    address, key = checked_address(address), key.strip()
    if not (key.isascii() and key.isprintable()) or " " in key or len(key) > credentials.LONGEST - len(address) - 1:
        raise DomainError("not_a_secret", "This does not look like a key. Copy it again, all of it and nothing else.")
    secret = f"{address}#{key}"
    trial = try_it(secret)
    if trial.refused:
        raise DomainError("address", trial.finding)
    ends = key[-4:] if len(key) >= credentials.SHORTEST else ""
    return credentials.store(Credential.Kind.VENDOR, name, secret, ends=ends), trial


def checked_address(address: str) -> str:
    """As it is kept. Raises DomainError for what no server of a business can be."""
    address = address.strip().rstrip("/")
    for page in PAGES:  # the address of a page, copied from a manual
        address = address.removesuffix(page)
    if not address:
        raise DomainError("address", "Enter the address of the server.")
    if len(address) > LONGEST_ADDRESS or any(mark in address for mark in "?#"):
        raise DomainError("address", "Enter the address alone, without a question mark, a # or anything after them.")
    try:
        outgoing.check_url(address)
    except OutgoingError as error:
        raise DomainError(error.code, error.message) from None
    return address if urlsplit(address).path.strip("/") else f"{address}/v1"


# Trying it ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of asking for the models. `works`: None where that could not be told. `refused`: never to be asked."""

    works: bool | None
    finding: str
    models: tuple[str, ...] = ()
    refused: bool = False


def try_it(secret: str) -> Trial:
    """Ask for the models, and say plainly what is wrong where none are told."""
    address, _, key = secret.partition("#")
    headers = {"accept": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    url = f"{address}/models"
    try:
        answer = outgoing.request(
            "GET", url, headers=headers, within_s=PATIENCE_S, most_bytes=MOST_LISTED, purpose="own server"
        )
    except OutgoingError as error:
        return Trial(None if error.retryable else False, error.message, refused=error.code == "address")
    if trouble := _trouble(answer, has_key=bool(key)):
        return trouble
    try:
        names = _names(json.loads(answer.body))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Trial(False, "It answers, but not as OpenAI's servers do. Check the path: most end in /v1.")
    if not names:
        return Trial(None, "It answers, and lists no models. Load one there.")
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return Trial(True, f"Has {', '.join(name[:40] for name in names[:MOST_NAMED])}{more}.", names)


def _trouble(answer: Answer, *, has_key: bool) -> Trial | None:
    status = answer.status
    if answer.is_success:
        return None
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Trial(False, "The server refuses this key." if has_key else "The server wants a key.")
    if 300 <= status < 400:
        return Trial(False, "The server sends us to another address, and we do not follow. Enter that one.")
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        return Trial(None, "A server answers, but has no list of models there. Check the path: most end in /v1.")
    return Trial(None, f"The server answered with status {status}. Try again later.")


def _names(told: Any) -> tuple[str, ...]:
    names = [each["id"] for each in told["data"]]
    if not all(isinstance(name, str) and name.isprintable() for name in names):
        raise TypeError("id")
    return tuple(dict.fromkeys(names))


# The way there --------------------------------------------------------------------------------------------


def guarded_client(resolve: Resolve = outgoing.resolve_name) -> httpx2.AsyncClient:
    """The client of the SDK for such addresses: judged and pinned where it connects, no redirects, within bounds."""
    return httpx2.AsyncClient(
        transport=_SdkTransport(resolve, MOST_BYTES, LIMITS),
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )


class _SdkTransport(outgoing.GuardedTransport):
    """The guard, whose refusals an SDK takes for a server that cannot be reached."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await super().handle_async_request(request)
        except TimeoutError:
            raise httpx2.ConnectTimeout("the name was not told in time") from None
        except OutgoingError as error:
            raise httpx2.ConnectError(error.message) from error
        return httpx2.Response(response.status_code, headers=response.headers, stream=_SdkStream(response.stream))


class _SdkStream(httpx2.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                yield part
        except OutgoingError as error:
            raise httpx2.ReadError(error.message) from error

    async def aclose(self) -> None:
        await self._stream.aclose()
