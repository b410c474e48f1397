from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from twilio.request_validator import RequestValidator

from telephony.simulator.signing import request_signature, socket_signature

TOKEN = "0123456789abcdef0123456789abcdef"
FORM = {
    "AccountSid": "AC00000000000000000000000000000001",
    "ApiVersion": "2010-04-01",
    "CallSid": "CA00000000000000000000000000000001",
    "CallStatus": "ringing",
    "Caller": "",
    "Direction": "inbound",
    "From": "+15005550006",
    "To": "+15005550001",
}


def test_a_form_is_signed_as_the_carrier_signs_it():
    signature = request_signature(TOKEN, "https://app.example.com/voice/inbound?t=42", FORM.items())

    assert signature == "xvyHi8JeklehptK7sLVzQ44fKdk="


def test_a_handshake_is_signed_as_the_carrier_signs_it():
    assert socket_signature(TOKEN, "wss://app.example.com/ws/media/") == "cclsAvPkwaqlchnFjdYj1TjB90g="


def test_a_handshake_over_plain_ws_is_signed_as_wss():
    plain, secure = (f"{scheme}://127.0.0.1:8000/agents/x/media" for scheme in ("ws", "wss"))

    assert socket_signature(TOKEN, plain) == socket_signature(TOKEN, secure)


def test_a_bare_origin_is_signed_with_its_slash():
    assert RequestValidator(TOKEN).validate("wss://host.example/", {}, socket_signature(TOKEN, "wss://host.example"))


def test_a_fragment_is_not_signed():
    assert request_signature(TOKEN, "https://a.example/s#rc=3", [("A", "1")]) == request_signature(
        TOKEN, "https://a.example/s", [("A", "1")]
    )


@pytest.mark.parametrize(
    "url", ["https://a.example/s", "http://127.0.0.1:8000/s?b=%20&a=2", "https://a.example:8443/ü"]
)
def test_the_official_validator_accepts_every_signature(url: str):
    parameters = [("B", "2"), ("a", ""), ("B", "1"), ("B", "1"), ("Body", "ü & =")]
    posted = QueryDict(urlencode(parameters))

    assert RequestValidator(TOKEN).validate(url, posted, request_signature(TOKEN, url, parameters))
