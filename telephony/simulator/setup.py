"""What a call is made from: whose it is, who calls whom, and how it is to be simulated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .callbacks import DEFAULT_EVENTS, CallbackFaults
from .record import CallRecord
from .stream import StreamFaults
from .webhooks import Webhook

API_VERSION = "2010-04-01"
_PLACES = ("City", "State", "Zip")


@dataclass(frozen=True, slots=True)
class Account:
    """Whose calls these are, and the key that signs for them."""

    sid: str
    auth_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CallSetup:
    """Who calls whom, and where the carrier asks what to do. `twiml` stands in for the first answer."""

    from_: str
    to: str
    direction: Literal["inbound", "outbound-api"] = "inbound"
    voice: Webhook | None = None
    twiml: str = ""
    fallback: Webhook | None = None
    status: Webhook | None = None
    status_events: tuple[str, ...] = DEFAULT_EVENTS
    ring_timeout_s: float = 60.0
    time_limit_s: float = 14_400.0
    machine_detection: bool = False
    async_amd: Webhook | None = None
    phone_number_sid: str | None = None
    byoc: str = ""


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How the call is simulated. `voice_twice` delivers the first webhook twice at once."""

    time_scale: float = 1.0
    keep_audio: bool = True
    voice_twice: bool = False
    callbacks: CallbackFaults = field(default_factory=CallbackFaults)
    stream: StreamFaults = field(default_factory=StreamFaults)
    api_url: str = "http://127.0.0.1"


def call_fields(account_sid: str, record: CallRecord, setup: CallSetup) -> dict[str, str]:
    """The parameters of a voice webhook. Empty ones are sent, too, and signed."""
    fields = {
        "CallSid": record.call_sid,
        "AccountSid": account_sid,
        "From": record.from_,
        "To": record.to,
        "Caller": record.from_,
        "Called": record.to,
        "CallStatus": record.status,
        "ApiVersion": API_VERSION,
        "Direction": setup.direction,
    }
    for end in ("From", "To", "Caller", "Called"):
        fields |= {f"{end}{place}": "" for place in _PLACES} | {f"{end}Country": "US"}
    if setup.direction == "inbound":
        fields |= {"StirVerstat": "TN-Validation-Passed-A", "CallToken": '{"parentCallInfoToken":"practice"}'}
    return fields
