"""Promise that a person rings back."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from agents.providers.limits import Evidence, Limits
from agents.tools import Arguments, Tool, ToolContext, ToolOutcome, parameters
from calls.calendar.booking import Guest, origin_of, usual_calendar
from calls.calendar.spoken import read_moment, say_moment
from calls.followups.services import request_call_back
from calls.numbers import read_number


def request_callback(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """The answer tells for when it was written down: not always what was wished."""
    zone = ZoneInfo(usual_calendar().zone)
    wished = read_moment(arguments["when"], zone) if arguments["when"] else context.now
    if wished is None:
        return ToolOutcome("The clock here never shows that time. Write it like 2026-11-24T10:30.", ok=False)
    number = read_number(arguments["number"] or context.caller_number, like=context.caller_number)
    if not number:
        return ToolOutcome("Ask for the number at which the caller can be reached.", ok=False)
    guest = Guest((arguments["name"] or "").strip(), number, arguments["reason"].strip())
    made = request_call_back(guest, wished, origin_of(context.call_id, context.key))
    return ToolOutcome(
        f"A person will ring {number} back: {say_moment(made.due_at, zone, context.now)}, or soon after."
    )


MAYBE = {"type": ["string", "null"]}

TOOLS = (
    Tool(
        name="request_callback",
        title="Promise a call-back",
        hint="A person rings back, in your opening hours and never at night. They stand under Follow-ups.",
        description="Have a person of the business ring the caller back. Tell the caller the time that comes back.",
        parameters=parameters(
            name=MAYBE,
            number=MAYBE | {"description": "Only when the caller gives another number than the one they call from."},
            when=MAYBE | {"description": "On the clock of the business, like 2026-11-24T10:30. Null: soon."},
            reason={"type": "string", "description": "What it is about, in a sentence."},
        ),
        run=request_callback,
        limits=Limits(per_call=3, per_turn=1, said={"number": Evidence.DIGITS}),
    ),
)
