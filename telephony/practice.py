"""The browser phone: a call to an agent from its page, to the draft or to what is live."""

from __future__ import annotations

from uuid import UUID, uuid4

from asgiref.sync import async_to_sync
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agents.checklist import problems
from agents.models import Agent, AgentVersion
from agents.services import draft_of
from calls.admission import Refused, admit_browser
from calls.runtime import CallClaims
from telephony.tokens import mint

REFUSALS = {
    "busy": "All lines are in use. Try again when a call has ended.",
    "draining": "The server is about to restart. Try again in a moment.",
    "suspended": "This business is suspended. Nobody can call its agents.",
    "unknown_agent": "This agent was put away.",
    "unpublished": "This version is not there any more. Reload the page.",
}


@allowed(Permission.MAKE_TEST_CALLS)
@require_POST
def practice_call(request: TenantRequest, agent_id: UUID) -> HttpResponse:
    """Open a call and say where its socket is. POST `version`: "draft" or "live"."""
    agent = get_object_or_404(Agent.objects.select_related("published"), pk=agent_id, archived_at=None)
    try:
        version = _version(agent, request.POST.get("version", "draft"))
        call_id = _admit(agent, version)
    except DomainError as error:
        return JsonResponse({"code": error.code, "message": error.message}, status=409)
    claims = CallClaims(call_id, agent.pk, request.tenant.pk, segment=1, carrier_sid=str(call_id))
    return JsonResponse(
        {
            "call_id": str(call_id),
            "token": mint(claims),
            "socket_url": f"/t/{request.tenant.slug}/agents/{agent.pk}/phone",
            "call_url": reverse("calls:call", args=[request.tenant.slug, call_id]),
        }
    )


def _version(agent: Agent, wanted: str) -> AgentVersion:
    if wanted == "live":
        if agent.published is None:
            raise DomainError("unpublished", "Nothing is published yet. Call the draft.")
        return agent.published
    if wanted != "draft":
        raise Http404
    draft = draft_of(agent)
    if found := problems(draft):
        raise DomainError("not_ready", f"The draft cannot be called yet. {found[0].text}")
    return draft


def _admit(agent: Agent, version: AgentVersion) -> UUID:
    """Runs on the loop of the server, where the call's equipment warms up."""
    call_id = uuid4()
    try:
        async_to_sync(admit_browser)(agent_id=agent.pk, call_id=call_id, version_id=version.pk)
    except Refused as refused:
        raise DomainError(refused.code, REFUSALS.get(refused.code, refused.sentence)) from refused
    return call_id
