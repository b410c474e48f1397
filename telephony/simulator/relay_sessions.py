"""What the carrier does for <Connect><ConversationRelay>, and what it tells of the session afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from .handset import Handset
from .instructions import RelayNoun
from .relay import CLOSED_BY_SERVER, RelayCaller
from .stream import MediaStreamCaller, StreamError
from .webhooks import Webhook


class RelayedCall(Protocol):
    """What a session needs of the call it belongs to."""

    handset: Handset
    stream: MediaStreamCaller | RelayCaller | None

    def note(self, kind: str, **facts: object) -> None: ...
    def new_relay(self, noun: RelayNoun) -> RelayCaller: ...
    def deliver(self, webhook: Webhook, about: Mapping[str, str], kind: str, event: str) -> None: ...


class RelaySessions:
    """The sessions for words of one call, one after another."""

    def __init__(self, call: RelayedCall) -> None:
        self._call = call

    async def converse(self, noun: RelayNoun, action: Webhook | None) -> dict[str, str]:
        """Hold one session; what the `action` address is told of it. A caller who hangs up is told of behind us."""
        session = self._call.new_relay(noun)
        try:
            await session.open()
        except StreamError as error:
            return self._failed(session, error.code, str(error), noun.url)
        self._call.stream = session
        self._call.note("stream started", stream_sid=session.caller.session_id, kind_of="words")
        try:
            await asyncio.wait({session.closed})
        except asyncio.CancelledError:
            await session.stop()
            self._call.note("stream stopped")
            if action is not None:
                about = self._about(session, "completed") | {"CallStatus": "completed"}
                self._call.deliver(action, about, "relay callback", "completed")
            raise
        finally:
            self._call.stream = None
        self._call.note("stream closed", code=session.closed.result())
        if session.was_ended:
            return self._about(session, "ended") | ({"HandoffData": session.handoff} if session.handoff else {})
        return self._failed(session, CLOSED_BY_SERVER, "the socket was closed during the session", noun.url)

    def _failed(self, session: RelayCaller, code: int, message: str, url: str) -> dict[str, str]:
        self._call.note("error", code=code, message=message, url=url)
        return self._about(session, "failed") | {"ErrorCode": str(code), "ErrorMessage": message}

    def _about(self, session: RelayCaller, status: str) -> dict[str, str]:
        lasted_ms = self._call.handset.clock.now_ms() - session.began_ms if session.began_ms else 0
        return {
            "SessionId": session.caller.session_id,
            "SessionStatus": status,
            "SessionDuration": str(round(lasted_ms / 1000)),
        }
