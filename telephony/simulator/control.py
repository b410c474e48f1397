"""What the real carrier does not offer: call our side from here, look into a call, and break things."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from .call_flow import SimulatedCall
from .callbacks import CallbackFaults
from .exchange import Exchange
from .faults import RestFault, RestFaults
from .people import Person
from .rest import authenticate, refused
from .setup import CallOptions
from .specification import Refusal
from .stream import MediaStreamCaller, StreamFaults
from .texting import send_text
from .tracks import wav_of_both
from .webhooks import Webhook

Facts = Mapping[str, Any]


class Control:
    """The routes below /control. They ask for the same credentials as the REST API and speak JSON."""

    def __init__(self, exchange: Exchange, faults: RestFaults) -> None:
        self._exchange, self._faults = exchange, faults

    def add_to(self, router: web.UrlDispatcher) -> None:
        for method, path, handler in (
            ("GET", "/control", self._show),
            ("POST", "/control/faults", self._add_fault),
            ("DELETE", "/control/faults", self._clear_faults),
            ("POST", "/control/people", self._name_people),
            ("POST", "/control/calls", self._ring),
            ("POST", "/control/messages", self._text),
            ("GET", "/control/calls/{call_sid}", self._show_call),
            ("POST", "/control/calls/{call_sid}", self._meddle),
            ("DELETE", "/control/calls/{call_sid}", self._forget),
            ("GET", "/control/calls/{call_sid}/audio", self._audio),
        ):
            router.add_route(method, path, self._guarded(handler))

    def _guarded(self, handler: Callable[[web.Request, Facts], Awaitable[web.Response]]) -> Any:
        async def handle(request: web.Request) -> web.Response:
            try:
                authenticate(request, self._exchange)
                body = json.loads(await request.text() or "{}")
                return await handler(request, body)
            except Refusal as refusal:
                return refused(refusal)
            except (ValueError, TypeError, KeyError) as error:
                return refused(Refusal(400, 20001, f"{type(error).__name__}: {error}"))

        return handle

    async def _show(self, request: web.Request, body: Facts) -> web.Response:
        live = [sid for sid, call in self._exchange.calls.items() if not call.is_over]
        return web.json_response({"account_sid": self._exchange.account.sid, "live": live})

    async def _add_fault(self, request: web.Request, body: Facts) -> web.Response:
        self._faults.add(RestFault.from_json(body))
        return web.Response(status=204)

    async def _clear_faults(self, request: web.Request, body: Facts) -> web.Response:
        self._faults.clear()
        return web.Response(status=204)

    async def _name_people(self, request: web.Request, body: Facts) -> web.Response:
        """`{"+12085550123": {person}}`: who answers which number."""
        self._exchange.people |= {number: Person.from_json(person) for number, person in body.items()}
        return web.Response(status=204)

    async def _ring(self, request: web.Request, body: Facts) -> web.Response:
        call = self._exchange.ring(
            from_=body["from"],
            to=body["to"],
            person=Person.from_json(body.get("person", {})),
            voice=_webhook(body, "voice_url"),
            status=_webhook(body, "status_callback"),
            options=_options(body.get("options", {})),
        )
        return web.json_response({"sid": call.record.call_sid}, status=201)

    async def _text(self, request: web.Request, body: Facts) -> web.Response:
        """Somebody writes to a number of our side."""
        sent = await send_text(
            self._exchange,
            from_=body["from"],
            to=body["to"],
            body=body["body"],
            webhook=_webhook(body, "sms_url"),
            sid=body.get("sid", ""),
        )
        return web.json_response({"sid": sent.sid, "answers": sent.answers}, status=201)

    async def _show_call(self, request: web.Request, body: Facts) -> web.Response:
        """What is known of the call; with `?wait=1` once it is over."""
        call = self._call(request)
        if request.query.get("wait"):
            await self._exchange.over(call.record.call_sid)
        return web.json_response({**call.record.facts(), "byoc": call.setup.byoc})

    async def _meddle(self, request: web.Request, body: Facts) -> web.Response:
        """`{"do": "hang_up"}`, and so on; see docs/practice-carrier.md."""
        call, stream = self._call(request), self._call(request).stream
        match body.get("do"):
            case "hang_up":
                call.hang_up()
            case "press":
                call.press(str(body["digit"]))
            case "release":
                call.released.set()
            case "freeze" | "thaw" | "vanish" | "stop_reading" | "send" if stream is None:
                raise Refusal(409, 20409, "The call has no stream now.")
            case "freeze" | "thaw" | "stop_reading" if not isinstance(stream, MediaStreamCaller):
                raise Refusal(409, 20409, "Only a stream of sound can do that.")
            case "thaw" if isinstance(stream, MediaStreamCaller):
                stream.thaw(lost=bool(body.get("lost")))
            case "send" if stream is not None:
                stream.send_raw(str(body["text"]))
            case "freeze" | "vanish" | "stop_reading" as what:
                getattr(stream, what)()
            case other:
                raise ValueError(f"nothing is known of {other!r}")
        return web.Response(status=204)

    async def _forget(self, request: web.Request, body: Facts) -> web.Response:
        self._exchange.forget(self._call(request).record.call_sid)
        return web.Response(status=204)

    async def _audio(self, request: web.Request, body: Facts) -> web.Response:
        """Caller on the left, the agent as it was heard on the right."""
        record = self._call(request).record
        return web.Response(body=wav_of_both(record.said, record.heard), content_type="audio/x-wav")

    def _call(self, request: web.Request) -> SimulatedCall:
        call = self._exchange.calls.get(request.match_info["call_sid"])
        if call is None:
            raise Refusal(404, 20404, "There is no such call.")
        return call


def _webhook(body: Facts, name: str) -> Webhook | None:
    return Webhook(body[name]) if body.get(name) else None


def _options(facts: Facts) -> CallOptions:
    """Raises TypeError for options that do not exist."""
    callbacks = dict(facts.get("callbacks", {}))
    callbacks["drop"] = frozenset(callbacks.get("drop", ()))
    chosen = {name: value for name, value in facts.items() if name not in ("callbacks", "stream", "api_url")}
    return CallOptions(**chosen, callbacks=CallbackFaults(**callbacks), stream=StreamFaults(**facts.get("stream", {})))
