"""A version of an agent without a database."""

from __future__ import annotations

from typing import Any

from agents.models import AgentVersion
from agents.versions import VersionSpec


def relay_spec(**fields: Any) -> VersionSpec:
    """With the defaults of the model."""
    known = {f.name: f.get_default() for f in AgentVersion._meta.fields if f.name in VersionSpec.__dataclass_fields__}
    return VersionSpec(**({"version_id": 1, "agent_name": "Front desk"} | known | fields))
