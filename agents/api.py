"""The public API of agents, below /api/v1/; docs/api.md describes it."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import JsonResponse
from django.shortcuts import get_object_or_404

from agentos.tenants.api import ApiRequest, Problem, checked, keyed
from agentos.tenants.permissions import Permission
from agents import services
from agents.models import Agent
from agents.rehearsing import stage


class PublishForm(forms.Form):
    note = forms.CharField(max_length=200, required=False)
    anyway = forms.CharField(max_length=5, required=False)


@keyed(Permission.PUBLISH_AGENTS, "POST")
def publish_agent(request: ApiRequest, agent_id: UUID) -> JsonResponse:
    """Publish the draft. Rehearsals that come first are begun where they were not played yet: ask again later."""
    agent = get_object_or_404(Agent, pk=agent_id, archived_at=None)
    wish = checked(PublishForm, request).cleaned_data
    anyway = wish["anyway"].lower() == "yes"
    try:
        version = services.publish(request.tenant, agent.pk, note=wish["note"], anyway=anyway)
    except services.NotPublishable as error:
        return Problem(409, error.code, error.message, problems=[each.text for each in error.problems]).answer()
    except services.NotRehearsed as error:
        standing = stage().begin(services.draft_of(agent)) if error.standing.is_open else error.standing
        return Problem(409, error.code, error.message, rehearsals=standing.to_json()).answer()
    return JsonResponse({"agent": str(agent.pk), "version": version.number, "note": version.note})
