"""Publishing: the checklist, the rehearsals that come first, and the press that lets callers hear the draft."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agents import services
from agents.checklist import State, checklist
from agents.comparison import diff
from agents.forms import PublishForm
from agents.models import Agent, AgentVersion
from agents.rehearsing import Standing, stage

Rehearsing = Agent.Rehearsing


@allowed(Permission.PUBLISH_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: TenantRequest, agent_id: UUID) -> HttpResponse:
    """The checklist, as a page and, for scripts, as the inside of a dialog; posted, the draft goes live.

    Where rehearsals come first, they are played, and the page posts again until it is known how they went.
    """
    agent = get_object_or_404(Agent.objects.select_related("published__agent"), pk=agent_id, archived_at=None)
    if request.method != "POST":
        return _ask(request, agent, PublishForm())
    form = PublishForm(request.POST)
    if not form.is_valid():
        return _ask(request, agent, form, status=422)
    before, note = agent.published_id, form.cleaned_data["note"]
    anyway = bool(request.POST.get("anyway"))
    try:
        version = services.publish(request.tenant, agent.pk, by=request.user, note=note, anyway=anyway)
    except services.NotPublishable:
        return _ask(request, agent, form, status=422)
    except services.NotRehearsed as error:
        if error.standing.is_open:
            stage().begin(services.draft_of(agent))
            return _ask(request, agent, form, is_waiting=True)
        return _ask(request, agent, form, status=422)
    same = version.pk == before
    messages.success(request, f"Version {version.number} is live{' already' if same else ''}.")
    there = reverse("agents:edit", args=[request.tenant.slug, agent.pk])
    return HttpResponse(headers={"HX-Redirect": there}) if request.htmx else redirect(there)


def _ask(
    request: TenantRequest, agent: Agent, form: PublishForm, *, status: int = 200, is_waiting: bool = False
) -> HttpResponse:
    draft = services.draft_of(agent)
    live = agent.published
    checks = checklist(draft, numbers=agent.numbers.count(), tried=_was_tried(draft, live))
    newest = agent.versions.filter(number__isnull=False).order_by("-number").first()
    standing = stage().standing(draft) if agent.rehearsing != Rehearsing.OFF else Standing()
    context: dict[str, Any] = {
        "agent": agent,
        "form": form,
        "checks": checks,
        "wrong": [check for check in checks if check.state is State.FIX],
        "numbers": list(agent.numbers.all()),
        "next": (newest.number or 0) + 1 if newest else 1,
        "changes": diff(live, draft) if live else None,
        "standing": standing,
        "is_waiting": is_waiting,
        "may_go_on": agent.rehearsing == Rehearsing.ADVISORY,
    }
    page = "agents/_publish.html" if request.htmx else "agents/publish.html"
    return render(request, page, context, status=status)


def _was_tried(draft: AgentVersion, live: AgentVersion | None) -> bool:
    """Whether somebody has called the draft since the last one went live."""
    tries = draft.calls.filter(created_at__gte=live.published_at) if live else draft.calls
    return bool(tries.exists())
