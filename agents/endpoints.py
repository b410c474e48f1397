"""Where a vendor is reached, and with whose key."""

from __future__ import annotations

from django.conf import settings

from agentos.tenants.credentials import NO_KEYS, VendorKeys
from agents.providers.ports import Endpoint


def has_ears_of_its_own(provider: str) -> bool:
    """Whether the installation has a server for hearing that stands in for this vendor."""
    return provider == "openai" and bool(settings.WHISPER["base_url"])


def endpoint(provider: str, keys: VendorKeys = NO_KEYS, *, hears: bool = False) -> Endpoint:
    """Where the provider is reached: with the tenant's own key where `keys` has one, else with the installation's.

    `keys` are `agentos.tenants.credentials.vendor_keys()`, read when a call is admitted or a task begins. A Whisper
    server of the installation `hears` in OpenAI's place, and never sees a tenant's key.
    """
    if hears and has_ears_of_its_own(provider):
        return Endpoint(settings.WHISPER["api_key"] or settings.NO_KEY, settings.WHISPER["base_url"])
    vendor = settings.VENDORS.get(provider, {})
    return Endpoint(api_key=keys.get(provider) or vendor.get("api_key", ""), base_url=vendor.get("base_url", ""))
