"""Put the caller through to a person."""

from __future__ import annotations

from agents.providers.limits import Limits
from agents.tools import Arguments, Setting, Tool, ToolContext, ToolOutcome, parameters
from calls.models import Call
from calls.transfers import services
from calls.transfers.desks import departments
from calls.transfers.models import Colleague, Transfer
from calls.transfers.services import Refusal

NO_LINE = "A call in the browser cannot be put through. Say so, and offer to take a message."
FALLBACKS = (
    (Transfer.Fallback.AGENT, "Agent takes a message"),
    (Transfer.Fallback.MESSAGE, "A message is recorded"),
    (Transfer.Fallback.CALL_BACK, "Somebody calls them back"),
)
NOBODY_THERE = "Nobody is there at the moment. Offer to take a message or to have them called back."


def transfer_call(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """Asks for the transfer; the carrier dials once the agent's words were heard."""
    asked = services.ask_for_person(
        Call.objects.filter(pk=context.call_id).first(),
        key=context.key,
        department=arguments["department"] or "",
        reason=arguments["reason"],
        at=context.now,
    )
    match asked.refusal:
        case Refusal.NO_LINE:
            return ToolOutcome(NO_LINE, ok=False)
        case Refusal.NO_DEPARTMENT:
            known = ", ".join(departments()) or "none"
            return ToolOutcome(f"There is no such department. There are: {known}.", ok=False)
        case Refusal.NOBODY:
            return ToolOutcome(NOBODY_THERE, ok=False)
    return ToolOutcome("The caller is being put through.", then="transfer")


TOOLS = (
    Tool(
        name=services.TOOL,
        title="Put callers through",
        hint="To the people under Settings, straight or with an introduction.",
        description=(
            "Put the caller through to a person of the business, when they ask for one or when you cannot help. "
            "Tell the caller first that you will put them through."
        ),
        parameters=parameters(
            department={
                "type": ["string", "null"],
                "maxLength": 60,
                "description": "Which department; null for whoever is there.",
            },
            reason={"type": "string", "maxLength": 300, "description": "What it is about, in a few words."},
        ),
        run=transfer_call,
        settings=(
            Setting("way", "How", choices=(("", "As set for each person"), *Colleague.Way.choices)),
            Setting(
                "fallback",
                "When nobody takes the call",
                default=Transfer.Fallback.AGENT,
                choices=FALLBACKS,
            ),
            Setting(
                "afterwards",
                "When the person hangs up first",
                default=Transfer.Afterwards.GOODBYE,
                choices=tuple(Transfer.Afterwards.choices),
            ),
        ),
        limits=Limits(per_call=3, per_turn=1),
    ),
)
