from __future__ import annotations

import hashlib
import json
import random
import string
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import AsyncRequestFactory
from pytest_django import Settings
from twilio.request_validator import HMAC_SHA256

from telephony.signature import SignatureRefused, check_handshake, signed_fields
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN, ORIGIN, call_fields, signature, webhook

AGENT = "0b2b1a3c-9f1e-4a8e-8d2f-6a7b8c9d0e1f"
URL = f"{ORIGIN}/agents/{AGENT}/incoming-call"
SOCKET = f"wss://agents.example/agents/{AGENT}/media"
OTHER_TOKEN = "fedcba9876543210fedcba9876543210"
SHA256 = {"X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}


def handshake(url: str, *signatures: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> dict[str, Any]:
    """The scope of a socket opened to `url`."""
    parts = urlsplit(url)
    signed = tuple((b"x-twilio-signature", value.encode("latin-1")) for value in signatures)
    return {
        "type": "websocket",
        "path": parts.path,
        "raw_path": parts.path.encode("latin-1"),
        "query_string": parts.query.encode("latin-1"),
        "headers": ((b"host", b"10.0.0.7:8000"), (b"x-forwarded-proto", b"http"), *signed, *headers),
    }


def is_welcome(scope: dict[str, Any]) -> bool:
    try:
        check_handshake(scope)
    except SignatureRefused:
        return False
    return True


# Webhooks


def test_a_form_signed_by_our_account_is_read():
    assert signed_fields(webhook(URL, call_fields())) == call_fields()


def test_the_published_vectors_are_accepted(settings: Settings):
    settings.PUBLIC_URL = "https://app.example.com"
    fields = call_fields(From="+15005550006", To="+15005550001")

    url = "https://app.example.com/voice/inbound?t=42"
    assert signed_fields(webhook(url, fields, signed="xvyHi8JeklehptK7sLVzQ44fKdk="))
    assert is_welcome(handshake("wss://app.example.com/ws/media/", "cclsAvPkwaqlchnFjdYj1TjB90g="))


def test_the_configured_origin_counts_and_not_what_a_proxy_or_a_stranger_writes():
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}

    assert signed_fields(webhook(URL, call_fields(), **headers))
    evil = URL.replace("agents.example", "evil.example")
    with pytest.raises(SignatureRefused):
        signed_fields(webhook(URL, call_fields(), signed=signature(evil, call_fields()), **headers))


def test_the_port_may_be_named_or_left_out(settings: Settings):
    named = URL.replace("agents.example", "agents.example:443")
    assert signed_fields(webhook(URL, call_fields(), signed=signature(named, call_fields())))

    settings.PUBLIC_URL = "https://agents.example:8443"
    assert signed_fields(webhook(URL, call_fields()))
    named = URL.replace("agents.example", "agents.example:8443")
    assert signed_fields(webhook(URL, call_fields(), signed=signature(named, call_fields())))


def test_a_resume_address_is_accepted_with_its_retry_rules_signed_or_not():
    url = f"{ORIGIN}/agents/{AGENT}/resume"
    whole = f"{url}#rc=3&rp=ct,rt,5xx&ct=2000"

    assert signed_fields(webhook(url, call_fields()))
    assert signed_fields(webhook(url, call_fields(), signed=signature(whole, call_fields())))


def test_both_tokens_count_while_they_are_rotated(settings: Settings):
    settings.TWILIO_AUTH_TOKEN_SECONDARY = OTHER_TOKEN

    for token in (AUTH_TOKEN, OTHER_TOKEN):
        assert signed_fields(webhook(URL, call_fields(), signed=signature(URL, call_fields(), token=token)))
        assert is_welcome(handshake(SOCKET, signature(SOCKET, token=token)))


def test_a_token_that_was_rotated_away_counts_no_more():
    with pytest.raises(SignatureRefused):
        signed_fields(webhook(URL, call_fields(), signed=signature(URL, call_fields(), token=OTHER_TOKEN)))


def test_the_newer_scheme_is_accepted_and_an_unknown_one_is_not():
    signed = signature(URL, call_fields(), algorithm=HMAC_SHA256)

    assert signed_fields(webhook(URL, call_fields(), signed=signed, **SHA256))
    unknown = {name: value.replace("SHA256", "MD5") for name, value in SHA256.items()}
    with pytest.raises(SignatureRefused, match="unknown scheme"):
        signed_fields(webhook(URL, call_fields(), **unknown))


@pytest.mark.parametrize("token", ["TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID"])
def test_nothing_is_accepted_before_the_account_is_configured(settings: Settings, token: str):
    setattr(settings, token, "")
    fields = call_fields(AccountSid=settings.TWILIO_ACCOUNT_SID)

    with pytest.raises(SignatureRefused):
        signed_fields(webhook(URL, fields, signed=signature(URL, fields, token=settings.TWILIO_AUTH_TOKEN)))


@pytest.mark.parametrize("account", ["", "AC00000000000000000000000000000002"])
def test_a_right_signature_for_another_account_is_refused(account: str):
    with pytest.raises(SignatureRefused, match="another account"):
        signed_fields(webhook(URL, call_fields(AccountSid=account)))


@pytest.mark.parametrize(
    "url",
    [
        URL.replace("https", "http"),
        URL.replace("agents.example", "agents.example:8443"),
        URL.replace("agents.example", "Agents.example"),
        URL.replace("incoming", "Incoming"),
        URL.replace("0b2b", "0b2c"),
        URL.replace("/agents/", "//agents/"),
        URL.replace("agents/", "%61gents/"),
        URL + "/",
        URL + "?a=1&b=2",
        URL.replace("incoming-call", "status"),
    ],
)
def test_a_signature_for_another_address_is_refused(url: str):
    with pytest.raises(SignatureRefused):
        signed_fields(webhook(URL, call_fields(), signed=signature(url, call_fields())))


def test_the_order_of_a_query_is_part_of_the_address():
    with pytest.raises(SignatureRefused):
        signed_fields(webhook(f"{URL}?b=2&a=1", call_fields(), signed=signature(f"{URL}?a=1&b=2", call_fields())))


@pytest.mark.parametrize("signed", ["", "x", "é", "=" * 28, signature(URL, call_fields()) + ","])
def test_a_broken_signature_is_refused(signed: str):
    with pytest.raises(SignatureRefused):
        signed_fields(webhook(URL, call_fields(), signed=signed))


def test_two_signatures_are_none():
    both = signature(URL, call_fields())
    with pytest.raises(SignatureRefused):
        signed_fields(webhook(URL, call_fields(), signed=f"{both},{both}"))
    assert not is_welcome(handshake(SOCKET, signature(SOCKET), signature(SOCKET)))


def json_request(body: bytes, digest: str, *, url: str = URL) -> Any:
    address = f"{url}?bodySHA256={digest}"
    path = urlsplit(address)
    return AsyncRequestFactory().generic(
        "POST",
        f"{path.path}?{path.query}",
        body,
        content_type="application/json",
        headers={"X-Twilio-Signature": signature(address)},
    )


def test_a_json_body_is_signed_by_its_hash():
    body = json.dumps({"AccountSid": ACCOUNT_SID, "CallSid": "CA1", "n": 1}).encode()

    assert signed_fields(json_request(body, hashlib.sha256(body).hexdigest()))["CallSid"] == "CA1"
    with pytest.raises(SignatureRefused, match="wrong body"):
        signed_fields(json_request(body + b" ", hashlib.sha256(body).hexdigest()))


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"[" * 60_000, b"\xff"])
def test_a_signed_body_that_is_no_object_is_refused(body: bytes):
    with pytest.raises(SignatureRefused):
        signed_fields(json_request(body, hashlib.sha256(body).hexdigest()))


