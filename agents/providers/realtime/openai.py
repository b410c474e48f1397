"""OpenAI Realtime: one socket on which a model hears, thinks and speaks, in mu-law both ways."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from openai import OpenAIError
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from ..llm.openai_client import client_of
from ..openai_languages import OWN_MODELS, spoken_in
from ..options import choose
from ..ports import Endpoint, Message, ProviderError, ToolCall, ToolSpec
from ..sockets import CLOSE_S, LARGEST_MESSAGE, OPEN_S, PING_S, lost, refused
from .openai_messages import item_of, kept, told, tool_of, usage_of
from .ports import (
    Answered,
    Asked,
    Said,
    Sign,
    Sounded,
    Stopped,
    TalkEvent,
    Talking,
    Trouble,
    Understood,
    VoiceBegan,
    VoiceEnded,
)

PIECE_BYTES = 480  # sound gathered into one message: 60 ms
MOST_WAITING = 50  # messages of sound: 3 s
RESERVED = {"model", "instructions", "tools", "audio", "type", "output_modalities"}
MULAW = {"type": "audio/pcmu"}
HARMLESS = {"response_cancel_not_active", "item_truncate_invalid_item_id"}  # the other side was quicker
UNINTELLIGIBLE = "audio_unintelligible"
ANSWER = "answer"
TRANSCRIPTION = "conversation.item.input_audio_transcription."
SOCKET_OPTIONS = {
    "compression": None,
    "open_timeout": OPEN_S,
    "close_timeout": CLOSE_S,
    "ping_interval": PING_S,
    "ping_timeout": PING_S,
    "max_size": LARGEST_MESSAGE,
    "max_queue": 256,
}


class Connection(Protocol):
    """The SDK's, as far as it is needed."""

    async def recv_bytes(self) -> bytes: ...

    async def send_raw(self, data: bytes | str) -> None: ...

    async def close(self) -> None: ...


