"""Keeps ElevenLabs' copy of an agent in step with its published version. The vendor is asked between transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.timezone import now

from agentos import vault
from agentos.jobs import enqueue
from agentos.tenants.credentials import vendor_keys
from agentos.tenants.log import record
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agents.endpoints import can_carry_sound, endpoint
from agents.knowledge.search import sources_of
from agents.models import Agent
from agents.native.copy import TOOLS, differences, reads_as, wanted
from agents.native.models import NativeAgent
from agents.native.offering import GOES_ON_HERE, STOP_CALLING, as_there, requests
from agents.own_tools import own_tools
from agents.providers.native.elevenlabs import ElevenLabsAgents
from agents.providers.ports import ProviderError
from agents.tools import Tool, built_in, granted
from agents.transports import ELEVENLABS_NATIVE, NATIVE_VENDOR
from agents.versions import VersionSpec

SUBJECT = "native"
SEARCH = "search_knowledge"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """An agent whose conversations are to run there: its version, and what we know of its copy."""

    spec: VersionSpec
    copy: NativeAgent
    vendor: ElevenLabsAgents
    tools: Mapping[str, dict[str, Any]]  # as they are written there, by name

    @property
    def mark(self) -> str:
        """Carried by the copy there, so that one that was made unheard of is found again."""
        return f"agentos-{self.copy.agent_id}"

    def body(self, tool_ids: Mapping[str, str]) -> dict[str, Any]:
        return wanted(self.spec, mark=self.mark, webhook_id=self.copy.webhook_id, tools=tool_ids)


def report_url(agent_id: UUID | str) -> str:
    """Where ElevenLabs reports what was said in a conversation of this agent."""
    return f"{settings.PUBLIC_URL}{report_path(agent_id)}"


def report_path(agent_id: UUID | str) -> str:
    return f"/agents/{agent_id}/elevenlabs"


def tools_path(agent_id: UUID | str) -> str:
    """Below it each tool of this agent has an address, which ElevenLabs asks during a conversation."""
    return f"{report_path(agent_id)}/tools"


def tools_for(agent_id: UUID, spec: VersionSpec) -> dict[str, Tool]:
    """What the version can do there, by name, inside the tenant: what it is granted, and what our own engines do by
    themselves, looking things up and listening for who wants no calls."""
    known = {**built_in(), **own_tools(spec.tools)}
    comes_back = can_carry_sound(spec, vendor_keys())
    offered = [grant.tool for grant in granted(spec.tools, known) if comes_back or grant.tool.name not in GOES_ON_HERE]
    tools = {tool.name: as_there(tool) for tool in offered}
    if sources_of(agent_id).exists():
        tools.setdefault(SEARCH, built_in()[SEARCH])
    return tools | {STOP_CALLING.name: STOP_CALLING}


def queue(agent: Agent, task: str = "agents.tasks.bring_into_step") -> None:
    """Have the copy of this agent written, or looked at, inside the tenant; removed, where it is needed no more."""
    if agent.published is not None and agent.published.transport == ELEVENLABS_NATIVE:
        enqueue(task, current_tenant_id(), agent.pk)
    elif NativeAgent.objects.filter(agent=agent).exclude(vendor_id="", webhook_id="").exists():
        enqueue("agents.tasks.remove_copy", current_tenant_id(), agent.pk)


def bring_into_step(tenant_id: int, agent_id: UUID) -> None:
    """Write the published version there, anew where it is gone. Repeated, it changes nothing. Raises ProviderError."""
    published = _published(tenant_id, agent_id)
    if published is None:
        return
    with _told(tenant_id, agent_id):
        vendor_id = published.copy.vendor_id
        if vendor_id and published.vendor.read(vendor_id) is None:  # deleted there, or the key is another account's
            published, vendor_id = replace(published, copy=_forgotten(tenant_id, agent_id)), ""
        published = _with_webhook(tenant_id, published)
        there = published.vendor.tools_below(tools_path(agent_id))
        body = published.body(_with_tools(published, there))
        if not (vendor_id and published.vendor.write(vendor_id, body)):
            vendor_id = _find_or_create(published, body)
        for tool_id in there.keys() - set(body["conversation_config"]["agent"]["prompt"]["tool_ids"]):
            published.vendor.forget_tool(tool_id)
    _keep(tenant_id, agent_id, published.spec, vendor_id)


def _keep(tenant_id: int, agent_id: UUID, spec: VersionSpec, vendor_id: str) -> None:
    with tenant_transaction(tenant_id):
        at = now()
        written = {"vendor_id": vendor_id, "version_id": spec.version_id, "written_at": at, "checked_at": at}
        note(agent_id, **written, differs=[], differs_since=None, trouble="")
        record("native.written", f"Wrote version {spec.number} of {spec.agent_name} to ElevenLabs", subject=SUBJECT)
        agent = Agent.objects.select_related("published").get(pk=agent_id)
        if agent.published_id != spec.version_id:  # published again meanwhile, and perhaps overtaken by us
            queue(agent)


def check(tenant_id: int, agent_id: UUID) -> list[str]:
    """Compare the copy with what we would write; what differs, in words. Raises ProviderError."""
    published = _published(tenant_id, agent_id)
    if published is None or not published.copy.vendor_id:
        return []
    with _told(tenant_id, agent_id):
        theirs = published.vendor.read(published.copy.vendor_id)
        there = published.vendor.tools_below(tools_path(agent_id)) if theirs is not None else {}
    found = ["It is gone"] if theirs is None else _differences(published, theirs, there)
    with tenant_transaction(tenant_id):
        copy = NativeAgent.objects.select_for_update().get(agent_id=agent_id)
        if found and found != copy.differs:
            words = f"{published.spec.agent_name} reads otherwise at ElevenLabs: {', '.join(found).lower()}"
            record("native.differs", words, subject=SUBJECT, fields=found)
        since = (copy.differs_since or now()) if found else None
        note(agent_id, differs=found, differs_since=since, checked_at=now(), trouble="")
    return found


def _differences(published: Published, theirs: Mapping[str, Any], there: Mapping[str, Mapping[str, Any]]) -> list[str]:
    ids = {config.get("name"): tool_id for tool_id, config in there.items()}
    found = differences(published.body({name: ids.get(name, "") for name in published.tools}), theirs)
    are_alike = all(name in ids and reads_as(ours, there[ids[name]]) for name, ours in published.tools.items())
    return found if are_alike or TOOLS in found else [*found, TOOLS]


def state_of(agent: Agent) -> NativeAgent | None:
    """What the page of an agent shows of its copy, inside the tenant; None where it has none and needs none."""
    known: NativeAgent | None = NativeAgent.objects.filter(agent=agent).select_related("version").first()
    if agent.published is None or agent.published.transport != ELEVENLABS_NATIVE:
        return known if known is not None and known.vendor_id else None
    return known or NativeAgent(agent=agent)


def with_copies(tenant_id: int) -> list[UUID]:
    """The agents of a tenant whose conversations run there."""
    with tenant_transaction(tenant_id):
        carried = Agent.objects.filter(published__transport=ELEVENLABS_NATIVE, archived_at=None)
        return list(carried.values_list("pk", flat=True))


def ready(agent_id: UUID, version_id: int) -> str:
    """The vendor's id of the copy, inside the tenant; empty while this version is not written there."""
    found = NativeAgent.objects.filter(agent_id=agent_id, version_id=version_id)
    vendor_id: str | None = found.values_list("vendor_id", flat=True).first()
    return vendor_id or ""


