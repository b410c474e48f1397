"""The pages on which campaigns are watched: the list, one campaign as it runs, and why somebody was not called."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime, now
from django.views.decorators.http import require_POST, require_safe

from agentos.exporting import csv_file
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agentos.tenants.templatetags.words import count
from calls.context import Lines
from calls.parts import everything
from campaigns import services
from campaigns.attempt_list import AttemptList
from campaigns.calling.settling import ANSWERS
from campaigns.log import entries
from campaigns.models import Campaign, Target
from campaigns.outcomes import words_of
from campaigns.planning.comparison import Comparison
from campaigns.planning.forms import PeopleForm
from campaigns.planning.hours_map import hours_map
from campaigns.progress import Progress
from campaigns.why import find
from campaigns.why import why as why_of

LOG_SHOWN = 12
TONES = {"draft": "idle", "running": "live", "paused": "warn", "stopped": "idle", "done": "good"}


@allowed(Permission.VIEW_CAMPAIGNS)
@require_safe
def index(request: TenantRequest) -> HttpResponse:
    done = Count("targets", filter=Q(targets__status__in=[Target.Status.DONE, Target.Status.LEFT_OUT]))
    confirmed = Count("targets", filter=Q(targets__disposition="confirmed"))
    campaigns = Campaign.objects.filter(is_test=False).select_related("agent", "number")
    campaigns = campaigns.annotate(people=Count("targets"), people_done=done, people_confirmed=confirmed)
    rows = [(each, TONES[each.status]) for each in campaigns]
    return render(request, "campaigns/index.html", {"rows": rows})


@allowed(Permission.VIEW_CAMPAIGNS)
@require_safe
def campaign(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    found, at = _campaign(campaign_id), now()
    counters = Progress(found)
    context = {
        "campaign": found,
        "tone": TONES[found.status],
        "progress": counters,
        "hours": hours_map(found, at),
        "attempts": _attempts(request, found),
        "left_out": _left_out(found),
        "redialable": _redialable(found),
        "comparison": Comparison(found, found.planned, counters) if found.planned else None,
        "entries": entries(found)[:LOG_SHOWN],
        "joining": PeopleForm() if found.status == Campaign.Status.RUNNING else None,
        "now": at,
    }
    return render(request, "campaigns/campaign.html", context)


@allowed(Permission.VIEW_CAMPAIGNS)
@require_safe
def progress(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    """The counters alone, or with `attempts` the list of them, for a page that asks again and again.

    When the state has changed the whole page is due.
    """
    found = _campaign(campaign_id)
    if "attempts" in request.GET:
        context = {"campaign": found, "attempts": _attempts(request, found)}
        return render(request, "campaigns/_attempts.html", context)
    response = render(request, "campaigns/_progress.html", {"campaign": found, "progress": Progress(found)})
    if request.htmx:
        response.write("".join(everything(Lines(request.tenant).parts)))  # the frame around the page
    if request.GET.get("status", found.status) != found.status:
        response["HX-Refresh"] = "true"
    return response


@allowed(Permission.VIEW_CONTACTS)
@require_safe
def why(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    """The newest receipt about the person who is asked for: a part of the page, and a page of its own."""
    found, asked = _campaign(campaign_id), request.GET.get("who", "")[:120]
    target = find(found, asked)
    context = {"campaign": found, "asked": asked, "why": why_of(target) if target else None}
    return render(request, "campaigns/_why.html" if request.htmx else "campaigns/why.html", context)


@allowed(Permission.VIEW_CONTACTS)
@require_safe
def export(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    """Everybody in the campaign, and how it came out; or, asked for it, the log."""
    found = _campaign(campaign_id)
    if "log" in request.GET:
        return _export_log(found)
    people = found.targets.select_related("contact").annotate(calls=Count("attempts"))
    head = ("Name", "Number", "State", "Outcome", "Reason", "Attempts", "Next attempt")
    rows = (
        (
            target.contact.name if target.contact else "",
            target.e164,
            target.get_status_display(),
            words_of(target.disposition) if target.disposition else "",
            target.reason,
            target.attempts_made,
            f"{localtime(target.due_at):%Y-%m-%d %H:%M}" if target.status == Target.Status.WAITING else "",
        )
        for target in people.iterator(chunk_size=1000)
    )
    return csv_file(found.name, head, rows)


@allowed(Permission.RUN_CAMPAIGNS)
@require_POST
def pause(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    reason = f"Paused by {request.user}."
    return _act(request, campaign_id, services.pause, "Nobody new is called until it goes on.", reason=reason)


@allowed(Permission.RUN_CAMPAIGNS)
@require_POST
def resume(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    return _act(request, campaign_id, services.resume, "It goes on.")


@allowed(Permission.RUN_CAMPAIGNS)
@require_POST
def stop(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    return _act(request, campaign_id, services.stop, "It is stopped. Calls in progress are finished.")


@allowed(Permission.RUN_CAMPAIGNS)
@require_POST
def redial(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    found = _campaign(campaign_id)
    again = services.redial(request.tenant, found.pk, outcome=request.POST.get("outcome", "")[:20])
    messages.success(request, f"{count(again, 'person,people')} will be called again, where the rules allow it.")
    return redirect("campaigns:campaign", request.tenant.slug, found.pk)


def _act(
    request: TenantRequest, campaign_id: UUID, verb: Callable[..., Campaign], words: str, **how: Any
) -> HttpResponse:
    found = verb(request.tenant, _campaign(campaign_id).pk, **how)
    messages.success(request, f"{found}: {words}")
    return redirect("campaigns:campaign", request.tenant.slug, found.pk)


def _export_log(found: Campaign) -> HttpResponse:
    rows = (
        (f"{localtime(entry.at):%Y-%m-%d %H:%M:%S}", entry.who, entry.words, json.dumps(entry.details, sort_keys=True))
        for entry in entries(found).iterator(chunk_size=1000)
    )
    return csv_file(f"{found.name} log", ("When", "Who", "What", "Details"), rows)


def _left_out(found: Campaign) -> list[tuple[str, int]]:
    """Why people were not called, the most common reason first."""
    left_out = found.targets.filter(status=Target.Status.LEFT_OUT).order_by()
    reasons = left_out.values_list("reason").annotate(people=Count("pk")).order_by("-people", "reason")
    return [(reason or "For a reason that is not known", people) for reason, people in reasons[:8]]


def _redialable(found: Campaign) -> list[tuple[str, str, int]]:
    """Outcomes after which people may be called again: the outcome, its words, how many."""
    over = found.targets.filter(status__in=[Target.Status.DONE, Target.Status.LEFT_OUT]).exclude(disposition="")
    counted = over.order_by().values_list("disposition").annotate(people=Count("pk")).order_by("-people", "disposition")
    return [(outcome, words_of(outcome), people) for outcome, people in counted if outcome not in ANSWERS]


def _campaigns() -> QuerySet[Campaign]:
    campaigns: QuerySet[Campaign] = Campaign.objects.select_related("agent__published", "number")
    return campaigns


def _campaign(campaign_id: UUID) -> Campaign:
    return get_object_or_404(_campaigns(), pk=campaign_id)


def _attempts(request: TenantRequest, campaign: Campaign) -> AttemptList:
    """The page of the list that the address asks for."""
    page = request.GET.get("page", "")
    number = int(page) if page.isdecimal() and len(page) < 7 else 1
    return AttemptList(campaign, request.membership, outcome=request.GET.get("outcome", ""), page=number)
