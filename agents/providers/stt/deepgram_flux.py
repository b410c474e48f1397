"""Deepgram's /v2/listen (Flux): the vendor tells the turns itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from deepgram import AsyncDeepgramClient
from deepgram.listen.v2.socket_client import AsyncV2SocketClient

from ..options import choose
from ..ports import (
    EagerEndOfTurn,
    EndOfTurn,
    Hearing,
    HearingEvent,
    Interim,
    ProviderError,
    SpeechStarted,
    TurnResumed,
)

RESERVED = {"model", "encoding", "sample_rate", "callback"}


def _bases(hearing: Hearing) -> list[str]:
    """The languages to expect, without their regions."""
    return list(dict.fromkeys(each.split("-")[0] for each in hearing.several or (hearing.language,)))


class Flux:
    """The turns of one stream. Times of its events are the vendor's, through `position_ms`."""

    keep_alive = None

    def __init__(self, hearing: Hearing, position_ms: Callable[[float], int]) -> None:
        self._hearing = hearing
        self._position_ms = position_ms
        self._speaking = False
        self._said: Interim | None = None
        self._newest = -1

    def connect(self, client: AsyncDeepgramClient) -> AbstractAsyncContextManager[AsyncV2SocketClient]:
        """The SDK's stream. The silence that ends a turn is the vendor's to judge, by confidence."""
        hearing = self._hearing
        defaults: dict[str, Any] = {
            "eot_threshold": 0.7,
            "eager_eot_threshold": 0.4 if hearing.eager else None,
            "eot_timeout_ms": 5000,
            "keyterm": list(hearing.keyterms) or None,
            "language_hint": _bases(hearing) if hearing.model.endswith("-multi") else None,
        }
        chosen = choose("deepgram", defaults, hearing.options, reserved=RESERVED)
        if not hearing.eager:
            chosen.pop("eager_eot_threshold", None)
        stream: AbstractAsyncContextManager[AsyncV2SocketClient] = client.listen.v2.connect(
            model=hearing.model,
            encoding="mulaw",
            sample_rate=8000,
            request_options={"additional_query_parameters": chosen},
        )
        return stream

    def hear(self, message: Mapping[str, Any]) -> Iterator[HearingEvent]:
        """What the message means; nothing for the kinds that we do not know. Raises ProviderError for an error."""
        kind = message.get("type")
        if kind == "Error":
            raise ProviderError("deepgram", "the vendor reports an error", code=str(message.get("code") or "error"))
        if kind == "TurnInfo" and self._is_new(message):
            yield from self._turn(message)

    def _is_new(self, info: Mapping[str, Any]) -> bool:
        """Messages are numbered; one that comes again, or late, is nothing new."""
        number = info.get("sequence_id")
        if not isinstance(number, int) or number <= self._newest:
            return False
        self._newest = number
        return True

    def _turn(self, info: Mapping[str, Any]) -> Iterator[HearingEvent]:
        text, event = (info.get("transcript") or "").strip(), info.get("event")
        start, end = self._span(info)
        if not self._speaking and (text or event == "StartOfTurn"):
            self._speaking = True
            yield SpeechStarted(start, text)
        match event:
            case "StartOfTurn" | "Update" if text:
                yield from self._interim(Interim(text, start, end))
            case "EagerEndOfTurn" if self._hearing.eager:
                yield EagerEndOfTurn(text, start, end)
            case "TurnResumed" if self._hearing.eager:
                yield TurnResumed()
            case "EndOfTurn" if self._speaking:
                self._speaking, self._said = False, None
                spoken = (info.get("languages") or [""])[0] if self._hearing.several else ""
                yield EndOfTurn(text, start, end, info.get("end_of_turn_confidence"), language=str(spoken))

    def _interim(self, interim: Interim) -> Iterator[HearingEvent]:
        """Updates come four times a second, also when nothing new was said."""
        if interim != self._said:
            self._said = interim
            yield interim

    def _span(self, info: Mapping[str, Any]) -> tuple[int, int]:
        """From the first word to the last; the whole window where the words carry no times."""
        words = info.get("words") or ()
        starts = [word["start"] for word in words if word.get("start") is not None]
        ends = [word["end"] for word in words if word.get("end") is not None]
        start = starts[0] if starts else info.get("audio_window_start")
        end = ends[-1] if ends else info.get("audio_window_end")
        return self._position_ms(start or 0.0), self._position_ms(end or 0.0)
