"""Take a message for somebody."""

from __future__ import annotations

from agents.providers.limits import Evidence, Limits
from agents.tools import Arguments, Tool, ToolContext, ToolOutcome, parameters
from calls.calendar.booking import Guest, origin_of
from calls.followups.services import keep_message
from calls.numbers import read_number


def leave_message(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """Kept for people to read. The same wish is kept once."""
    text = arguments["message"].strip()
    if not text:
        return ToolOutcome("Ask what the message is.", ok=False)
    number = read_number(arguments["number"] or context.caller_number, like=context.caller_number)
    guest = Guest((arguments["name"] or "").strip(), number)
    for_whom = (arguments["for_whom"] or "").strip()[:120]
    keep_message(text, guest, origin_of(context.call_id, context.key), for_whom=for_whom)
    return ToolOutcome(f"The message is kept for {for_whom or 'the team'}.")


MAYBE = {"type": ["string", "null"], "maxLength": 120}

TOOLS = (
    Tool(
        name="leave_message",
        title="Take messages",
        hint="For a person of yours. They stand with the call and under Follow-ups.",
        description="Keep a message for a person of the business. Ask for the caller's name and the message first.",
        parameters=parameters(
            message={"type": "string", "maxLength": 1000, "description": "In the caller's words."},
            for_whom=MAYBE | {"description": "Whom it is for; null for whoever reads it first."},
            name=MAYBE | {"description": "Who leaves it."},
            number=MAYBE | {"description": "Only when the caller gives another number than the one they call from."},
        ),
        run=leave_message,
        limits=Limits(per_call=5, per_turn=2, said={"number": Evidence.DIGITS}),
    ),
)
