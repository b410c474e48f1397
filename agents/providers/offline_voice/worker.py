"""The process that speaks and hears: `python -m agents.providers.offline_voice.worker`. It ends with its pipe."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from queue import SimpleQueue

from .ears import Ear, make_decoder
from .espeak import Espeak
from .wire import Kind, Reader, event_to_bytes, message, words


class Worker:
    """One thread speaks, one hears; the main thread reads what they are to do."""

    def __init__(self, read_from: int, write_to: int) -> None:
        self._read_from, self._write_to = read_from, write_to
        self._writing = threading.Lock()
        self._to_speak: SimpleQueue[tuple[int, dict[str, object]]] = SimpleQueue()
        self._to_hear: SimpleQueue[tuple[Kind, int, bytes]] = SimpleQueue()
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
                    self._to_hear.put((kind, channel, payload))

    def _send(self, kind: Kind, channel: int, payload: bytes = b"") -> None:
        data = message(kind, channel, payload)
        with self._writing:
            while data:
                data = data[os.write(self._write_to, data) :]

    def _speak(self) -> None:
        try:
            espeak = Espeak()
        except (ImportError, OSError) as error:
            espeak, missing = None, str(error)
        while True:
            channel, wish = self._to_speak.get()
            if espeak is None:
                self._send(Kind.FAILED, channel, words({"reason": missing}))
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
            self._send(Kind.FAILED, channel, words({"reason": str(error)}))
        else:
            self._send(Kind.SPOKEN, channel)

    def _hear(self) -> None:
        ears: dict[int, Ear] = {}
        spare = []
        with contextlib.suppress(ImportError, RuntimeError):
            spare.append(make_decoder())
        while True:
            kind, channel, payload = self._to_hear.get()
            if kind is Kind.LISTEN:
                try:
                    decoder = spare.pop() if spare else make_decoder()
                except (ImportError, RuntimeError) as error:
                    self._send(Kind.FAILED, channel, words({"reason": str(error)}))
                    continue
                ears[channel] = Ear(decoder, **json.loads(payload))
                self._send(Kind.READY, channel)
            elif kind is Kind.AUDIO and channel in ears:
                for event in ears[channel].hear(payload):
                    self._send(Kind.HEARD, channel, event_to_bytes(event))
            elif kind is Kind.FORGET and channel in ears:
                spare.append(ears.pop(channel).close())


def main() -> None:
    write_to = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not mix with messages
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        Worker(sys.stdin.fileno(), write_to).run()
    os._exit(0)


if __name__ == "__main__":
    main()
