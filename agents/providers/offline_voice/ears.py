"""From frames to hearing events: loudness finds the voice, pocketsphinx finds the words."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ..ports import EagerEndOfTurn, EndOfTurn, HearingEvent, Interim, SpeechStarted, TurnResumed
from .adaptation import telephone_transform
from .grammar import Grammar, receptionist
from .language import arpa, dictionary
from .mulaw import Doubler, decode

FRAME_BYTES, FRAME_MS = 160, 20
PREROLL = 12  # frames before the voice was noticed
ONSET = 3  # voiced frames of the last five
INTERIM_FRAMES = 15
SHORTEST_VOICE = 5  # voiced frames; less is a click
EAGER_SHARE = 0.5  # of the silence that ends a turn

_QUIET = bytes(byte for byte in range(256) if (~byte & 0x7F) < 0x24)


@cache
def _model(grammar: Grammar) -> dict[str, str]:
    """Acoustic model, language model, dictionary and adaptation to the telephone; made once per grammar."""
    import pocketsphinx

    acoustic = Path(pocketsphinx.get_model_path()) / "en-us"
    folder = Path(tempfile.mkdtemp(prefix="agentos-ears-"))
    text, words = arpa(grammar)
    (folder / "model.arpa").write_text(text)
    (folder / "words.dict").write_text(dictionary(words, acoustic / "cmudict-en-us.dict"))
    (folder / "telephone.mllr").write_text(telephone_transform())
    return {
        "hmm": str(acoustic / "en-us"),
        "lm": str(folder / "model.arpa"),
        "dict": str(folder / "words.dict"),
        "mllr": str(folder / "telephone.mllr"),
    }


def make_decoder(grammar: Grammar | None = None) -> Any:
    """A fresh decoder of what the grammar says, or else of what callers say; takes about a second."""
    import pocketsphinx

    return pocketsphinx.Decoder(**_model(grammar or receptionist()), loglevel="FATAL", fwdflat=False, dither=True)


class Ear:
    """Listens to one call. `hear` takes any length of mu-law and yields what was heard."""

    def __init__(self, decoder: Any, *, endpointing_ms: int, eager: bool) -> None:
        self._decoder = decoder
        self._end_after = max(1, endpointing_ms // FRAME_MS)
        self._eager_after = max(1, round(self._end_after * EAGER_SHARE)) if eager else 0
        self._pending = bytearray()
        self._before: deque[bytes] = deque(maxlen=PREROLL)
        self._recent: deque[bool] = deque(maxlen=5)
        self._position = 0  # frames
        self._open = False  # a turn is open
        self._decoding = False
        self._told_eager = False
        self._segments: list[str] = []
        self._started = self._last_voiced = self._voiced = self._since_interim = 0
        self._shown = ""
        self._double = Doubler()

    def hear(self, sound: bytes) -> Iterator[HearingEvent]:
        self._pending += sound
        while len(self._pending) >= FRAME_BYTES:
            frame = bytes(self._pending[:FRAME_BYTES])
            del self._pending[:FRAME_BYTES]
            yield from self._frame(frame)

    def close(self) -> Any:
        """Stop listening; return the decoder for another call."""
        if self._decoding:
            self._decoder.end_utt()
            self._decoding = False
        return self._decoder

    def _frame(self, frame: bytes) -> Iterator[HearingEvent]:
        self._position += 1
        voiced = len(frame.translate(None, _QUIET)) * 8 > len(frame)
        self._recent.append(voiced)
        if voiced:
            self._last_voiced = self._position
        if self._decoding:
            self._voiced += voiced
            self._decode(frame)
            yield from self._interim()
        else:
            self._before.append(frame)
            if sum(self._recent) >= ONSET:
                yield from self._voice_begins()
        if self._open:
            yield from self._silence(self._position - self._last_voiced)

    def _voice_begins(self) -> Iterator[HearingEvent]:
        if not self._open:
            self._open, self._segments = True, []
            self._started = self._position - ONSET
            yield SpeechStarted(max(0, self._started) * FRAME_MS)
        elif self._told_eager:
            yield TurnResumed()
        self._told_eager = False
        self._decoding, self._voiced, self._since_interim = True, ONSET, 0
        self._decoder.start_utt()
        for frame in self._before:
            self._decode(frame)
        self._before.clear()

    def _decode(self, frame: bytes) -> None:
        self._decoder.process_raw(self._double.push(decode(frame)), False, False)
        self._since_interim += 1

    def _interim(self) -> Iterator[HearingEvent]:
        if self._since_interim >= INTERIM_FRAMES:
            self._since_interim = 0
            text = self._text(self._hypothesis())
            if text and text != self._shown:
                self._shown = text
                yield Interim(text, self._started * FRAME_MS, self._position * FRAME_MS)

    def _silence(self, frames: int) -> Iterator[HearingEvent]:
        settle = self._eager_after or self._end_after
        if self._decoding and frames >= settle:
            self._settle()
            if self._eager_after and self._segments and frames < self._end_after:
                self._told_eager = True
                yield EagerEndOfTurn(self._text(), self._started * FRAME_MS, self._last_voiced * FRAME_MS)
        if frames >= self._end_after:
            self._open = self._told_eager = False
            self._shown = ""
            yield EndOfTurn(self._text(), self._started * FRAME_MS, self._last_voiced * FRAME_MS)

    def _settle(self) -> None:
        """The words of this stretch of voice are final."""
        self._decoder.end_utt()
        self._decoding = False
        words = self._hypothesis() if self._voiced >= SHORTEST_VOICE else ""
        if words:
            self._segments.append(words)

    def _hypothesis(self) -> str:
        found = self._decoder.hyp()
        return str(found.hypstr).strip() if found else ""

    def _text(self, more: str = "") -> str:
        return " ".join(part for part in (*self._segments, more) if part)
