"""The last known state of an agent on this host, for when the database is away.

The tenant's own keys are kept with it, wrapped by the master key: a file that is copied away says nothing about them.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from django.conf import settings

from agentos import vault
from agentos.tenants.credentials import VendorKeys, vendor_keys
from agentos.tenants.models import Tenant
from agents.languages import LAST
from agents.models import AgentVersion
from agents.own_tools import own_tools
from agents.tools import Tool
from agents.versions import VersionSpec

log = structlog.get_logger(__name__)


class Answerer(NamedTuple):
    """Who answers a call: the business, the published version, and its own keys, by vendor, and tools, by name.

    The tools are not kept on this host.
    """

    tenant_id: int
    business: str
    spec: VersionSpec
    keys: VendorKeys
    tools: Mapping[str, Tool]

    @classmethod
    def of(cls, tenant: Tenant, version: AgentVersion) -> Answerer:
        """Inside the tenant."""
        spec = VersionSpec.of(version)
        return cls(tenant.pk, tenant.name, spec, vendor_keys(), own_tools(spec.tools))

    def __repr__(self) -> str:
        return f"Answerer(tenant_id={self.tenant_id}, version_id={self.spec.version_id})"


_saved: dict[UUID, Answerer] = {}


def save_snapshot(agent_id: UUID, answerer: Answerer) -> None:
    """Keep what a call needs; written only when it changed, and whole or not at all."""
    file = _file(agent_id)
    kept_of_it = answerer._replace(tools={})
    if _saved.get(agent_id) == kept_of_it and file.exists():
        return
    keys = vault.wrap(json.dumps(dict(answerer.keys)).encode(), _place(agent_id))
    kept = {"tenant_id": answerer.tenant_id, "business": answerer.business, "spec": answerer.spec.to_json()}
    text = json.dumps(kept | {"keys": keys})
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w") as temporary:
        temporary.write(text)
    os.replace(name, file)
    _saved[agent_id] = kept_of_it


def load_snapshot(agent_id: UUID) -> Answerer | None:
    """Who answers; None when nothing was kept."""
    try:
        data = json.loads(_file(agent_id).read_text())
    except (OSError, ValueError):
        return None
    spec = VersionSpec.from_json(data["spec"])
    return Answerer(data["tenant_id"], data["business"], spec, _keys(agent_id, data), {})


def _keys(agent_id: UUID, data: dict[str, Any]) -> dict[str, str]:
    try:
        keys: dict[str, str] = json.loads(vault.unwrap(data.get("keys", ""), _place(agent_id)))
    except vault.Unreadable as error:  # the call is answered all the same, with the keys of this installation
        log.warning("the kept keys cannot be read", agent_id=str(agent_id), reason=str(error))
        return {}
    return keys


def language_of(agent_id: UUID) -> str:
    """What the agent speaks, as far as this host knows; English where nothing was kept."""
    kept = load_snapshot(agent_id)
    return kept.spec.language if kept else LAST


def _place(agent_id: UUID) -> str:
    return f"snapshot.keys:{agent_id}"


def _file(agent_id: UUID) -> Path:
    folder: Path = settings.SPOOL_DIR / "agents"
    return folder / f"{agent_id}.json"
