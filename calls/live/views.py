"""What the page of a running call asks for."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from calls.conversation.commands import Answer
from calls.live import services
from calls.models import Call

DONE = {
    "whisper": "The agent knows. It says so in its next answer, in its own words.",
    "goodbye": "The agent says goodbye now.",
    "at_once": "The call is ended.",
    "put_through": "The agent says so, and the caller is put through.",
}


@allowed(Permission.STEER_CALLS)
@require_POST
def steer(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """Whisper, put through, or end the call. Answers htmx with a toast, and others with the page of the call."""
    call = get_object_or_404(Call, pk=call_id)
    if call.status == Call.Status.ENDED:
        raise DomainError("over", "This call is over.")
    do = request.POST.get("do", "")
    match do:
        case "whisper":
            answer = services.whisper(call, request.POST.get("text", ""))
        case "goodbye" | "at_once":
            answer = services.hang_up(call, at_once=do == "at_once")
        case "put_through":
            answer = services.put_through(
                call, department=request.POST.get("department", ""), person_id=_person(request)
            )
        case _:
            raise DomainError("unknown", "That cannot be done to a call.")
    if answer is Answer.LOST:
        messages.error(request, services.WHY_NOT[answer])
    else:
        messages.success(request, DONE[do])
    if request.htmx:
        return render(request, "_toasts.html")
    return redirect("calls:call", request.tenant.slug, call.pk)


def _person(request: TenantRequest) -> int | None:
    """Whom alone to put the caller through to; None for whoever is there."""
    chosen = request.POST.get("person", "")
    if not chosen:
        return None
    if not chosen.isdecimal() or len(chosen) > 11:
        raise DomainError("unknown", "There is no such person.")
    return int(chosen)
