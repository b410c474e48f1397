"""OpenAI Realtime: hears by loudness, remembers items as the vendor does, and answers with what a mind thinks.

It refuses what the vendor refuses: a second answer while one is being given, an item that is not there, a cut behind
the end. `tell` is where its messages go: into a socket, or straight to a reader on the virtual clock.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from agents.providers.ports import Message, ProviderError, Thought, ToolCall, ToolSpec, Usage

from .openai import Pace
from .wire import Listener, Request, Socket

BYTES_PER_MS = 8
MS_PER_CHARACTER = 60
BEGINS_MS, PREFIX_MS = 60, 0
HANG_UP = "<hang_up/>"

Mind = Callable[[Sequence[Message], Sequence[ToolSpec]], AsyncGenerator[Thought, None]]
Voice = Callable[[str], bytes]


def hum(word: str) -> bytes:
    """A word as sound, 60 ms a character."""
    return bytes((0x90, 0x10)) * ((len(word) + 1) * MS_PER_CHARACTER * BYTES_PER_MS // 2)


def sentences(*texts: str) -> Mind:
    """A mind that answers with these, one after another, and then with the last for ever."""
    left = deque(texts)

    async def answer(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[Thought, None]:
        for word in (left.popleft() if len(left) > 1 else left[0]).split():
            yield f"{word} "
        yield Usage(100, 10)

    return answer


def paced(text: str, pace: Pace) -> Mind:
    """A mind that says this each time, as fast as `pace` has it."""

    async def answer(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> AsyncGenerator[Thought, None]:
        due = asyncio.get_running_loop().time() + pace.first_token_ms / 1000
        for word in text.split():
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            due += 1 / (pace.tokens_per_s or 1e9)
            yield f"{word} "
        yield Usage(100, 10)

    return answer


@dataclass(slots=True, eq=False)
class Remembered:
    """One item. `ends` are the milliseconds of its sound at which its words end."""

    item: dict[str, Any]
    words: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def message(self) -> Message:
        kind = self.item["type"]
        if kind == "function_call":
            call = ToolCall(self.item["call_id"], self.item["name"], self.item["arguments"])
            return Message("assistant", "", (call,))
        if kind == "function_call_output":
            return Message("tool", self.item["output"], tool_call_id=self.item["call_id"])
        return Message(self.item["role"], " ".join(self.words))


class RealtimeVendor:
    """The vendor's end of one conversation. `hears` are the words of the caller's next turns."""

    def __init__(self, mind: Mind, tell: Callable[[dict[str, Any]], None], voice: Voice = hum) -> None:
        self.mind, self.tell, self.voice = mind, tell, voice
        self.hears: deque[str] = deque()
        self.line = ""  # what is said when `hears` names nothing more
        self.writes_down_ms = 0.0  # after the end of a turn
        self.config: dict[str, Any] = {}
        self.items: list[Remembered] = []
        self.refused: list[str] = []
        self.heard_ms = 0
        self._voiced_ms = self._silent_ms = 0
        self._speaks = False
        self._made = 0
        self._answering: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self.tell({"type": "session.created", "session": {"type": "realtime"}})

    def memory(self) -> list[tuple[str, str]]:
        """Who said what, as the vendor remembers it."""
        return [(item.message().role, item.message().content) for item in self.items]

    def receive(self, order: dict[str, Any]) -> None:
        match order["type"]:
            case "session.update":
                assert order["session"]["type"] == "realtime"
                audio = {**self.config.get("audio", {}), **order["session"].get("audio", {})}
                self.config |= order["session"] | {"audio": audio}
                self.tell({"type": "session.updated", "session": self.config})
            case "input_audio_buffer.append":
                self._hear(base64.b64decode(order["audio"]))
            case "conversation.item.create":
                self._remember(Remembered(order["item"], _words(order["item"])), order["previous_item_id"])
            case "conversation.item.delete":
                if item := self._item(order["item_id"]):
                    self.items.remove(item)
            case "conversation.item.truncate":
                self._truncate(order["item_id"], order["audio_end_ms"])
            case "response.create":
                self._respond(order)
            case "response.cancel":
                self._cancel()

    def close(self) -> None:
        if self._answering is not None:
            self._answering.cancel()

    # Hearing

    def _hear(self, sound: bytes) -> None:
        length_ms = len(sound) // BYTES_PER_MS
        self.heard_ms += length_ms
        if sum((~byte & 0x7F) >= 0x24 for byte in sound[::16]) * 8 > len(sound) // 16:
            self._voiced_ms, self._silent_ms = self._voiced_ms + length_ms, 0
            if not self._speaks and self._voiced_ms >= BEGINS_MS:
                self._speaks = True
                self.tell({"type": "input_audio_buffer.speech_started", "audio_start_ms": self.heard_ms - BEGINS_MS})
        else:
            self._voiced_ms, self._silent_ms = 0, self._silent_ms + length_ms
            if self._speaks and self._silent_ms >= self._patience_ms:
                self._speaks = False
                self._commit()

    @property
    def _patience_ms(self) -> int:
        return int(self.config["audio"]["input"]["turn_detection"]["silence_duration_ms"])

    def _commit(self) -> None:
        self.tell({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": self.heard_ms - self._silent_ms})
        said = self.hears.popleft() if self.hears else self.line
        heard = Remembered({"id": self._name(), "type": "message", "role": "user"}, said.split())
        self._remember(heard, self.items[-1].item["id"] if self.items else "root")
        if self.writes_down_ms:
            later = asyncio.get_running_loop().call_later
            later(self.writes_down_ms / 1000, self._write_down, heard.item["id"], said)
        else:
            self._write_down(heard.item["id"], said)

    def _write_down(self, item: str, said: str) -> None:
        kind = "conversation.item.input_audio_transcription"
        if said:
            self.tell({"type": f"{kind}.delta", "item_id": item, "delta": said})
        self.tell({"type": f"{kind}.completed", "item_id": item, "transcript": said})

    # Remembering

    def _remember(self, item: Remembered, after: str) -> None:
        before = self._item(after) if after != "root" else None
        self.items.insert(self.items.index(before) + 1 if before else 0, item)
        previous = None if after == "root" else after
        self.tell({"type": "conversation.item.added", "item": item.item, "previous_item_id": previous})

    def _truncate(self, name: str, heard_ms: int) -> None:
        if item := self._item(name):
            if not item.ends or heard_ms > item.ends[-1]:
                return self._refuse("item_truncate_too_long")
            item.words = [word for word, end in zip(item.words, item.ends, strict=True) if end <= heard_ms]
            item.ends = item.ends[: len(item.words)]
        return None

    def _item(self, name: str) -> Remembered | None:
        found = next((item for item in self.items if item.item["id"] == name), None)
        if found is None:
            self._refuse(f"no_item:{name}")
        return found

    def _refuse(self, code: str, event_id: str | None = None) -> None:
        self.refused.append(code)
        error = {"type": "invalid_request_error", "code": code, "event_id": event_id}
        self.tell({"type": "error", "error": error})

    def _name(self) -> str:
        self._made += 1
        return f"item_{self._made}"

    # Answering

    def _respond(self, order: dict[str, Any]) -> None:
        if self._answering is not None:
            self._refuse("conversation_already_has_active_response", order.get("event_id"))
            return
        self._made += 1
        name = f"resp_{self._made}"
        self.tell({"type": "response.created", "response": {"id": name}})
        self._answering = asyncio.ensure_future(self._answer(name))

    def _cancel(self) -> None:
        if self._answering is None:
            self._refuse("response_cancel_not_active")
        else:
            self._answering.cancel()

    async def _answer(self, name: str) -> None:
        done: dict[str, Any] = {"status": "completed"}
        try:
            await self._think(name, done)
        except ProviderError as error:
            done |= {"status": "failed", "status_details": {"error": {"type": "server_error", "code": error.code}}}
        except asyncio.CancelledError:
            done |= {"status": "cancelled", "status_details": {"reason": "client_cancelled"}}
        finally:
            self._answering = None
        self.tell({"type": "response.done", "response": {"id": name, **done}})

    async def _think(self, name: str, done: dict[str, Any]) -> None:
        answer: Remembered | None = None
        mark = ""
        tools = [ToolSpec(each["name"], each["description"], each["parameters"]) for each in self.config["tools"]]
        system = Message("system", self.config["instructions"])
        messages = [system, *(item.message() for item in self.items)]
        async with aclosing(self.mind(messages, tools)) as thoughts:
            async for thought in thoughts:
                if isinstance(thought, Usage):
                    done["usage"] = _usage(thought)
                elif isinstance(thought, ToolCall):
                    self._call(name, thought)
                elif isinstance(thought, str) and (mark or thought.startswith("<language")):
                    mark += thought
                    if ">" in mark:
                        language = mark[mark.index(" ") + 1 : mark.index("/>")]
                        self._call(name, ToolCall("call_tongue", "switch_language", json.dumps({"language": language})))
                        mark = ""
                elif isinstance(thought, str) and thought.strip() == HANG_UP:
                    self._call(name, ToolCall("call_over", "end_call", "{}"))
                elif isinstance(thought, str) and thought.strip():
                    answer = answer or self._begin_to_speak()
                    self._speak(name, answer, thought.strip())

    def _begin_to_speak(self) -> Remembered:
        answer = Remembered({"id": self._name(), "type": "message", "role": "assistant"})
        self._remember(answer, self.items[-1].item["id"] if self.items else "root")
        return answer

    def _speak(self, name: str, answer: Remembered, word: str) -> None:
        about = {"response_id": name, "item_id": answer.item["id"]}
        sound = self.voice(word)
        answer.ends.append((answer.ends[-1] if answer.ends else 0) + len(sound) // BYTES_PER_MS)
        space = " " if answer.words else ""
        answer.words.append(word)
        self.tell({"type": "response.output_audio_transcript.delta", **about, "delta": f"{space}{word}"})
        self.tell({"type": "response.output_audio.delta", **about, "delta": base64.b64encode(sound).decode()})

    def _call(self, name: str, call: ToolCall) -> None:
        about = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
        item = Remembered({"id": self._name(), "type": "function_call", **about})
        self._remember(item, self.items[-1].item["id"] if self.items else "root")
        kind = "response.function_call_arguments.done"
        self.tell({"type": kind, "response_id": name, "item_id": item.item["id"], **about})


class RealtimeSession(Listener):
    """One conversation on a socket."""

    socket: Socket

    def __init__(self, mind: Mind, request: Request) -> None:
        self.query, self.headers = request.query, request.headers
        self.vendor = RealtimeVendor(mind, lambda message: self.socket.send_json(message) and None)

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        self.vendor.begin()

    def binary(self, data: bytes) -> None:
        self.socket.end(1003)

    def text(self, text: str) -> None:
        self.vendor.receive(json.loads(text))

    def lost(self) -> None:
        self.vendor.close()


def _words(item: dict[str, Any]) -> list[str]:
    return " ".join(part["text"] for part in item.get("content", ())).split()


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input + usage.audio_input,
        "output_tokens": usage.output + usage.audio_output,
        "input_token_details": {
            "audio_tokens": usage.audio_input,
            "cached_tokens": usage.cached + usage.audio_cached,
            "cached_tokens_details": {"text_tokens": usage.cached, "audio_tokens": usage.audio_cached},
        },
        "output_token_details": {"audio_tokens": usage.audio_output},
    }
