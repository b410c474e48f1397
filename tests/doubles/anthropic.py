"""The Anthropic double: messages, streamed with named events at a fixed pace, and the list of models."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Mapping
from typing import Any

from .faults import Faults
from .lateness import Lateness
from .openai import Answering, Chat, Pace, answer_of
from .wire import Answer, Request, Streamed

MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5")
Event = Mapping[str, Any]


class AnthropicDouble:
    """`answers` are given in order, then `answer` for ever; `says` replaces the next answer by these events."""

    def __init__(self, pace: Pace, *, words: int, record: bool) -> None:
        self.pace = pace
        self.record = record
        self.answer = answer_of(words)
        self.answers: deque[str] = deque()
        self.raw: deque[tuple[Event | str, ...]] = deque()
        self.faults = Faults()
        self.model_faults = Faults()
        self.late = Lateness()
        self.chats: list[Chat] = []
        self.model_lists = 0
        self.opened = self.open = self.finished = self.closed_early = self.tokens = 0

    def answers_with(self, *answers: str) -> None:
        """The next answers."""
        self.answers.extend(answers)

    def says(self, *events: Event | str) -> None:
        """The next answer is these events and then the end; text is sent as it is."""
        self.raw.append(events)

    def route(self, request: Request) -> Answer | Streamed:
        """A list of models or an answer."""
        if not request.headers.get("authorization") and not request.headers.get("x-api-key"):
            return Answer.json(error("authentication_error", "no key"), 401)
        if request.method == "GET" and request.path.endswith("/models"):
            self.model_lists += 1
            return Streamed(self._models, "application/json", self.model_faults.take())
        if request.method != "POST" or not request.path.endswith("/v1/messages"):
            return Answer.json(error("not_found_error", "no such page"), 404)
        chat = Chat(request.json(), request.headers)
        if self.record:
            self.chats.append(chat)
        if flaw := _flaw(chat.body):
            return Answer.json(error("invalid_request_error", flaw), 400)
        answering = Answering(self, chat, self._events(chat), b'"text_delta"')
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

    def _models(self, reply: Any) -> None:
        data = [{"type": "model", "id": each, "display_name": each.title()} for each in MODELS]
        reply.write(json.dumps({"data": data, "has_more": False, "first_id": None, "last_id": None}).encode())
        reply.finish()

    def _events(self, chat: Chat) -> list[bytes]:
        if self.raw:
            return [event if isinstance(event, bytes) else _event(event) for event in self.raw.popleft()]
        text = self.answers.popleft() if self.answers else self.answer
        tokens = [word if not index else f" {word}" for index, word in enumerate(text.split(" "))]
        return [
            _event(start(chat.body.get("model", "double"))) + _event({"type": "ping"}) + _event(text_block(0)),
            *(_event(delta(0, token)) for token in tokens),
            _event({"type": "content_block_stop", "index": 0}),
            _event(end("end_turn", len(tokens))) + _event({"type": "message_stop"}),
        ]


def _flaw(body: Mapping[str, Any]) -> str:
    """What the vendor would refuse of the conversation's shape."""
    turns = body["messages"]
    roles = [turn["role"] for turn in turns]
    if not roles or roles[0] != "user" or roles[-1] != "user":
        return "messages: must begin and end with the user"
    if any(earlier == later for earlier, later in itertools.pairwise(roles)):
        return "messages: roles must alternate"
    if any(block["type"] == "text" and not block["text"].strip() for turn in turns for block in turn["content"]):
        return "messages: text content blocks must be non-empty"
    if str(body).count("cache_control") > 4:
        return "A maximum of 4 blocks with cache_control may be provided."
    return ""


def error(kind: str, message: str) -> dict[str, Any]:
    """The body of a refusal, and the data of an error event."""
    return {"type": "error", "error": {"type": kind, "message": message}}


def start(model: str = "double", **usage: int) -> dict[str, Any]:
    """The first event."""
    spent = {"input_tokens": 176, "cache_read_input_tokens": 1024, "cache_creation_input_tokens": 0, "output_tokens": 1}
    message = {"id": "msg_double", "type": "message", "role": "assistant", "model": model, "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": spent | usage}
    return {"type": "message_start", "message": message}


def text_block(index: int) -> dict[str, Any]:
    """Text begins."""
    return {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}


def tool_block(index: int, identity: str, name: str) -> dict[str, Any]:
    """A call of a tool begins."""
    block = {"type": "tool_use", "id": identity, "name": name, "input": {}}
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, text: str) -> dict[str, Any]:
    """A piece of text."""
    return {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}


def arguments(index: int, part: str) -> dict[str, Any]:
    """A piece of a call's arguments."""
    return {"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": part}}


def end(reason: str, tokens: int) -> dict[str, Any]:
    """Why the answer ends, and what it cost in all."""
    delta = {"stop_reason": reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": delta, "usage": {"output_tokens": tokens}}


def _event(event: Event | str) -> bytes:
    if isinstance(event, str):
        return event.encode()
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
