"""Whether a request really comes from our carrier account.

The carrier signs the address that it was given, so the address is rebuilt from the configured origin: what a proxy or a
stranger writes into `Host` and `X-Forwarded-*` does not matter. A signature carries no time and can be replayed; the
views are harmless when repeated, and a media socket asks for its one-time token besides.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.conf import settings
from django.http import HttpRequest, QueryDict
from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator, get_signature_algorithm

from telephony.addresses import RETRIES

MAX_BODY = 64 * 1024
_SIGNATURE, _SETTINGS = b"x-twilio-signature", b"x-twilio-webhooks-signature-settings"
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_NOTHING: dict[str, str] = {}


class SignatureRefused(Exception):
    """The request is not the carrier's, or not about our account."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def signed_fields(request: HttpRequest) -> dict[str, str]:
    """The fields of a webhook that our carrier account has signed. Raises SignatureRefused."""
    if len(request.body) > MAX_BODY or request.content_type not in (_FORM, _JSON):
        raise SignatureRefused("not a form")
    fields = _json_fields(request) if request.content_type == _JSON else request.POST
    params = fields if isinstance(fields, QueryDict) else _NOTHING
    query = request.META.get("QUERY_STRING", "")
    path = _raw_path(request) + (f"?{query}" if query else "")
    urls = [f"{origin}{path}" for origin in _origins(settings.PUBLIC_URL)]
    urls += [url + RETRIES for url in urls]  # fragments are said to be unsigned; nobody has seen it on a real account
    signature, algorithm = request.headers.get(_name(_SIGNATURE), ""), request.headers.get(_name(_SETTINGS), "")
    _insist(((url, params) for url in urls), signature, get_signature_algorithm(algorithm))
    if not _same(fields.get("AccountSid", ""), settings.TWILIO_ACCOUNT_SID):
        raise SignatureRefused("another account")
    return {name: fields[name] for name in fields}


def check_handshake(scope: Mapping[str, Any]) -> None:
    """Insist that a WebSocket handshake was signed by our carrier account. Raises SignatureRefused."""
    sent = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    signatures = [value for name, value in sent if name == _SIGNATURE]
    algorithms = [value for name, value in sent if name == _SETTINGS]
    if len(signatures) != 1 or len(algorithms) > 1:
        raise SignatureRefused("not exactly one signature")
    path = (scope.get("raw_path") or scope["path"].encode()).split(b"?")[0].decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    candidates = _socket_candidates(path, query)
    _insist(candidates, signatures[0], get_signature_algorithm(algorithms[0] if algorithms else ""))


def _socket_candidates(path: str, query: str) -> Iterable[tuple[str, Mapping[str, str]]]:
    """What the carrier may have signed: `wss`, either slash form, and a query as text or as parameters."""
    origins = ["ws" + origin.removeprefix("http") for origin in _origins(settings.PUBLIC_URL)]
    secure = ["wss" + origin.removeprefix("ws") for origin in origins if origin.startswith("ws:")]
    for origin in (*secure, *origins):
        for url in (origin + path, origin + (path[:-1] if path.endswith("/") else path + "/")):
            if query:
                yield f"{url}?{query}", _NOTHING
                yield url, dict(parse_qsl(query, keep_blank_values=True))
            else:
                yield url, _NOTHING


def _insist(candidates: Iterable[tuple[str, Mapping[str, str] | QueryDict]], signature: str, algorithm: str) -> None:
    tokens = [token for token in (settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_SECONDARY) if token]
    if not tokens:
        raise SignatureRefused("no auth token is configured")
    if algorithm.upper() not in (HMAC_SHA1, HMAC_SHA256):
        raise SignatureRefused("unknown scheme")
    validators = [RequestValidator(token) for token in tokens]
    genuine = False
    for url, params in candidates:
        for validator in validators:
            genuine |= _same(validator.compute_signature(url, params, algorithm), signature)
    if not genuine:
        raise SignatureRefused("wrong signature" if signature else "no signature")


def _json_fields(request: HttpRequest) -> dict[str, str]:
    """A JSON body is signed by its hash in the address."""
    hashes = parse_qs(request.META.get("QUERY_STRING", "")).get("bodySHA256", [])
    if len(hashes) != 1 or not _same(sha256(request.body).hexdigest(), hashes[0].lower()):
        raise SignatureRefused("wrong body")
    try:
        fields = json.loads(request.body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise SignatureRefused("wrong body")
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _raw_path(request: HttpRequest) -> str:
    """The path as it was sent: another spelling of the same path has another signature."""
    raw: bytes = getattr(request, "scope", {}).get("raw_path") or b""
    return raw.split(b"?")[0].decode("latin-1") or request.path


@lru_cache(maxsize=8)
def _origins(public_url: str) -> tuple[str, str]:
    """The configured origin, and how else the carrier may write it: with its port named, or left out."""
    parts = urlsplit(public_url)
    if parts.port:
        return public_url, f"{parts.scheme}://{parts.netloc.rsplit(':', 1)[0]}{parts.path}"
    return public_url, f"{parts.scheme}://{parts.netloc}:{443 if parts.scheme == 'https' else 80}{parts.path}"


def _name(header: bytes) -> str:
    return header.decode("ascii")


def _same(one: str, other: str) -> bool:
    return bool(one) and hmac.compare_digest(one.encode(), other.encode("utf-8", "replace"))
