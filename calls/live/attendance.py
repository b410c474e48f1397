"""One call of this process, as it can be reached from the outside."""

from __future__ import annotations

import json
from uuid import UUID

import structlog

from calls.conversation.commands import LISTEN_FOR_S, Answer, Command, Listen, decode
from calls.conversation.session import Session
from calls.live.commands import KEY_BYTES, SOUND, channel_of, sound_of
from calls.live.exchange import exchange
from calls.live.tap import Tap

log = structlog.get_logger(__name__)


class Attendance:
    """Takes commands, and lets the call be heard while somebody listens. Nothing here waits, but `end`."""

    def __init__(self, tenant_id: int, call_id: UUID, session: Session, tap: Tap | None) -> None:
        """`tap`: where the call's sound is to be had, if it has any."""
        self._channel, self._out = channel_of(tenant_id, call_id), sound_of(tenant_id, call_id)
        self._session, self._exchange = session, exchange()
        session.operator.on_change = self._speaks
        self._tap = tap
        if tap is not None:
            tap.give = lambda sound: self._exchange.tell(self._out, SOUND + sound)

    def begin(self) -> None:
        self._exchange.subscribe(self._channel, self._take)
        if self._tap is not None and self._session.operator.earlier is not None:
            self._tap.open(LISTEN_FOR_S)  # whoever speaks hears the caller at once

    async def end(self, *, goes_on: bool = False) -> None:
        """The call is over for whoever follows it, unless it `goes_on` in another segment."""
        if self._tap is not None:
            self._tap.close()
        if not goes_on:
            self._tell("over")
        await self._exchange.unsubscribe(self._channel, self._take)

    def _speaks(self, by: str) -> None:
        """Who speaks with the caller from now on: an operator, or with no name the agent."""
        self._tell("operator" if by else "agent", by)

    def _tell(self, state: str, by: str = "") -> None:
        self._exchange.tell(self._out, json.dumps({"state": state, "by": by}).encode())

    def _take(self, message: bytes) -> None:
        if message.startswith(SOUND):
            operator, sound = message[1 : 1 + KEY_BYTES], message[1 + KEY_BYTES :]
            self._session.operator_speaks(operator.hex(), sound)
            return
        try:
            command, reply_to = decode(message)
        except ValueError:
            log.warning("a command to a call cannot be read")
            return
        self._exchange.answer(reply_to, self._do(command).value.encode())

    def _do(self, command: Command) -> Answer:
        if isinstance(command, Listen) and self._tap is None:
            return Answer.MOVING if self._session.operator.is_moving else Answer.NO_SOUND
        answer = self._session.command(command)
        if isinstance(command, Listen) and self._tap is not None and answer is Answer.DONE:
            self._tap.open(LISTEN_FOR_S)
        return answer
