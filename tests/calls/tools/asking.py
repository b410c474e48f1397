"""Runs a built-in tool as the engine does, without the engine."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.utils.timezone import now

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import AgentVersion
from agents.tools import ToolContext, ToolOutcome, granted
from agents.versions import VersionSpec
from calls.models import Call

_wishes = count(1)


def use(
    call: Call, tool: str, /, *, settings: dict[str, Any] | None = None, key: str = "", said: str = "", **arguments: Any
) -> ToolOutcome:
    """What the tool answers when the model asks for it in `call`; arguments that are not given are null."""
    [found] = granted([{"name": tool, "settings": settings or {}}])
    asked = dict.fromkeys(found.tool.parameters["required"]) | arguments
    assert asked.keys() == set(found.tool.parameters["required"])
    with tenant_transaction(call.tenant_id):
        version = AgentVersion.objects.select_related("agent").get(pk=call.version_id)
        context = ToolContext(
            tenant_id=call.tenant_id,
            call_id=call.pk,
            turn=1,
            version=VersionSpec.of(version),
            business=Tenant.objects.get(pk=call.tenant_id).name,
            caller_number=call.from_number,
            now=now(),
            key=key or f"{call.pk}:{next(_wishes)}",
            settings=found.settings,
            caller_said=said,
        )
        assert found.tool.run is not None
        return found.tool.run(context, asked)
