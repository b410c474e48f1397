"""Write down who may become a customer."""

from __future__ import annotations

from agents.providers.limits import Evidence, Limits
from agents.tools import Arguments, Setting, Tool, ToolContext, ToolOutcome, parameters
from calls.calendar.booking import Guest, origin_of
from calls.calendar.spoken import joined
from calls.followups.services import save_lead as save
from calls.numbers import read_number


def save_lead(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """What the business wants to know and was not told yet, the model is asked to ask for."""
    if not arguments["name"].strip():
        return ToolOutcome("Ask for the name first.", ok=False)
    wanted = fields_of(str(context.settings.get("fields", "")))
    said = {each["name"].strip().casefold(): each["value"].strip() for each in arguments["details"]}
    known = {name: said[name.casefold()] for name in wanted if said.get(name.casefold())}
    number = read_number(arguments["number"] or context.caller_number, like=context.caller_number)
    guest = Guest(arguments["name"].strip(), number, (arguments["note"] or "").strip())
    lead = save(guest, known, origin_of(context.call_id, context.key))
    missing = [name for name in wanted if name not in lead.fields]
    if not missing:
        return ToolOutcome("Saved. Nothing is missing.")
    return ToolOutcome(f"Saved. Still unknown: {joined(missing, 'and')}. Ask for it if it fits, and save again.")


def fields_of(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


MAYBE = {"type": ["string", "null"]}
DETAIL = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
    "required": ["name", "value"],
    "additionalProperties": False,
}

TOOLS = (
    Tool(
        name="save_lead",
        title="Write down leads",
        hint="Name, number and what you want to know of them. They stand under Follow-ups.",
        description=(
            "Save who the caller is and what they are interested in, for the sales team. The answer names what the "
            "business still wants to know. Save again when you learn more."
        ),
        parameters=parameters(
            name={"type": "string", "description": "The caller's full name, as they said it."},
            number=MAYBE | {"description": "Only when the caller gives another number than the one they call from."},
            note=MAYBE | {"description": "What they want, in a sentence."},
            details={"type": "array", "items": DETAIL, "description": "What you know of what was asked, by its name."},
        ),
        run=save_lead,
        limits=Limits(said={"number": Evidence.DIGITS}),
        settings=(
            Setting("fields", "What to ask", hint="Parted by commas.", default="Company, Interest, Budget, When"),
        ),
    ),
)
