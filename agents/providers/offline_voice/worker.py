"""The process that speaks and hears: `python -m agents.providers.offline_voice.worker`. It ends with its pipe."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from typing import Any

from ..ports import HearingEvent
from .ears import Ear, make_decoder
from .espeak import Espeak
from .wire import Kind, Reader, event_to_bytes, message, words

LONGEST_WAIT_S = 3.0
MOST_SPARE = 8

Keyterms = tuple[str, ...]


class Worker:
    """One thread speaks, one hears; the main thread reads what they are to do."""

    def __init__(self, read_from: int, write_to: int) -> None:
        self._read_from, self._write_to = read_from, write_to
        self._writing = threading.Lock()
        self._to_speak: SimpleQueue[tuple[int, dict[str, object]]] = SimpleQueue()
        self._to_hear: SimpleQueue[tuple[Kind, int, bytes, float]] = SimpleQueue()
        self._hushed: set[int] = set()

    def run(self) -> None:
        for work in (self._speak, self._hear):
            threading.Thread(target=work, daemon=True).start()
        reader = Reader()
        while data := os.read(self._read_from, 65_536):
            for kind, channel, payload in reader.feed(data):
                if kind is Kind.SPEAK:
                    self._to_speak.put((channel, json.loads(payload)))
                elif kind is Kind.HUSH:
                    self._hushed.add(channel)
                else:
                    self._to_hear.put((kind, channel, payload, time.monotonic()))

    def _send(self, kind: Kind, channel: int, payload: bytes = b"") -> None:
        data = message(kind, channel, payload)
        with self._writing:
            while data:
                data = data[os.write(self._write_to, data) :]

    def _fail(self, channel: int, error: Exception | None) -> None:
        reason = str(error)
        if isinstance(error, ImportError):
            reason = f"{error}; the offline voice is installed with requirements-offline.txt"
        lasting = isinstance(error, (ImportError, LookupError, OSError))
        self._send(Kind.FAILED, channel, words({"reason": reason, "retryable": not lasting}))

    def _speak(self) -> None:
        missing: Exception | None = None
        espeak: Espeak | None = None
        try:
            espeak = Espeak()
        except (ImportError, OSError) as error:
            missing = error
        while True:
            channel, wish = self._to_speak.get()
            if espeak is None:
                self._fail(channel, missing)
            elif channel not in self._hushed:
                self._say(espeak, channel, wish)
            self._hushed.discard(channel)

    def _say(self, espeak: Espeak, channel: int, wish: dict[str, object]) -> None:
        def hand_over(sound: bytes, placed: list[tuple[int, int]]) -> bool:
            if sound or placed:
                self._send(Kind.SOUND, channel, json.dumps(placed).encode() + b"\n" + sound)
            return channel not in self._hushed

        try:
            espeak.speak(str(wish["text"]), str(wish["voice"]), float(str(wish["speed"])), hand_over)
        except LookupError as error:
            self._fail(channel, error)
        else:
            self._send(Kind.SPOKEN, channel)

    def _hear(self) -> None:
        ears = Ears()
        while True:
            kind, channel, payload, since = self._to_hear.get()
            if kind is Kind.LISTEN:
                try:
                    ears.open(channel, **json.loads(payload))
                except (ImportError, RuntimeError) as error:
                    self._fail(channel, error)
                else:
                    self._send(Kind.READY, channel)
            elif kind is Kind.AUDIO:
                for event in ears.hear(channel, payload, waited_s=time.monotonic() - since):
                    self._send(Kind.HEARD, channel, event_to_bytes(event))
            elif kind is Kind.FORGET:
                ears.close(channel)


class Ears:
    """One ear for each call, and the decoders of calls that are over."""

    def __init__(self) -> None:
        self._ears: dict[int, tuple[Ear, Keyterms]] = {}
        self._spare: dict[Keyterms, list[Any]] = defaultdict(list)
        with contextlib.suppress(ImportError, RuntimeError):  # whoever asks for an ear is told
            self._spare[()].append(make_decoder())

    def open(self, channel: int, *, keyterms: Sequence[str], endpointing_ms: int, eager: bool) -> None:
        """Have an ear for these words. Raises ImportError or RuntimeError where pocketsphinx cannot be used."""
        terms = tuple(keyterms)
        spare = self._spare[terms]
        decoder = spare.pop() if spare else make_decoder(keyterms=terms)
        self._ears[channel] = Ear(decoder, endpointing_ms=endpointing_ms, eager=eager), terms

    def hear(self, channel: int, sound: bytes, *, waited_s: float) -> Iterator[HearingEvent]:
        """What has waited for too long is passed over, so that an overloaded machine catches up."""
        ear, _ = self._ears.get(channel, (None, ()))
        if ear is not None and waited_s < LONGEST_WAIT_S:
            yield from ear.hear(sound)
        elif ear is not None:
            ear.miss(sound)

    def close(self, channel: int) -> None:
        if found := self._ears.pop(channel, None):
            ear, terms = found
            decoder = ear.close()
            if len(self._spare[terms]) < MOST_SPARE and len(self._spare) <= MOST_SPARE:
                self._spare[terms].append(decoder)


def main() -> None:
    write_to = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not mix with messages
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        Worker(sys.stdin.fileno(), write_to).run()
    os._exit(0)


if __name__ == "__main__":
    main()
