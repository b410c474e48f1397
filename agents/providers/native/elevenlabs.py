"""Agents hosted by ElevenLabs: kept there, given calls, and asked afterwards what was said. Blocking, for threads.

Nothing here retries: whoever calls may repeat everything but `create`, before which `find` says whether it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx

from ..ports import Endpoint, ProviderError

if TYPE_CHECKING:
    from elevenlabs.client import ElevenLabs

T = TypeVar("T")
Json = dict[str, Any]

PROVIDER = "elevenlabs"
WITHIN_S = 15.0
LONGEST_TWIML = 20_000
MOST_AUDIO = 200_000_000
PAGE, MOST_PAGES = 100, 50

_TWIML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<Response[\s>].*</Response>\s*", re.DOTALL)
_CONVERSATION = re.compile(r"\bconv_[A-Za-z0-9]{8,60}\b")
_RETRYABLE = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
_REFUSED_KEY = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def preload() -> None:
    """Import the vendor's SDK, which takes most of a second the first time."""
    import elevenlabs.client
    import elevenlabs.conversational_ai.client  # noqa: F401


@dataclass(frozen=True, slots=True)
class Registered:
    """A call that the vendor will carry: what the carrier is to be told, and the vendor's name for it, if it says."""

    twiml: str
    conversation_id: str


class ElevenLabsAgents:
    """The vendor's account to which one key belongs. Every method raises ProviderError."""

    def __init__(self, endpoint: Endpoint) -> None:
        if not endpoint.api_key:
            raise ProviderError(PROVIDER, "there is no key", retryable=False, code="no_key")
        self._client = _client(endpoint)

    # The agent as it is kept there

    def find(self, mark: str) -> str | None:
        """The agent that carries this mark: one that was made, though nobody heard of it."""
        found = self._ask(lambda sdk, how: sdk.agents.list(tags=mark, page_size=1, request_options=how))
        return str(found.agents[0].agent_id) if found.agents else None

    def create(self, body: Mapping[str, Any]) -> str:
        made = self._ask(lambda sdk, how: sdk.agents.create(**body, request_options=how))
        return str(made.agent_id)

    def write(self, vendor_id: str, body: Mapping[str, Any]) -> bool:
        """Whether it is there; what `body` does not name stays as it is."""
        return self._if_there(lambda sdk, how: sdk.agents.update(vendor_id, **body, request_options=how)) is not None

    def read(self, vendor_id: str) -> Json | None:
        """All that the vendor keeps of it; None where there is no such agent."""
        found = self._if_there(lambda sdk, how: sdk.agents.get(vendor_id, request_options=how))
        return None if found is None else cast(Json, found.model_dump(mode="json"))

    def create_webhook(self, name: str, url: str) -> tuple[str, str]:
        """Have reports sent there; its id, and the secret with which they will be signed.

        The secret is told once: one of this name that was made before is of no use, and goes.
        """
        from elevenlabs.types import WebhookHmacSettings

        settings, how = WebhookHmacSettings(name=name, webhook_url=url), _how(WITHIN_S)
        with _errors():
            for each in self._client.webhooks.list(request_options=how).webhooks:
                if each.name == name:
                    self._client.webhooks.delete(each.webhook_id, request_options=how)
            made = self._client.webhooks.create(settings=settings, request_options=how)
        return made.webhook_id, made.webhook_secret or ""

    def forget_webhook(self, webhook_id: str) -> None:
        """Delete it; that it is gone already is no error."""
        try:
            with _errors():
                self._client.webhooks.delete(webhook_id, request_options=_how(WITHIN_S))
        except ProviderError as error:
            if error.code != "404":
                raise

    def forget_agent(self, vendor_id: str) -> None:
        """Delete it; that it is gone already is no error."""
        self._if_there(lambda sdk, how: sdk.agents.delete(vendor_id, request_options=how))

    # What it can ask us to do

    def tools_below(self, path: str) -> dict[str, Json]:
        """The tools of the account that ask something of an address below `path`, by their ids there."""
        found: dict[str, Json] = {}
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = self._page_of_tools(cursor)
            tools = ((each.id, each.tool_config.model_dump(mode="json")) for each in page.tools)
            found |= {tool_id: config for tool_id, config in tools if f"{path}/" in _asks(config)}
            cursor = page.next_cursor
            if not (page.has_more and cursor):
                break
        return found

    def _page_of_tools(self, cursor: str | None) -> Any:
        wanted = {"types": ["webhook"], "page_size": PAGE, "cursor": cursor}
        return self._ask(lambda sdk, how: sdk.tools.list(**wanted, request_options=how))

    def create_tool(self, config: Mapping[str, Any]) -> str:
        request = {"tool_config": config}
        made = self._ask(lambda sdk, how: sdk.tools.create(request=request, request_options=how))
        return str(made.id)

    def write_tool(self, tool_id: str, config: Mapping[str, Any]) -> None:
        request = {"tool_config": config}
        self._ask(lambda sdk, how: sdk.tools.update(tool_id, request=request, request_options=how))

    def forget_tool(self, tool_id: str) -> None:
        """Delete it, whoever still names it."""
        self._if_there(lambda sdk, how: sdk.tools.delete(tool_id, force=True, request_options=how))

    # Calls

    def register(self, call: Mapping[str, Any], *, within_s: float) -> Registered:
        """Give it a call that waits at the carrier. `call` as the SDK takes it."""
        twiml = self._ask(lambda sdk, how: sdk.twilio.register_call(**call, request_options=how), within_s)
        if len(twiml) > LONGEST_TWIML or not _TWIML.fullmatch(twiml):
            raise ProviderError(PROVIDER, "the answer was no TwiML", code="no_twiml")
        named = _CONVERSATION.search(twiml)
        return Registered(twiml, named[0] if named else "")

    def conversation_with(self, vendor_id: str, user_id: str) -> str | None:
        """The newest conversation that was begun under this name."""
        found = self._ask(
            lambda sdk, how: sdk.conversations.list(
                agent_id=vendor_id, user_id=user_id, page_size=1, request_options=how
            )
        )
        return str(found.conversations[0].conversation_id) if found.conversations else None

    def conversation(self, conversation_id: str, *, within_s: float = WITHIN_S) -> Json | None:
        """Everything about it, shaped like the report; None where there is none."""
        found = self._if_there(lambda sdk, how: sdk.conversations.get(conversation_id, request_options=how), within_s)
        return None if found is None else cast(Json, found.model_dump(mode="json"))

    def audio(self, conversation_id: str) -> Iterator[bytes]:
        """The recording as MP3, part by part. Raises ProviderError, also in the middle."""
        size = 0
        with _errors():
            for part in self._client.conversational_ai.conversations.audio.get(
                conversation_id, request_options=_how(WITHIN_S)
            ):
                size += len(part)
                if size > MOST_AUDIO:
                    raise ProviderError(PROVIDER, "the recording is too long", retryable=False, code="too_long")
                yield part

    def forget(self, conversation_id: str) -> None:
        """Have everything about it deleted; that it is gone already is no error."""
        self._if_there(lambda sdk, how: sdk.conversations.delete(conversation_id, request_options=how))

    def _ask(self, question: Callable[[Any, Any], T], within_s: float = WITHIN_S) -> T:
        with _errors():
            return question(self._client.conversational_ai, _how(within_s))

    def _if_there(self, question: Callable[[Any, Any], T], within_s: float = WITHIN_S) -> T | None:
        try:
            return self._ask(question, within_s)
        except ProviderError as error:
            if error.code == "404":
                return None
            raise


