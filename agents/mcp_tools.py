"""Servers of tools (MCP) that a business connected: asked what they have, chosen from, and used by agents.

A tool is used as it was described when somebody chose it. A server that describes it anew changes nothing by that: the
page shows the difference, and a person chooses again.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import httpx2
from django.utils.timezone import now

from agentos import outgoing
from agentos.outgoing import OutgoingError
from agents.integrations import mcp
from agents.integrations.mcp import McpTrouble, Offered
from agents.models import McpServer
from agents.tools import Arguments, Tool, ToolContext, ToolOutcome

WITHIN_S, MARGIN_S = 10.0, 0.5
MOST_BYTES = 256 * 1024
LONGEST_NAME = 64
UNREACHED = "The other system cannot be reached right now. Say so, and offer to take a message."
PERHAPS = ToolOutcome(
    "Nobody knows whether this was done. Do not try it again. Tell the caller that somebody will check.",
    ok=False,
    certain=False,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool of a server on its page: whether agents can be given it, and whether it is described anew since."""

    name: str
    title: str
    description: str
    is_chosen: bool
    is_new: bool


def refresh(server: McpServer, headers: Mapping[str, str]) -> None:
    """Ask the server what it has. Trouble is written down beside what it said before."""
    server.asked_at = now()
    try:
        offered = asyncio.run(_within(lambda http: mcp.list_tools(server.url, http), headers))
        server.offered, server.problem = [each.to_json() for each in offered], ""
    except (McpTrouble, OutgoingError) as error:
        server.problem = str(error)[:200]
    server.save(update_fields=["asked_at", "offered", "problem"])


def choose(server: McpServer, names: set[str]) -> None:
    """From now on agents can be given these, as the server describes them now."""
    server.chosen = [each for each in server.offered if each["name"] in names]
    server.save(update_fields=["chosen"])


def offers(server: McpServer) -> list[Offer]:
    chosen = {each["name"]: each for each in server.chosen}
    return [
        Offer(
            each["name"],
            each["title"],
            each["description"],
            is_chosen=each["name"] in chosen,
            is_new=each["name"] in chosen and chosen[each["name"]] != each,
        )
        for each in server.offered
    ]


def as_tools(server: McpServer, headers: Mapping[str, str]) -> dict[str, Tool]:
    """The chosen tools of a server, by the name under which models know them."""
    chosen = [Offered(**each) for each in server.chosen]
    plain = Counter(_plain_name(server, each.name) for each in chosen)
    found = (_as_tool(server, each, headers, is_alone=plain[_plain_name(server, each.name)] == 1) for each in chosen)
    return {tool.name: tool for tool in found}


def _plain_name(server: McpServer, name: str) -> str:
    return f"{server.name}_{re.sub(r'[^a-zA-Z0-9_-]', '_', name)}"[:LONGEST_NAME]


def _named(server: McpServer, name: str, *, is_alone: bool) -> str:
    """Servers may use letters that models may not, and longer names: two that look alike then get a mark each."""
    plain = _plain_name(server, name)
    return plain if is_alone else f"{plain[: LONGEST_NAME - 7]}_{sha256(name.encode()).hexdigest()[:6]}"


def without_patterns(schema: Any) -> Any:
    """The schema as arguments are held against it. A pattern of a stranger can be one that takes hours to match; the
    server will say what does not fit."""
    match schema:
        case Mapping():
            return {
                word: {name: without_patterns(each) for name, each in part.items()}
                if word == "properties" and isinstance(part, Mapping)
                else without_patterns(part)
                for word, part in schema.items()
                if word not in ("pattern", "patternProperties")
            }
        case list():
            return [without_patterns(each) for each in schema]
    return schema


def _as_tool(server: McpServer, offered: Offered, headers: Mapping[str, str], *, is_alone: bool) -> Tool:
    def run(context: ToolContext, arguments: Arguments) -> ToolOutcome:
        use = mcp.Use(offered.name, arguments)
        try:
            said, ok = asyncio.run(_within(lambda http: mcp.call_tool(server.url, http, use), headers))
        except (McpTrouble, OutgoingError):
            return PERHAPS if offered.changes and use.was_sent else ToolOutcome(UNREACHED, ok=False)
        return ToolOutcome(said or "Done.", ok=ok)

    return Tool(
        name=_named(server, offered.name, is_alone=is_alone),
        title=f"{server.title}: {offered.title}",
        description=offered.description,
        parameters=without_patterns(offered.parameters),
        run=run,
        hint=offered.description,
        effect=offered.changes,
        outside=True,
        detached=True,
        timeout_s=WITHIN_S + MARGIN_S,
        strict=False,
    )


async def _within(ask: Any, headers: Mapping[str, str]) -> Any:
    """Speak with a server within bounds. Raises McpTrouble and OutgoingError."""
    try:
        async with asyncio.timeout(WITHIN_S), outgoing.client(most_bytes=MOST_BYTES) as http:
            http.headers.update(outgoing.check_headers(headers))
            return await ask(http)
    except TimeoutError:
        raise OutgoingError("timeout", f"No whole answer came within {WITHIN_S:g} seconds.") from None
    except httpx2.HTTPError:
        raise McpTrouble("The server broke off.") from None