def test_a_form_cannot_pass_for_a_signed_body():
    """Its fields are not in the hash of the address."""
    body = urlencode(call_fields()).encode()
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"

    with pytest.raises(SignatureRefused):
        signed_fields(webhook(url, call_fields(), signed=signature(url)))


def test_what_is_no_form_or_too_long_is_not_read():
    request = AsyncRequestFactory().post("/", {"AccountSid": ACCOUNT_SID})  # multipart
    with pytest.raises(SignatureRefused, match="not a form"):
        signed_fields(request)
    with pytest.raises(SignatureRefused, match="not a form"):
        signed_fields(webhook(URL, call_fields(Long="x" * 70_000)))


# The socket's handshake


@pytest.mark.parametrize(
    "signed",
    [SOCKET, SOCKET + "/", SOCKET.replace("agents.example", "agents.example:443")],
)
def test_a_socket_is_welcome_by_its_secure_address_in_either_slash_form(signed: str):
    assert is_welcome(handshake(SOCKET, signature(signed)))


def test_a_query_counts_as_text_or_as_parameters():
    url = SOCKET + "?a=1&b="

    assert is_welcome(handshake(url, signature(url)))
    assert is_welcome(handshake(url, signature(SOCKET, {"a": "1", "b": ""})))
    assert not is_welcome(handshake(url, signature(SOCKET)))


