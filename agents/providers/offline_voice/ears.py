"""From frames to hearing events: loudness finds the voice, pocketsphinx finds the words."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..ports import EagerEndOfTurn, EndOfTurn, HearingEvent, Interim, SpeechStarted, TurnResumed
from .adaptation import telephone_transform
from .grammar import Grammar, receptionist
from .language import arpa, dictionary
from .loudness import Level, VoiceActivity, WideBand
from .mulaw import decode, loudness

DICTIONARY = "cmudict-en-us.dict"
FRAME_BYTES, FRAME_MS = 160, 20
PREROLL = 12  # frames before the voice was noticed
ONSET = 3  # voiced frames of the last five
INTERIM_FRAMES = 15
SHORTEST_VOICE = 5  # voiced frames; less is a click
LONGEST_TURN = 3000  # frames; a decoder's memory grows with what it hears
MOST_GRAMMARS = 8  # whose files are kept, about a megabyte each
EAGER_SHARE = 0.5  # of the silence that ends a turn
# The cepstral mean of speech over a telephone: what a decoder expects before it has heard the caller.
TELEPHONE_MEAN = "51,13,-18,17,-5,-5,-2,-9,-4,-1,0,-2,0"


@lru_cache(MOST_GRAMMARS)
def _files(grammar: Grammar) -> dict[str, str]:
    """What a decoder reads: language model, dictionary and adaptation to the telephone, kept for the next decoder."""
    text, words = arpa(grammar)
    return {"lm": text, "dict": dictionary(words, _acoustic() / DICTIONARY), "mllr": telephone_transform()}


def make_decoder(grammar: Grammar | None = None, keyterms: Iterable[str] = (), **patience: float | bool) -> Any:
    """A fresh decoder of what the grammar says, or else of what callers say, and of the keyterms that have a sound.

    The first takes about a second, another a tenth of it. Nothing is left on the disk. `patience` are options of
    pocketsphinx for whoever has time to search longer.
    """
    decoder = _read(_files(grammar or receptionist()), patience)
    _teach(decoder, keyterms)
    return decoder


def make_held_decoder(source: str) -> Any | None:
    """A decoder that hears whole sentences of this JSGF grammar and nothing else. None: a word of it has no sound.

    Where trigrams may slip from one sentence into another, it weighs the alternatives of each place.
    """
    words = set(re.findall(r"(?<![<\w'])[a-z][a-z']*(?![\w'>])", source.partition("public")[2]))
    sounds = dictionary(sorted(words), _acoustic() / DICTIONARY)
    if words - {line.partition(" ")[0] for line in sounds.splitlines()}:
        return None
    return _read({"jsgf": source, "dict": sounds, "mllr": telephone_transform()}, {})


def _read(files: dict[str, str], patience: dict[str, float | bool]) -> Any:
    import pocketsphinx

    with TemporaryDirectory(prefix="agentos-ears-") as folder:
        paths = {}
        for option, text in files.items():
            path = Path(folder) / option
            path.write_text(text)
            paths[option] = str(path)
        options = {"cmninit": TELEPHONE_MEAN, "topn": 8, "fwdflat": False, "loglevel": "FATAL"} | patience
        return pocketsphinx.Decoder(hmm=str(_acoustic() / "en-us"), **paths, **options)


def _teach(decoder: Any, keyterms: Iterable[str]) -> None:
    """Let the keyterms' words follow any other. Those that no dictionary has stay unknown."""
    words = {word for term in keyterms for word in re.findall(r"[a-z']+", term.lower())}
    new = [word for word in sorted(words) if decoder.lookup_word(word) is None]
    if new:
        for line in dictionary(new, _acoustic() / DICTIONARY).splitlines():
            word, _, sounds = line.partition(" ")
            decoder.add_word(word, sounds, True)


def _acoustic() -> Path:
    import pocketsphinx

    return Path(pocketsphinx.get_model_path()) / "en-us"


