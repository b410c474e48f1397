"""Who calls in a rehearsal: lines of a script, or a model that plays somebody with a goal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any, Protocol

from agents.providers.ports import LanguageModel, Message
from calls.rehearsal.manners import Manner, as_said

HANGS_UP = "<hang_up/>"
GOODBYE = "Thank you, goodbye."

PROMPT = """\
You play a person who has called a business on the telephone, to test its automated agent. Stay in your part.
Who you are: {persona}
What you want: {goal}
How you are: {manner}
The agent's words are the user's messages; answer with what you would say next, and nothing else: one or two short \
sentences of plain speech in the language of the agent, no stage directions. Do not help the agent. When you have what \
you want, or will not get it, say goodbye and end with {hangs_up}."""


class SimulatedCaller(Protocol):
    async def answer(self, script: Sequence[dict[str, Any]]) -> str | None:
        """What the caller says next; None hangs up."""
        ...


class Reader:
    """Says its lines, whatever it hears, and then goodbye."""

    def __init__(self, lines: Sequence[str], manner: Manner) -> None:
        self._lines = [*as_said(lines, manner), GOODBYE]

    async def answer(self, script: Sequence[dict[str, Any]]) -> str | None:
        """As SimulatedCaller."""
        return self._lines.pop(0) if self._lines else None


class Player:
    """A model that plays a person."""

    def __init__(self, model: LanguageModel, *, persona: str, goal: str, manner: Manner) -> None:
        self._model, self._is_leaving = model, False
        persona = persona or "a customer"
        self._prompt = PROMPT.format(persona=persona, goal=goal, manner=manner.prompt, hangs_up=HANGS_UP)

    async def answer(self, script: Sequence[dict[str, Any]]) -> str | None:
        """As SimulatedCaller. Raises ProviderError."""
        if self._is_leaving:
            return None
        spoken = [entry for entry in script if entry["who"] != "tool"]
        lines = [Message("user" if entry["who"] == "agent" else "assistant", entry["text"]) for entry in spoken]
        async with aclosing(self._model.reply([Message("system", self._prompt), *lines])) as stream:
            text = "".join([item async for item in stream if isinstance(item, str)])
        self._is_leaving = HANGS_UP in text
        return " ".join(re.sub(r"<[^<>]*>", " ", text).split()) or None
