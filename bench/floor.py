"""The same pipeline without any framework: what no product can beat. `python -m bench.floor --port N`.

A bare websockets server, the recogniser's, the model's and the voice's protocols by hand, no signature, no history, no
records, no marks. It answers, gives way when a voice begins, and nothing else. At `/words` a session for words.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
from binascii import a2b_base64, b2a_base64
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from calls.conversation.sentences import Pieces

GREETING = "Hello and welcome to the clinic, how can I help you today?"
LISTEN = "/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&interim_results=true&endpointing=300&vad_events=true"
SPEAK = "/v1/text-to-speech/abc123/multi-stream-input?model_id=eleven_flash_v2_5&output_format=ulaw_8000"


class Floor:
    """Serves calls against the doubles at `vendor` (http)."""

    def __init__(self, vendor: str, port: int) -> None:
        self.vendor, self.port = vendor, port
        self.sockets = vendor.replace("http", "ws", 1)
        self.http = httpx2.AsyncClient(
            timeout=10,
            headers={"Authorization": "Bearer k"},
            limits=httpx2.Limits(max_connections=400, keepalive_expiry=120),
        )

    async def run(self) -> None:
        async with serve(self.call, "127.0.0.1", self.port, compression=None, ping_interval=None):
            await asyncio.get_running_loop().create_future()

    async def call(self, caller: ServerConnection) -> None:
        if caller.request is not None and caller.request.path == "/words":
            return await FloorWords(self, caller).run()
        dialled = [
            connect(self.sockets + path, additional_headers=key, compression=None, ping_interval=None)
            for path, key in ((LISTEN, {"Authorization": "Token k"}), (SPEAK, {"xi-api-key": "k"}))
        ]
        recogniser, voice = await asyncio.gather(*dialled)
        call = FloorCall(self, caller, recogniser, voice)
        try:
            await call.run()
        finally:
            await asyncio.gather(recogniser.close(), voice.close())

    async def tokens(self, question: str) -> AsyncGenerator[str]:
        """The model's answer."""
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": question}]}
        async with self.http.stream("POST", f"{self.vendor}/v1/chat/completions", json=body) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    choices: list[dict[str, Any]] = json.loads(line[6:])["choices"]
                    if token := choices and choices[0]["delta"].get("content"):
                        yield token


class FloorCall:
    def __init__(
        self, floor: Floor, caller: ServerConnection, recogniser: ClientConnection, voice: ClientConnection
    ) -> None:
        self.floor, self.caller, self.recogniser, self.voice = floor, caller, recogniser, voice
        self.reply: asyncio.Task[None] | None = None
        self.contexts = 0
        self.context = ""
        self.tail = ""

    async def run(self) -> None:
        tasks = [asyncio.create_task(part) for part in (self.hear(), self.play())]
        with suppress(ConnectionClosed):
            async for text in self.caller:
                if '"media"' in text[:16]:
                    start = text.index('"payload":"') + 11
                    await self.recogniser.send(a2b_base64(text[start : text.index('"', start)]))
                elif '"start"' in text[:16]:
                    self.tail = f'"streamSid":"{json.loads(text)["streamSid"]}"}}'
                    await self.speak(GREETING)
        for task in (*tasks, self.reply):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError, ConnectionClosed):
                    await task

    async def hear(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self.recogniser:
                event = json.loads(message)
                if event["type"] == "SpeechStarted":
                    await self.give_way()
                elif event["type"] == "Results" and event.get("speech_final"):
                    self.reply = asyncio.create_task(self.answer())

    async def give_way(self) -> None:
        if self.reply is not None:
            self.reply.cancel()
        self.context = ""
        await self.caller.send(f'{{"event":"clear",{self.tail}')

    async def answer(self) -> None:
        pieces = Pieces()
        async for token in self.floor.tokens("hello"):
            for piece in pieces.feed(token):
                await self.speak(piece)

    async def speak(self, piece: str) -> None:
        self.contexts += 1
        self.context = f"c{self.contexts}"
        await self.voice.send(json.dumps({"text": " ", "context_id": self.context}))
        await self.voice.send(json.dumps({"text": f"{piece} ", "context_id": self.context, "flush": True}))
        await self.voice.send(json.dumps({"context_id": self.context, "close_context": True}))

    async def play(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self.voice:
                sound = json.loads(message)
                if sound.get("audio") and self.context:
                    payload = b2a_base64(base64.b64decode(sound["audio"]), newline=False).decode()
                    await self.caller.send(f'{{"event":"media","media":{{"payload":"{payload}"}},{self.tail}')


class FloorWords:
    """A session for words: a prompt's answer is passed on token by token, until a voice interrupts it."""

    def __init__(self, floor: Floor, caller: ServerConnection) -> None:
        self.floor, self.caller = floor, caller
        self.reply: asyncio.Task[None] | None = None

    async def run(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self.caller:
                message = json.loads(text)
                if message["type"] in ("prompt", "interrupt") and self.reply is not None:
                    self.reply.cancel()
                if message["type"] == "prompt":
                    self.reply = asyncio.create_task(self.answer(message["voicePrompt"]))

    async def answer(self, question: str) -> None:
        with suppress(ConnectionClosed):
            async for token in self.floor.tokens(question):
                await self.caller.send(json.dumps({"type": "text", "token": token, "last": False}))
            await self.caller.send('{"type":"text","token":"","last":true}')


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    try:
        import uvloop
    except ImportError:
        runner: Any = asyncio.run
    else:
        runner = uvloop.run
    runner(Floor(os.environ["OPENAI_BASE_URL"].removesuffix("/v1"), chosen.port).run())


if __name__ == "__main__":
    main()
