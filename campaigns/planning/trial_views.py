"""Trying a campaign out before anybody else hears it: a test call to one's own telephone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from campaigns.models import Campaign
from campaigns.planning.trial import ask_for_test_call, tests_of

OWN_NUMBER = "own_number"
PEOPLE = 20


@allowed(Permission.RUN_CAMPAIGNS)
@require_http_methods(["GET", "HEAD", "POST"])
def test_call(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    """Where one asks for a test call, and sees how it goes: a part of the review, and a page of its own."""
    campaign = get_object_or_404(Campaign.objects.select_related("agent", "number"), pk=campaign_id, is_test=False)
    problem = _ask(request, campaign) if request.method == "POST" else ""
    tests = tests_of(campaign)
    context: dict[str, Any] = {
        "campaign": campaign,
        "people": campaign.targets.select_related("contact").order_by("contact__name", "pk")[:PEOPLE],
        "chosen": request.POST.get("person", ""),
        "number": request.POST.get("number") or request.session.get(OWN_NUMBER, ""),
        "problem": problem,
        "tests": tests,
        "is_running": any(each["test"].status == Campaign.Status.RUNNING for each in tests),
    }
    template = "campaigns/_test_call.html" if request.htmx else "campaigns/test_call.html"
    return render(request, template, context, status=422 if problem else 200)


def _ask(request: TenantRequest, campaign: Campaign) -> str:
    """Ask for the call; what is wrong with the request, if anything."""
    person = request.POST.get("person", "")
    number = request.POST.get("number", "")[:40]
    try:
        ask_for_test_call(
            request.tenant,
            campaign.pk,
            number=number,
            target_id=int(person) if person.isdecimal() and len(person) < 19 else 0,
            by=request.user,
        )
    except DomainError as error:
        return error.message
    request.session[OWN_NUMBER] = number
    return ""
