"""Text into sound on the line, and back from the line's marks: which words were heard.

An `AudioUtterance` is one thing the agent says, made of pieces. It may be prepared before anyone knows whether it will
be said (`release` lets it play), be silenced and resumed at the first unheard word, or be cancelled at any time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from agents.providers.ports import ProviderError, ServedBy, Speech, TextToSpeech, WordTiming
from calls.conversation.playback import BYTES_PER_S, Playback
from calls.conversation.sentences import Cutter, Phrase, Pieces, ends_sentence
from calls.conversation.tones import tones

MOST_AHEAD_S = 3.0  # audio waiting at the carrier: enough against jitter, little to throw away
REFILL_S = 2.0
MARK_EVERY_BYTES = BYTES_PER_S // 2  # between marks where the provider does not say when words are spoken
PIECES_AT_A_TIME = 2
TRIES_PER_PIECE = 2
LATE_MARK_S = 1.5
SLOW_BYTES = 80 * BYTES_PER_S // 1000  # how much sound a written character has at the most, as a rule
MOST_BEHIND_S = 0.4  # a person who speaks through us is never heard later than that
BYTES_PER_MS = BYTES_PER_S // 1000

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
VoiceIn = Callable[[str], TextToSpeech]


@dataclass(slots=True)
class Piece:
    """A sentence or clause: its audio as it arrives, how much of it was sent, how much was heard."""

    text: str
    audio: bytearray = field(default_factory=bytearray)
    language: str = ""
    words: list[WordTiming] = field(default_factory=list)
    complete: bool = False
    sent: int = 0
    heard: int = 0
    tries: int = 0
    finished: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def exact(self) -> bool:
        """Whether the provider's alignment tells which words belong to which audio."""
        return len(self.words) == len(self.text.split())

    def append(self, speech: Speech) -> None:
        """Take more audio. Raises ProviderError when it is far more than the text can need."""
        self.audio += speech.audio
        self.words += speech.words
        if len(self.audio) > BYTES_PER_S * (5 + len(self.text) * 0.4):
            raise ProviderError("voice", "far more audio than text", code="runaway", retryable=False)

    def next_boundary(self) -> int:
        """Where to put the next mark: the end of the next word, or half a second on."""
        for word in self.words:
            if (end := word.end_ms * BYTES_PER_MS) > self.sent:
                return end
        return self.sent + MARK_EVERY_BYTES

    def words_heard(self) -> int:
        """How many words of `text` the marks prove."""
        total = len(self.text.split())
        if self.finished:
            return total
        if self.words:
            said = sum(word.end_ms * BYTES_PER_MS <= self.heard for word in self.words)
            return min(total, said if self.exact else said * total // max(len(self.words), total))
        expected = len(self.audio) if self.complete else max(len(self.audio), 480 * len(self.text))
        return min(total, int(total * self.heard / expected)) if expected else 0

    def break_off(self) -> str:
        """It ends here, behind the last whole word that has a sound; returns what is missing.

        Where nobody knows which word that is, rather one too many is said twice than one left out.
        """
        texts = self.text.split()
        ends = [end for word in self.words if (end := word.end_ms * BYTES_PER_MS) <= len(self.audio)]
        whole = len(ends) if self.words else int(len(texts) * len(self.audio) / (SLOW_BYTES * len(self.text)))
        whole = min(whole, len(texts))
        if self.words:
            del self.audio[max(self.sent, ends[-1] if ends else 0) :]
        self.text, self.words, self.complete = " ".join(texts[:whole]), self.words[:whole], True
        return " ".join(texts[whole:])

    def rewind(self) -> None:
        """Unsend what was not heard, back to the beginning of a word."""
        ends = [end for word in self.words if (end := word.end_ms * BYTES_PER_MS) <= self.heard]
        self.sent = (max(ends, default=0) if self.words else self.heard) if not self.finished else len(self.audio)


class AudioUtterance:
    """One thing the agent says. The session sets the callbacks that it cares about."""

    def __init__(self, mouth: AudioSpeaker, playback: Playback, spawn: Spawn, loop: asyncio.AbstractEventLoop) -> None:
        self._mouth, self._playback, self._spawn, self._loop = mouth, playback, spawn, loop
        self.pieces: list[Piece] = []
        self.on_first_audio: Callable[[], None] | None = None
        self.on_first_frame: Callable[[], None] | None = None
        self.on_sounding: Callable[[], None] | None = None  # never: what is sent sounds at once
        self.on_heard: Callable[[], None] | None = None
        self.on_finished: Callable[[], None] | None = None
        self.on_trouble: Callable[[ProviderError, bool], None] | None = None
        self.characters: Counter[ServedBy | None] = Counter()  # synthesized, by whom when not the first choice
        self._playing = 0
        self._open = self._closed = self._over = self._started = self._sounded = self._is_ending = False
        self._timer: asyncio.TimerHandle | None = None

    # What it is told ---------------------------------------------------------------------------------

    def cutter(self) -> Cutter:
        return Pieces()

    def say(self, text: str) -> None:
        """Add a piece. Before `release` only the first piece is synthesized."""
        if self._is_ending and self._closed:
            return
        self.pieces.append(self._piece(text))
        self._end_with_sentence()
        self._synthesize()

    def say_first(self, text: str) -> None:
        """Put a phrase before what is not being played yet."""
        at = self._playing
        if at < len(self.pieces) and self.pieces[at].sent:
            at += 1
        self.pieces.insert(at, self._piece(text))
        self._synthesize()

    def _piece(self, text: str) -> Piece:
        wished = text.language if isinstance(text, Phrase) else ""
        return Piece(text, language=wished or self._mouth.language)

    def press(self, keys: str) -> bool:
        self.pieces.append(Piece("", bytearray(tones(keys)), complete=True))
        self._pump()
        return True

    def close(self) -> None:
        """No further piece will come."""
        self._closed = True
        self._pump()

    def finish_sentence(self) -> None:
        self._is_ending = True
        self._end_with_sentence()

    def _end_with_sentence(self) -> None:
        if not self._is_ending:
            return
        is_begun = self._playing < len(self.pieces) and self.pieces[self._playing].sent > 0
        first = max(0, self._playing if is_begun else self._playing - 1)
        ends = (at for at in range(first, len(self.pieces)) if ends_sentence(self.pieces[at].text))
        if (last := next(ends, None)) is not None:
            for piece in self.pieces[last + 1 :]:
                if piece.task is not None:
                    piece.task.cancel()
            del self.pieces[last + 1 :]
            self.close()

    def release(self, *, protected: bool = False) -> None:
        """It may be played from now on. Nothing interrupts it but us, so nothing need be protected."""
        self._open = True
        self._synthesize()
        self._pump()

    def hold(self) -> None:
        """Fall silent, keep the rest, and go back to the first unheard word."""
        self._open = False
        if self._started and not self._over:
            self._playback.clear()
        for index, piece in enumerate(self.pieces):
            if not piece.finished:
                piece.rewind()
                self._playing = min(self._playing, index)

    def cancel(self) -> None:
        """Stop synthesis and sound. What marks have proven stays. Safe to repeat."""
        if self._over:
            return
        self._over = True
        self._set_timer(None)
        for piece in self.pieces:
            if piece.task is not None:
                piece.task.cancel()
        if self._started and self._open:
            self._playback.clear()

    # What it can tell --------------------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether any of it was sent to the caller."""
        return self._started

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces)

    @property
    def heard_text(self) -> str:
        return " ".join(part for piece in self.pieces if (part := " ".join(piece.text.split()[: piece.words_heard()])))

    @property
    def unheard_text(self) -> str:
        return " ".join(part for piece in self.pieces if (part := " ".join(piece.text.split()[piece.words_heard() :])))

    @property
    def exact(self) -> bool:
        return all(piece.exact or piece.finished or not piece.sent for piece in self.pieces)

    # Synthesis ---------------------------------------------------------------------------------------

    def _synthesize(self) -> None:
        if self._over:
            return
        busy = sum(piece.task is not None and not piece.complete for piece in self.pieces)
        for index, piece in enumerate(self.pieces):
            if busy >= PIECES_AT_A_TIME or (index > 0 and not self._open):
                return
            if self._needs_voice(piece):
                piece.task = self._spawn(self._synthesize_piece(piece))
                busy += 1

    def _needs_voice(self, piece: Piece) -> bool:
        return piece.task is None and not piece.complete

    async def _synthesize_piece(self, piece: Piece) -> None:
        piece.tries += 1
        by: ServedBy | None = None
        self.characters[by] += len(piece.text)
        try:
            async with aclosing(self._mouth.voice_in(piece.language).speak(piece.text)) as sounds:
                async for speech in sounds:
                    if speech.served_by is not by:
                        self.characters[by] -= len(piece.text)
                        by = speech.served_by
                        self.characters[by] += len(piece.text)
                    piece.append(speech)
                    self._report_first_audio()
                    self._pump()
            if not piece.audio:
                raise ProviderError("voice", "no audio came for a piece", code="empty")
        except ProviderError as error:
            self._recover(piece, error)
            return
        piece.complete = True
        self._synthesize()
        self._pump()

    def _recover(self, piece: Piece, error: ProviderError) -> None:
        """What is missing of a piece that broke off is said anew, and so is one that never began, once."""
        goes_on = bool(piece.audio) or piece.tries < TRIES_PER_PIECE
        if piece.audio:
            if rest := piece.break_off():
                place = next(at for at, known in enumerate(self.pieces) if known is piece)
                again = Piece(rest, language=piece.language, tries=1 if piece.text else piece.tries)
                self.pieces.insert(place + 1, again)
        elif goes_on:
            piece.task = None
        if self.on_trouble:
            self.on_trouble(error, goes_on)
        self._synthesize()
        self._pump()

    def _report_first_audio(self) -> None:
        if not self._sounded:
            self._sounded = True
            if self.on_first_audio:
                self.on_first_audio()

    # Playing -----------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Send what may be sent now: in order, never more than `MOST_AHEAD_S` ahead of the caller's ear."""
        while self._open and not self._over and self._playing < len(self.pieces):
            piece = self.pieces[self._playing]
            if piece.sent < len(piece.audio):
                if self._playback.ahead_s >= MOST_AHEAD_S:
                    self._set_timer(self._playback.ahead_s - REFILL_S)
                    return
                self._send_slice(piece)
            elif piece.complete:
                self._playing += 1
                self._mark_end(piece)
            else:
                return
        self._finish_if_over()

    def _send_slice(self, piece: Piece) -> None:
        end = min(piece.next_boundary(), len(piece.audio))
        self._playback.send(bytes(piece.audio[piece.sent : end]))
        piece.sent = end
        if end < len(piece.audio) or not piece.complete:
            self._playback.mark(lambda: self._heard(piece, end))
        if not self._started:
            self._started = True
            if self.on_first_frame:
                self.on_first_frame()

    def _mark_end(self, piece: Piece) -> None:
        def heard() -> None:
            piece.finished = True
            self._heard(piece, len(piece.audio))

        self._playback.mark(heard)

    def _heard(self, piece: Piece, position: int) -> None:
        piece.heard = max(piece.heard, position)
        if self.on_heard:
            self.on_heard()
        self._finish_if_over()

    def _finish_if_over(self) -> None:
        if self._over or not self._closed or not self._open or self._playing < len(self.pieces):
            return
        if all(piece.finished for piece in self.pieces):
            self._over = True
            self._set_timer(None)
            if self.on_finished:
                self.on_finished()
        else:
            self._set_timer(self._playback.ahead_s + LATE_MARK_S)

    def _set_timer(self, delay_s: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay_s, self._on_timer) if delay_s is not None else None

    def _on_timer(self) -> None:
        """Time to send more; or the last marks are overdue, and the clock of the bytes sent speaks for them."""
        self._timer = None
        if self._playing >= len(self.pieces) and self._closed and self._playback.ahead_s == 0.0:
            for piece in self.pieces:
                piece.finished = True
        self._pump()


class AudioSpeaker:
    """Makes utterances on one line. `voice_in` is the voice for a language; without it there is one for all."""

    carries_sound = True

    def __init__(
        self,
        voice: TextToSpeech,
        playback: Playback,
        spawn: Spawn,
        *,
        voice_in: VoiceIn | None = None,
        language: str = "",
    ) -> None:
        self._playback, self._spawn = playback, spawn
        self.voice_in: VoiceIn = voice_in or (lambda language: voice)
        self.language = language

    def begin(self) -> AudioUtterance:
        return AudioUtterance(self, self._playback, self._spawn, asyncio.get_running_loop())

    def switch_language(self, language: str) -> None:
        """What is said from now on is said in this language; what was written before, in its own."""
        self.language = language

    def mark_reached(self, name: str) -> None:
        self._playback.mark_reached(name)

    def let_through(self, sound: bytes) -> None:
        if self._playback.ahead_s < MOST_BEHIND_S:
            self._playback.send(sound)
