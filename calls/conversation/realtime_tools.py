"""The tools of our own for a model that speaks itself: it cannot write the marks that stand for them in a text."""

from __future__ import annotations

import json
from collections.abc import Sequence

from agents.providers.ports import Thought, ToolCall, ToolSpec
from calls.conversation.languages import Languages
from calls.conversation.sentences import HANG_UP, language_mark

SPEAKS_ITSELF = (
    "You speak and hear yourself, so you cannot write marks: where you are told to write one that ends the call, say "
    "goodbye and use the tool end_call; where one changes the language, speak in it and use the tool switch_language."
)
END_CALL = ToolSpec(
    "end_call",
    "End the call. Use it in the same answer in which you say goodbye.",
    {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
)
SWITCH = "switch_language"


def switching(languages: Languages) -> ToolSpec | None:
    """How it says in which language it goes on; None in a call that is held in one."""
    if not languages.others:
        return None
    known = [languages.own, *languages.others]
    language = {"type": "string", "enum": known, "description": "The language in which you answer from now on."}
    parameters = {"type": "object", "properties": {"language": language}, "required": ["language"]}
    return ToolSpec(
        SWITCH,
        "Go on in another language. Use it in the same answer in which you begin to speak it.",
        parameters | {"additionalProperties": False},
    )


def as_mark(thought: Thought, own: Sequence[ToolSpec]) -> Thought:
    """What a call of one of our `own` tools stands for; anything else as it is."""
    if not isinstance(thought, ToolCall) or all(tool.name != thought.name for tool in own):
        return thought
    if thought.name == END_CALL.name:
        return HANG_UP
    try:
        return language_mark(str(json.loads(thought.arguments)["language"]))
    except (ValueError, TypeError, LookupError):
        return ""
