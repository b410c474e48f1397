"""A carrier that hears and speaks itself: its words are the Listener, and a Speaker gives it ours.

What was heard of an utterance is told in words: by the carrier where it reports what it has played, or says with an
interruption how far it came. Where it reports neither, the time that the words take stands in for both.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from agents.providers.ports import EndOfTurn, HearingEvent, Interim, ProviderError, ServedBy, SpeechStarted
from calls.conversation.languages import Languages
from calls.conversation.ports import Listener, TextLine
from calls.conversation.sentences import Fragment, Words
from calls.conversation.turn_taking import words_of

WORD_S = 0.33  # how long a spoken word takes
CHARACTER_S = 0.07
SURPLUS_S = 2.0  # the carrier's voice may be slower than we think, and takes time to begin
LATE_REPORT_S = 1.5  # between the end of the voice and the last report of what was played
TRANSCRIPT_WITHIN_S = 2.5  # words come at the end of a turn, and the carrier takes its time to be certain of it


class RelayListener(Listener):
    """The carrier tells what the caller said. Positions are milliseconds since the session began."""

    def __init__(self, *, several: bool = False) -> None:
        """`several`: the carrier understands all languages of the call at once, and tells them apart."""
        self.several = several
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self._speaking_since: float | None = None
        self._turn_since: float | None = None
        self._voice_at: float | None = None
        self._words_due = 0.0
        self.on_event: Callable[[HearingEvent], None] = lambda event: None
        self.on_trouble: Callable[[ProviderError], None] = lambda error: None

    @property
    def voice_at(self) -> float | None:
        """Loop time of the caller's last voice; now, while it lasts."""
        return self._voice_at if self._speaking_since is None else self._now()

    @property
    def owes_words(self) -> bool:
        """Whether somebody speaks, or has just spoken, and was not understood yet."""
        return self._speaking_since is not None or self._now() < self._words_due

    def hear(self, frame: bytes) -> None:
        """No sound comes this way."""

    def switch_language(self, language: str) -> None:
        """The carrier is told once, for ears and voice."""

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    def voice(self, *, begins: bool) -> None:
        """The caller begins to speak, or has stopped."""
        now = self._now()
        if begins:
            goes_on = self._turn_since is not None and self.owes_words
            self._speaking_since, self._turn_since = now, self._turn_since if goes_on else now
            self.on_event(SpeechStarted(self._position(now)))
        elif self._speaking_since is not None:
            self._speaking_since, self._voice_at = None, now
            self._words_due = now + TRANSCRIPT_WITHIN_S

    def interrupts(self) -> None:
        """The caller was heard over the agent: words will follow."""
        self._words_due = self._now() + TRANSCRIPT_WITHIN_S

    def said(self, text: str, *, final: bool, language: str = "") -> None:
        """What was understood, so far or of the whole turn; `language` is the one that the carrier listened for."""
        now = self._now()
        start = self._turn_since or now - WORD_S * len(text.split())
        if not final:
            self._turn_since = start
            self.on_event(Interim(text, self._position(start), self._position(now)))
            return
        end = self.voice_at or now
        self._speaking_since = self._turn_since = None
        self._words_due = 0.0
        self.on_event(
            EndOfTurn(text, self._position(start), self._position(end), language=language if self.several else "")
        )
        self._voice_at = None

    def trouble(self, description: str) -> None:
        """The carrier reports that something went wrong; the session goes on."""
        self.on_trouble(ProviderError("carrier", description, code="relay"))

    def _position(self, at: float) -> int:
        return max(0, round((at - self._began) * 1000))


