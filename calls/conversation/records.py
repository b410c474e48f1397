"""What a conversation writes down: turns as they grow, failures, and what everything used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from agents.providers.ports import ProviderError, ServedBy
from calls.conversation.caller_side import CallerTurn
from calls.conversation.feelings import mood_of
from calls.conversation.languages import Languages
from calls.conversation.ports import Journal, Screen
from calls.conversation.reply import Reply

PROGRESS_MS = 1000  # as often as the journal ships


class Records:
    """Writes to the journal, and to the screen of a caller who has one."""

    def __init__(
        self, journal: Journal, line: Screen, now_ms: Callable[[], int], next_index: int, languages: Languages
    ) -> None:
        self._journal, self._line, self._now_ms, self._next_index = journal, line, now_ms, next_index
        self.languages = languages
        self._written_ms = 0

    def event(self, kind: str, data: dict[str, Any] | None = None) -> None:
        self._journal.event(kind, self._now_ms(), data)

    def failure(self, part: str, error: ProviderError) -> None:
        """A vendor failed; the sentence of its error may hold anything and is not kept."""
        self.event(
            "failure", {"part": part, "provider": error.provider, "code": error.code, "retryable": error.retryable}
        )

    def interim(self, text: str) -> None:
        self._line.show("interim", {"text": text})

    def caller(self, turn: CallerTurn) -> None:
        """A finished turn of the caller; one that went on is written again, whole."""
        if turn.joins is not None and turn.index is None:
            turn.index = turn.joins.index
        if turn.index is None:
            turn.index = self._take_index()
        mood = mood_of(turn.whole_text)
        state = {
            "speaker": "caller",
            "kind": "speech",
            "heard": turn.whole_text,
            "unheard": "",
            "exact": True,
            "interrupted": False,
            "started_ms": turn.first_ms,
            "ended_ms": turn.ended_ms,
            "timing": {},
            "extras": ({"mood": mood.value} if mood else {}) | self.languages.mark,
        }
        self._write(turn.index, state)

    def operator(self, name: str, text: str, started_ms: int, ended_ms: int) -> None:
        """What a person of the business said in the agent's place; empty where nobody understood it."""
        state = {
            "speaker": "agent",
            "kind": "person",
            "heard": text,
            "unheard": "",
            "exact": bool(text),
            "interrupted": False,
            "started_ms": started_ms,
            "ended_ms": max(started_ms, ended_ms),
            "timing": {},
            "extras": {"by": name},
        }
        self._write(self._take_index(), state)

    def begin(self, reply: Reply) -> None:
        """The first frame of a reply was sent: from now on it is a turn."""
        reply.index, reply.started_ms = self._take_index(), self._now_ms()
        reply.extras |= self.languages.mark
        self._agent(reply)

    def progress(self, reply: Reply) -> None:
        if self._now_ms() - self._written_ms >= PROGRESS_MS:
            self._agent(reply)

    def settle(self, reply: Reply) -> None:
        """How a reply ended and what it used. Safe to repeat."""
        if reply.settled:
            return
        reply.settled = True
        if reply.committed and reply.entry is not None:
            reply.entry.text = reply.utterance.heard_text
            self._agent(reply)
        for kind, unit, quantity, by in _used(reply):
            if quantity:
                self._journal.usage(kind, unit, quantity, speculative=not reply.committed, by=by)
        for wasted in reply.wasted:
            self._journal.usage("llm", "input_tokens", wasted.usage.input, speculative=True, by=wasted.by)

    def _agent(self, reply: Reply) -> None:
        if reply.index is not None:
            self._written_ms = self._now_ms()
            self._write(reply.index, reply.state(self._written_ms))

    def _write(self, index: int, state: dict[str, Any]) -> None:
        self._journal.turn(index, state)
        self._line.show("turn", {"index": index, **state})

    def _take_index(self) -> int:
        self._next_index += 1
        return self._next_index - 1


def _used(reply: Reply) -> Iterator[tuple[str, str, int, ServedBy | None]]:
    """What a reply has used: kind, unit, how much, and of whom when not of the first choice."""
    for by, spent in reply.spent().items():
        for unit, quantity in spent.by_unit():
            yield "llm", unit, quantity, by
    for by, count in reply.utterance.characters.items():
        yield "tts", "characters", count, by
