"""Put the caller through to a person."""

from __future__ import annotations

from agents.providers.limits import Limits
from agents.tools import Arguments, Tool, ToolContext, ToolOutcome, parameters
from calls.models import Call
from calls.transfers import services
from calls.transfers.models import Colleague

NO_LINE = "A call in the browser cannot be put through. Say so, and offer to take a message."


def transfer_call(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """Asks for the transfer; the carrier dials once the agent's words were heard."""
    call = Call.objects.filter(pk=context.call_id).first()
    if call is None or call.channel == Call.Channel.BROWSER:
        return ToolOutcome(NO_LINE, ok=False)
    department = (arguments["department"] or "").strip()
    known = list(dict.fromkeys(Colleague.objects.values_list("department", flat=True)))
    if department and department.casefold() not in {each.casefold() for each in known}:
        return ToolOutcome(f"There is no such department. There are: {', '.join(known) or 'none'}.", ok=False)
    people = services.available(department, context.now)
    if not people:
        return ToolOutcome(
            "Nobody is there at the moment. Offer to take a message or to have them called back.", ok=False
        )
    services.ask(call, people, key=context.key, department=department, reason=arguments["reason"])
    return ToolOutcome("The caller is being put through.", then="transfer")


TOOLS = (
    Tool(
        name=services.TOOL,
        title="Put callers through",
        hint="To the people under Settings. When nobody takes the call, the agent is back and offers a message.",
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
        limits=Limits(per_call=3, per_turn=1),
    ),
)
