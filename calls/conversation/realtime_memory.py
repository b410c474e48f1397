"""What a vendor remembers of a conversation, kept the same as our history, which holds what was heard and done.

Before each answer the two are compared. What says the same stays as it is, as sound; what the caller has not heard is
cut off or forgotten; what the vendor does not know, such as a greeting or a key that was pressed, is told in words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from agents.providers.ports import Message, ToolCall
from agents.providers.realtime.ports import Kept, SpeechToSpeech
from calls.conversation.realtime_voice import Take
from calls.conversation.turn_taking import words_of


@dataclass(slots=True, eq=False)
class Item:
    """One thing that the vendor remembers. `pending`: its words are still to come."""

    id: str
    role: str  # "system", "user", "assistant", "call" or "tool"
    text: str = ""
    pending: bool = False
    take: Take | None = None
    call: ToolCall | None = None
    call_id: str = ""  # of the call that a tool's result answers
    is_cut: bool = False

    @property
    def known_text(self) -> str:
        """What it says: of an answer that is over, only what was heard."""
        piece = self.take.piece if self.take else None
        if piece is None or self.take is None:
            return self.text
        words = piece.text.split()
        return " ".join(words[: piece.words_heard()] if self.take.is_over else words)


class Place(NamedTuple):
    """Where words were found: in which item, and which of the words are its."""

    item: int
    start: int
    end: int


class Memory:
    """Follows what the vendor remembers, and changes it."""

    def __init__(self, talk: SpeechToSpeech) -> None:
        self._talk = talk
        self._items: list[Item] = []
        self._made = 0

    def kept(self, event: Kept) -> None:
        """The vendor remembers something by itself."""
        if self._item(event.item) is None:
            item = Item(event.item, event.role, pending=event.role == "user")
            before = self._item(event.after)
            at = self._items.index(before) + 1 if before else len(self._items) if event.after else 0
            self._items.insert(at, item)

    def understood(self, item: str, text: str) -> None:
        """The words of what the caller said."""
        if known := self._item(item):
            known.text, known.pending = text, False

    def answers(self, item: str, take: Take) -> None:
        """This item is the answer that is spoken there."""
        if known := self._item(item):
            known.take = take

    def asked(self, item: str, call: ToolCall) -> None:
        """This item asks for a tool."""
        if known := self._item(item):
            known.call = call

    def agree(self, messages: Sequence[Message]) -> None:
        """Make the vendor remember exactly this."""
        self._cut_unheard()
        at, own_ids = 0, dict[str, str]()
        for message in messages:
            if message.role == "tool":
                at = self._agree_on_result(message, own_ids.get(message.tool_call_id, message.tool_call_id), at)
            elif message.content:
                at = self._agree_on_words(message.role, message.content.split(), at)
            for call in message.tool_calls:
                at = self._agree_on_call(call, own_ids, at)
        self._forget(at, self._end_of_what_is_known(messages, at))

    def _end_of_what_is_known(self, messages: Sequence[Message], at: int) -> int:
        """Where the history ends without the caller's words, they are not written down yet: what was heard stays."""
        end = len(self._items)
        if messages and messages[-1].role == "user":
            return end
        while end > at and self._items[end - 1].role == "user":
            end -= 1
        return end

    # What was not heard ------------------------------------------------------------------------------

    def _cut_unheard(self) -> None:
        for item in list(self._items):
            piece = item.take.piece if item.take else None
            if item.is_cut or item.take is None or not item.take.is_over or (piece and piece.was_heard_whole):
                continue
            item.is_cut = True
            if piece is None or not piece.words_heard():
                self._items.remove(item)
                self._talk.forget(item.id)
            else:
                self._talk.cut(item.id, piece.heard_ms)

    # What both know ----------------------------------------------------------------------------------

    def _agree_on_words(self, role: str, words: list[str], at: int) -> int:
        """The words of one message, which may be several items of the vendor's; returns the place behind them."""
        while words:
            found = self._find(role, words, at)
            if found is None:
                return self._tell(Item("", role, " ".join(words)), at)
            at += self._forget(at, found.item)
            if found.start:
                at = self._tell(Item("", role, " ".join(words[: found.start])), at)
            at, words = at + 1, words[found.end :]
        return at

    def _find(self, role: str, words: list[str], at: int) -> Place | None:
        wanted = [(place, part) for place, word in enumerate(words) for part in words_of(word)]
        parts = [part for _, part in wanted]
        for index in range(at, len(self._items)):
            item = self._items[index]
            own = words_of(item.known_text) if item.role == role else []
            for start in range(len(parts) - len(own) + 1 if own else 0):
                if parts[start : start + len(own)] == own:
                    return Place(index, wanted[start][0], wanted[start + len(own) - 1][0] + 1)
        return None

    def _agree_on_call(self, call: ToolCall, own_ids: dict[str, str], at: int) -> int:
        for index in range(at, len(self._items)):
            known = self._items[index].call
            if known and known.name == call.name and _same(known.arguments, call.arguments):
                own_ids[call.id] = known.id
                return at + self._forget(at, index) + 1
        return self._tell(Item("", "call", call=call), at)

    def _agree_on_result(self, message: Message, call_id: str, at: int) -> int:
        for index in range(at, len(self._items)):
            item = self._items[index]
            if item.role == "tool" and item.call_id == call_id and item.text == message.content:
                return at + self._forget(at, index) + 1
        return self._tell(Item("", "tool", message.content, call_id=call_id), at)

    # What it is told ---------------------------------------------------------------------------------

    def _tell(self, item: Item, at: int) -> int:
        self._made += 1
        item = replace(item, id=f"own_{self._made}")
        self._talk.keep(item.id, _message(item), self._items[at - 1].id if at else "")
        self._items.insert(at, item)
        return at + 1

    def _forget(self, start: int, end: int) -> int:
        """Forget these items, but for those whose words are still to come; returns how many stay."""
        stay = [item for item in self._items[start:end] if item.pending]
        for item in self._items[start:end]:
            if not item.pending:
                self._talk.forget(item.id)
        self._items[start:end] = stay
        return len(stay)

    def _item(self, name: str) -> Item | None:
        return next((item for item in self._items if item.id == name), None)


def _message(item: Item) -> Message:
    if item.call is not None:
        return Message("assistant", "", (item.call,))
    if item.role == "tool":
        return Message("tool", item.text, tool_call_id=item.call_id)
    role = item.role
    return Message("system" if role == "system" else "user" if role == "user" else "assistant", item.text)


def _same(one: str, other: str) -> bool:
    try:
        return bool(json.loads(one or "{}") == json.loads(other or "{}"))
    except ValueError:
        return one == other
