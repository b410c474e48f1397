"""Where a vendor is reached, and with whose key."""

from __future__ import annotations

from django.conf import settings

from agentos.tenants.credentials import NO_KEYS, VendorKeys
from agents.providers.ports import Endpoint


def endpoint(provider: str, keys: VendorKeys = NO_KEYS) -> Endpoint:
    """Where the provider is reached: with the tenant's own key where `keys` has one, else with the installation's.

    `keys` are `agentos.tenants.credentials.vendor_keys()`, read when a call is admitted or a task begins.
    """
    vendor = settings.VENDORS.get(provider, {})
    return Endpoint(api_key=keys.get(provider) or vendor.get("api_key", ""), base_url=vendor.get("base_url", ""))
