"""What the page of a running call asks for."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
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
            services.whisper(call, request.POST.get("text", ""))
        case "goodbye" | "at_once":
            services.hang_up(call, at_once=do == "at_once")
        case "put_through":
            services.put_through(call, request.POST.get("department", ""))
        case _:
            raise DomainError("unknown", "That cannot be done to a call.")
    messages.success(request, DONE[do])
    if request.htmx:
        return render(request, "_toasts.html")
    return redirect("calls:call", request.tenant.slug, call.pk)
