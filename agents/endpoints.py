"""Where a vendor is reached, and with whose key."""

from __future__ import annotations

import hashlib

from django.conf import settings

from agentos.tenants.credentials import NO_KEYS, VendorKeys
from agents.own_servers import own_server, place_of
from agents.providers.ports import Endpoint
from agents.versions import VersionSpec


def has_ears_of_its_own(provider: str) -> bool:
    """Whether the installation has a server for hearing that stands in for this vendor."""
    return provider == "openai" and bool(settings.WHISPER["base_url"])


def endpoint(provider: str, keys: VendorKeys = NO_KEYS, *, hears: bool = False) -> Endpoint:
    """Where the provider is reached: with the tenant's own key where `keys` has one, else with the installation's.

    `keys` are `agentos.tenants.credentials.vendor_keys()`, read when a call is admitted or a task begins. A Whisper
    server of the installation `hears` in OpenAI's place, and never sees a tenant's key. A server of the business's own
    has no other address than its own.
    """
    if own_server(provider):
        return place_of(provider, keys.get(provider))
    if hears and has_ears_of_its_own(provider):
        return Endpoint(settings.WHISPER["api_key"] or settings.NO_KEY, settings.WHISPER["base_url"])
    vendor = settings.VENDORS.get(provider, {})
    return Endpoint(api_key=keys.get(provider) or vendor.get("api_key", ""), base_url=vendor.get("base_url", ""))


def can_carry_sound(spec: VersionSpec, keys: VendorKeys) -> bool:
    """Whether we could hear and speak ourselves in a call of this version."""
    ears, voice = endpoint(spec.stt_provider, keys, hears=True), endpoint(spec.tts_provider, keys)
    places = ((spec.stt_provider, ears), (spec.tts_provider, voice))
    return all(place.api_key for provider, place in places if provider != "offline")


def whose_voice(provider: str, place: Endpoint) -> str:
    """Under which name what it says is kept: at an own server the same voice may be anybody's."""
    if place.through is None:
        return provider
    return f"{provider} {hashlib.sha256(f'{place.base_url}#{place.api_key}'.encode()).hexdigest()}"
