"""Twilio's REST API, as far as our side uses it. Every request is checked against the OpenAPI description."""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from .call_flow import SimulatedCall
from .callbacks import DEFAULT_EVENTS, EVENTS
from .exchange import Exchange, Number, TextSent
from .faults import REFUSED, Mode, RestFaults
from .instructions import TwimlError, read
from .record import new_sid
from .resources import account_json, call_json, matching, number_json, page_json, text_json
from .setup import CallSetup
from .specification import ROOT, Refusal, Specification
from .webhooks import Webhook

NOT_FOUND, NOT_IN_PROGRESS, BAD_EVENTS, TWIML_TOO_LONG = 20404, 21220, 21626, 21605
LONGEST_TWIML = 4000
MORE_INFO = "https://www.twilio.com/docs/errors"
_ACCOUNT = "/2010-04-01/Accounts/{Sid}.json"
_CALLS, _CALL = f"{ROOT}/Calls.json", f"{ROOT}/Calls/{{Sid}}.json"
_MESSAGES = f"{ROOT}/Messages.json"
_RECORDING = f"{ROOT}/Recordings/{{sid:RE[0-9a-f]{{32}}}}"
_NUMBERS, _NUMBER = f"{ROOT}/IncomingPhoneNumbers.json", f"{ROOT}/IncomingPhoneNumbers/{{Sid}}.json"

Form = dict[str, str]
Handler = Callable[[web.Request, list[tuple[str, str]]], Awaitable[web.StreamResponse]]


