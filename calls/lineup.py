"""Who hears, thinks and speaks in a call: as its version says, but whoever is unwell lets the second choice begin."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agentos.tenants.credentials import VendorKeys
from agents.endpoints import endpoint
from agents.providers.breaker import OnOutcome, unheard
from agents.providers.ports import ProviderError
from agents.transports import CONVERSATION_RELAY
from agents.versions import VersionSpec
from calls import vendor_health
from calls.vendor_health import Asked, Outcome

PARTS = ("stt", "llm", "tts")
OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Lineup:
    """The version as this call uses it. `left`: whom it does without at first, as its event tells it.

    `askeds` are whom it asks, by part, in the order of choice; `tried`: the parts in which somebody is tried again.
    """

    spec: VersionSpec
    tenant_id: int = 0
    left: Sequence[Mapping[str, str]] = ()
    askeds: Mapping[str, Sequence[Asked]] = field(default_factory=dict)
    tried: frozenset[str] = frozenset()

    def on_outcome(self, part: str) -> OnOutcome:
        """What is to hear of everything that comes of asking for a part."""
        askeds, tried = self.askeds.get(part, ()), part in self.tried
        if not askeds:
            return unheard

        def note(index: int, error: ProviderError | None) -> None:
            if vendor_health.tells(error) and askeds[index].provider != OFFLINE:
                failed = error is not None
                vendor_health.note(Outcome(askeds[index], self.tenant_id, failed, tried=tried and not index))

        return note


async def line_up(spec: VersionSpec, keys: VendorKeys, tenant_id: int, engine: str) -> Lineup:
    """Decide it for the next call. Never raises, and hardly waits."""
    askeds = {part: choices(spec, part, keys) for part in (("llm",) if engine == CONVERSATION_RELAY else PARTS)}
    pairs = [each for both in askeds.values() if len(both) > 1 for each in both]
    known = await vendor_health.left_alone(pairs, tenant_id) if pairs else {}
    left, tried = [], set()
    for part, both in askeds.items():
        if both[0] not in known or not may_begin(part, both[1:], known, keys):
            continue
        if await vendor_health.may_try(known[both[0]]):
            tried.add(part)
            continue
        first, second = both
        by = {"by": second.provider, "by_model": second.model}
        left.append({"part": part, "provider": first.provider, "model": first.model, **by})
        spec, askeds[part] = _turned(spec, part), both[::-1]
    return Lineup(spec, tenant_id, left, askeds, frozenset(tried))


def may_begin(part: str, seconds: Sequence[Asked], unwell: Container[Asked], keys: VendorKeys) -> bool:
    """Whether there is a second choice who is well and can be reached."""
    return any(each not in unwell and _can_be_used(part, each, keys) for each in seconds)


def choices(spec: VersionSpec, part: str, keys: VendorKeys) -> list[Asked]:
    """Whom the version names for a part, the first choice first."""
    named = (
        (getattr(spec, f"{place}{part}_provider"), getattr(spec, f"{place}{part}_model")) for place in ("", "second_")
    )
    return [vendor_health.asked(part, provider, model, keys) for provider, model in named if provider]


def _can_be_used(part: str, second: Asked, keys: VendorKeys) -> bool:
    return second.provider == OFFLINE or bool(endpoint(second.provider, keys, hears=part == "stt").api_key)


def _turned(spec: VersionSpec, part: str) -> VersionSpec:
    """The second choice first. The options were for the other, and a second choice has none."""
    names = [f"{part}_{what}" for what in ("provider", "model", *(["voice"] if part == "tts" else []))]
    changes: dict[str, Any] = {f"{part}_options": {}}
    if part == "tts":  # and so were the voices for other languages
        changes["other_languages"] = [each | {"voice": ""} for each in spec.other_languages]
    for name in names:
        changes |= {name: getattr(spec, f"second_{name}"), f"second_{name}": getattr(spec, name)}
    return replace(spec, **changes)