class RelayUtterance:
    """One thing the agent says, as words on their way to the carrier's voice."""

    def __init__(self, speaker: RelaySpeaker) -> None:
        self._speaker: RelaySpeaker = speaker
        self._line: TextLine = speaker.line
        self._loop = asyncio.get_running_loop()
        self.words: list[str] = []
        self.on_first_audio: Callable[[], None] | None = None
        self.on_first_frame: Callable[[], None] | None = None
        self.on_sounding: Callable[[], None] | None = None
        self.on_heard: Callable[[], None] | None = None
        self.on_finished: Callable[[], None] | None = None
        self.on_trouble: Callable[[ProviderError, bool], None] | None = None
        self.characters: Counter[ServedBy | None] = Counter()  # none: the carrier's voice is paid by the minute
        self.exact = True
        self._cutter: Words | None = None
        self._sent = self._heard = self._cycle_from = 0
        self._cycle_open = self._open = self._closed = self._over = self._started = self._protected = False
        self._sent_at = 0.0
        self._unsent = ""
        self._is_within_word = False
        self._sounding_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    # What it is told ---------------------------------------------------------------------------------

    def cutter(self) -> Words:
        """A new one for each time that the model writes; its text begins with a new word."""
        self._unsent += " " * self._is_within_word
        self._is_within_word = False
        self._cutter = Words()
        return self._cutter

    def say(self, text: str) -> None:
        """Add a sentence; or a `Fragment`, which may go on with the last word."""
        is_part = isinstance(text, Fragment)
        words = text.split()
        if is_part and self._is_within_word and words and not text[0].isspace():
            self.words[-1] += words.pop(0)
        self.words += words
        self._is_within_word = is_part and not text[-1].isspace()
        self._unsent += text if is_part else f"{text} "
        self._pump()

    def say_first(self, text: str) -> None:
        self.words[self._sent : self._sent] = text.split()
        self._unsent = f" {text} {self._unsent}"
        self._is_within_word = self._is_within_word and bool(self._unsent.strip())
        self._pump()

    def press(self, keys: str) -> bool:
        self._line.press(keys)
        return True

    def close(self) -> None:
        self._closed = True
        self._pump()

    def finish_sentence(self) -> None:
        """Never needed: the carrier's ears are lost with the line. What was sent is said."""
        self.close()

    def release(self, *, protected: bool = False) -> None:
        self._open, self._protected = True, protected
        self._pump()

    def hold(self) -> None:
        """What was sent and not heard will be sent again."""
        self._open = False
        self._set_timer(None)
        self._end_cycle()
        self._sent = self._cycle_from = self._heard
        rest = " ".join(self.words[self._heard :])
        self._unsent = rest if self._is_within_word or not rest else f"{rest} "
        self._sounding_at = None

    def cancel(self) -> None:
        if self._over:
            return
        if self._started and self._open and not self._is_reported:
            self._estimate()
        self._over = True
        self._set_timer(None)
        self._end_cycle()

    # What it can tell --------------------------------------------------------------------------------

    @property
    def started(self) -> bool:
        return self._started

    @property
    def heard_text(self) -> str:
        return " ".join(self.words[: self._heard])

    @property
    def unheard_text(self) -> str:
        return " ".join(self.words[self._heard :])

    # What the carrier tells --------------------------------------------------------------------------

    def sounds(self) -> None:
        """The carrier's voice begins."""
        if self._sounding_at is None and self._started and not self._over:
            first, self._sounding_at = self._heard == 0, self._loop.time()
            if first and self.on_sounding:
                self.on_sounding()
            self._await_end()

    def fell_silent(self) -> None:
        """The carrier's voice has ended; if it has said everything, the utterance is over."""
        if not self._is_sent or self._over:
            return
        if self._heard == len(self.words) or not self._speaker.reports:
            self._finish()
        else:
            self._set_timer(LATE_REPORT_S)

    def played(self, text: str) -> None:
        """These words of it were heard."""
        if self._over or (count := self._place(text, self._heard)) is None:
            return
        self._hear(count)
        self._await_end()

    def interrupted(self, text: str, after_ms: int) -> bool:
        """The carrier cut it here. False when that was not about this utterance."""
        if self._over or not self._started or not self._open:
            return False
        count = self._place(text, self._cycle_from) if words_of(text) else self._heard
        if count is not None:
            self._heard = min(count, self._sent)
        else:
            self._heard = min(self._sent, self._heard + int(after_ms / 1000 / WORD_S))
            self.exact = False
        return True

    # The way to the carrier --------------------------------------------------------------------------

    @property
    def _is_sent(self) -> bool:
        return self._open and self._closed and self._sent == len(self.words)

    @property
    def _is_reported(self) -> bool:
        return self._speaker.reports or self._heard == len(self.words)

    def _pump(self) -> None:
        if not self._open or self._over:
            return
        self._switch_language()
        token, self._unsent, self._sent = self._unsent, "", len(self.words)
        if token or (self._closed and self._cycle_open):
            self._send(token)
        if self._is_sent and not self._timer:
            self._await_end()

    def _send(self, token: str) -> None:
        greeted = self._speaker.takes_greeting(self)
        if not self._cycle_open:
            self._sent_at = self._loop.time()
        if not greeted:
            self._line.say(token, last=self._closed, interruptible=not self._protected)
            self._cycle_open = not self._closed
        if not self._started:
            self._started = True
            if self.on_first_audio:
                self.on_first_audio()
            if self.on_first_frame:
                self.on_first_frame()

    def _switch_language(self) -> None:
        if self._cutter is not None and self._cutter.language:
            self._speaker.switch_language(self._cutter.language)

    def _end_cycle(self) -> None:
        """Without its last token the carrier would wait for more, and say nothing else."""
        if self._cycle_open:
            self._cycle_open = False
            self._line.say("", last=True, interruptible=True)

    def _await_end(self) -> None:
        """When it should have been heard, if nobody says so before."""
        if self._is_sent and not self._over:
            rest = " ".join(self.words[self._heard :])
            self._set_timer(len(rest) * CHARACTER_S + SURPLUS_S)

    def _set_timer(self, delay_s: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay_s, self._finish) if delay_s is not None else None

    # What was heard ----------------------------------------------------------------------------------

    def _place(self, text: str, start: int) -> int | None:
        """How many words were heard when `text` was the last of them; None when it is none of this utterance."""
        heard, own = words_of(text), self.words[: self._sent]
        plain = [(place, part) for place, word in enumerate(own) for part in words_of(word)]
        said = [part for _, part in plain]
        from_here = next((n for n, (place, _) in enumerate(plain) if place >= start), len(plain))
        for at in (*range(from_here, len(said) - len(heard) + 1), *range(min(from_here, len(said)))):
            if heard and said[at : at + len(heard)] == heard:
                place: int = plain[at + len(heard) - 1][0]
                return place + 1
        return None

    def _hear(self, count: int) -> None:
        if count > self._heard:
            self._heard = count
            if self.on_heard:
                self.on_heard()

    def _estimate(self) -> None:
        """How far it came by the time that passed; the carrier did not say."""
        since = self._sounding_at or self._sent_at
        self._heard = min(self._sent, max(self._heard, int((self._loop.time() - since) / WORD_S)))
        self.exact = False

    def _finish(self) -> None:
        self._set_timer(None)
        if self._over or not self._is_sent:
            return
        self._hear(len(self.words))
        self._over = True
        if self.on_finished:
            self.on_finished()