class Ear:
    """Listens to one call. `hear` takes any length of mu-law and yields what was heard."""

    def __init__(self, decoder: Any, *, endpointing_ms: int, eager: bool) -> None:
        self._decoder = decoder
        decoder.set_cmn(TELEPHONE_MEAN)  # it may come from another call
        self._end_after = max(1, endpointing_ms // FRAME_MS)
        self._eager_after = max(1, round(self._end_after * EAGER_SHARE)) if eager else 0
        self._pending = bytearray()
        self._before: deque[bytes] = deque(maxlen=PREROLL)
        self._recent: deque[bool] = deque(maxlen=5)
        self._position = 0  # frames
        self._open = False  # a turn is open, and decoded as one utterance
        self._guess: str | None = None  # what the turn would be if it ended now
        self._started = self._last_voiced = self._voiced = self._since_interim = 0
        self._shown = ""
        self._activity, self._level, self._wide = VoiceActivity(), Level(), WideBand()

    def hear(self, sound: bytes) -> Iterator[HearingEvent]:
        self._pending += sound
        while len(self._pending) >= FRAME_BYTES:
            frame = bytes(self._pending[:FRAME_BYTES])
            del self._pending[:FRAME_BYTES]
            yield from self._frame(frame)

    def miss(self, sound: bytes) -> None:
        """Let sound pass unheard, because it has waited for too long."""
        self._position += len(sound) // FRAME_BYTES

    def close(self) -> Any:
        """Stop listening; return the decoder for another call."""
        if self._open:
            self._decoder.end_utt()
            self._open = False
        return self._decoder

    def _frame(self, frame: bytes) -> Iterator[HearingEvent]:
        self._position += 1
        samples = decode(frame)
        loud = loudness(samples)
        self._level.hear(loud)
        voiced = self._activity.voiced(loud)
        self._recent.append(voiced)
        if voiced:
            self._last_voiced = self._position
        if not self._open:
            self._before.append(samples)
            if sum(self._recent) >= ONSET:
                yield self._begin()
            return
        self._voiced += voiced
        self._decode(samples)
        silence = self._position - self._last_voiced
        if silence == 0 and self._guess is not None:
            self._guess = None
            yield TurnResumed()
        yield from self._interim()
        if silence == self._eager_after and self._guess is None:
            yield from self._likely_end()
        if silence >= self._end_after or self._position - self._started >= LONGEST_TURN:
            yield from self._end()

    def _begin(self) -> HearingEvent:
        self._open, self._voiced, self._since_interim, self._shown = True, ONSET, 0, ""
        self._started = max(0, self._position - ONSET)
        self._level.settle()
        self._decoder.start_utt()
        for samples in self._before:
            self._decode(samples)
        self._before.clear()
        return SpeechStarted(self._started * FRAME_MS)

    def _decode(self, samples: bytes) -> None:
        self._decoder.process_raw(self._wide.push(samples, self._level.gain), False, False)
        self._since_interim += 1

    def _interim(self) -> Iterator[HearingEvent]:
        if self._since_interim >= INTERIM_FRAMES and self._guess is None:
            self._since_interim = 0
            text = self._hypothesis()
            if text and text != self._shown:
                self._shown = text
                yield Interim(text, *self._span())

    def _likely_end(self) -> Iterator[HearingEvent]:
        text = self._hypothesis()
        if text:
            self._guess = text
            yield EagerEndOfTurn(text, *self._span())

    def _end(self) -> Iterator[HearingEvent]:
        self._decoder.end_utt()
        text = self._hypothesis() if self._voiced >= SHORTEST_VOICE else ""
        if self._guess is not None and self._guess != text:
            yield TurnResumed()  # an end that means something else than the guess does not follow it
        self._open, self._guess = False, None
        yield EndOfTurn(text, *self._span())

    def _span(self) -> tuple[int, int]:
        """Start and end of the turn's voice so far, in milliseconds."""
        return self._started * FRAME_MS, self._last_voiced * FRAME_MS

    def _hypothesis(self) -> str:
        found = self._decoder.hyp()
        return str(found.hypstr).strip() if found else ""
