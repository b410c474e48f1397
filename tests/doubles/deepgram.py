"""The Deepgram double: /v1/listen (Nova) and /v2/listen (Flux)."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from .faults import Faults
from .lateness import Lateness
from .listening import Ears, Listener, Silences, Word
from .wire import Answer, Request, Socket, Upgrade

LINES = (
    "I would like to book an appointment please",
    "tomorrow in the morning if you can",
    "my name is Alex Morgan",
    "could you tell me your opening hours",
    "yes that works for me",
    "thank you very much goodbye",
)
MODEL = {"name": "general-nova-3", "version": "2025-01-01.0", "arch": "nova-3"}


class DeepgramDouble:
    """What it hears is told by `lines`; with `says`, a stream answers its first audio with just these messages."""

    def __init__(self, silences: Silences, *, by_clock: bool, record: bool) -> None:
        self.silences = silences
        self.endpointing_of_caller = not by_clock
        self.by_clock, self.record = by_clock, record
        self.lines: tuple[str, ...] = LINES
        self.scripted: list[Mapping[str, Any]] | None = None
        self.faults = Faults()
        self.late = Lateness()
        self.streams: list[Stream] = []
        self.opened = self.open = self.frames = self.turns = 0
        self._numbers = itertools.count(1)

    def hears(self, *lines: str) -> None:
        """From the next stream on, these lines are what is said, one for each stretch of voice."""
        self.lines = lines

    def says(self, *messages: Mapping[str, Any]) -> None:
        """From the next stream on, the first audio is answered with these messages and nothing is listened to."""
        self.scripted = list(messages)

    def route(self, request: Request) -> Upgrade | Answer:
        """A new stream."""
        kind = {"/v1/listen": NovaStream, "/v2/listen": FluxStream}.get(request.path)
        if kind is None:
            return Answer.json({"err_code": "NOT_FOUND"}, 404)
        if not request.headers.get("authorization", "").lower().startswith(("token ", "bearer ")):
            body = {"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials."}
            return Answer(401, json.dumps(body).encode(), {"dg-error": "INVALID_AUTH"})
        stream = kind(self, request, f"dg-{next(self._numbers)}")
        if self.record:
            self.streams.append(stream)
        return Upgrade(stream, self.faults.take())

    def stats(self) -> dict[str, int]:
        """Counters for a benchmark."""
        return {
            "opened": self.opened,
            "open": self.open,
            "frames": self.frames,
            "turns": self.turns,
        }


class Stream(Listener):
    """One socket. What a test may ask of it: `query`, `headers`, `audio`, `texts`, and whether it is `gone`."""

    socket: Socket

    def __init__(self, double: DeepgramDouble, request: Request, request_id: str) -> None:
        self.query, self.headers = request.query, request.headers
        self.audio = bytearray()
        self.texts: list[dict[str, Any]] = []
        self.gone = asyncio.Event()
        self.heard_text = asyncio.Event()
        self.request_id = request_id
        self._double = double
        self._scripted = double.scripted
        self._ears = Ears(self._lines(double), self, self._silences(double.silences), double.by_clock, double.late)

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        self._double.opened += 1
        self._double.open += 1

    def binary(self, data: bytes) -> None:
        self._double.frames += 1
        if self._double.record:
            self.audio += data
        if self._double.scripted is None:
            self._ears.receive(data)
        elif self._scripted is not None:
            messages, self._scripted = self._scripted, None
            for message in messages:
                self.socket.send_json(message)

    def text(self, text: str) -> None:
        message = json.loads(text)
        self.texts.append(message)
        self.heard_text.set()
        if message["type"] == "CloseStream":
            self.farewell()
            self.socket.end(1000)

    def lost(self) -> None:
        self._ears.stop()
        self._double.open -= 1
        self.gone.set()

    def farewell(self) -> None:
        """What is said between CloseStream and the close."""

    def turn_over(self, words: list[Word]) -> None:
        self._double.turns += 1

    def _silences(self, silences: Silences) -> Silences:
        return silences

    @staticmethod
    def _lines(double: DeepgramDouble) -> Iterator[str]:
        """The given lines, over and over."""
        return itertools.cycle(double.lines)


class NovaStream(Stream):
    """Windows of text: one for each stretch of voice, interim until the voice stops or comes back."""

    _settled_ms = 0

    def voice_began(self, at_ms: int, words: list[Word]) -> None:
        if self.query.get("vad_events") == ["true"]:
            self.socket.send_json({"type": "SpeechStarted", "channel": [0, 1], "timestamp": at_ms / 1000})

    def voice_goes_on(self, words: list[Word]) -> None:
        self._results(words)

    def voice_paused(self, words: list[Word]) -> None:
        self._results(words)

    def voice_came_back(self, words: list[Word]) -> None:
        self._results(words, is_final=True)

    def turn_over(self, words: list[Word]) -> None:
        super().turn_over(words)
        self._results(words, is_final=True, speech_final=True)

    def long_silence(self, words: list[Word]) -> None:
        if "utterance_end_ms" in self.query and words:
            end = words[-1].end_ms / 1000
            self.socket.send_json({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": end})

    def farewell(self) -> None:
        duration = self._ears.received_ms / 1000
        self.socket.send_json({"type": "Metadata", "request_id": self.request_id, "duration": duration, "channels": 1})

    def _results(self, words: list[Word], *, is_final: bool = False, speech_final: bool = False) -> None:
        """The window since the last final one."""
        start, end = self._settled_ms, self._ears.received_ms
        inside = [word for word in words if word.start_ms >= start]
        if is_final:
            self._settled_ms = end
        self.socket.send_json(results(inside, start, end, is_final=is_final, speech_final=speech_final))

    def _silences(self, silences: Silences) -> Silences:
        """In tests the stream's own endpointing rules; a benchmark fixes it."""
        asked = self.query.get("endpointing")
        if asked is None or not self._double.endpointing_of_caller:
            return silences
        return Silences(silences.voice_end_ms, silences.eager_ms, int(asked[0]))


