"""A report's signature, and a report of any shape."""

from __future__ import annotations

import hmac
import time
from hashlib import sha256
from typing import Any

import pytest
from elevenlabs.client import ElevenLabs

from calls.native.reading import Report
from calls.native.signature import is_genuine
from calls.redaction import Redactor

BODY, SECRET = b'{"type": "post_call_transcription", "caf\xc3\xa9": 1}', "wsec_1"


def header(at: int, *, secret: str = SECRET, body: bytes = BODY) -> str:
    return f"t={at},v0={hmac.new(secret.encode(), f'{at}.'.encode() + body, sha256).hexdigest()}"


def test_what_the_vendor_signed_is_genuine_as_its_own_sdk_finds_too():
    at = int(time.time())

    assert is_genuine(BODY, header(at), SECRET, float(at))
    sdk = ElevenLabs(api_key="key")
    assert sdk.webhooks.construct_event(BODY.decode(), header(at), SECRET)["type"] == "post_call_transcription"


@pytest.mark.parametrize(
    "told",
    [
        header(1000, secret="another"),
        header(1000, body=BODY + b" "),
        header(1000)[:-1],
        header(1000).replace("t=1000", "t=1001"),
        header(1000).replace("t=1000", "t=now"),
        "",
        "v0=",
    ],
)
def test_anything_else_is_not(told: str):
    assert not is_genuine(BODY, told, SECRET, 1000.0)


def test_an_old_report_and_one_from_the_future_are_not_and_nothing_is_genuine_without_a_secret():
    assert is_genuine(BODY, header(1000), SECRET, 2800.0)
    assert not is_genuine(BODY, header(1000), SECRET, 2801.0)
    assert not is_genuine(BODY, header(1000), SECRET, 699.0)
    assert not is_genuine(BODY, header(1000, secret=""), "", 1000.0)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"transcript": "nothing", "metadata": [], "conversation_initiation_client_data": 1},
        {"transcript": [None, {"role": "user"}, {"role": ["robot"], "message": "x"}, {"role": "agent", "message": 5}]},
        {"metadata": {"call_duration_secs": "long", "charging": {"llm_price": "much"}, "termination_reason": 3}},
        {"metadata": {"call_duration_secs": float("nan"), "charging": {"llm_price": float("inf")}}},
    ],
)
def test_a_report_of_another_shape_tells_nothing_and_breaks_nothing(told: dict[str, Any]):
    report = Report(told)

    assert list(report.turns(Redactor(frozenset()))) == []
    assert list(report.usage()) == []
    assert (report.call_id, report.ending, report.is_over) == (None, "carrier", False)


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("end_call tool was called.", "agent"),
        ("Client disconnected: 1000", "caller"),
        ("Conversation exceeded its maximum duration", "limit"),
        ("Silence timeout", "silence"),
        ("", "carrier"),
    ],
)
def test_why_it_ended_is_read_from_the_vendors_words(reason: str, ending: str):
    assert Report({"status": "done", "metadata": {"termination_reason": reason}}).ending == ending


def test_turns_keep_their_order_and_do_not_end_before_they_begin_or_after_the_next():
    said = [
        {"role": "agent", "message": "One two three four five six seven eight.", "time_in_call_secs": 0},
        {"role": "user", "message": "Yes.", "time_in_call_secs": 1},
        {"role": "user", "message": "And no.", "time_in_call_secs": 1},
    ]

    turns = list(Report({"transcript": said}).turns(Redactor(frozenset()), before_ms=500, first=3))

    assert [turn["index"] for turn in turns] == [3, 4, 5]
    assert [(turn["state"]["started_ms"], turn["state"]["ended_ms"]) for turn in turns] == [
        (500, 1500),
        (1500, 1500),
        (1500, 1500),
    ]
