"""Signs as the carrier does, with its own SDK."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest
from django.test import AsyncRequestFactory
from twilio.request_validator import HMAC_SHA1, RequestValidator

ORIGIN = "https://agents.example"
ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
CALL_SID = "CA00000000000000000000000000000001"
FORM = "application/x-www-form-urlencoded"


def signature(
    url: str, fields: Mapping[str, str] | None = None, *, token: str = AUTH_TOKEN, algorithm: str = HMAC_SHA1
) -> str:
    return RequestValidator(token).compute_signature(url, fields or {}, algorithm)


def call_fields(**extra: str) -> dict[str, str]:
    """What every webhook about a call carries."""
    return {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "CallSid": CALL_SID,
        "CallStatus": "ringing",
        "Caller": "",
        "Direction": "inbound",
        "From": "+15005550006",
        "To": "+15005550001",
    } | extra


def webhook(url: str, fields: Mapping[str, str], *, signed: str | None = None, **headers: str) -> HttpRequest:
    """A form as the carrier posts it to `url`; `signed` is the signature, if not the right one."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {"X-Twilio-Signature": signature(url, fields) if signed is None else signed} | headers
    request = AsyncRequestFactory().post(path, urlencode(fields), content_type=FORM, headers=headers)
    request.scope["raw_path"] = parts.path.encode()
    return request
