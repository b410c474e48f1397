"""What was said, heard and done, as the model may know it: the caller's words, and ours that reached the caller.

A model that reads of a tool call without a result, or of a result without its call, is refused by its vendor. So the
two are one thing here, an `Exchange`, under an id of our own, and stand in the history together or not at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from agents.providers.ports import Message, ToolCall

MOST_ENTRIES = 200
MOST_CHARACTERS = 24_000
MOST_NOTES = 12
LONGEST_ARGUMENTS = 8_000


STILL_RUNNING = "This is still being done. Its result will follow; do not ask for it again."

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(slots=True, eq=False)
class Exchange:
    """A tool call and what came of it; without a `result` it is still going on."""

    call: ToolCall
    result: str | None = None
    id: str = ""  # given by the history

    def asked(self) -> ToolCall:
        """The call as every vendor takes it back, however it was written."""
        name = self.call.name if _NAME.fullmatch(self.call.name) else "unknown"
        arguments = self.call.arguments if _is_object(self.call.arguments) else "{}"
        return ToolCall(self.id, name, arguments, self.call.sealed)

    def answered(self) -> Message:
        return Message("tool", STILL_RUNNING if self.result is None else self.result, tool_call_id=self.id)


def _is_object(text: str) -> bool:
    try:
        return len(text) < LONGEST_ARGUMENTS and isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def words_of_operator(name: str, text: str) -> str:
    """What a colleague said in our place, as the model reads it."""
    return f"[{name}: {text}]"


def tool_messages(exchanges: Iterable[Exchange], said: str = "") -> list[Message]:
    """Calls that were made at a time, each with its result behind it. `said` is what was written before them."""
    known = list(exchanges)
    asking = Message("assistant", said, tuple(each.asked() for each in known))
    return [asking, *(each.answered() for each in known)] if known else []


@dataclass(slots=True, eq=False)
class Entry:
    """One turn. An agent's text holds the words of it that were heard, and nothing else."""

    role: str  # "user", "assistant", or "tools"
    text: str
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def size(self) -> int:
        size = len(self.text)
        for each in self.exchanges:
            size += len(each.call.arguments) + len(each.result or "")
        return size


class History:
    """The conversation so far, bounded; the oldest turns are forgotten first."""

    def __init__(
        self, system: str, earlier: Iterable[tuple[str, str] | Exchange] = (), notes: Iterable[str] = ()
    ) -> None:
        """`earlier`: (role, text) of what was said, and what was done, in order; `notes`: what `note` was told."""
        self.system = system
        self._notes = list(notes)[-MOST_NOTES:]
        self.language = ""  # what the model must know of the language in which the call goes on
        self._entries = [Entry("tools", "", [each]) if isinstance(each, Exchange) else Entry(*each) for each in earlier]
        self._made = sum(entry.role == "tools" for entry in self._entries)

    def caller_said(self, text: str) -> Entry:
        return self._add(Entry("user", text))

    def agent_says(self) -> Entry:
        """An entry for a reply that begins now; set its text to what was heard of it."""
        return self._add(Entry("assistant", ""))

    def operator_said(self, name: str, text: str) -> Entry:
        """Words of a colleague, who spoke in our place."""
        return self._add(Entry("assistant", words_of_operator(name, text)))

    def note(self, text: str) -> None:
        """What the model must know and nobody has said."""
        self._notes = [*self._notes[1 - MOST_NOTES :], text]

    def remove(self, entry: Entry) -> None:
        """Take an entry back, as if it had not been said. Safe to repeat."""
        self._entries = [known for known in self._entries if known is not entry]

    def asks(self, calls: Iterable[ToolCall], before: Entry | None) -> Entry:
        """A reply, whose words are the entry `before`, asks for tools. Each call gets an id of our own."""
        entry = self._tools([Exchange(call) for call in calls])
        place = next((at for at, known in enumerate(self._entries) if known is before), len(self._entries))
        self._entries.insert(place, entry)
        self._forget()
        return entry

    def move_to_end(self, exchange: Exchange) -> None:
        """A result has come late: the model reads of it last, as of something new."""
        for entry in self._entries:
            entry.exchanges = [known for known in entry.exchanges if known is not exchange]
        self._add(Entry("tools", "", [exchange]))

    def messages(self, hypothesis: str = "") -> list[Message]:
        """What the model reads; `hypothesis` is a caller's turn that is not certain yet and leaves no trace."""
        known = (self.system, *self._notes, *([self.language] if self.language else []))
        messages = [Message("system", "\n\n".join(known))]
        guess = [Entry("user", hypothesis)] if hypothesis else []
        for entry in (*self._entries, *guess):
            if entry.exchanges:
                messages += tool_messages(entry.exchanges)
            elif entry.text and messages[-1].role == entry.role and not messages[-1].tool_calls:
                messages[-1] = Message(messages[-1].role, f"{messages[-1].content} {entry.text}")
            elif entry.text:
                messages.append(Message("user" if entry.role == "user" else "assistant", entry.text))
        return messages

    def _tools(self, exchanges: list[Exchange]) -> Entry:
        for exchange in exchanges:
            self._made += 1
            exchange.id = f"call_{self._made}"
        return Entry("tools", "", exchanges)

    def _add(self, entry: Entry) -> Entry:
        self._entries.append(entry)
        self._forget()
        return entry

    def _forget(self) -> None:
        while len(self._entries) > MOST_ENTRIES or self._size() > MOST_CHARACTERS:
            if len(self._entries) <= 2:
                break
            del self._entries[0]

    def _size(self) -> int:
        return sum(entry.size for entry in self._entries)
