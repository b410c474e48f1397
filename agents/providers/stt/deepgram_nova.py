"""Deepgram's /v1/listen (Nova): windows of text that settle one by one, put together into turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import chain
from typing import Any

from deepgram import AsyncDeepgramClient
from deepgram.listen.v1.socket_client import AsyncV1SocketClient

from ..options import choose
from ..ports import EndOfTurn, Hearing, HearingEvent, Interim, ProviderError, SpeechStarted

RESERVED = {"model", "encoding", "sample_rate", "channels", "multichannel", "interim_results", "callback"}
SAME_MOMENT_S = 0.002
KEEP_ALIVE = '{"type":"KeepAlive"}'


@dataclass(frozen=True, slots=True)
class Window:
    """What was understood of one stretch of audio; a later reading of the same stretch replaces it."""

    start: float
    end: float
    text: str
    first_word: float
    last_word: float
    final: bool
    languages: tuple[str, ...] = ()  # of its words, where they are told apart


class Nova:
    """The turns of one stream. Times of its events are the vendor's, through `position_ms`."""

    keep_alive = KEEP_ALIVE

    def __init__(self, hearing: Hearing, position_ms: Callable[[float], int]) -> None:
        self._hearing = hearing
        self._position_ms = position_ms
        self._turn_from = self._began = 0.0
        self._speaking = False
        self._said: Interim | None = None
        self._windows: dict[float, Window] = {}

    def connect(self, client: AsyncDeepgramClient) -> AbstractAsyncContextManager[AsyncV1SocketClient]:
        """The SDK's stream. Entities would be held back by smart_format until they are complete, so we do without."""
        hearing = self._hearing
        english = hearing.language.startswith("en") and not hearing.several
        several = list(dict.fromkeys(each.split("-")[0] for each in hearing.several))
        terms = "keyterm" if hearing.model.startswith("nova-3") else "keywords"
        defaults: dict[str, Any] = {
            "language": "multi" if several else hearing.language,
            "language_hint": several or None,
            "endpointing": hearing.endpointing_ms,
            "utterance_end_ms": 1000,
            "vad_events": True,
            "punctuate": True,
            "numerals": True if english else None,
            terms: list(hearing.keyterms) or None,
        }
        stream: AbstractAsyncContextManager[AsyncV1SocketClient] = client.listen.v1.connect(
            model=hearing.model,
            encoding="mulaw",
            sample_rate=8000,
            channels=1,
            interim_results=True,
            request_options={
                "additional_query_parameters": choose("deepgram", defaults, hearing.options, reserved=RESERVED)
            },
        )
        return stream

    def hear(self, message: Mapping[str, Any]) -> Iterator[HearingEvent]:
        """What the message means; nothing for the kinds that we do not know. Raises ProviderError for an error."""
        match message:
            case {"type": "Results"}:
                yield from self._results(message)
            case {"type": "SpeechStarted", "timestamp": float() | int() as at} if at >= self._turn_from:
                yield from self._begin(at)
            case {"type": "UtteranceEnd", "last_word_end": float() | int() as end}:
                yield from self._utterance_end(end)
            case {"type": "Error"}:
                raise ProviderError(
                    "deepgram", "the vendor reports an error", code=str(message.get("variant", "error"))
                )

    def _results(self, result: Mapping[str, Any]) -> Iterator[HearingEvent]:
        window = self._window(result)
        ends = bool(result.get("speech_final"))
        if window is None or not self._is_news(window, ends):
            return
        self._windows[window.start] = window
        if self._text:
            yield from self._begin(self._first_word, self._text)
        if ends:
            yield from self._end(window.end)
        elif self._text:
            interim = Interim(self._text, self._position_ms(self._first_word), self._position_ms(self._last_word))
            if interim != self._said:
                self._said = interim
                yield interim

    def _window(self, result: Mapping[str, Any]) -> Window | None:
        """The window without words of a turn that has ended; nothing if the message lacks what it must have."""
        try:
            best = result["channel"]["alternatives"][0]
            start, end = round(result["start"], 3), result["start"] + result["duration"]
            words = [word for word in best["words"] if word["start"] >= self._turn_from - SAME_MOMENT_S]
            text = best["transcript"].strip()
            if start < self._turn_from - SAME_MOMENT_S:
                text = " ".join(word.get("punctuated_word") or word["word"] for word in words)
            first, last = (words[0]["start"], words[-1]["end"]) if words else (start, end)
            spoken = tuple(word["language"] for word in words if word.get("language")) if self._hearing.several else ()
            return Window(start, end, text, first, last, final=bool(result.get("is_final")), languages=spoken)
        except (AttributeError, LookupError, TypeError):
            return None

    def _is_news(self, window: Window, ends: bool) -> bool:
        """Whether it is neither of an ended turn, nor a repetition, nor a guess at what is settled already."""
        if window.start < self._turn_from - SAME_MOMENT_S and window.end < self._turn_from + SAME_MOMENT_S:
            return False
        known = self._windows.get(window.start)
        return ends or known is None or (window != known and not known.final)

    def _begin(self, at: float, text: str = "") -> Iterator[HearingEvent]:
        if not self._speaking:
            self._speaking, self._began = True, at
            yield SpeechStarted(self._position_ms(at), text)

    def _end(self, at: float) -> Iterator[HearingEvent]:
        """The turn is over at `at`; a silence that follows no voice ends nothing."""
        if self._speaking:
            text = self._text
            start, end = (self._first_word, self._last_word) if text else (self._began, at)
            spoken = Counter(chain.from_iterable(window.languages for window in self._windows.values()))
            language = spoken.most_common(1)[0][0] if spoken else ""
            yield EndOfTurn(text, self._position_ms(start), self._position_ms(end), language=language)
        self._turn_from = max(self._turn_from, at)
        self._speaking, self._said = False, None
        self._windows.clear()

    def _utterance_end(self, last_word_end: float) -> Iterator[HearingEvent]:
        """The vendor's fallback, told by the gap between words where noise hides the silence."""
        of_ended_turn = 0 <= last_word_end < self._turn_from + SAME_MOMENT_S
        if self._speaking and not of_ended_turn:
            yield from self._end(max(last_word_end, self._last_word))

    @property
    def _text(self) -> str:
        return " ".join(window.text for _, window in sorted(self._windows.items()) if window.text)

    @property
    def _first_word(self) -> float:
        return min((window.first_word for window in self._windows.values() if window.text), default=self._turn_from)

    @property
    def _last_word(self) -> float:
        return max((window.last_word for window in self._windows.values() if window.text), default=self._turn_from)