class OpenAIRealtime:
    """As SpeechToSpeech. The vendor finds where a turn ends, and answers only when it is told to."""

    def __init__(
        self, talking: Talking, endpoint: Endpoint, connect: Callable[[], Awaitable[Connection]] | None = None
    ) -> None:
        self._talking = talking
        self._connect = connect or self._connect_by_sdk
        self._endpoint = endpoint
        self._connection: Connection | None = None
        self._writing: asyncio.Task[None] | None = None
        self._orders: deque[Mapping[str, Any]] = deque()
        self._sound: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._unsent = bytearray()
        self._filled = asyncio.Event()
        self._told: tuple[str, tuple[ToolSpec, ...]] | None = None
        self._said: dict[str, str] = {}  # what was understood of the caller's turns that are not over
        self._answering: str | None = None  # the answer that is listened to; empty until the vendor has named it
        self._idle = asyncio.Event()
        self._idle.set()

    async def open(self) -> None:
        try:
            async with asyncio.timeout(OPEN_S):
                self._connection = connection = await self._connect()
                created = json.loads(await connection.recv_bytes())
                if created["type"] == "error":
                    raise told(created.get("error"))
                voice = {"format": MULAW, "voice": self._talking.voice}
                audio = {"input": self._heard(self._talking.language), "output": voice}
                session = {"type": "realtime", "output_modalities": ["audio"], "audio": audio}
                session |= choose("openai", {}, self._talking.options, reserved=RESERVED)
                await connection.send_raw(json.dumps({"type": "session.update", "session": session}))
        except TimeoutError as error:
            raise ProviderError("openai", "the socket did not open in time", code="connect_timeout") from error
        except InvalidStatus as refusal:
            raise refused("openai", refusal.response) from refusal
        except ConnectionClosed as closed:
            raise lost("openai", closed) from closed
        except (OSError, EOFError, WebSocketException, OpenAIError) as error:
            raise ProviderError("openai", f"no connection ({type(error).__name__})", code="connection") from error
        self._writing = asyncio.create_task(self._write(connection))

    async def _connect_by_sdk(self) -> Connection:
        realtime = client_of(self._endpoint).realtime
        options: Any = SOCKET_OPTIONS
        return await realtime.connect(model=self._talking.model, websocket_connection_options=options).enter()

    def _heard(self, language: str) -> dict[str, Any]:
        talking = self._talking
        several = talking.several if talking.transcriber.startswith(OWN_MODELS) else ()
        transcription: dict[str, Any] = {"model": talking.transcriber, **spoken_in(language, several)}
        if talking.keyterms:
            transcription["keywords"] = list(talking.keyterms)
        turns = {"type": "server_vad", "silence_duration_ms": max(200, talking.endpointing_ms)}
        turns |= {"create_response": False, "interrupt_response": False}
        return {"format": MULAW, "transcription": transcription, "turn_detection": turns}

    # What it is told ---------------------------------------------------------------------------------

    def hear(self, frame: bytes) -> None:
        self._unsent += frame
        if len(self._unsent) >= PIECE_BYTES:
            self._sound.append(bytes(self._unsent))
            self._unsent.clear()
            self._filled.set()

    def instruct(self, instructions: str, tools: Sequence[ToolSpec]) -> None:
        if self._told == (instructions, tuple(tools)):
            return
        self._told = (instructions, tuple(tools))
        session = {"type": "realtime", "instructions": instructions, "tools": [tool_of(tool) for tool in tools]}
        self._order("session.update", session=session)

    def write_down_in(self, language: str) -> None:
        """Of the sound alone: a voice that has spoken cannot be named again."""
        self._order("session.update", session={"type": "realtime", "audio": {"input": self._heard(language)}})

    def keep(self, item: str, message: Message, after: str) -> None:
        self._order("conversation.item.create", item=item_of(item, message), previous_item_id=after or "root")

    def forget(self, item: str) -> None:
        self._order("conversation.item.delete", item_id=item)

    def cut(self, item: str, heard_ms: int) -> None:
        self._order("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=heard_ms)

    def ask_for_sign(self) -> None:
        self._order("session.update", session={"type": "realtime"})  # changes nothing, and is confirmed

    async def quiet(self) -> None:
        await self._idle.wait()

    def answer(self) -> None:
        self._answering = ""
        self._idle.clear()
        self._order("response.create", event_id=ANSWER)

    def stop(self) -> None:
        if self._answering is not None:
            self._order("response.cancel")
        self._answering = None

    def _order(self, kind: str, **rest: Any) -> None:
        self._orders.append({"type": kind, **rest})
        self._filled.set()

    async def close(self) -> None:
        writing, self._writing = self._writing, None
        connection, self._connection = self._connection, None
        if writing is not None:
            writing.cancel()
            await asyncio.wait({writing})
        if connection is not None:
            with suppress(TimeoutError, OSError, WebSocketException):
                async with asyncio.timeout(CLOSE_S):
                    await connection.close()

    async def _write(self, connection: Connection) -> None:
        with suppress(ConnectionClosed):  # whoever reads hears of it as well
            while True:
                await self._filled.wait()
                self._filled.clear()
                while self._orders or self._sound:
                    if self._orders:
                        await connection.send_raw(json.dumps(self._orders.popleft()))
                    if self._sound:
                        sound = base64.b64encode(self._sound.popleft()).decode()
                        await connection.send_raw(f'{{"type":"input_audio_buffer.append","audio":"{sound}"}}')

    # What it tells -----------------------------------------------------------------------------------

    async def events(self) -> AsyncGenerator[TalkEvent, None]:
        connection = self._connection
        if connection is None:
            raise ProviderError("openai", "there is no connection", code="connection")
        try:
            while True:
                yield self._read(json.loads(await connection.recv_bytes())) or Sign()
        except ConnectionClosed as closed:
            raise lost("openai", closed) from closed
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise ProviderError("openai", "the answer was not readable", code="unreadable") from error

    def _read(self, message: Mapping[str, Any]) -> TalkEvent | None:
        match message["type"]:
            case "input_audio_buffer.speech_started":
                return VoiceBegan(int(message["audio_start_ms"]))
            case "input_audio_buffer.speech_stopped":
                return VoiceEnded(int(message["audio_end_ms"]))
            case "conversation.item.added":
                return kept(message)
            case "error":
                return self._failed(message.get("error"))
            case str(kind) if kind.startswith(TRANSCRIPTION):
                return self._transcribed(kind.removeprefix(TRANSCRIPTION), message)
            case str(kind) if kind.startswith("response."):
                return self._answered(kind.removeprefix("response."), message)
        return None

    def _transcribed(self, kind: str, message: Mapping[str, Any]) -> TalkEvent | None:
        item = str(message["item_id"])
        if kind == "delta":
            self._said[item] = self._said.get(item, "") + str(message.get("delta") or "")
            return Understood(item, self._said[item], final=False)
        if kind == "completed":
            self._said.pop(item, None)
            return Understood(item, str(message["transcript"]), final=True)
        if kind == "failed":
            return self._not_transcribed(item, told(message.get("error")))
        return None

    def _not_transcribed(self, item: str, error: ProviderError) -> TalkEvent:
        """What was understood so far, or nothing of a noise; else the words stay owed."""
        so_far = self._said.pop(item, "")
        if so_far or error.code == UNINTELLIGIBLE:
            return Understood(item, so_far, final=True)
        return Trouble(error)

    def _answered(self, kind: str, message: Mapping[str, Any]) -> TalkEvent | None:
        if kind == "created":
            if self._answering == "":
                self._answering = str(message["response"]["id"])
            return None
        if kind == "done":
            return self._done(message["response"])
        if self._answering is None or message.get("response_id") != self._answering:
            return None
        match kind:
            case "output_audio.delta":
                return Sounded(message["item_id"], base64.b64decode(message["delta"]))
            case "output_audio_transcript.delta":
                return Said(message["item_id"], str(message["delta"]))
            case "function_call_arguments.done":
                call = ToolCall(str(message["call_id"]), str(message["name"]), str(message["arguments"]))
                return Asked(message["item_id"], call)
        return None

    def _done(self, response: Mapping[str, Any]) -> TalkEvent | None:
        self._idle.set()
        if not self._answering or response["id"] != self._answering:
            usage = usage_of(response)
            return Stopped(usage) if usage else None
        self._answering = None
        if response["status"] == "completed":
            return Answered(usage_of(response))
        details = response.get("status_details") or {}
        return Answered(usage_of(response), told(details.get("error") or {"code": details.get("reason")}))

    def _failed(self, error: Any) -> TalkEvent | None:
        known = error if isinstance(error, dict) else {}
        if known.get("event_id") == ANSWER:  # it was refused, and never began
            self._idle.set()
            is_awaited, self._answering = self._answering == "", None
            return Answered(error=told(error)) if is_awaited else None
        return None if known.get("code") in HARMLESS else Trouble(told(error))
