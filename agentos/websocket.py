"""Uvicorn's WebSocket protocol, with a short way for what nearly every message of a call is: one whole frame of text.

The parser underneath steps through four generators for each frame, and reading is paused and resumed around each
message. At five thousand frames a second that is a fifth of a core. The short way is taken only where the parser
stands between two messages; whatever is not whole, not text or not masked goes through the parser as ever.
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

try:
    from websockets.speedups import apply_mask
except ImportError:  # where the library has no wheel
    from websockets.utils import apply_mask

WHOLE_TEXT = 0x81  # the last frame of a message, text, nothing reserved
MASKED = 0x80
LENGTH_IN_TWO_BYTES = 126
MOST_UNREAD = 64  # messages, after which the peer has to wait


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection of a peer that speaks WebSocket."""

    def data_received(self, data: bytes) -> None:
        conn = self.conn
        if conn.state is State.OPEN and conn.cur_size is None and not conn.reader.buffer and not self.close_sent:
            data = self._take_whole_texts(data)
        if data:
            super().data_received(data)

    def _take_whole_texts(self, data: bytes) -> bytes:
        """Queue the whole texts at the beginning; what is left is for the parser."""
        at, end, put = 0, len(data), self.queue.put_nowait
        while end - at > 8 and data[at] == WHOLE_TEXT:
            length, body = data[at + 1] ^ MASKED, at + 6
            if length == LENGTH_IN_TWO_BYTES:
                length, body = data[at + 2] << 8 | data[at + 3], at + 8
            elif length > LENGTH_IN_TWO_BYTES:  # longer, or not masked
                break
            after = body + length
            if after > end:
                break
            try:
                text = apply_mask(data[body:after], data[body - 4 : body]).decode()
            except UnicodeDecodeError:
                break
            put({"type": "websocket.receive", "text": text})
            at = after
        if not self.read_paused and self.queue.qsize() > MOST_UNREAD:
            self.read_paused = True
            self.transport.pause_reading()
        return data[at:] if at else data