@lru_cache(maxsize=64)
def _client(endpoint: Endpoint) -> ElevenLabs:
    """Connections are kept from call to call, for each account."""
    from elevenlabs.client import ElevenLabs

    pool = httpx.Client(timeout=WITHIN_S, trust_env=False)
    return ElevenLabs(api_key=endpoint.api_key, base_url=endpoint.base_url or None, httpx_client=pool)


def _asks(config: Mapping[str, Any]) -> str:
    """The address that a tool asks."""
    schema = config.get("api_schema")
    return str(schema.get("url", "")) if isinstance(schema, dict) else ""


def _how(within_s: float) -> Any:
    return {"max_retries": 0, "timeout_in_seconds": within_s}


@contextmanager
def _errors() -> Iterator[None]:
    """The vendor's own text stays out: it may repeat what was sent."""
    from elevenlabs.core.api_error import ApiError

    try:
        yield
    except ApiError as error:
        status = error.status_code or 0
        retryable = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _RETRYABLE
        code = "refused_key" if status in _REFUSED_KEY else str(status)
        raise ProviderError(PROVIDER, f"answered with status {status}", retryable=retryable, code=code) from None
    except httpx.TimeoutException:
        raise ProviderError(PROVIDER, "did not answer in time", code="timeout") from None
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError(PROVIDER, f"cannot be reached ({type(error).__name__})", code="unreachable") from None
