"""What was said and heard, as the model may know it: the caller's words, and ours that reached the caller."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agents.providers.ports import Message

MOST_ENTRIES = 200
MOST_CHARACTERS = 24_000


@dataclass(slots=True)
class Entry:
    """One turn. An agent's text holds the words of it that were heard, and nothing else."""

    role: str  # "user" or "assistant"
    text: str


class History:
    """The conversation so far, bounded; the oldest turns are forgotten first."""

    def __init__(self, system: str, earlier: Iterable[tuple[str, str]] = ()) -> None:
        self.system = system
        self._entries = [Entry(role, text) for role, text in earlier]

    def caller_said(self, text: str) -> Entry:
        return self._add(Entry("user", text))

    def agent_says(self) -> Entry:
        """An entry for a reply that begins now; set its text to what was heard of it."""
        return self._add(Entry("assistant", ""))

    def remove(self, entry: Entry) -> None:
        """Take an entry back, as if it had not been said. Safe to repeat."""
        self._entries = [known for known in self._entries if known is not entry]

    def messages(self, hypothesis: str = "") -> list[Message]:
        """What the model reads; `hypothesis` is a caller's turn that is not certain yet and leaves no trace."""
        messages = [Message("system", self.system)]
        spoken = [(entry.role, entry.text) for entry in self._entries if entry.text]
        if hypothesis:
            spoken.append(("user", hypothesis))
        for role, text in spoken:
            if messages[-1].role == role:
                messages[-1] = Message(messages[-1].role, f"{messages[-1].content} {text}")
            else:
                messages.append(Message("user" if role == "user" else "assistant", text))
        return messages

    def _add(self, entry: Entry) -> Entry:
        self._entries.append(entry)
        while len(self._entries) > MOST_ENTRIES or self._size() > MOST_CHARACTERS:
            if len(self._entries) <= 2:
                break
            del self._entries[0]
        return entry

    def _size(self) -> int:
        return sum(len(entry.text) for entry in self._entries)
