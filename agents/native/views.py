"""Have ElevenLabs' copy of an agent compared with what was published, or written anew."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from agentos.tenants.log import record
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agents.models import Agent
from agents.native import services


@allowed(Permission.PUBLISH_AGENTS)
@require_POST
def step(request: TenantRequest, agent_id: UUID) -> HttpResponse:
    """The vendor is asked in the background: it may take its time, and nobody should wait for it."""
    agent = get_object_or_404(Agent.objects.select_related("published"), pk=agent_id, archived_at=None)
    if request.POST.get("action") == "compare":
        services.queue(agent, "agents.tasks.compare_copy")
        messages.success(request, "It is being compared. Look again in a moment.")
    else:
        services.queue(agent)
        record("native.step", f"Had {agent} brought into step at ElevenLabs", subject=services.SUBJECT)
        messages.success(request, "It is being written to ElevenLabs. Look again in a moment.")
    return redirect("agents:edit", request.tenant.slug, agent.pk)