class FluxStream(Stream):
    """Turns, told by the vendor."""

    def __init__(self, double: DeepgramDouble, request: Request, request_id: str) -> None:
        super().__init__(double, request, request_id)
        self._numbers = itertools.count()
        self._turn = 0
        self._maybe_over = False

    def opened(self, socket: Socket) -> None:
        super().opened(socket)
        socket.send_json({"type": "Connected", "request_id": self.request_id, "sequence_id": next(self._numbers)})

    def text(self, text: str) -> None:
        super().text(text)
        if self.texts[-1]["type"] == "KeepAlive":
            self.socket.send_json(
                {
                    "type": "Error",
                    "sequence_id": next(self._numbers),
                    "code": "UNPARSABLE_CLIENT_MESSAGE",
                    "description": "",
                }
            )

    def voice_began(self, at_ms: int, words: list[Word]) -> None:
        self._info("StartOfTurn", words)

    def voice_goes_on(self, words: list[Word]) -> None:
        self._info("Update", words)

    def voice_paused(self, words: list[Word]) -> None:
        self._info("Update", words)

    def turn_maybe_over(self, words: list[Word]) -> None:
        if "eager_eot_threshold" in self.query:
            self._maybe_over = True
            self._info("EagerEndOfTurn", words)

    def voice_came_back(self, words: list[Word]) -> None:
        if self._maybe_over:
            self._maybe_over = False
            self._info("TurnResumed", words)

    def turn_over(self, words: list[Word]) -> None:
        super().turn_over(words)
        self._maybe_over = False
        self._info("EndOfTurn", words)
        self._turn += 1

    def _info(self, event: str, words: list[Word]) -> None:
        message = turn_info(event, words, sequence_id=next(self._numbers), turn=self._turn)
        self.socket.send_json(message | {"audio_window_end": self._ears.received_ms / 1000})


def results(
    words: list[Word], start_ms: int, end_ms: int, *, is_final: bool = False, speech_final: bool = False
) -> dict[str, Any]:
    """A Results message of /v1/listen."""
    told = [
        {
            "word": word.text.lower(),
            "start": word.start_ms / 1000,
            "end": word.end_ms / 1000,
            "confidence": 0.98,
            "punctuated_word": word.text,
        }
        for word in words
    ]
    text = " ".join(word.text for word in words)
    return {
        "type": "Results",
        "channel_index": [0, 1],
        "start": start_ms / 1000,
        "duration": (end_ms - start_ms) / 1000,
        "is_final": is_final,
        "speech_final": speech_final,
        "from_finalize": False,
        "channel": {"alternatives": [{"transcript": text, "confidence": 0.98 if words else 0.0, "words": told}]},
        "metadata": {"request_id": "dg", "model_info": MODEL, "model_uuid": "00000000-0000-0000-0000-000000000000"},
    }


def turn_info(event: str, words: list[Word], *, sequence_id: int, turn: int = 0) -> dict[str, Any]:
    """A TurnInfo message of /v2/listen."""
    told = [
        {"word": word.text, "confidence": 0.98, "start": word.start_ms / 1000, "end": word.end_ms / 1000}
        for word in words
    ]
    message = {
        "type": "TurnInfo",
        "event": event,
        "request_id": "dg",
        "sequence_id": sequence_id,
        "turn_index": turn,
        "audio_window_start": 0.0,
        "audio_window_end": words[-1].end_ms / 1000 if words else 0.0,
        "transcript": " ".join(word.text for word in words),
        "words": told,
        "end_of_turn_confidence": 0.85 if event == "EndOfTurn" else 0.4,
    }
    return message | {"trigger": "model"} if event == "EndOfTurn" else message
