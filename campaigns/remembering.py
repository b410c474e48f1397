"""The tool by which an agent asks whether somebody wants to be remembered, and notes what they say."""

from __future__ import annotations

from agents.tools import Arguments, Setting, Tool, ToolContext, ToolOutcome, parameters
from calls.conversation.evidence import agrees
from calls.memory.services import ASKED, TOOL, answer_of, note_answer
from calls.numbers import read_number
from campaigns.models import Contact

CONFIRMED, AT_ONCE = "", "at_once"


def remember_caller(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """For the number on the line and no other. A yes counts only when the caller has just said it; a no always does."""
    number = read_number(context.caller_number)
    if not number:
        return ToolOutcome("The caller's number is withheld, so nothing can be remembered. Do not ask.", ok=False)
    agreed = bool(arguments["agreed"])
    if agreed and not agrees(context.caller_said):
        return ToolOutcome("The caller has not said yes. Ask whether they want to be remembered.", ok=False)
    known = answer_of(number)
    if known is None or known.agreed != agreed:
        Contact.objects.get_or_create(e164=number)
        note_answer(number, agreed=agreed, source=ASKED, call_id=context.call_id)
    if agreed:
        return ToolOutcome("Noted: what matters of this call will be known next time.")
    return ToolOutcome("Noted: nothing is remembered of them, and what was is forgotten. Do not ask again.")


TOOLS = (
    Tool(
        name=TOOL,
        title="Remember callers",
        hint="By their consent: a few facts and wishes of each call, for the next one from the same number. They stand "
        "with the contact, where you can change and erase them.",
        description=(
            "Note whether the caller wants what matters of their calls to be remembered for the next one. Ask once, "
            "towards the end, and only if you know of no answer yet. Use it at once when they want to be forgotten."
        ),
        parameters=parameters(agreed={"type": "boolean", "description": "What the caller has just said."}),
        run=remember_caller,
        settings=(
            Setting(
                "speaks",
                "It speaks of what it remembers",
                choices=(
                    (CONFIRMED, "After the person has said who they are"),
                    (AT_ONCE, "At once, to whoever calls from the number"),
                ),
            ),
        ),
    ),
)
