"""The catalog as vendors tell it to a business: asked at night and by a button, kept until the next answer.

What is listed joins what is on offer; what a version names and a vendor does not list any more is marked. A vendor that
does not answer leaves its last list as it is. Every function works inside the tenant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import structlog
from django.core.cache import cache
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.credentials import vendor_keys
from agentos.tenants.scoping import current_tenant_id
from agents.catalog import PROVIDERS, Kind, provider
from agents.drafts import ROLES
from agents.endpoints import endpoint, has_ears_of_its_own
from agents.models import VendorList
from agents.offers import Model, Provider, Voice
from agents.providers.listing import LISTING, Listing, listing
from agents.providers.ports import ProviderError

PAUSE_S = 10
YOURS = "yours"

Lists = Mapping[str, VendorList]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Gone:
    """A version names this in this field, and its vendor does not list it any more."""

    field: str
    name: str
    vendor: str


def refresh_by_hand(name: str) -> VendorList:
    """Ask now, because a person wants to see what is new. Raises DomainError with a sentence."""
    if not cache.add(f"vendor list:{current_tenant_id()}:{name}", 1, timeout=PAUSE_S):
        raise DomainError("too_soon", "It was asked a moment ago. Wait a few seconds, please.")
    asked = refresh(name)
    if asked is None:
        raise DomainError("no_key", "Without a key for this vendor it cannot be asked.")
    return asked


def refresh(name: str) -> VendorList | None:
    """Ask one vendor with the key that calls use. None where there is no key, or no list to ask for."""
    keys = vendor_keys()
    place = endpoint(name, keys)
    if name not in LISTING or not place.api_key:
        return None
    try:
        told = asdict(listing(name, place))
    except ProviderError as error:
        log.warning("a vendor does not list what it offers", provider=name, code=error.code)
        facts: dict[str, Any] = {"trouble": "refused" if not error.retryable else "away"}
    else:
        if name not in keys:  # the key is this server's, and what belongs to its account is nobody else's
            told = {kind: [each for each in listed if not each["is_own"]] for kind, listed in told.items()}
        facts = {"content": told, "told_at": now(), "trouble": ""}
    return _write(name, facts)


def keep(name: str, told: Listing) -> None:
    """What a server has just told, because somebody tried it."""
    _write(name, {"content": asdict(told), "told_at": now(), "trouble": ""})


def forget(name: str) -> None:
    """It is not theirs any more, or another one."""
    VendorList.objects.filter(provider=name).delete()


def first_models() -> dict[str, str]:
    """Of servers of one's own, the first model that each lists for what it does: what a new choice begins with."""
    kinds = {each.name: kind for kind, offers in PROVIDERS.items() for each in offers if each.needs_address}
    told = VendorList.objects.filter(provider__in=kinds)
    listed = {each.provider: each.content.get(kinds[each.provider]) for each in told}
    return {name: models[0]["name"] for name, models in listed.items() if models}


def _write(name: str, facts: Mapping[str, Any]) -> VendorList:
    made: VendorList = VendorList.objects.update_or_create(
        provider=name, defaults={"asked_at": now(), **facts}, create_defaults={"asked_at": now(), **facts}
    )[0]
    return made


def known_lists() -> Lists:
    return {each.provider: each for each in VendorList.objects.all()}


def enriched(kind: Kind, name: str, lists: Lists) -> Provider | None:
    """What is on offer there, with what the vendor itself has told."""
    offer = provider(kind, name)
    told = lists.get(name)
    if offer is None or told is None:
        return offer
    models = [Model(each["name"], each["label"]) for each in told.content.get(kind.value, ())]
    new_models = [each for each in models if not offer.model(each.name) and offer.takes_model(each.name)]
    voices = [_voice(each) for each in told.content.get("voices", ())] if kind is Kind.TTS else []
    known = {each.name for each in offer.voices}
    new_voices = [each for each in voices if each.name not in known and offer.takes_voice(each.name)]
    known_models = () if offer.needs_address and new_models else offer.models
    return replace(offer, models=(*known_models, *new_models), voices=(*_own_first(new_voices), *offer.voices))


def _voice(listed: Mapping[str, Any]) -> Voice:
    return Voice(listed["name"], f"{listed['label']}, {YOURS}" if listed["is_own"] else listed["label"])


def _own_first(voices: list[Voice]) -> list[Voice]:
    return sorted(voices, key=lambda voice: not voice.label.endswith(YOURS))


def gone(spec: Mapping[str, Any], lists: Lists) -> Iterator[Gone]:
    """What the version uses and its vendor does not list; of vendors and kinds that have told anything."""
    for role, kind in ROLES.items():
        name = spec[f"{role}_provider"]
        told = lists.get(name)
        offer = provider(kind, name)
        if told is None or offer is None or (kind is Kind.STT and has_ears_of_its_own(name)):
            continue
        parts = {"model": kind.value, **({"voice": "voices"} if kind is Kind.TTS else {})}
        for part, where in parts.items():
            wanted, listed = spec[f"{role}_{part}"], [each["name"] for each in told.content.get(where, ())]
            if wanted and listed and not any(is_same(wanted, each) for each in listed):
                yield Gone(f"{role}_{part}", wanted, offer.label)


def is_same(wanted: str, listed: str) -> bool:
    """Vendors list the dated and the long names of models that go by a short one."""
    return listed == wanted or listed.startswith(f"{wanted}-")
