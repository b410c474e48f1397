"""The public API of telephony, below /api/v1/; docs/api.md describes it."""

from __future__ import annotations

from uuid import UUID

from django.http import JsonResponse
from django.shortcuts import get_object_or_404

from agentos.tenants.api import ApiRequest, Problem, keyed
from agentos.tenants.permissions import Permission
from agents.models import Agent
from telephony import voice_tokens


@keyed(Permission.MANAGE_WEBSITE, "POST")
def voice_token(request: ApiRequest, agent_id: UUID) -> JsonResponse:
    """A token with which one browser may call the agent by Twilio's Voice SDK."""
    agent = get_object_or_404(Agent, pk=agent_id, archived_at=None)
    if agent.published_id is None:
        raise Problem(409, "unpublished", "Nothing of this agent is published yet.")
    token = voice_tokens.issue(agent.pk)
    body = {"token": token.text, "identity": token.identity, "expires_at": token.expires_at.isoformat()}
    return JsonResponse(body, status=201)
