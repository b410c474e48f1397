"""Tools that a business has made itself: its rows become `Tool`s. Everything here runs inside the tenant, but for the
requests: while another system takes its time no connection to the database is held."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import structlog

from agentos import outgoing, vault
from agentos.outgoing import Answer, OutgoingError
from agentos.tenants import credentials
from agentos.tenants.models import Credential
from agentos.tenants.scoping import TenantRequired, current_tenant_id
from agents import hand_overs
from agents.integrations import http_tool
from agents.integrations.http_tool import Definition, Parameter, Reading, Unfit
from agents.mcp_tools import as_tools
from agents.models import HttpTool, McpServer
from agents.tools import Arguments, Tool, ToolContext, ToolOutcome, built_in, with_offers

MARGIN_S = 0.5  # the request ends by itself before the conversation gives it up
REFUSED = "The other system did not accept this ({status}). {answer}"
UNREACHED = "The other system cannot be reached right now. Say so, and offer to take a message."
PERHAPS = ToolOutcome(
    "Nobody knows whether this was done: the other system did not answer. Do not try it again. Tell the caller that "
    "somebody will check.",
    ok=False,
    certain=False,
)
# What stands before the system passed the request on, and heard nothing back.
LOST_ON_THE_WAY = frozenset({502, 504, 520, 524})

log = structlog.get_logger(__name__)


def on_offer() -> Mapping[str, Tool]:
    """Every tool that an agent of this tenant can be given, by name."""
    try:
        current_tenant_id()
    except TenantRequired:
        return built_in()
    own = {**_of_servers(None), **{row.name: as_tool(row, {}) for row in ready_tools()}}
    return own | with_offers(built_in())


def own_tools(grants: Collection[Mapping[str, Any]]) -> dict[str, Tool]:
    """Those of the business's own tools that are granted, with their secrets: for the memory of one call."""
    granted = {str(each["name"]) for each in grants}
    built, names = built_in(), granted - set(built_in())
    found: dict[str, Tool] = {}
    if hand_overs.NAME in granted:
        found[hand_overs.NAME] = hand_overs.with_targets(built[hand_overs.NAME], grants)
    if not names:
        return found
    of_requests = {row.name: as_tool(row, headers_of(row.headers)) for row in ready_tools() if row.name in names}
    return _of_servers(names) | of_requests | found


def ready_tools() -> list[HttpTool]:
    return list(HttpTool.objects.filter(removed_at=None).exclude(url=""))


def _of_servers(names: Collection[str] | None) -> dict[str, Tool]:
    """The chosen tools of every server, without secrets; or those with these names, ready for use."""
    found: dict[str, Tool] = {}
    for server in McpServer.objects.filter(removed_at=None).exclude(chosen=[]):
        tools = as_tools(server, {})
        if names is not None and (tools := {name: tool for name, tool in tools.items() if name in names}):
            ready = as_tools(server, headers_of(server.headers))
            tools = {name: ready[name] for name in tools}
        found |= tools
    return found


def as_tool(row: HttpTool, headers: Mapping[str, str]) -> Tool:
    definition = definition_of(row, headers)

    def run(context: ToolContext, arguments: Arguments) -> ToolOutcome:
        facts = {"caller_number": context.caller_number, "call_id": str(context.call_id)}
        known = {name: _entered(value, context) for name, value in arguments.items()}
        outcome = ask(row, definition, known, facts, sha256(context.key.encode()).hexdigest()[:32])
        return _without_entries(outcome, context)

    return Tool(
        name=row.name,
        title=row.title,
        description=row.description,
        parameters=http_tool.schema(definition.parameters),
        run=run,
        hint=row.description,
        effect=row.changes,
        waits=row.waits,
        outside=True,
        detached=True,
        timeout_s=row.timeout_s + MARGIN_S,
        moments=(row.say_moment, row.say_slow),
    )


def definition_of(row: HttpTool, headers: Mapping[str, str]) -> Definition:
    return Definition(
        method=row.method,  # type: ignore[arg-type]
        url=row.url,
        headers=headers,
        parameters=[Parameter(**{**each, "choices": tuple(each.get("choices", ()))}) for each in row.parameters],
        readings=[Reading(**each) for each in row.readings],
    )


def ask(
    row: HttpTool, definition: Definition, arguments: Mapping[str, Any], facts: Mapping[str, str], key: str
) -> ToolOutcome:
    """Make the request; what the model is told of it."""
    try:
        answer = send(http_tool.build(definition, arguments, facts, key), row.timeout_s)
    except Unfit as error:
        return ToolOutcome(str(error), ok=False)
    except OutgoingError as error:
        was_sent = error.code in ("timeout", "protocol", "too_large")
        return PERHAPS if row.changes and was_sent else ToolOutcome(UNREACHED, ok=False, say=row.say_failed)
    if row.changes and answer.status in LOST_ON_THE_WAY:
        return PERHAPS
    if answer.is_success:
        return ToolOutcome(http_tool.read(answer.text, definition.readings) or "Done.")
    said = http_tool.read(answer.text, ())[:300]
    trouble = row.say_failed if answer.status >= 500 else ""
    return ToolOutcome(REFUSED.format(status=answer.status, answer=said), ok=False, say=trouble)


def send(request: http_tool.Request, within_s: float) -> Answer:
    """Raises OutgoingError."""
    return outgoing.request(
        request.method, request.url, headers=request.headers, content=request.content, within_s=within_s, purpose="tool"
    )


def headers_of(stored: Mapping[str, str]) -> dict[str, str]:
    """Headers in clear. One that cannot be read is left out: the other system will say what it misses."""
    found = {str(each.pk): each for each in Credential.objects.filter(pk__in=stored.values(), revoked_at=None)}
    headers = {}
    for name, credential_id in stored.items():
        try:
            headers[name] = credentials.secret_of(found[credential_id])
        except (KeyError, vault.Unreadable):
            log.error("a header of a tool cannot be read", credential_id=credential_id)
    return headers


def _without_entries(outcome: ToolOutcome, context: ToolContext) -> ToolOutcome:
    """Another system may repeat what it was given: keys that were entered unseen stay unseen."""
    content = outcome.content
    for name, digits in context.entries.items():
        repeated = r"[\s-]?".join(re.escape(each) for each in digits)
        content = re.sub(rf"(?<![0-9]){repeated}(?![0-9])", name, content)
    return replace(outcome, content=content)


def _entered(value: Any, context: ToolContext) -> Any:
    """Keys that the caller entered unseen are put in here, where no model reads them."""
    return context.entries.get(value, value) if isinstance(value, str) else value
