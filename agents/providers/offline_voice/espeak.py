"""espeak-ng through ctypes. One voice at a time per process: the library has global state."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, ClassVar

from .mulaw import LOUDNESS, amplify, encode
from .resampling import Down

RATE_PARAMETER, WORDS_PER_MINUTE = 1, 165
WORD, END = 1, 5
SYNCHRONOUS, UTF8, BUFFER_MS, NEVER_EXIT = 2, 1, 120, 0x8000
TYPICAL_RMS = 3600  # of espeak's own output, before it is brought to LOUDNESS


class _Event(ctypes.Structure):
    _fields_: ClassVar[list[Any]] = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)  # espeak's SynthCallback: samples, their number, events


class Espeak:
    """Speaks pieces of text as 8 kHz mu-law."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        if self._library.espeak_Initialize(SYNCHRONOUS, BUFFER_MS, data, NEVER_EXIT) <= 0:
            raise OSError("espeak-ng cannot read its data")
        self._callback = _Callback(self._take)
        self._library.espeak_SetSynthCallback(self._callback)
        self._hand_over: Callable[[bytes, list[tuple[int, int]]], bool] = lambda sound, words: False
        self._down = Down()

    def speak(
        self, text: str, voice: str, speed: float, hand_over: Callable[[bytes, list[tuple[int, int]]], bool]
    ) -> None:
        """Give `hand_over` the sound as it is made, with the (position in text, start in ms) of the words in it.

        It returns False to stop. Raises LookupError for a voice that does not exist.
        """
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise LookupError(f"there is no voice {voice}")
        self._library.espeak_SetParameter(RATE_PARAMETER, round(WORDS_PER_MINUTE * speed), 0)
        self._hand_over, self._down, self._stopped = hand_over, Down(), False
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, UTF8, None, None)
        if not self._stopped:
            hand_over(self._encode(self._down.flush().tobytes()), [])

    def _take(self, samples: Any, count: int, events: Any) -> int:
        """Called by espeak for each stretch of sound. 1 stops it."""
        words, index = [], 0
        while events[index].type:
            if events[index].type == WORD:
                words.append((events[index].text_position - 1, events[index].audio_position))
            index += 1
        sound = b""
        if samples and count:
            sound = self._encode(self._down.push(ctypes.string_at(samples, count * 2)).tobytes())
        self._stopped = not self._hand_over(sound, words)
        return int(self._stopped)

    @staticmethod
    def _encode(samples: bytes) -> bytes:
        return encode(amplify(samples, LOUDNESS / TYPICAL_RMS))
