"""The last known state of an agent on this host, for when the database is away."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from uuid import UUID

from django.conf import settings

from agents.languages import LAST
from agents.versions import VersionSpec

_saved: dict[UUID, str] = {}


def save_snapshot(agent_id: UUID, tenant_id: int, business: str, spec: VersionSpec) -> None:
    """Keep what a call needs; written only when it changed, and whole or not at all."""
    text = json.dumps({"tenant_id": tenant_id, "business": business, "spec": spec.to_json()})
    file = _file(agent_id)
    if _saved.get(agent_id) == text and file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w") as temporary:
        temporary.write(text)
    os.replace(name, file)
    _saved[agent_id] = text


def load_snapshot(agent_id: UUID) -> tuple[int, str, VersionSpec] | None:
    """The tenant, the name of the business and the published version; None when nothing was kept."""
    try:
        data = json.loads(_file(agent_id).read_text())
    except (OSError, ValueError):
        return None
    return data["tenant_id"], data["business"], VersionSpec.from_json(data["spec"])


def language_of(agent_id: UUID) -> str:
    """What the agent speaks, as far as this host knows; English where nothing was kept."""
    kept = load_snapshot(agent_id)
    return kept[2].language if kept else LAST


def _file(agent_id: UUID) -> Path:
    folder: Path = settings.SPOOL_DIR / "agents"
    return folder / f"{agent_id}.json"
