"""The carrier's signature: HMAC-SHA1 with the account's auth token over an address and its parameters."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

Parameters = Iterable[tuple[str, str]]


def request_signature(auth_token: str, url: str, parameters: Parameters = ()) -> str:
    """Sign a webhook. `url` is the configured address, exactly; its fragment is not part of it."""
    signed = url.partition("#")[0] + "".join(name + value for name, value in sorted(set(parameters)))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def socket_signature(auth_token: str, url: str) -> str:
    """Sign a handshake: the address as the TwiML has it, but always as wss; a bare origin ends in a slash."""
    parts = urlsplit(url)
    return request_signature(auth_token, parts._replace(scheme="wss", path=parts.path or "/").geturl())
