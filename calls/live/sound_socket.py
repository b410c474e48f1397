"""The socket of somebody who listens to a running call, and may speak in it.

Down goes the sound of both sides, as `Tap` gives it, and how the call stands. Up comes the sound of a microphone, 8 kHz
mu-law, once the call was taken over.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from agentos.tenants.log import acting_as
from agentos.tenants.models import Membership
from agentos.tenants.permissions import Permission, may
from agentos.tenants.scoping import tenant_transaction
from calls.conversation.commands import Answer, Command, GiveBack, Listen, Move, TakeOver
from calls.live.commands import SOUND, channel_of, send_soon, sound_message, sound_of
from calls.live.exchange import exchange
from calls.live.services import CANNOT_MOVE, WHY_NOT, note_presence
from calls.models import Call
from calls.moving import is_between_lines

NOT_ALLOWED, OVER = 4403, 4410
LONGEST_SOUND = 4000  # bytes: half a second
MOST_ALONE = 3  # checks: the carrier comes back within seconds, or not at all
LONGEST_MOVE_S = 10.0  # a call whose carrier has not come back by then is not coming
MOST_WAITING = 50  # messages: five seconds of sound for a browser that does not keep up

log = structlog.get_logger(__name__)


class SoundSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One person beside one call. Whether they still may is asked again and again."""

    def member(self, permission: Permission) -> Membership | None:
        """Who opened it, as they are now; None for those who may not. Reads the database."""
        raise NotImplementedError

    @property
    def is_welcome(self) -> bool:
        """Whether it was opened by a page of ours."""
        raise NotImplementedError

    check_every_s: ClassVar[float] = 4.0
    move_every_s: ClassVar[float] = 0.1

    _tasks: tuple[asyncio.Task[None], ...] = ()
    _member: Membership | None = None
    _hears = _speaks = False
    _comes = False  # it is to speak as soon as the call has sound
    _alone = 0  # so often in a row nobody carried the call
    _name = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._leave()

    async def connect(self) -> None:
        self._call_id: UUID = self.scope["url_route"]["kwargs"]["call_id"]
        self._member = await database_sync_to_async(self._enter)() if self.is_welcome else None
        if self._member is None:
            await self.close()
            return
        self._key = uuid.uuid4().hex
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        await self.accept()
        exchange().subscribe(self._channel, self._take)
        if await self._begin():
            self._tasks = *self._tasks, asyncio.create_task(self._pass_on()), asyncio.create_task(self._stay())

    async def disconnect(self, code: int) -> None:
        await self._leave()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if bytes_data is not None and self._member is not None:
            if self._speaks and len(bytes_data) <= LONGEST_SOUND:
                exchange().tell(channel_of(self._member.tenant_id, self._call_id), sound_message(self._key, bytes_data))
            return
        with suppress(ValueError, AttributeError):
            match json.loads(text_data or "").get("do"):
                case "move":
                    await self._move()
                case "take_over":
                    await self._take_over()
                case "give_back":
                    await self._give_back(lost=False)

    # Beginning and end -------------------------------------------------------------------------------

    @property
    def _channel(self) -> str:
        assert self._member is not None  # noqa: S101 - only for whoever was let in
        return sound_of(self._member.tenant_id, self._call_id)

    def _enter(self) -> Membership | None:
        """Whoever may listen, if there is such a call."""
        member = self.member(Permission.LISTEN_IN)
        if member is None:
            return None
        self._name = str(member.user)
        with tenant_transaction(member.tenant):
            return member if Call.objects.filter(pk=self._call_id).exists() else None

    async def _begin(self) -> bool:
        answer = await self._send(Listen(self._name, begins=True))
        if answer is Answer.DONE:
            await self._listens()
        elif answer is Answer.NO_SOUND:
            await self._tell(state="words")
        elif await self._is_moving(answer):
            self._spawn(self._wait_for_sound())
        else:
            await self._refuse(answer)
            await self.close(OVER)
            return False
        return True

    async def _listens(self) -> None:
        if self._hears:
            return
        self._hears = True
        await self._record("call.listened", "Listened to a call in progress")
        await self._tell(state="listening")

    async def _leave(self) -> None:
        tasks, self._tasks = self._tasks, ()
        others = {task for task in tasks if task is not asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)
        if self._member is not None and hasattr(self, "_waiting"):
            if self._comes:
                _stand_in(_take_back(self._member.tenant_id, self._call_id, self._key))
            await self._give_back(lost=True)
            await exchange().unsubscribe(self._channel, self._take)
            self._member = None

    # While it lasts ----------------------------------------------------------------------------------

    def _take(self, message: bytes) -> None:
        with suppress(asyncio.QueueFull):  # sound that cannot be passed on in time is no use later
            self._waiting.put_nowait(message)

    async def _pass_on(self) -> None:
        while True:
            message = await self._waiting.get()
            if message.startswith(SOUND):
                await self.send(bytes_data=message[len(SOUND) :])
                continue
            told = json.loads(message)
            self._speaks = self._speaks and told["state"] == "operator"
            await self.send(text_data=json.dumps(told))
            if told["state"] == "over":
                await self.close(OVER)
                return

    async def _stay(self) -> None:
        """Say again that somebody listens, as long as they may."""
        while True:
            await asyncio.sleep(self.check_every_s)
            with suppress(DatabaseError):
                if await database_sync_to_async(self._still_may)() is False:
                    await self._give_back(lost=True)
                    await self.close(NOT_ALLOWED)
                    return
            answer = await self._send(Listen(self._name, begins=not self._hears))
            if answer is Answer.DONE:  # also where somebody else has had it moved
                await self._listens()
            self._alone = self._alone + 1 if answer is Answer.OVER else 0
            if self._alone and not await self._goes_on():
                await self._tell(state="over")
                await self.close(OVER)
                return

    async def _goes_on(self) -> bool:
        """Whether another process will carry the call, which this one has lost."""
        return self._alone <= MOST_ALONE and await self._may_be_living()

    async def _may_be_living(self) -> bool:
        with suppress(DatabaseError):
            return bool(await database_sync_to_async(self._is_living)())
        return True

    def _is_living(self) -> bool:
        member = self._member
        if member is None:
            return False
        with tenant_transaction(member.tenant):
            living: bool = Call.objects.filter(pk=self._call_id).exclude(status=Call.Status.ENDED).exists()
            return living

    def _still_may(self) -> bool:
        member = self.member(Permission.LISTEN_IN)
        return member is not None and (not self._speaks or may(member, Permission.STEER_CALLS))

    async def _take_over(self) -> None:
        if await self._may_steer():
            await self._once_there(TakeOver(self._name, self._key), self._speaks_now)

    async def _speaks_now(self) -> None:
        self._hears, self._speaks, self._comes = True, True, False
        await self._tell(state="speaking")
        await self._record("call.taken_over", "Took over a call in progress")

    async def _may_steer(self) -> bool:
        if await database_sync_to_async(self.member)(Permission.STEER_CALLS) is not None:
            return True
        await self._tell(refused="Your role may listen, and not speak.")
        return False

    # A call that is carried as words ------------------------------------------------------------------

    async def _move(self) -> None:
        if await self._may_steer():
            await self._once_there(Move(self._name), self._wait_for_sound)

    async def _once_there(self, command: Command, then: Callable[[], Awaitable[None]]) -> None:
        """Do it now, or as soon as the call has moved to a line where it can be done."""
        answer = await self._send(command)
        if await self._is_moving(answer):
            if answer is Answer.MOVING:
                await self._record("call.moved", "Had a call in progress moved to a line of sound")
            self._comes = isinstance(command, TakeOver)
            self._spawn(self._await_line(command, then))
        elif answer is Answer.DONE:
            await then()
        else:
            await self._refuse(answer)

    async def _wait_for_sound(self) -> None:
        if not self._hears:
            await self._await_line(Listen(self._name, begins=True), self._listens)

    async def _await_line(self, command: Command, then: Callable[[], Awaitable[None]]) -> None:
        """Ask again and again, until the next line is there, or it is plain that none comes."""
        await self._tell(state="connecting")
        until = asyncio.get_running_loop().time() + LONGEST_MOVE_S
        while (answer := await self._send(command)) in (Answer.MOVING, Answer.OVER):
            is_over = answer is Answer.OVER and not await self._may_be_living()
            if is_over or asyncio.get_running_loop().time() > until:
                await self._record("call.not_moved", "A call in progress could not be moved to a line of sound")
                await self._tell(refused=WHY_NOT[Answer.OVER] if is_over else CANNOT_MOVE)
                await self.close(OVER if is_over else None)
                return
            await asyncio.sleep(self.move_every_s)
        if answer is Answer.DONE:
            await then()
        else:
            await self._refuse(answer)

    async def _give_back(self, *, lost: bool) -> None:
        if self._speaks:
            self._speaks = False
            await self._send(GiveBack(self._key, lost))
            words = "Lost a call in progress to the agent" if lost else "Gave a call in progress back to the agent"
            await self._record("call.given_back", words)

    async def _send(self, command: Command) -> Answer:
        assert self._member is not None  # noqa: S101 - only for whoever was let in
        return await send_soon(self._member.tenant_id, self._call_id, command)

    async def _is_moving(self, answer: Answer) -> bool:
        """Whether it can be reached again in a moment: also where nobody carries it until the carrier has come back."""

        def look() -> bool:
            member = self._member
            if member is None:
                return False
            with tenant_transaction(member.tenant):
                return is_between_lines(Call.objects.get(pk=self._call_id))

        if answer is not Answer.OVER:
            return answer is Answer.MOVING
        with suppress(DatabaseError):
            return bool(await database_sync_to_async(look)())
        return False

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks = *self._tasks, asyncio.create_task(work)

    async def _refuse(self, answer: Answer) -> None:
        await self._tell(refused=WHY_NOT[answer])

    async def _tell(self, **told: str) -> None:
        await self.send(text_data=json.dumps(told))

    async def _record(self, what: str, words: str) -> None:
        """In the log of the business; where the database is away, the call's own events still tell."""
        member = self._member

        def write() -> None:
            if member is not None:
                with tenant_transaction(member.tenant), acting_as(member.user):
                    note_presence(self._call_id, what, words)

        with suppress(DatabaseError):
            await database_sync_to_async(write)()


_standing_in: set[asyncio.Task[None]] = set()  # for people who have gone


def _stand_in(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    _standing_in.add(task)
    task.add_done_callback(_standing_in.discard)


async def _take_back(tenant_id: int, call_id: UUID, microphone: str) -> None:
    """Whoever was to speak has gone before the call had sound: there the agent goes on at once, waiting for nobody."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LONGEST_MOVE_S
    while await send_soon(tenant_id, call_id, GiveBack(microphone, lost=True)) in (Answer.MOVING, Answer.OVER):
        if loop.time() > until:
            return
        await asyncio.sleep(SoundSocket.move_every_s)
