"""Trying an agent in writing, from its page: what it says comes as it is written, and nothing of it is kept.

The page holds the conversation and sends it along with each line. It is read as a rehearsal is: tools only pretend.
What it takes of models is counted all the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.http import HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agentos.tenants.scoping import tenant_transaction
from agentos.tenants.templatetags.words import dates_said
from agents.checklist import problems
from agents.models import Agent, AgentVersion
from agents.prompts import clean
from agents.providers.ports import ProviderError
from agents.services import draft_of
from calls.after.beside import Purpose, count_tokens
from calls.equipment import Mind
from calls.lineup import Lineup
from calls.rehearsal.running import model_of, trouble_of
from calls.rehearsal.staging import Scenery, set_up
from calls.rehearsal.talk import LEAVES, Script, Talk

WITHIN_S = 60.0
LONGEST_LINE, MOST_ENTRIES, LONGEST_SCRIPT = 500, 80, 60_000
TEXTS = ("text", "name", "title", "result", "state", "unheard")


@allowed(Permission.MAKE_TEST_CALLS)
@require_POST
def try_out(request: TenantRequest, agent_id: UUID) -> HttpResponseBase:
    """What the agent answers to `text` after `script`, a JSON object on each line; without a text, its first words.

    POST `version`: "draft" or "live".
    """
    agent = get_object_or_404(Agent.objects.select_related("published__agent"), pk=agent_id, archived_at=None)
    try:
        version = _version(agent, request.POST.get("version", "draft"))
        script = Script(read_script(request.POST.get("script", "")))
    except DomainError as error:
        return JsonResponse({"trouble": error.message}, status=409)
    text = clean(request.POST.get("text", ""), LONGEST_LINE)
    told = _told(set_up(request.tenant.pk, version), script, text)
    response = StreamingHttpResponse(told, content_type="application/x-ndjson")
    response["Cache-Control"], response["X-Accel-Buffering"] = "no-store", "no"
    return response


def _version(agent: Agent, wanted: str) -> AgentVersion:
    if wanted == "live" and agent.published is not None:
        return agent.published
    draft = draft_of(agent)
    if found := problems(draft):
        raise DomainError("not_ready", f"The draft cannot be tried yet. {found[0].text}")
    return draft


def read_script(sent: str) -> list[dict[str, Any]]:
    """The entries of a script that a page has sent. Raises DomainError for what is none, or too long."""
    if not sent:
        return []
    try:
        entries = json.loads(sent) if len(sent) <= LONGEST_SCRIPT else None
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list) or len(entries) > MOST_ENTRIES or not all(map(_is_entry, entries)):
        raise DomainError("too_long", "This conversation cannot go on. Begin another one.")
    return entries


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or entry.get("who") not in ("agent", "caller", "tool"):
        return False
    needed = ("name", "result") if entry["who"] == "tool" else ("text",)
    fits = all(isinstance(entry.get(name, ""), str) for name in TEXTS) and all(name in entry for name in needed)
    return fits and isinstance(entry.setdefault("arguments", {}), dict)


async def _told(scenery: Scenery, script: Script, text: str) -> AsyncGenerator[bytes, None]:
    """Pieces as they are written, tools as they are used, and at the end what is new in the script."""
    known = len(script.entries)
    knowledge = scenery.knowledge()
    mind, talk = Mind(Lineup(scenery.spec), scenery.keys, knowledge), None
    try:
        async with asyncio.timeout(WITHIN_S):
            await knowledge.opened()
            talk = scenery.talk(mind, script, {})
            if text:
                async with aclosing(talk.answer(text)) as pieces:
                    async for piece in pieces:
                        yield _line(piece=piece)
            yield _line(entries=[_shown(entry) for entry in script.entries[known:]], over=talk.is_over)
    except (ProviderError, TimeoutError) as error:
        yield _line(trouble=trouble_of(error))
    finally:
        if talk is not None and talk.used:
            await database_sync_to_async(_count)(scenery, talk)
        await mind.close()


def _count(scenery: Scenery, talk: Talk) -> None:
    used = [(by or model_of(scenery), usage) for by, usage in talk.used.items()]
    with tenant_transaction(scenery.tenant_id):
        count_tokens(Purpose.TRYING, used)


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    """With what a tool was given, as people read it."""
    if entry["who"] != "tool":
        return entry
    given = [f"{name.replace('_', ' ')}: {value}" for name, value in entry["arguments"].items() if value]
    answer = "" if entry["name"] in LEAVES else entry["result"]
    return {**entry, "told": dates_said(", ".join(given) or answer)}


def _line(**facts: Any) -> bytes:
    return json.dumps(facts, ensure_ascii=False).encode() + b"\n"