def test_plain_websockets_are_for_a_local_carrier_only(settings: Settings):
    plain = SOCKET.replace("wss:", "ws:")
    assert not is_welcome(handshake(SOCKET, signature(plain)))

    settings.PUBLIC_URL = "http://agents.example"
    assert is_welcome(handshake(SOCKET, signature(plain)))
    assert is_welcome(handshake(SOCKET, signature(SOCKET)))


@pytest.mark.parametrize("scheme", ["https", "http", "ws"])
def test_a_signature_of_a_webhook_opens_no_socket(scheme: str):
    assert not is_welcome(handshake(SOCKET, signature(SOCKET.replace("wss", scheme))))


def test_a_socket_without_a_signature_is_not_welcome():
    assert not is_welcome(handshake(SOCKET))
    assert not is_welcome(handshake(SOCKET, ""))


def test_the_newer_scheme_opens_a_socket():
    settings = ((b"x-twilio-webhooks-signature-settings", b"key=k,algorithm=HMAC_SHA256"),)

    assert is_welcome(handshake(SOCKET, signature(SOCKET, algorithm=HMAC_SHA256), headers=settings))
    assert not is_welcome(handshake(SOCKET, signature(SOCKET), headers=settings))


# A great many forgeries


def changed(text: str, rng: random.Random) -> str:
    """Another text of nearly the same letters."""
    at, letter = rng.randrange(len(text) + 1), rng.choice(string.printable)
    other = rng.choice(
        (text[:at] + letter + text[at:], text[:at] + letter + text[at + 1 :], text[:at] + text[at + 1 :])
    )
    return other if other != text else text + letter


def forged_handshake(rng: random.Random) -> dict[str, Any]:
    right = signature(SOCKET)
    match rng.randrange(4):
        case 0:
            return handshake(SOCKET, changed(right, rng))
        case 1:
            path = changed(urlsplit(SOCKET).path, rng).rstrip("/?") + rng.choice(("", ".", "%2F"))
            path = path if path != urlsplit(SOCKET).path else path + "x"
            return handshake(SOCKET, right) | {"raw_path": path.encode()}
        case 2:
            return handshake(SOCKET, signature(SOCKET, token=changed(AUTH_TOKEN, rng)))
        case _:
            return handshake(SOCKET, right) | {"query_string": f"{rng.random()}=1".encode()}


def forged_webhook(rng: random.Random) -> Any:
    fields, right = call_fields(), signature(URL, call_fields())
    match rng.randrange(4):
        case 0:
            return webhook(URL, fields, signed=changed(right, rng))
        case 1:
            name = rng.choice(list(fields))
            return webhook(URL, fields | {name: changed(fields[name], rng)}, signed=right)
        case 2:
            del fields[rng.choice([name for name in fields if fields[name]])]
            return webhook(URL, fields, signed=right)
        case _:
            return webhook(URL, fields | {f"New{rng.randrange(10**6)}": "x"}, signed=right)


@pytest.mark.parametrize(
    ("forged", "count", "is_accepted"),
    [
        (forged_handshake, 80_000, is_welcome),
        (forged_webhook, 20_000, lambda request: _is_read(request)),
    ],
    ids=["sockets", "webhooks"],
)
def test_no_forgery_in_a_hundred_thousand_is_accepted(
    forged: Callable[[random.Random], Any], count: int, is_accepted: Callable[[Any], bool]
):
    rng = random.Random(7)

    assert sum(is_accepted(forged(rng)) for _ in range(count)) == 0


def _is_read(request: Any) -> bool:
    try:
        signed_fields(request)
    except SignatureRefused:
        return False
    return True
