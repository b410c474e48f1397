"""The OpenAI double: chat completions, streamed at a fixed pace, and the list of models."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .embeddings import embeddings_of
from .faults import Faults
from .lateness import Lateness
from .wire import Answer, Reply, Request, Streamed

SENTENCES = (
    "Of course, I can help you with that.",
    "We have a free place tomorrow at half past nine.",
    "Would that suit you, or is the afternoon better?",
    "Please tell me your name and I will write it down.",
)


def answer_of(words: int) -> str:
    """So many words of the stock sentences; the same every time."""
    stock = itertools.chain.from_iterable(itertools.repeat(" ".join(SENTENCES).split()))
    text = " ".join(itertools.islice(stock, words))
    return text if text.endswith((".", "?")) else text.rstrip(",") + "."


@dataclass(slots=True)
class Pace:
    """When tokens come: none waits where the first two are 0."""

    first_token_ms: float = 0
    tokens_per_s: float = 0
    models_ms: float = 20
    embedding_ms: float = 0


@dataclass(slots=True)
class Chat:
    """One request as it was received, and how far its answer got."""

    body: dict[str, Any]
    headers: Mapping[str, str]
    tokens_sent: int = 0
    finished: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Teller(Protocol):
    """A double of a language model: its pace, and what it counts."""

    pace: Pace
    late: Lateness
    opened: int
    open: int
    finished: int
    closed_early: int
    tokens: int


class OpenAIDouble:
    """`answers` are given in order, then `answer` for ever; `says` replaces the next answer by raw events."""

    def __init__(self, pace: Pace, *, words: int, record: bool) -> None:
        self.pace = pace
        self.record = record
        self.answer = answer_of(words)
        self.answers: deque[str] = deque()
        self.raw: deque[tuple[Any, ...]] = deque()
        self.faults = Faults()
        self.model_faults = Faults()
        self.late = Lateness()
        self.chats: list[Chat] = []
        self.delays_ms: dict[str, float] = {}  # from a request to its first token, by what the user said last
        self.model_lists = 0
        self.opened = self.open = self.finished = self.closed_early = self.tokens = 0

    def answers_with(self, *answers: str) -> None:
        """The next answers."""
        self.answers.extend(answers)

    def says(self, *events: Any) -> None:
        """The next answer is these events, and then the end: JSON values, or text to stand after `data: `."""
        self.raw.append(events)

    def route(self, request: Request) -> Answer | Streamed:
        """A list of models or an answer."""
        if request.method == "GET" and request.path.endswith("/models"):
            self.model_lists += 1
            return Streamed(self._models, "application/json", self.model_faults.take())
        if request.method == "POST" and request.path.endswith("/embeddings"):
            vectors = json.dumps(embeddings_of(request.json())).encode()
            return Streamed(lambda reply: self._later(reply, vectors, self.pace.embedding_ms), "application/json")
        if request.method != "POST" or not request.path.endswith("/chat/completions"):
            return Answer.json({"error": {"message": "no such page", "type": "invalid_request_error"}}, 404)
        chat = Chat(request.json(), request.headers)
        if self.record:
            self.chats.append(chat)
        events = self._events(chat)
        if not chat.body.get("stream"):
            return Answer.json(_completion(chat.body["model"], self._text()))
        answering = Answering(self, chat, events, began=self._began)
        return Streamed(answering.begin, "text/event-stream; charset=utf-8", self.faults.take())

    def stats(self) -> dict[str, int]:
        """Counters for a benchmark."""
        return {
            "opened": self.opened,
            "open": self.open,
            "finished": self.finished,
            "closed_early": self.closed_early,
            "tokens_sent": self.tokens,
        }

    def _began(self, chat: Chat, after_ms: float) -> None:
        if self.pace.first_token_ms:
            self.delays_ms[_last_said(chat.body)] = round(after_ms, 3)

    def _models(self, reply: Reply) -> None:
        """None, after a moment: two questions asked at a time need two connections, as they do in the world."""
        self._later(reply, b'{"object": "list", "data": []}', self.pace.models_ms)

    def _later(self, reply: Reply, body: bytes, after_ms: float) -> None:
        def tell() -> None:
            reply.write(body)
            reply.finish()

        asyncio.get_running_loop().call_later(after_ms / 1000, tell)

    def _text(self) -> str:
        return self.answers.popleft() if self.answers else self.answer

    def _events(self, chat: Chat) -> list[bytes]:
        if self.raw:
            return [_event(event) for event in self.raw.popleft()]
        text = self._text()
        events = _written(chat.body.get("model", ""), text)
        if (chat.body.get("stream_options") or {}).get("include_usage"):
            events = [*events[:-1], _usage_event(len(events) - 3), events[-1]]
        return events


class Answering:
    """Writes one answer, each token at its own time from the start, so that a late one does not delay the rest."""

    def __init__(
        self,
        double: Teller,
        chat: Chat,
        events: list[bytes],
        token: bytes = b'"content"',
        began: Callable[[Chat, float], None] = lambda chat, after_ms: None,
    ) -> None:
        """`token` stands in each event that is one; `began` is told when the first is written."""
        self._double, self._chat, self._events, self._token, self._began = double, chat, events, token, began
        self._paced = sum(token in event for event in events)
        self._next = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, reply: Reply) -> None:
        self._reply = reply
        reply.on_gone = self._gone
        self._double.opened += 1
        self._double.open += 1
        loop = asyncio.get_running_loop()
        self._asked_at = loop.time()
        self._first_at = self._asked_at + self._double.pace.first_token_ms / 1000
        if self._double.pace.first_token_ms:
            self._timer = loop.call_at(self._first_at, self._write)
        else:
            self._write()

    def _write(self) -> None:
        """The role with the first token, then a token at a time; all the rest at once where there is no pace."""
        loop, rate = asyncio.get_running_loop(), self._double.pace.tokens_per_s
        if not self._next:
            self._began(self._chat, (loop.time() - self._asked_at) * 1000)
        if rate:
            self._double.late.note(self._first_at + max(0, self._next - 1) / rate)
        while self._next < len(self._events):
            last = len(self._events) if not rate else max(self._next + 1, 2)
            for event in self._events[self._next : last]:
                self._send(event)
            self._next = last
            if rate and self._next <= self._paced:
                self._timer = loop.call_at(self._first_at + (self._next - 1) / rate, self._write)
                return
        self._finish()

    def _send(self, event: bytes) -> None:
        if self._reply.write(event) and self._token in event:
            self._chat.tokens_sent += 1
            self._double.tokens += 1

    def _finish(self) -> None:
        if self._reply.stalled:
            return
        self._chat.finished = True
        self._double.finished += 1
        self._double.open -= 1
        self._reply.on_gone = None
        self._reply.finish()

    def _gone(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._double.closed_early += 1
        self._double.open -= 1
        self._chat.gone.set()


def _last_said(body: Mapping[str, Any]) -> str:
    """What the user said last; empty where it is no plain text."""
    said = [message.get("content") for message in body.get("messages", ()) if message.get("role") == "user"]
    return said[-1] if said and isinstance(said[-1], str) else ""


def _event(event: Any) -> bytes:
    return f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()


def chunk(delta: Mapping[str, Any], finish_reason: str | None = None, *, model: str = "double") -> dict[str, Any]:
    """One piece of a streamed answer."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _envelope(model) | {"choices": [choice], "usage": None}


def usage_chunk(prompt: int, completion: int, cached: int = 0) -> dict[str, Any]:
    """The last piece, where usage was asked for."""
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return _envelope("double") | {"choices": [], "usage": usage}


def _envelope(model: str) -> dict[str, Any]:
    return {"id": "chatcmpl-double", "object": "chat.completion.chunk", "created": 1763700000, "model": model}


@functools.lru_cache(maxsize=100)
def _written(model: str, text: str) -> list[bytes]:
    """Role, one event for each word, end, [DONE]."""
    tokens = [word if not index else f" {word}" for index, word in enumerate(text.split(" "))]
    return [
        _event(chunk({"role": "assistant"}, model=model)),
        *(_event(chunk({"content": token}, model=model)) for token in tokens),
        _event(chunk({}, "stop", model=model)),
        _event("[DONE]"),
    ]


def _usage_event(tokens: int) -> bytes:
    return _event(usage_chunk(1200, tokens, 1024))


def _completion(model: str, text: str) -> dict[str, Any]:
    """A whole answer, not streamed."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1200, "completion_tokens": len(text.split()), "total_tokens": 1200 + len(text.split())}
    return _envelope(model) | {"object": "chat.completion", "choices": [choice], "usage": usage}
