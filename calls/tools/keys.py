"""Keys of the telephone: taken from the caller, and pressed for a machine at the other end."""

from __future__ import annotations

from agents.providers.limits import Limits
from agents.tools import Setting, Tool, parameters

MAYBE_COUNT = {"type": ["integer", "null"], "minimum": 1, "maximum": 32}

TOOLS = (
    Tool(
        name="collect_digits",
        title="Take keys from the caller",
        hint="For a customer number, a PIN or a choice.",
        description=(
            "Let the caller type on the keypad. Ask for it first, in the same reply. The conversation goes on "
            "meanwhile, and what was entered reaches you when it is complete."
        ),
        parameters=parameters(
            length=MAYBE_COUNT | {"description": "How many keys, if that is known."},
            end_key={"type": ["string", "null"], "enum": ["#", "*", None], "description": "Ends the entry; null: #."},
            timeout_s={"type": ["integer", "null"], "minimum": 5, "maximum": 60, "description": "Null: 20."},
            secret={"type": "boolean", "description": "A PIN, a card number or anything else nobody should read."},
        ),
        run=None,
        effect=False,
        waits=False,
        timeout_s=90.0,
        limits=Limits(per_call=10, per_turn=1),
        settings=(
            Setting(
                "hide",
                "Hide what is entered",
                hint="What is hidden is in no record and no model sees it. Only other tools can use it.",
                default="secrets",
                choices=(("secrets", "When it is a secret"), ("always", "Always")),
            ),
        ),
    ),
    Tool(
        name="send_digits",
        title="Press keys",
        hint="For calls that end at a menu: “press 1 for appointments”.",
        description="Press keys for a machine that asks for them. Never for a person.",
        parameters=parameters(
            digits={
                "type": "string",
                "pattern": "^[0-9*#w]{1,32}$",
                "description": "0 to 9, * and #; w waits half a second.",
            }
        ),
        run=None,
        limits=Limits(per_call=10, per_turn=2),
    ),
)
