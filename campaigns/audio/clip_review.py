"""The page of a campaign's clips: how far they are, what each cost, and those that wait for somebody to listen."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, Min, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from campaigns.audio.checking import approve, make_again
from campaigns.audio.clip_links import listen_path
from campaigns.audio.clips import progress
from campaigns.models import AudioClip, Campaign, Target

PER_PAGE = 25
Status = AudioClip.Status
TONES = {Status.DOUBTED: "warn", Status.FAILED: "bad", Status.WANTED: "live", Status.READY: "good"}
ORDER = list(TONES)  # what somebody has to look at comes first


@allowed(Permission.VIEW_CONTACTS, to_change=Permission.RUN_CAMPAIGNS)
@require_http_methods(["GET", "HEAD", "POST"])
def clips(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    """The clips; posted, one is let through as it is, or made anew."""
    campaign = get_object_or_404(Campaign, pk=campaign_id)
    if request.method == "POST":
        return _decide(request, campaign)
    state = request.GET.get("state", "")
    page = Paginator(_clips(campaign, state), PER_PAGE).get_page(request.GET.get("page"))
    someone = Target.objects.select_related("contact").in_bulk([each.first for each in page])  # type: ignore[attr-defined]
    context = {
        "campaign": campaign,
        "progress": progress(campaign.pk),
        "page": page,
        "rows": [
            (each, someone[each.first], listen_path(each) if each.file else "", TONES[each.status])  # type: ignore[attr-defined,index]
            for each in page
        ],
        "state": state,
        "states": [(value.value, value.label) for value in ORDER],
    }
    return render(request, "campaigns/clips.html", context)


def _clips(campaign: Campaign, state: str) -> QuerySet[AudioClip]:
    found: QuerySet[AudioClip] = AudioClip.objects.filter(targets__campaign=campaign)
    if state in Status.values:
        found = found.filter(status=state)
    first = Case(
        *(When(status=each, then=Value(place)) for place, each in enumerate(ORDER)), output_field=IntegerField()
    )
    counted = found.annotate(people=Count("targets"), first=Min("targets__pk"), place=first)
    return counted.order_by("place", "created_at", "pk")


def _decide(request: TenantRequest, campaign: Campaign) -> HttpResponse:
    try:
        clip_id = UUID(request.POST.get("clip", ""))
    except ValueError as error:
        raise DomainError("no_clip", "Say which message is meant.") from error
    clip = get_object_or_404(AudioClip.objects.filter(targets__campaign=campaign).distinct(), pk=clip_id)
    if "again" in request.POST:
        make_again(clip.pk)
        messages.success(request, "It is being made anew.")
    else:
        approve(clip.pk, request.user)
        messages.success(request, "It will be played.")
    return redirect("campaigns:clips", request.tenant.slug, campaign.pk)
