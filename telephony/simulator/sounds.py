"""Sound files as <Play> takes them and <Record> makes them."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Iterator

from telephony import mulaw

from .instructions import TwimlError

BAD_CONTENT_TYPE = 12300
_PCM, _MULAW = 1, 7


def read_sound(content_type: str, body: bytes) -> bytes:
    """Mu-law of a WAV file (8 kHz, one channel, 16 bits or mu-law) or of raw mu-law. Raises TwimlError."""
    if content_type == "audio/basic":
        return body
    if body[:4] != b"RIFF" or body[8:12] != b"WAVE":
        raise TwimlError(BAD_CONTENT_TYPE, f"cannot play {content_type or 'a file without a type'}")
    chunks = dict(_chunks(body))
    if len(chunks.get(b"fmt ", b"")) < 16:
        raise TwimlError(BAD_CONTENT_TYPE, "a WAV file without a format")
    code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][:16])
    audio = chunks.get(b"data", b"")
    match code, channels, rate, bits:
        case (7, 1, 8000, 8):
            return audio
        case (1, 1, 8000, 16):
            return mulaw.encode(audio[: len(audio) // 2 * 2])
    raise TwimlError(BAD_CONTENT_TYPE, f"cannot play a WAV file of {channels} channels, {rate} Hz and {bits} bits")


def wav_of(audio: bytes) -> bytes:
    """One channel of 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(mulaw.decode(audio))
    return buffer.getvalue()


def _chunks(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(body):
        name, size = body[at : at + 4], int.from_bytes(body[at + 4 : at + 8], "little")
        yield name, body[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
