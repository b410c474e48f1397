"""Where ElevenLabs reports what was said in a conversation, and asks us to do something while it lasts."""

from __future__ import annotations

import json
import time
from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from agentos.tenants.models import PublicRoute
from agentos.tenants.scoping import tenant_transaction
from agents.native.offering import HEADER
from agents.native.services import secret_of
from calls.native.services import take_report
from calls.native.signature import is_genuine
from calls.native.tools import Asked, read_pass, run_tool, told

MOST_BYTES, MOST_ASKED = 8_000_000, 1_000_000
REPORTS = {"post_call_transcription", "call_initiation_failure"}

log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def report(request: HttpRequest, agent_id: UUID) -> HttpResponse:
    """Verified by the body as it came, imported at once; a repetition changes nothing."""
    body = request.read(MOST_BYTES + 1)
    route = PublicRoute.objects.filter(pk=agent_id).first()
    secret = ""
    if route is not None:
        with tenant_transaction(route.tenant_id):
            secret = secret_of(agent_id)
    if route is None or not is_genuine(body, request.headers.get("ElevenLabs-Signature", ""), secret, time.time()):
        log.warning("a report was refused", agent_id=str(agent_id))
        return HttpResponseForbidden()
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    data = told.get("data") if isinstance(told, dict) else None
    if isinstance(data, dict) and told.get("type") in REPORTS:
        fate = {"status": "failed"} if told["type"] == "call_initiation_failure" else {}
        is_new = take_report(route.tenant_id, agent_id, {"status": "done", **data, **fate})
        log.info("a call was reported", agent_id=str(agent_id), kind=told["type"], is_new=is_new)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
async def tool(request: HttpRequest, agent_id: UUID, tool_name: str) -> HttpResponse:
    """The pass says which call it is. What is not done is told like what is: the model there has to read it."""
    opened = read_pass(request.headers.get(HEADER, ""))
    if opened is None:
        log.warning("a tool was asked for without a pass", agent_id=str(agent_id))
        return HttpResponseForbidden()
    tenant_id, call_id = opened
    text = request.read(MOST_ASKED + 1)
    try:
        body = json.loads(text) if len(text) <= MOST_ASKED else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return HttpResponse(status=400)
    result = await run_tool(tenant_id, agent_id, call_id, Asked.of(tool_name, body))
    log.info("a tool was asked for at a vendor", call_id=str(call_id), tool=tool_name[:64], ok=result.ok)
    return JsonResponse(told(result))
