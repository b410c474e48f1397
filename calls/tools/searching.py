"""Look something up in what the business has written, when the agent asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agentos.tenants.scoping import tenant_transaction
from agents.knowledge import services
from agents.knowledge.search import find
from agents.models import AgentVersion
from agents.providers.limits import Limits
from agents.tools import Arguments, Setting, Tool, ToolContext, ToolOutcome, parameters
from calls.knowing import HEADING, passages

NAME = "search_knowledge"
EACH_TURN = "each_turn"
VECTOR_WITHIN_S = 1.5
NOTHING = (
    "Nothing is written about this. Say that you do not know, and offer what you can do instead; never make it up."
)


def search_knowledge(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """By words, and by meaning where that is measured; no connection waits for the vendor who measures it."""
    question = " ".join(arguments["question"].split())[:400]
    with tenant_transaction(context.tenant_id):
        agent_id = AgentVersion.objects.values_list("agent_id", flat=True).get(pk=context.version.version_id)
        endpoint = services.vector_endpoint()
    meaning = services.meaning_of(question, endpoint, VECTOR_WITHIN_S) if endpoint else ()
    with tenant_transaction(context.tenant_id):
        found = find(question, agent_id=agent_id, language=context.version.language, meaning=meaning)
    recalled = tuple({"source": each.source_id, "title": each.title, "by": each.by} for each in found)
    return ToolOutcome("\n\n".join([HEADING, *passages(found)]) if found else NOTHING, recalled=recalled)


def looks_up_each_turn(grants: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the agent is given passages before each reply: always, unless it is to ask for them."""
    settings = next((each.get("settings", {}) for each in grants if each["name"] == NAME), {"when": EACH_TURN})
    return bool(settings.get("when") == EACH_TURN)


TOOLS = (
    Tool(
        name=NAME,
        title="Search your knowledge when it needs to",
        hint="In its own words, such as for a question that came up three sentences ago. Without this, what you have "
        "written is looked up for each answer, with the caller’s last words.",
        description=(
            "Look up what the business has written down. Ask with a whole question in the caller's language. Use it "
            "before you say that you do not know something about the business."
        ),
        parameters=parameters(question={"type": "string", "maxLength": 400}),
        run=search_knowledge,
        effect=False,
        detached=True,
        timeout_s=4.0,
        limits=Limits(per_call=20, per_turn=3),
        settings=(
            Setting(
                "when",
                "Besides, for each answer",
                choices=(("", "No, only when it asks"), (EACH_TURN, "Yes, with the caller’s last words")),
            ),
        ),
    ),
)
