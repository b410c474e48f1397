"""The browser phone: a call to an agent from its page, to the draft or to what is live."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from agentos.draining import drain
from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agents.checklist import problems
from agents.models import Agent, AgentVersion
from agents.services import draft_of
from calls.models import Call
from calls.runtime import CallClaims
from calls.services import NewCall, open_call
from telephony.tokens import mint


@allowed(Permission.MAKE_TEST_CALLS)
@require_POST
def practice_call(request: TenantRequest, agent_id: UUID) -> HttpResponse:
    """Open a call and say where its socket is. POST `version`: "draft" or "live"."""
    agent = get_object_or_404(Agent.objects.select_related("published"), pk=agent_id, archived_at=None)
    try:
        call = _open(request.tenant.pk, _version(agent, request.POST.get("version", "draft")))
    except DomainError as error:
        return JsonResponse({"code": error.code, "message": error.message}, status=409)
    claims = CallClaims(call.pk, agent.pk, request.tenant.pk, segment=1, carrier_sid=str(call.pk))
    return JsonResponse(
        {
            "call_id": str(call.pk),
            "token": mint(claims),
            "socket_url": f"/t/{request.tenant.slug}/agents/{agent.pk}/phone",
            "call_url": reverse("calls:call", args=[request.tenant.slug, call.pk]),
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


def _open(tenant_id: int, version: AgentVersion) -> Call:
    """The caller comes with the next request: what the call needs is opened by its socket, on that process."""
    if drain.begun:
        raise DomainError("draining", "The server is about to restart. Try again in a moment.")
    new = NewCall(
        call_id=uuid4(),
        agent_id=version.agent_id,
        version_id=version.pk,
        channel=Call.Channel.BROWSER,
        direction=Call.Direction.INBOUND,
        from_number="",
        to_number="",
        carrier_sid=None,
        created_at=now(),
    )
    return open_call(tenant_id, new)
