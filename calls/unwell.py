"""Which ways of carrying calls, and which vendors, are unwell for a business, and what happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asgiref.sync import async_to_sync

from agentos.tenants.credentials import VendorKeys, vendor_keys
from agentos.tenants.templatetags.words import count
from agents.catalog import Kind, company
from agents.models import AgentVersion
from agents.transports import CONVERSATION_RELAY, ELEVENLABS_NATIVE, MEDIA_STREAMS, TECHNICAL
from agents.versions import VersionSpec
from calls.engine_health import Health, health
from calls.lineup import PARTS, choices, may_begin
from calls.quick_redis import AWAY
from calls.vendor_health import Asked, troubles

DOES = {"stt": "hears", "llm": "thinks", "tts": "speaks"}
MEANWHILE = {
    "stt": "Calls are heard by {0} meanwhile.",
    "llm": "{0} thinks in calls meanwhile.",
    "tts": "Calls are spoken by {0} meanwhile.",
}
FAILED = "It failed {0} of the last {1} that your calls asked it."
ALONE = "{0} has no second choice for this, and asks it all the same."
AGAIN = "It is tried again by itself, in one call at a time."
NOT_CARRIED = (
    "Many of its latest calls could not be carried. Until it is well again, calls are carried in the usual way."
)


@dataclass(frozen=True, slots=True)
class Unwell:
    """Who is unwell, since when as far as that is known, and what that means."""

    who: str
    since: datetime | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Need:
    """An agent needs somebody for a part of its calls; `second` would begin in their place."""

    agent: str
    first: Asked
    second: Asked | None


def unwell(versions: Iterable[AgentVersion], tenant_id: int) -> list[Unwell] | None:
    """Of all that these versions use, inside the tenant. None where it is not known."""
    specs = [VersionSpec.of(version) for version in versions]
    keys = vendor_keys()
    needs = [need for spec in specs for need in _needs(spec, keys)]
    askeds = list(dict.fromkeys(each for need in needs for each in (need.first, need.second) if each))
    try:
        known = async_to_sync(troubles)(askeds, tenant_id)
    except AWAY:
        return None
    found = [_engine(name) for name in dict.fromkeys(spec.transport for spec in specs)]
    for first in dict.fromkeys(need.first for need in needs if need.first in known):
        trouble, own = known[first]
        since = datetime.fromtimestamp(trouble.since, UTC)
        concerned = [need for need in needs if need.first == first]
        found.append(Unwell(_who(first, concerned), since, _meaning(concerned, own, set(known), keys)))
    return [each for each in found if each]


def _needs(spec: VersionSpec, keys: VendorKeys) -> list[Need]:
    """By its way of carrying calls: some bring ears and a voice of their own."""
    carried: dict[str, Sequence[str]] = {CONVERSATION_RELAY: ("llm",), ELEVENLABS_NATIVE: ()}
    parts = carried.get(spec.transport, PARTS)
    pairs = [choices(spec, part, keys) for part in parts]
    return [Need(spec.agent_name, both[0], both[1] if len(both) > 1 else None) for both in pairs]


def _who(first: Asked, concerned: Sequence[Need]) -> str:
    return f"{_name(first, any(_same(first, need.second) for need in concerned))}, which {DOES[first.kind]} in calls,"


def _name(asked: Asked, has_twin: bool) -> str:
    name = company(Kind(asked.kind), asked.provider)
    return f"{name} {asked.model}" if has_twin else name


def _same(first: Asked, second: Asked | None) -> bool:
    """Whether their companies do not tell them apart."""
    return second is not None and second.provider == first.provider


def _meaning(concerned: Sequence[Need], own: Health, unwell: set[Asked], keys: VendorKeys) -> str:
    said = [FAILED.format(own.failed, count(own.calls, "time"))] if own.failed else []
    part = concerned[0].first.kind
    helped = [need for need in concerned if need.second and may_begin(part, [need.second], unwell, keys)]
    seconds = dict.fromkeys(_name(need.second, _same(need.first, need.second)) for need in helped if need.second)
    if seconds:
        said.append(MEANWHILE[part].format(" and ".join(seconds)))
    said += [ALONE.format(name) for name in dict.fromkeys(need.agent for need in concerned if need not in helped)]
    return " ".join([*said, AGAIN])


def _engine(name: str) -> Unwell | None:
    """A way of carrying calls. Its figures are of all businesses, and nobody's to see."""
    if name == MEDIA_STREAMS or async_to_sync(health)(name).is_well:
        return None
    label = TECHNICAL[name]
    return Unwell(label, None, NOT_CARRIED)
