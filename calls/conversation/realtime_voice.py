"""The mouth of a model that speaks itself: its sound on the line, and the fixed sentences in the voice of the version.

The vendor sends the words and the sound of an answer side by side and does not say which word sounds when. So the
whole answer is one piece, and how many of its words were heard is reckoned from how much of its sound was played.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from agents.providers.ports import TextToSpeech
from calls.conversation.playback import Playback
from calls.conversation.sentences import HANG_UP, Cutter, language_in
from calls.conversation.speaking import BYTES_PER_MS, AudioSpeaker, AudioUtterance, Piece, Spawn, VoiceIn

MARK_EVERY_BYTES = 200 * BYTES_PER_MS  # the finer, the nearer is the reckoned word to the one that was heard
CHARACTER_BYTES = 60 * BYTES_PER_MS  # how long a written character takes to be spoken, while the end is not known
LONGEST_BYTES = 180_000 * BYTES_PER_MS  # nobody listens to more


class Spoken(str):
    """Words that come with a sound of their own."""

    __slots__ = ()


class SpokenWords:
    """A Cutter that leaves the words as they are: they are being spoken already."""

    def __init__(self) -> None:
        self.hangs_up = False
        self.language = ""

    def feed(self, token: str) -> list[str]:
        if token == HANG_UP:
            self.hangs_up = True
            return []
        if language := language_in(token):
            self.language = language
            return []
        return [Spoken(token)] if token else []

    def finish(self) -> list[str]:
        return []


@dataclass(slots=True)
class LivePiece(Piece):
    """A whole answer. `broken`: it ended before its last word sounded."""

    broken: bool = False

    @property
    def exact(self) -> bool:
        return self.finished and not self.broken

    def next_boundary(self) -> int:
        return self.sent + MARK_EVERY_BYTES

    def words_heard(self) -> int:
        return self._words_until(self.heard)

    def words_that_sound(self) -> int:
        """How many of its words have come as sound."""
        return self._words_until(len(self.audio))

    def _words_until(self, position: int) -> int:
        """Long words take longer than short ones: reckoned by letters."""
        ends = list(accumulate(len(word) + 1 for word in self.text.split()))
        if not ends or not self.audio:
            return 0
        ends_here = self.complete and not self.broken
        expected = len(self.audio) if ends_here else max(len(self.audio), CHARACTER_BYTES * ends[-1])
        return sum(end * expected <= position * ends[-1] for end in ends)

    @property
    def heard_ms(self) -> int:
        return self.heard // BYTES_PER_MS

    @property
    def was_heard_whole(self) -> bool:
        return self.complete and not self.broken and self.heard >= len(self.audio)


class Take:
    """One answer on its way: the words and the sound that the vendor sends become a piece of an utterance."""

    def __init__(self, utterance: RealtimeUtterance) -> None:
        self._utterance = utterance
        self.piece: LivePiece | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more of it will be heard."""
        return self._utterance.is_over

    def say(self, text: str) -> None:
        self._begun().text += text

    def sound(self, audio: bytes) -> None:
        piece = self._begun()
        if len(piece.audio) < LONGEST_BYTES:
            piece.audio += audio
            self._utterance.sounds()

    def end(self, *, broken: bool = False) -> None:
        """Nothing more will come of it. Safe to repeat."""
        if self.piece is not None and not self.piece.complete:
            self.piece.complete, self.piece.broken = True, broken or not self.piece.audio
            self._utterance.sounds()

    def break_off(self) -> None:
        """It ends here by a fault: words without a sound were not said, and somebody else will say them."""
        self.end(broken=True)
        if self.piece is not None:
            self.piece.text = " ".join(self.piece.text.split()[: self.piece.words_that_sound()])

    def _begun(self) -> LivePiece:
        if self.piece is None:
            self.piece = LivePiece("")
            self._utterance.add(self.piece)
        return self.piece


class RealtimeUtterance(AudioUtterance):
    """One thing the agent says: answers with a sound of their own, and sentences that are given one."""

    def __init__(self, speaker: RealtimeSpeaker, playback: Playback, spawn: Spawn) -> None:
        super().__init__(speaker, playback, spawn, asyncio.get_running_loop())
        self._speaker = speaker

    @property
    def is_over(self) -> bool:
        return self._over

    def cutter(self) -> Cutter:
        if not self._speaker.speaks_itself():
            return super().cutter()
        self._speaker.on_take(Take(self))
        return SpokenWords()

    def say(self, text: str) -> None:
        if not isinstance(text, Spoken):  # what is spoken already comes as a take
            super().say(text)

    def add(self, piece: LivePiece) -> None:
        self.pieces.append(piece)

    def sounds(self) -> None:
        """There is more to be heard, or it is known that there is not."""
        if self.pieces and any(piece.audio for piece in self.pieces):
            self._report_first_audio()
        self._pump()

    def _needs_voice(self, piece: Piece) -> bool:
        return not isinstance(piece, LivePiece) and super()._needs_voice(piece)


class RealtimeSpeaker(AudioSpeaker):
    """Makes utterances on one line. `speaks_itself`: whether the model gives its answers their sound.

    `on_take` is told where the next answer will be spoken, just before the model is asked for it.
    """

    def __init__(
        self,
        voice: TextToSpeech,
        playback: Playback,
        spawn: Spawn,
        *,
        speaks_itself: Callable[[], bool],
        on_take: Callable[[Take], None],
        voice_in: VoiceIn | None = None,
        language: str = "",
    ) -> None:
        super().__init__(voice, playback, spawn, voice_in=voice_in, language=language)
        self.speaks_itself, self.on_take = speaks_itself, on_take

    def begin(self) -> RealtimeUtterance:
        return RealtimeUtterance(self, self._playback, self._spawn)