def secret_of(agent_id: UUID) -> str:
    """With which its reports are signed, inside the tenant; empty where there is none."""
    copy = NativeAgent.objects.filter(agent_id=agent_id).first()
    try:
        return vault.unseal(copy.webhook_secret, copy.secret_place) if copy and copy.webhook_secret else ""
    except vault.Unreadable as error:
        log.error("the secret of a webhook cannot be read", agent_id=str(agent_id), reason=str(error))
        return ""


def vendor_of_tenant() -> ElevenLabsAgents:
    """The account to which this tenant's key belongs, inside the tenant. Raises ProviderError."""
    return ElevenLabsAgents(endpoint(NATIVE_VENDOR, vendor_keys()))


def _published(tenant_id: int, agent_id: UUID) -> Published | None:
    with tenant_transaction(tenant_id):
        agent = Agent.objects.select_related("published__agent").filter(pk=agent_id, archived_at=None).first()
        if agent is None or agent.published is None or agent.published.transport != ELEVENLABS_NATIVE:
            return None
        copy, _ = NativeAgent.objects.get_or_create(agent=agent)
        spec = VersionSpec.of(agent.published)
        try:
            tools = requests(tools_for(agent_id, spec).values(), f"{settings.PUBLIC_URL}{tools_path(agent_id)}")
            return Published(spec, copy, vendor_of_tenant(), tools)
        except ProviderError as error:
            note(agent_id, trouble=error.code)
            return None


def _with_webhook(tenant_id: int, published: Published) -> Published:
    """Reports of each agent are sent to an address of its own, and signed with a secret of its own."""
    agent_id, url = published.copy.agent_id, report_url(published.copy.agent_id)
    if published.copy.webhook_id and published.copy.webhook_url == url:
        return published
    webhook_id, secret = published.vendor.create_webhook(published.mark, url)
    with tenant_transaction(tenant_id):
        sealed = vault.seal(secret, published.copy.secret_place)
        note(agent_id, webhook_id=webhook_id, webhook_secret=sealed, webhook_url=url)
        return replace(published, copy=NativeAgent.objects.get(agent_id=agent_id))


def _forgotten(tenant_id: int, agent_id: UUID) -> NativeAgent:
    """As if nothing had ever been made there."""
    with tenant_transaction(tenant_id):
        note(agent_id, vendor_id="", webhook_id="", webhook_secret="", webhook_url="")
        found: NativeAgent = NativeAgent.objects.get(agent_id=agent_id)
        return found


def _with_tools(published: Published, there: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The vendor's ids of the version's tools, by name, each written as it should read; none is made twice."""
    known = {str(config.get("name")): tool_id for tool_id, config in there.items()}
    ids = {}
    for name, config in published.tools.items():
        if name not in known:
            ids[name] = published.vendor.create_tool(config)
            continue
        ids[name] = known[name]
        if not reads_as(config, there[known[name]]):
            published.vendor.write_tool(known[name], config)
    return ids


def _find_or_create(published: Published, body: Mapping[str, Any]) -> str:
    """A copy that was made while nobody heard the answer is taken, and not made twice."""
    known = published.vendor.find(published.mark)
    if known and published.vendor.write(known, body):
        return known
    return published.vendor.create(body)


@contextmanager
def _told(tenant_id: int, agent_id: UUID) -> Iterator[None]:
    """What went wrong is shown on the page of the agent, too."""
    try:
        yield
    except ProviderError as error:
        with tenant_transaction(tenant_id):
            note(agent_id, trouble=error.code[:40] or "failed")
        raise


def note(agent_id: UUID, **fields: Any) -> None:
    """Write down what is known of a copy, inside the tenant."""
    NativeAgent.objects.filter(agent_id=agent_id).update(**fields)
