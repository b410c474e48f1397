"""The carrier's resources as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from .call_flow import SimulatedCall
from .exchange import Number, TextSent
from .setup import API_VERSION, Account
from .specification import Refusal

PAGE_SIZE, LARGEST_PAGE = 50, 1000
CALL_PARTS = ("notifications", "recordings", "payments", "events", "siprec", "streams", "transcriptions")
NUMBER_TEXTS = ("friendly_name", "origin", "status_callback", "voice_url", "voice_fallback_url", "sms_url")
NUMBER_METHODS = ("status_callback_method", "voice_method", "voice_fallback_method", "sms_method")
NUMBER_SIDS = ("address_sid", "bundle_sid", "identity_sid", "trunk_sid", "voice_application_sid")


def account_json(account: Account) -> dict[str, Any]:
    uri = f"/{API_VERSION}/Accounts/{account.sid}"
    began = rfc_2822(datetime(2026, 1, 1, tzinfo=UTC))
    return {
        "sid": account.sid,
        "friendly_name": "Practice carrier",
        "auth_token": "",
        "date_created": began,
        "date_updated": began,
        "owner_account_sid": account.sid,
        "status": "active",
        "type": "Full",
        "subresource_uris": {part: f"{uri}/{name}.json" for part, name in (("calls", "Calls"),)},
        "uri": f"{uri}.json",
    }


def call_json(account: Account, call: SimulatedCall) -> dict[str, Any]:
    record, setup = call.record, call.setup
    uri = f"/{API_VERSION}/Accounts/{account.sid}/Calls/{record.call_sid}"
    return {
        "sid": record.call_sid,
        "account_sid": account.sid,
        "parent_call_sid": None,
        "to": setup.to,
        "to_formatted": formatted(setup.to),
        "from": setup.from_,
        "from_formatted": formatted(setup.from_),
        "phone_number_sid": setup.phone_number_sid,
        "status": record.status,
        "date_created": rfc_2822(call.created),
        "date_updated": rfc_2822(call.updated),
        "start_time": rfc_2822(started(call)) if record.status != "queued" else None,
        "end_time": rfc_2822(record.ended),
        "duration": str(record.duration_s) if record.ended else None,
        "price": call.price,
        "price_unit": "USD",
        "direction": setup.direction,
        "answered_by": record.answered_by or None,
        "api_version": API_VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": str(round(call.queue_time_s * 1000)),
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {part: f"{uri}/{part.title()}.json" for part in CALL_PARTS},
    }


def number_json(account: Account, number: Number) -> dict[str, Any]:
    settings = number.settings
    return {
        "sid": number.sid,
        "account_sid": account.sid,
        "phone_number": number.phone_number,
        **{name: settings.get(name, "") for name in NUMBER_TEXTS},
        **{name: settings.get(name, "POST") for name in NUMBER_METHODS},
        **{name: settings.get(name) for name in NUMBER_SIDS},
        "friendly_name": settings.get("friendly_name") or formatted(number.phone_number),
        "voice_caller_id_lookup": settings.get("voice_caller_id_lookup") == "true",
        "voice_receive_mode": "voice",
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "address_requirements": "none",
        "emergency_status": "Inactive",
        "api_version": API_VERSION,
        "beta": False,
        "status": "in-use",
        "date_created": rfc_2822(number.created),
        "date_updated": rfc_2822(number.updated),
        "uri": f"/{API_VERSION}/Accounts/{account.sid}/IncomingPhoneNumbers/{number.sid}.json",
    }


def text_json(account: Account, text: TextSent) -> dict[str, Any]:
    return {
        "sid": text.sid,
        "account_sid": account.sid,
        "messaging_service_sid": None,
        "from": text.from_,
        "to": text.to,
        "body": text.body,
        "status": "queued",
        "direction": "outbound-api",
        "num_segments": "1",
        "num_media": "0",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "api_version": API_VERSION,
        "date_created": rfc_2822(text.created),
        "date_sent": None,
        "date_updated": rfc_2822(text.created),
        "uri": f"/{API_VERSION}/Accounts/{account.sid}/Messages/{text.sid}.json",
        "subresource_uris": {},
    }


def page_json(key: str, rows: Sequence[dict[str, Any]], path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """One page of `rows`, with the addresses of its neighbours."""
    size, number = min(int(query.get("PageSize", PAGE_SIZE)), LARGEST_PAGE), int(query.get("Page", 0))
    start = size * number
    shown = rows[start : start + size]
    filters = {name: value for name, value in query.items() if name not in ("Page", "PageToken", "PageSize")}

    def uri(page: int) -> str:
        token = {"PageToken": f"PA{rows[size * page - 1]['sid']}"} if page else {}
        return f"{path}?{urlencode({**filters, 'PageSize': size, 'Page': page, **token})}"

    return {
        key: shown,
        "page": number,
        "page_size": size,
        "start": start,
        "end": start + len(shown) - 1 if shown else start,
        "uri": uri(number) if number * size <= len(rows) else path,
        "first_page_uri": uri(0),
        "previous_page_uri": uri(number - 1) if number else None,
        "next_page_uri": uri(number + 1) if start + size < len(rows) else None,
    }


def matching(calls: Iterable[SimulatedCall], query: Mapping[str, str]) -> list[SimulatedCall]:
    """Newest first."""
    wanted = {name: query[name] for name in ("To", "From", "Status", "ParentCallSid") if query.get(name)}
    found = [
        call
        for call in calls
        if wanted.items() <= {"To": call.setup.to, "From": call.setup.from_, "Status": call.status}.items()
        and _in_time(started(call), query, "StartTime")
        and (call.record.ended is None or _in_time(call.record.ended, query, "EndTime"))
    ]
    return sorted(found, key=lambda call: call.created, reverse=True)


def started(call: SimulatedCall) -> datetime:
    return call.record.began or call.created


def rfc_2822(moment: datetime | None) -> str | None:
    return format_datetime(moment) if moment else None


def formatted(number: str) -> str:
    if len(number) == 12 and number.startswith("+1"):
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number


def _in_time(moment: datetime, query: Mapping[str, str], name: str) -> bool:
    """A plain `StartTime` means that day in UTC."""
    on, before, after = (query.get(name + suffix, "") for suffix in ("", "<", ">"))
    if on and not _moment(on[:10]) <= moment < _moment(on[:10]) + timedelta(days=1):
        return False
    return (not before or moment < _moment(before)) and (not after or moment >= _moment(after))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, 20422, f"{text!r} is not a date.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