class RelaySpeaker:
    """Makes utterances for one line of words. `greeted`: the carrier says the first of them by itself."""

    carries_sound = False

    def __init__(self, line: TextLine, languages: Languages, *, greeted: bool = False, several: bool = False) -> None:
        self.line: TextLine = line
        self.reports = False
        self._greeting_due = greeted
        self._languages, self._language, self._several = languages, languages.own, several
        if not languages.is_own:  # the session has begun with the version's own
            self.switch_language(languages.current)
        self._current: RelayUtterance | None = None
        self.has_spoken = greeted

    def begin(self) -> RelayUtterance:
        return RelayUtterance(self)

    def mark_reached(self, name: str) -> None:
        """No marks on a line of words."""

    def let_through(self, sound: bytes) -> None:
        """No sound on a line of words."""

    def voice(self, *, begins: bool) -> None:
        """The carrier's voice begins or ends."""
        if self._current is not None:
            if begins:
                self._current.sounds()
            else:
                self._current.fell_silent()

    def played(self, text: str) -> None:
        """These words were heard."""
        self.reports = True
        if self._current is not None:
            self._current.played(text)

    def interrupted(self, heard: str, after_ms: int) -> bool:
        """The carrier has silenced us for the caller. False when nothing of ours was cut by that."""
        return self._current is not None and self._current.interrupted(heard, after_ms)

    def takes_greeting(self, utterance: RelayUtterance) -> bool:
        """Whether this is the greeting that the carrier says by itself. What is sent now is what sounds now."""
        is_new = self._current is not utterance
        self._current, self.has_spoken = utterance, True
        if is_new and self._greeting_due:
            self._greeting_due = False
            return True
        return False

    def switch_language(self, language: str) -> None:
        """Speak another of the languages that were declared; any other wish is not heard."""
        wished = self._languages.find(language)
        if wished and wished != self._language:
            self._language = wished
            self.line.switch_language(wished, ears=not self._several)