class RestApi:
    """The routes of the API over one exchange."""

    def __init__(self, exchange: Exchange, specification: Specification, faults: RestFaults) -> None:
        self._exchange, self._specification, self._faults = exchange, specification, faults

    def add_to(self, router: web.UrlDispatcher) -> None:
        for method, template, handler in (
            ("GET", _ACCOUNT, self._show_account),
            ("POST", _CALLS, self._create_call),
            ("GET", _CALLS, self._list_calls),
            ("POST", _CALL, self._update_call),
            ("GET", _CALL, self._show_call),
            ("POST", _MESSAGES, self._send_text),
            ("POST", _NUMBERS, self._buy_number),
            ("GET", _NUMBERS, self._list_numbers),
            ("POST", _NUMBER, self._update_number),
            ("GET", _NUMBER, self._show_number),
            ("DELETE", _NUMBER, self._release_number),
        ):
            router.add_route(method, template, self._checked(method, template, handler))
        router.add_get(f"{_RECORDING}{{type:(\\.wav)?}}", self._recording)
        router.add_delete(f"{_RECORDING}.json", self._delete_recording)

    def _checked(self, method: str, template: str, handler: Handler) -> Callable[[web.Request], Awaitable[Any]]:
        operation = self._specification.operation(method, template)

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                authenticate(request, self._exchange)
                sent = parse_qsl(request.query_string, keep_blank_values=True)
                if method == "POST":
                    sent += parse_qsl(await request.text(), keep_blank_values=True)
                operation.check(sent)
                return await handler(request, sent)
            except Refusal as refusal:
                return refused(refusal)

        return handle

    # Account

    async def _show_account(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        return web.json_response(account_json(self._exchange.account))

    # Calls

    async def _create_call(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        setup = _setup(sent, self._exchange)
        fault = self._faults.take(setup.to)
        if fault.refuse:
            raise Refusal(400, fault.refuse, "The call is refused.")
        if fault.mode in REFUSED:
            raise Refusal(*REFUSED[fault.mode])
        call = self._exchange.dial(setup, held=fault.mode is Mode.QUEUE)
        answer = call_json(self._exchange.account, call)
        await asyncio.sleep(fault.delay_s)
        if fault.mode is Mode.LOSE_REPLY and request.transport is not None:
            request.transport.abort()
        if fault.mode is Mode.ERROR_AFTER_ACCEPT:
            raise Refusal(*REFUSED[Mode.ERROR])
        return web.json_response(answer, status=201)

    async def _list_calls(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        query = dict(sent)
        found = matching(self._exchange.calls.values(), query)
        rows = [call_json(self._exchange.account, call) for call in found]
        return web.json_response(page_json("calls", rows, request.path, query))

    async def _show_call(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        return web.json_response(call_json(self._exchange.account, self._call(request)))

    async def _update_call(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        call, form = self._call(request), dict(sent)
        if "Status" in form:
            _end(call, form["Status"])
        elif form.get("Url") or form.get("Twiml"):
            _redirect(call, form)
        if form.get("StatusCallback"):
            call.callbacks.webhook = Webhook(form["StatusCallback"], form.get("StatusCallbackMethod", "POST"))
        answer = call_json(self._exchange.account, call)
        return web.json_response(answer | ({"status": form["Status"]} if "Status" in form else {}))

    def _call(self, request: web.Request) -> SimulatedCall:
        call = self._exchange.calls.get(request.match_info["Sid"])
        if call is None:
            raise Refusal(404, NOT_FOUND, f"The requested resource {request.path} was not found")
        return call

    # Text messages

    async def _send_text(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        form = dict(sent)
        if not form.get("Body"):
            raise Refusal(400, 21602, "Message body is required.")
        if self._exchange.number(form.get("From", "")) is None:
            raise Refusal(400, 21606, f"The 'From' number {form.get('From')} is not a message-capable number of yours.")
        fault = self._faults.take(form["To"])
        if fault.mode in REFUSED:
            raise Refusal(*REFUSED[fault.mode])
        text = TextSent(new_sid("SM"), form["From"], form["To"], form["Body"], datetime.now(UTC))
        self._exchange.texts.append(text)
        if fault.mode is Mode.ERROR_AFTER_ACCEPT:
            raise Refusal(*REFUSED[Mode.ERROR])
        return web.json_response(text_json(self._exchange.account, text), status=201)

    # Numbers

    async def _buy_number(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        form = dict(sent)
        if not form.get("PhoneNumber"):
            raise Refusal(400, 21421, "PhoneNumber is required: no area has numbers to choose from here")
        if self._exchange.number(form["PhoneNumber"]) is not None:
            raise Refusal(400, 21422, "PhoneNumber is not available")
        number = self._exchange.own(form["PhoneNumber"], _settings(form))
        return web.json_response(number_json(self._exchange.account, number), status=201)

    async def _list_numbers(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        query = dict(sent)
        rows = [
            number_json(self._exchange.account, number)
            for number in self._exchange.numbers.values()
            if query.get("PhoneNumber") in (None, number.phone_number)
            and query.get("FriendlyName") in (None, number.settings.get("friendly_name"))
        ]
        return web.json_response(page_json("incoming_phone_numbers", rows, request.path, query))

    async def _show_number(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        return web.json_response(number_json(self._exchange.account, self._number(request)))

    async def _update_number(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        number = self._number(request)
        number.settings |= _settings(dict(sent))
        number.updated = datetime.now(UTC)
        return web.json_response(number_json(self._exchange.account, number))

    async def _release_number(self, request: web.Request, sent: list[tuple[str, str]]) -> web.Response:
        del self._exchange.numbers[self._number(request).sid]
        return web.Response(status=204)

    def _number(self, request: web.Request) -> Number:
        number = self._exchange.numbers.get(request.match_info["Sid"])
        if number is None:
            raise Refusal(404, NOT_FOUND, f"The requested resource {request.path} was not found")
        return number

    # Recordings

    async def _recording(self, request: web.Request) -> web.Response:
        try:
            call = self._call_with(request)
        except Refusal as refusal:
            return refused(refusal)
        return web.Response(body=call.recordings[request.match_info["sid"]], content_type="audio/x-wav")

    async def _delete_recording(self, request: web.Request) -> web.Response:
        try:
            call = self._call_with(request)
        except Refusal as refusal:
            return refused(refusal)
        del call.recordings[request.match_info["sid"]]
        return web.Response(status=204)

    def _call_with(self, request: web.Request) -> SimulatedCall:
        """The call that the recording is of."""
        authenticate(request, self._exchange)
        for call in self._exchange.calls.values():
            if request.match_info["sid"] in call.recordings:
                return call
        raise Refusal(404, NOT_FOUND, f"The requested resource {request.path} was not found")


def authenticate(request: web.Request, exchange: Exchange) -> None:
    """Basic authentication with the account's SID and token; the address must name the same account."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        sid, _, token = b64decode(encoded).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        sid = token = ""
    account = exchange.account
    if scheme.lower() != "basic" or (sid, token) != (account.sid, account.auth_token):
        raise Refusal(401, 20003, "Authenticate")
    named = request.match_info.get("AccountSid") or request.match_info.get("Sid", "")
    if named.startswith("AC") and named != account.sid:
        raise Refusal(404, NOT_FOUND, f"The requested resource {request.path} was not found")


def refused(refusal: Refusal) -> web.Response:
    """An error in the carrier's own form."""
    body = {
        "code": refusal.code,
        "message": refusal.message,
        "more_info": f"{MORE_INFO}/{refusal.code}",
        "status": refusal.status,
    }
    return web.json_response(body, status=refusal.status)


def _setup(sent: list[tuple[str, str]], exchange: Exchange) -> CallSetup:
    """Raises Refusal for a call without instructions."""
    form, events = dict(sent), tuple(value for name, value in sent if name == "StatusCallbackEvent")
    if not form.get("Url") and not form.get("Twiml"):
        raise Refusal(400, 21205, "Url parameter is required.")
    if len(form.get("Twiml", "")) > LONGEST_TWIML:
        raise Refusal(400, TWIML_TOO_LONG, f"Twiml has more than {LONGEST_TWIML} characters.")
    if unknown := set(events) - set(EVENTS):
        raise Refusal(400, BAD_EVENTS, f"Invalid statusCallbackEvents specified: {', '.join(sorted(unknown))}")
    number = exchange.number(form["From"])
    return CallSetup(
        from_=form["From"],
        to=form["To"],
        direction="outbound-api",
        voice=_webhook(form, "Url", "Method"),
        twiml="" if form.get("Url") else form.get("Twiml", ""),
        fallback=_webhook(form, "FallbackUrl", "FallbackMethod"),
        status=_webhook(form, "StatusCallback", "StatusCallbackMethod"),
        status_events=events or DEFAULT_EVENTS,
        ring_timeout_s=min(int(form.get("Timeout") or 60), 600),
        time_limit_s=int(form.get("TimeLimit") or 14_400),
        machine_detection=bool(form.get("MachineDetection")) and not form.get("SendDigits"),
        async_amd=_webhook(form, "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod")
        if form.get("AsyncAmd") == "true"
        else None,
        phone_number_sid=number.sid if number else None,
        byoc=form.get("Byoc", ""),
    )


def _end(call: SimulatedCall, status: str) -> None:
    """`completed` ends whatever is not over yet, `canceled` only what nobody has answered. Repeats change nothing."""
    if call.is_over:
        return
    if status == "canceled" and call.record.answered is not None:
        raise Refusal(400, NOT_IN_PROGRESS, "Call is in-progress: it cannot be canceled")
    call.end(status="canceled" if call.record.answered is None else "completed")


def _redirect(call: SimulatedCall, form: Form) -> None:
    if form.get("Url") and form.get("Twiml"):
        raise Refusal(400, 20001, "Url and Twiml exclude each other.")
    if call.is_over or call.record.answered is None:
        raise Refusal(400, NOT_IN_PROGRESS, "Call is not in-progress. Cannot redirect.")
    if form.get("Url"):
        call.go(Webhook(form["Url"], form.get("Method", "POST")))
        return
    try:
        call.go(read(form["Twiml"], call.setup.voice.url if call.setup.voice else call.options.api_url))
    except TwimlError as error:
        raise Refusal(400, error.code, str(error)) from error


def _webhook(form: Form, url: str, method: str) -> Webhook | None:
    return Webhook(form[url], form.get(method, "POST")) if form.get(url) else None


def _settings(form: Form) -> Form:
    """`VoiceUrl` as `voice_url`."""
    names = {name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in form}
    return {names[name]: value for name, value in form.items() if name != "PhoneNumber"}
