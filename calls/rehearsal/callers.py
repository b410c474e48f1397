"""Who calls in a rehearsal: lines of a script, or somebody with a goal, who is played by a model or by rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import aclosing
from itertools import groupby
from typing import Any, Protocol

from agents.providers.ports import LanguageModel, Message, Usage
from calls.rehearsal.manners import Manner, as_said

HANGS_UP = "<hang_up/>"
GOODBYE = "Thank you, goodbye."
CUTS_OFF, SILENCE = "(The agent begins to answer. Cut it off.)", "(Silence.)"
LONGEST_LINE = 300
_UNSPOKEN = re.compile(r"<[^<>]*>|\([^()]*\)|\[[^\[\]]*\]|\*\*|\*[^*]*[a-z][^*]*\*")

PROMPT = """\
You play a person who has called a business on the telephone, to test its automated agent. Stay in your part.
Who you are: {persona}
What you want: {goal}
How you are: {manner}
The agent's words are the user's messages; answer with what you would say next, and nothing else: one or two short \
sentences of plain speech in the language of the agent, no stage directions. Do not help the agent. When you have what \
you want, or will not get it, say goodbye and end with {hangs_up}."""


class SimulatedCaller(Protocol):
    async def answer(self, script: Sequence[dict[str, Any]], *, cuts_off: bool = False) -> str | None:
        """What the caller says next; None hangs up. `cuts_off`: into an answer that they have not heard yet."""
        ...


class Reader:
    """Says its lines, whatever it hears, and then goodbye."""

    def __init__(self, lines: Sequence[str], manner: Manner) -> None:
        self._lines = [*as_said(lines, manner), GOODBYE]

    async def answer(self, script: Sequence[dict[str, Any]], *, cuts_off: bool = False) -> str | None:
        """As SimulatedCaller."""
        return self._lines.pop(0) if self._lines else None


class Player:
    """A model that plays a person. `used` is what that took."""

    def __init__(self, model: LanguageModel, *, persona: str, goal: str, manner: Manner) -> None:
        self._model, self._is_leaving = model, False
        persona = persona or "a customer"
        self._prompt = PROMPT.format(persona=persona, goal=goal, manner=manner.prompt, hangs_up=HANGS_UP)
        self.used = Usage(0, 0)

    async def answer(self, script: Sequence[dict[str, Any]], *, cuts_off: bool = False) -> str | None:
        """As SimulatedCaller. Raises ProviderError."""
        if self._is_leaving:
            return None
        messages = [Message("system", self._prompt), *_as_heard(script)]
        if messages[-1].role != "user":
            messages.append(Message("user", CUTS_OFF if cuts_off else SILENCE))
        text = ""
        async with aclosing(self._model.reply(messages)) as stream:
            async for item in stream:
                match item:
                    case str():
                        text += item
                    case Usage():
                        self.used = self.used + item
        self._is_leaving = HANGS_UP in text
        return spoken_of(text)[:LONGEST_LINE] or None


def spoken_of(text: str) -> str:
    """What of a model's line is said: no stage directions, no name before it, and no marks around it."""
    said = " ".join(_UNSPOKEN.sub(" ", text).split())
    return re.sub(r"^(?:the )?caller: ?", "", said, flags=re.IGNORECASE).strip(' "“”')


def _as_heard(script: Sequence[dict[str, Any]]) -> list[Message]:
    """The call with the caller in the model's part; what one side said in a row is one message."""
    spoken = [entry for entry in script if entry["who"] != "tool"]
    turns = groupby(spoken, key=lambda entry: entry["who"] == "agent")
    return [
        Message("user" if is_agent else "assistant", " ".join(entry["text"] for entry in entries))
        for is_agent, entries in turns
    ]
