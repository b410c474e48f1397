"""What is remembered of a contact: their answer, and the lines, each to be put right or forgotten."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from calls.memory import services
from calls.memory.models import Memory
from campaigns.models import Contact


@allowed(Permission.MANAGE_CONTACTS)
@require_POST
def memory(request: TenantRequest, contact_id: int) -> HttpResponse:
    """Take one of the actions of the section "What we remember"."""
    person = get_object_or_404(Contact, pk=contact_id)
    try:
        messages.success(request, _done(request, str(person.e164)))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(f"{_page(request, contact_id)}#memory")


def _page(request: TenantRequest, contact_id: int) -> str:
    return redirect("contacts:contact", request.tenant.slug, contact_id).url


def _done(request: TenantRequest, number: str) -> str:
    """Do it; what the person is told."""
    match request.POST.get("do"):
        case "agree" | "refuse" as answer:
            source = request.POST.get("source", "").strip() or f"Entered by {request.user}"
            services.note_answer(number, agreed=answer == "agree", source=source)
            return "The answer is on record." if answer == "agree" else "Nothing is remembered of them any more."
        case "save":
            line = get_object_or_404(Memory, pk=_key(request), e164=number)
            services.change(line, request.POST.get("text", ""), str(request.user))
            return "Saved."
        case "erase":
            services.forget(number, _key(request))
            return "Forgotten."
        case "forget_all":
            services.forget(number)
            return "Everything that was remembered is forgotten."
    raise DomainError("unknown", "Nothing was changed.")


def _key(request: TenantRequest) -> int:
    text = request.POST.get("memory", "")
    return int(text) if text.isdecimal() and len(text) < 18 else 0
