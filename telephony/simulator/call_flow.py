"""One call, from the first ring to the last callback, as the carrier lives it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from .callbacks import StatusCallbacks, report
from .clock import Clock
from .handset import Handset
from .instructions import SCHEMA_WARNING, Document, RelayNoun, StreamNoun, TwimlError, Verb, read
from .meeting import Rooms
from .people import Beep, Improvise, Person, Talker
from .record import CallRecord, Happening, new_sid
from .relay import Caller, RelayCaller
from .setup import API_VERSION, Account, CallOptions, CallSetup, call_fields
from .sounds import BAD_CONTENT_TYPE, read_sound
from .stream import MediaStreamCaller
from .verbs import Go, Performer, Then
from .voices import Speaker
from .webhooks import Courier, Webhook

APOLOGY = "We are sorry. An application error has occurred. Goodbye."
XML_TYPES = {"text/xml", "application/xml", "text/html"}
FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_SIP_CODES = {"busy": "486", "failed": "404", "no-answer": "487", "canceled": "487"}


@dataclass(frozen=True, slots=True)
class _Order:
    """An interruption: go there, or end the call."""

    go: Go | Document | None
    by: str
    status: str = ""


class SimulatedCall:
    """`run` lives the call and returns its record; the other methods may be called meanwhile."""

    def __init__(
        self,
        account: Account,
        setup: CallSetup,
        person: Person,
        *,
        courier: Courier,
        speaker: Speaker,
        options: CallOptions | None = None,
        sid: str = "",
        rooms: Rooms | None = None,
        improvise: Improvise | None = None,
    ) -> None:
        self.account, self.setup, self.person = account, setup, person
        self.courier, self.speaker, self.options = courier, speaker, options or CallOptions()
        self.record = CallRecord(sid or new_sid("CA"), setup.from_, setup.to, setup.direction)
        self.handset = Handset(Clock(self.options.time_scale), keep_audio=self.options.keep_audio)
        self.created = self.updated = datetime.now(UTC)
        self.digits: asyncio.Queue[str] = asyncio.Queue()
        self.stream: MediaStreamCaller | RelayCaller | None = None
        self.recordings: dict[str, bytes] = {}
        self.rooms = rooms or Rooms()
        self.queue_time_s = 0.0
        self.beeped, self.tone, self.met = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.price: str | None = None
        self.released = asyncio.Event()
        self.released.set()
        self.callbacks = StatusCallbacks(courier, setup.status, setup.status_events, self.options.callbacks, self.note)
        self._orders: asyncio.Queue[_Order] = asyncio.Queue()
        self._talker = Talker(person, speaker, improvise)
        self._tasks: set[asyncio.Task[None]] = set()
        self._deliveries: set[asyncio.Task[None]] = set()
        self._performer = Performer(self)

    async def run(self) -> CallRecord:
        try:
            await self._talker.prepare()
            self.handset.clock.restart()
            self.record.began = datetime.now(UTC)
            await self._live()
        finally:
            await self._end()
        return self.record

    # What others may do with it

    @property
    def status(self) -> str:
        return self.record.status

    @property
    def is_over(self) -> bool:
        return self.record.status in FINAL

    def go(self, to: Webhook | Document, *, by: str = "api") -> None:
        """Leave whatever is being done, and follow other instructions."""
        self._orders.put_nowait(_Order(Go(to) if isinstance(to, Webhook) else to, by))

    def end(self, *, by: str = "api", status: str = "") -> None:
        self._orders.put_nowait(_Order(None, by, status))

    def hang_up(self) -> None:
        """The person on the line hangs up."""
        self.end(by="caller")

    def press(self, digit: str) -> None:
        self.note("key pressed")
        self.digits.put_nowait(digit)
        if self.stream is not None:
            self.stream.press(digit)

    def note(self, kind: str, **facts: Any) -> None:
        """Remember that something happened now."""
        wall = perf_counter()
        self.record.happenings.append(Happening(self.handset.clock.at_ms(wall), wall, kind, facts))

    def deliver(self, webhook: Webhook, about: Mapping[str, str], kind: str, event: str) -> None:
        """Report something about a part of the call. Nobody waits for it but the call's end."""
        fields = {"AccountSid": self.account.sid, "CallSid": self.record.call_sid, **about}
        work = report(self.courier, webhook, fields, self.note, kind, event)
        self._deliveries.add(asyncio.create_task(work))

    def recording_url(self, sid: str) -> str:
        return f"{self.options.api_url}/{API_VERSION}/Accounts/{self.account.sid}/Recordings/{sid}"

    def new_stream(self, noun: StreamNoun) -> MediaStreamCaller:
        stream = MediaStreamCaller(
            self.handset,
            url=noun.url,
            connect_to=noun.connect_to,
            auth_token=self.account.auth_token,
            account_sid=self.account.sid,
            call_sid=self.record.call_sid,
            stream_sid=new_sid("MZ"),
            parameters=noun.parameters,
            faults=self.options.stream,
        )
        stream.log.on_event = lambda kind, facts: self.note(kind, **facts)
        return stream

    def new_relay(self, noun: RelayNoun) -> RelayCaller:
        record = self.record
        caller = Caller(self.account.sid, record.call_sid, new_sid("VX"), record.from_, record.to, self.setup.direction)
        session = RelayCaller(self.handset, self.speaker, noun, caller, self.account.auth_token, self._fetch_sound)
        session.log.on_event = lambda kind, facts: self.note(kind, **facts)
        return session

    async def instructions_of(self, webhook: Webhook) -> Document:
        """What our side answers beside the course of the call. Raises TwimlError."""
        return await self._instructions(Go(webhook))

    async def _fetch_sound(self, url: str) -> bytes:
        answer = await self.courier.send(Webhook(url, "GET"), {})
        return read_sound(answer.content_type, answer.body)

    # The course of the call

    async def _live(self) -> None:
        todo = await self._unless_ordered(self._begin())
        while todo is not None:
            todo = await self._unless_ordered(self._do(todo))

    async def _unless_ordered(self, work: Coroutine[Any, Any, Go | Document | None]) -> Go | Document | None:
        """Do the work, unless an order comes first; then leave it and obey."""
        working = asyncio.create_task(work)
        ordered = asyncio.create_task(self._orders.get())
        try:
            await asyncio.wait({working, ordered}, return_when=asyncio.FIRST_COMPLETED)
            if not ordered.done():
                return working.result()
            order, at_ms = ordered.result(), self.handset.clock.now_ms()
        finally:
            working.cancel()
            ordered.cancel()
            await asyncio.wait({working, ordered})
        if order.go is None:
            self.record.ended_by, self.record.ended_ms = order.by, at_ms
            self._move_to(order.status or ("completed" if self.record.answered else "no-answer"))
        self.note("order", by=order.by, ends=order.go is None)
        return order.go

    async def _begin(self) -> Go | Document | None:
        if self.setup.direction == "inbound":
            self._move_to("ringing")
        elif not await self._ring():
            return None
        if self.setup.voice is not None:
            return Go(self.setup.voice, self._detection())
        try:
            return read(self.setup.twiml, self.options.api_url)
        except TwimlError as error:
            return self._apology(error, self.options.api_url)

    async def _ring(self) -> bool:
        """Dial out. Whether somebody took the call."""
        await self.released.wait()
        self._report("initiated", "initiated")
        self._move_to("ringing")
        self._report("ringing", "ringing")
        rings_s = min(self.person.rings_ms / 1000, self.setup.ring_timeout_s)
        if self.person.takes_call == "no-answer":
            rings_s = self.setup.ring_timeout_s
        await self.handset.clock.sleep(rings_s * 1000)
        took = self.person.takes_call
        if took != "answer" or self.person.rings_ms / 1000 > self.setup.ring_timeout_s:
            self.record.ended_by = "caller"
            self._move_to("no-answer" if took == "answer" else took)
            return False
        self._answer()
        return True

    def _detection(self) -> dict[str, str]:
        """What answering machine detection found, where our side asked for it before the first instructions."""
        if not self.setup.machine_detection:
            return {}
        self.record.answered_by = self.person.answered_by
        about = {"AnsweredBy": self.person.answered_by}
        if self.setup.async_amd is None:
            return about
        about["MachineDetectionDuration"] = "4000"
        self._keep(asyncio.create_task(self._detect(self.setup.async_amd, about)))
        return {}

    async def _detect(self, webhook: Webhook, about: Mapping[str, str]) -> None:
        """Tell our side who answered; of a machine that beeps only then, so that something can be left on it."""
        if any(isinstance(step, Beep) for step in self.person.steps):
            await self.beeped.wait()
        self.deliver(webhook, about, "detection callback", about["AnsweredBy"])

    def _answer(self) -> None:
        if self.record.answered is not None:
            return
        self.record.answered, self.record.answered_ms = datetime.now(UTC), self.handset.clock.now_ms()
        self._move_to("in-progress")
        self._report("answered", "in-progress")
        self.handset.start()
        self._keep(asyncio.create_task(self._talker.talk(self)))
        self._keep(asyncio.create_task(self._limit()))

    async def _limit(self) -> None:
        await self.handset.clock.sleep(self.setup.time_limit_s * 1000)
        self.end(by="carrier")

    async def _do(self, todo: Go | Document) -> Go | Document | None:
        if isinstance(todo, Go):
            return await self._fetch(todo)
        for warning in todo.warnings:
            self.note("warning", code=SCHEMA_WARNING, message=warning)
        return await self._follow(todo, todo.verbs)

    async def _follow(self, document: Document, verbs: tuple[Verb, ...]) -> Go | None:
        if verbs and verbs[0].name == "Reject" and self.record.answered is None:
            self.record.ended_by = "agent"
            self._move_to("busy" if verbs[0].get("reason") == "busy" else "no-answer")
            return None
        self._answer()
        for verb in verbs:
            outcome = await self._performer.perform(document, verb)
            if isinstance(outcome, Go):
                return outcome
            if outcome is Then.END:
                break
        self.record.ended_by = self.record.ended_by or "agent"
        return None

    async def _fetch(self, go: Go) -> Go | Document:
        try:
            return await self._instructions(go)
        except TwimlError as error:
            if self.setup.fallback is None or go.webhook == self.setup.fallback:
                return self._apology(error, go.webhook.url)
            self.note("error", code=error.code, message=str(error), url=go.webhook.url)
            about = {"ErrorCode": str(error.code), "ErrorUrl": go.webhook.url}
            return Go(self.setup.fallback, about)

    def _apology(self, error: TwimlError, url: str) -> Document:
        """What the carrier does when nobody tells it what to do."""
        self.note("error", code=error.code, message=str(error), url=url)
        self.record.ended_by = "carrier"
        return Document(url, (Verb("Say", {}, APOLOGY, ()), Verb("Hangup", {}, "", ())))

    async def _instructions(self, go: Go) -> Document:
        fields = {**self._fields(), **go.fields}
        twice = self.options.voice_twice and go.webhook == self.setup.voice
        self.note("webhook sent", url=go.webhook.url)
        answers = await asyncio.gather(*(self.courier.send(go.webhook, fields) for _ in range(2 if twice else 1)))
        answer = answers[0]
        about = {"took_ms": round(answer.took_ms, 1), "url": go.webhook.url}
        if twice:
            about["same"] = answers[0].body == answers[1].body
        self.note("webhook", **about)
        if answer.content_type not in XML_TYPES:
            raise TwimlError(BAD_CONTENT_TYPE, f"instructions of type {answer.content_type!r}")
        return read(answer.body.decode("utf-8", "replace"), answer.url)

    # Its end, and what is said about it

    async def _end(self) -> None:
        if not self.is_over:
            self._move_to("completed")
        self.record.ended = datetime.now(UTC)
        if self.record.ended_ms is None:
            self.record.ended_ms = self.handset.clock.now_ms()
        self.handset.stop()
        for task in self._tasks:
            task.cancel()
        self._sum_up()
        self._report_end()
        await self.callbacks.finish()
        await asyncio.gather(*self._deliveries)
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    def _sum_up(self) -> None:
        record, handset = self.record, self.handset
        record.utterances, record.gaps = handset.utterances, handset.playback.gaps
        record.frames, record.late_frames = handset.frames, handset.late_frames
        if handset.said is not None and handset.heard is not None:
            record.said, record.heard = handset.said, handset.heard

    def _report_end(self) -> None:
        fields = {"SipResponseCode": _SIP_CODES.get(self.status, "200")}
        if self.status == "completed":
            seconds = self.record.duration_s
            fields |= {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60))}
        self._report("completed", self.status, fields)

    def _fields(self) -> dict[str, str]:
        return call_fields(self.account.sid, self.record, self.setup)

    def _report(self, event: str, status: str, more: dict[str, str] | None = None) -> None:
        self.callbacks.fire(event, {**self._fields(), "CallStatus": status, **(more or {})})

    def _move_to(self, status: str) -> None:
        self.record.status, self.updated = status, datetime.now(UTC)
        self.note("status", status=status)

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Own a task until the end of the call. One that fails ends the call, and then raises there."""
        self._tasks.add(task)

        def look(done: asyncio.Task[None]) -> None:
            if not done.cancelled() and done.exception() is not None:
                self.end(by="carrier")

        task.add_done_callback(look)
