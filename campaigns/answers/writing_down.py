"""A recorded answer in words: by the ears of the campaign's agent, or by the offline ear."""

from __future__ import annotations

import asyncio

import structlog

from agentos.tenants.credentials import NO_KEYS, VendorKeys, vendor_keys
from agents.endpoints import endpoint
from agents.providers.offline_voice.ears import Ear, make_decoder
from agents.providers.ports import EndOfTurn, ProviderError
from campaigns.audio.listening import Ears, listen
from campaigns.models import Campaign
from telephony import mulaw

PAUSE_MS = 700
OFFLINE = "offline"

log = structlog.get_logger(__name__)


def ears_of(campaign: Campaign) -> Ears:
    """Those of the agent as it is published, where the vendor's key is here."""
    version = campaign.agent.published
    if version is None or not endpoint(version.stt_provider, vendor_keys(), hears=True).api_key:
        return Ears(OFFLINE, language=campaign.language)
    return Ears(version.stt_provider, version.stt_model, campaign.language, version.stt_options)


def write_down(speech: bytes, ears: Ears, keys: VendorKeys = NO_KEYS) -> str | None:
    """What is heard; None where nobody can listen, or nobody who knows the language."""
    if ears.provider != OFFLINE:
        try:
            return asyncio.run(listen(ears, speech, keys=keys))
        except ProviderError as error:
            log.warning("a reply is written down offline", provider=error.provider, code=error.code)
    return _offline(speech) if ears.language.lower().startswith("en") else None


def _offline(speech: bytes) -> str | None:
    try:
        ear = Ear(make_decoder(), endpointing_ms=PAUSE_MS, eager=False)
    except ImportError:
        return None
    silence = mulaw.SILENCE * (2 * PAUSE_MS // mulaw.FRAME_MS)
    heard = [event.text for event in ear.hear(speech + silence) if isinstance(event, EndOfTurn) and event.text]
    ear.close()
    return " ".join(heard)
