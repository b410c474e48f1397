"""Tools of a server that speaks the Model Context Protocol over streamable HTTP: which it has, and using one.

The connection is the caller's, with its guard, its headers and its bounds. Everything that a server says is data: what
it calls itself, how it describes a tool, what it answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

MOST_TOOLS, MOST_PAGES = 100, 5
LONGEST_DESCRIPTION, MOST_TEXT = 600, 2000


class McpTrouble(Exception):
    """The server did not do its part. The message is for the person who set it up."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A tool as its server describes it. `changes`: the server does not say that it only reads."""

    name: str
    title: str
    description: str
    parameters: dict[str, Any]
    changes: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


async def list_tools(url: str, http: httpx2.AsyncClient) -> list[Offered]:
    """Raises McpTrouble, and what the connection's guard raises."""
    found: list[Offered] = []
    async with _session(url, http) as client:
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            found += [_offered(tool) for tool in page.tools]
            cursor = page.next_cursor
            if not cursor:
                break
    return found[:MOST_TOOLS]


@dataclass(slots=True)
class Use:
    """A tool to be used. `was_sent`: the server may have heard of it, whatever came back."""

    name: str
    arguments: Mapping[str, Any]
    was_sent: bool = False


async def call_tool(url: str, http: httpx2.AsyncClient, use: Use) -> tuple[str, bool]:
    """What the tool answered, in plain text, and whether it went well. Raises as `list_tools`."""
    async with _session(url, http) as client:
        use.was_sent = True
        result = await client.call_tool(use.name, dict(use.arguments))
    said = "\n".join(block.text for block in result.content if block.type == "text")
    plain = "".join(letter for letter in said if letter.isprintable() or letter == "\n").strip()
    return plain[:MOST_TEXT], not result.is_error


def _offered(tool: Any) -> Offered:
    described = " ".join((tool.description or "").split())[:LONGEST_DESCRIPTION]
    only_reads = bool(tool.annotations and tool.annotations.read_only_hint)
    return Offered(tool.name, (tool.title or tool.name)[:80], described, dict(tool.input_schema), not only_reads)


@asynccontextmanager
async def _session(url: str, http: httpx2.AsyncClient) -> AsyncIterator[Client]:
    try:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            yield client
    except (MCPError, httpx2.HTTPError) as error:
        raise McpTrouble(_words(error)) from None
    except BaseExceptionGroup as group:  # tasks of the library ended together: the first cause tells most
        cause = _first(group)
        if isinstance(cause, MCPError | httpx2.HTTPError | ValueError):
            raise McpTrouble(_words(cause)) from None
        raise cause from None


def _first(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group


def _words(error: BaseException) -> str:
    if isinstance(error, httpx2.HTTPStatusError):
        return f"The server answered with status {error.response.status_code}."
    return "The server does not speak the Model Context Protocol, or refused."
