"""Setting up a campaign, step by step. Each step is kept in the draft, so that one may leave and come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agentos.errors import DomainError
from agentos.exporting import csv_file
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agentos.tenants.templatetags.words import count, duration
from agents.catalog import language_name
from agents.models import Agent
from campaigns import services
from campaigns.audio.clip_links import listen_path
from campaigns.audio.clips import business_name, language_of, message_for, plain_name, want_sample
from campaigns.models import AudioClip, Campaign, Contact, Target
from campaigns.planning.dry_run import lines_for, plan
from campaigns.planning.forms import (
    GoalForm,
    NewCampaignForm,
    NumberForm,
    PaceForm,
    PeopleForm,
    RulesForm,
    ScheduleForm,
    StepForm,
)
from campaigns.planning.message_form import MessageForm, typed_translations
from campaigns.planning.plan_page import PlanPage
from campaigns.planning.readiness import NotStartable, checks
from campaigns.texts.messages import MessageError

WORDS_A_SECOND = 2.6
MOST_LETTERS = 5000
SOME = 8  # people who are named before "and … more"
FORMS: dict[str, type[StepForm]] = {
    "goal": GoalForm,
    "number": NumberForm,
    "message": MessageForm,
    "schedule": ScheduleForm,
    "pace": PaceForm,
}
TITLES = {
    "goal": "Goal",
    "number": "Number and agent",
    "people": "Contacts",
    "message": "Message",
    "schedule": "Schedule",
    "pace": "Pace and retries",
    "rules": "Rules",
    "review": "Review",
}
ORDER = list(TITLES)


@dataclass(frozen=True, slots=True)
class Step:
    """A step in the line on top: done, here, or still open."""

    name: str
    title: str
    is_here: bool
    is_done: bool


@allowed(Permission.RUN_CAMPAIGNS)
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: TenantRequest) -> HttpResponse:
    form = NewCampaignForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            campaign = services.create_campaign(request.tenant, by=request.user, **form.cleaned_data)
            return redirect("campaigns:step", request.tenant.slug, campaign.pk, "number")
        except DomainError as error:
            form.add_error(None, error.message)
    context = {"form": form, "has_agents": Agent.objects.filter(archived_at=None).exists()}
    return render(request, "campaigns/new.html", context, status=422 if form.errors else 200)


@allowed(Permission.RUN_CAMPAIGNS)
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: TenantRequest, campaign_id: UUID, step: str) -> HttpResponse:
    campaign = _campaign(campaign_id)
    joins = step == "people" and request.method == "POST" and campaign.status == Campaign.Status.RUNNING
    if campaign.status not in (Campaign.Status.DRAFT, Campaign.Status.PAUSED) and not joins:
        return redirect("campaigns:campaign", request.tenant.slug, campaign.pk)
    match step:
        case "people":
            return _people(request, campaign)
        case "rules":
            return _rules(request, campaign)
        case "review":
            return _show(request, campaign, step, {"at_once": lines_for(campaign), **_as_set(campaign)})
        case _ if step in FORMS:
            return _fields(request, campaign, step)
    raise Http404


def _fields(request: TenantRequest, campaign: Campaign, step: str) -> HttpResponse:
    form = FORMS[step](campaign, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_campaign(request.tenant, campaign.pk, changes=form.changes())
            return _onward(request, campaign, step)
        except DomainError as error:
            form.add_error(None, error.message)
    extra = _said(campaign) if step == "message" else {}
    return _show(request, campaign, step, {"form": form, **extra}, status=422 if form.errors else 200)


def _people(request: TenantRequest, campaign: Campaign) -> HttpResponse:
    """Posted without a choice it adds nobody and goes on."""
    form = PeopleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        runs = campaign.status == Campaign.Status.RUNNING
        if not (request.POST.get("tag") or request.POST.get("search") or runs):
            return _onward(request, campaign, "people")
        if form.is_valid():
            search = form.cleaned_data["search"].strip()
            added = services.add_people(request.tenant, campaign.pk, tag=form.chosen(), search=search)
            nobody = "Nobody is found by that who is not in it already."
            messages.success(request, f"{count(added, 'person,people')} added." if added else nobody)
        if form.is_valid() and not runs:
            if "stay" not in request.POST and campaign.targets.exists():
                return _onward(request, campaign, "people")
            return redirect("campaigns:step", request.tenant.slug, campaign.pk, "people")
        if runs:
            if form.errors:
                messages.error(request, "Choose whom to add.")
            return redirect("campaigns:campaign", request.tenant.slug, campaign.pk)
    people = campaign.targets.select_related("contact").order_by("contact__name", "pk")
    total = people.count()
    context = {"form": form, "total": total, "some": people[:SOME], "others": max(0, total - SOME)}
    return _show(request, campaign, "people", context, status=422 if form.errors else 200)


def _rules(request: TenantRequest, campaign: Campaign) -> HttpResponse:
    form = RulesForm(campaign, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.confirm(request.tenant, campaign.pk, confirmed=form.cleaned_data["confirmed"], by=request.user)
        return _onward(request, campaign, "rules")
    return _show(request, campaign, "rules", {"form": form}, status=422 if form.errors else 200)


def _show(
    request: TenantRequest, campaign: Campaign, step: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    conditions = checks(campaign, now())
    wrong = {check.step for check in conditions if not check.holds}
    here = ORDER.index(step)
    steps = [Step(name, title, name == step, name not in wrong and name != "review") for name, title in TITLES.items()]
    frame = {
        "campaign": campaign,
        "step": step,
        "title": TITLES[step],
        "steps": steps,
        "before": ORDER[here - 1] if here else "",
        "problems": [check for check in conditions if not check.holds],
    }
    return render(request, f"campaigns/step_{step}.html", frame | context, status=status)


def _onward(request: TenantRequest, campaign: Campaign, step: str) -> HttpResponse:
    """To the next step, or, for whoever chose so, back to the list: everything is kept."""
    if "leave" in request.POST:
        messages.success(request, f"{campaign} is kept as a draft.")
        return redirect("campaigns:index", request.tenant.slug)
    return redirect("campaigns:step", request.tenant.slug, campaign.pk, ORDER[ORDER.index(step) + 1])


@allowed(Permission.RUN_CAMPAIGNS)
@require_POST
def remove_people(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    campaign = _campaign(campaign_id)
    services.remove_people(request.tenant, campaign.pk)
    messages.success(request, "Nobody is in it now.")
    return redirect("campaigns:step", request.tenant.slug, campaign.pk, "people")


@allowed(Permission.RUN_CAMPAIGNS)
@require_POST
def preview(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    """What one person would hear, while the message is being written; with `listen` also as sound."""
    campaign = _campaign(campaign_id)
    campaign.message = request.POST.get("message", "")[:MOST_LETTERS]
    campaign.translations = typed_translations(request.POST)
    context = {"campaign": campaign, **_said(campaign, request.POST.get("person", ""))}
    if "listen" in request.POST and context["text"] and context["person"]:
        context |= _sounding(context["person"])
    return render(request, "campaigns/_preview.html", context)


def _sounding(person: Target) -> dict[str, Any]:
    """The clip of a message that can be said: to be played, being made, or why there is none."""
    try:
        clip = want_sample(person)
    except DomainError as error:
        return {"unheard": error.message}
    match clip.status:
        case AudioClip.Status.WANTED:
            return {"is_made": True}
        case AudioClip.Status.FAILED:
            return {"unheard": clip.problem or "It could not be made."}
    return {"sound": listen_path(clip), "doubts": clip.checks.get("problems", [])}


def _said(campaign: Campaign, person: str = "") -> dict[str, Any]:
    """The message for one of the people in their language, or what is wrong with it."""
    people = list(campaign.targets.select_related("contact").order_by("contact__name", "pk")[:20])
    chosen = next((each for each in people if str(each.pk) == person), people[0] if people else None)
    context: dict[str, Any] = {"people": people, "person": chosen, "text": "", "problem": ""}
    if chosen and chosen.contact and chosen.contact.fields:
        context["variables"] = [f"{{{{{plain_name(column)}}}}}" for column in ("first_name", *chosen.contact.fields)]
    if not campaign.message.strip():
        return context
    someone = chosen or Target(contact=Contact(name="Rosa Delgado"))
    someone.campaign = campaign
    if language_of(someone) != campaign.language:
        context["language"] = language_name(language_of(someone))
    try:
        context["text"] = message_for(someone, business_name()).text
    except MessageError as error:
        context["problem"] = error.words
    context["length"] = duration(1000 * len(context["text"].split()) / WORDS_A_SECOND)
    return context


@allowed(Permission.RUN_CAMPAIGNS)
@require_safe
def dry_run(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    """The plan, as a part of the review and as a page of its own."""
    campaign = _campaign(campaign_id)
    context = {"campaign": campaign, "plan": PlanPage(plan(campaign, now()), campaign)}
    return render(request, "campaigns/_dry_run.html" if request.htmx else "campaigns/dry_run.html", context)


@allowed(Permission.RUN_CAMPAIGNS)
@require_safe
def export_dry_run(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    """Everybody with their planned time, or the reason why there is none."""
    campaign = _campaign(campaign_id)
    people = plan(campaign, now()).people
    if "left_out" in request.GET:
        people = tuple(each for each in people if each.is_left_out)
    head = ("Name", "Number", "Planned, their time", "Their zone", "Calls", "Left out at", "Code", "Reason")
    rows = (
        (
            each.name,
            each.number,
            f"{each.first_at:%Y-%m-%d %H:%M}" if each.first_at else "",
            each.first_at.tzinfo if each.first_at else "",
            each.calls or "",
            each.gate,
            each.code,
            each.words,
        )
        for each in people
    )
    return csv_file(f"{campaign.name} dry run", head, rows)


@allowed(Permission.RUN_CAMPAIGNS)
@require_POST
def start(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    campaign = _campaign(campaign_id)
    try:
        services.start(request.tenant, campaign.pk)
    except NotStartable as error:
        messages.error(request, error.message)
        return redirect("campaigns:step", request.tenant.slug, campaign.pk, "review")
    messages.success(request, f"{campaign} runs.")
    return redirect("campaigns:campaign", request.tenant.slug, campaign.pk)


@allowed(Permission.RUN_CAMPAIGNS)
@require_POST
def discard(request: TenantRequest, campaign_id: UUID) -> HttpResponse:
    campaign = _campaign(campaign_id)
    services.discard(request.tenant, campaign.pk)
    messages.success(request, f"{campaign} is gone. Nobody was called.")
    return redirect("campaigns:index", request.tenant.slug)


def _as_set(campaign: Campaign) -> dict[str, Any]:
    """What was chosen, for the column beside the review."""
    form = ScheduleForm(campaign)
    days = [form.fields["days"].choices[day][1][:3] for day in form.initial["days"]]  # type: ignore[attr-defined]
    return {"days": ", ".join(days), "opens": form.initial["opens"], "closes": form.initial["closes"]}


def _campaign(campaign_id: UUID) -> Campaign:
    found: Campaign = get_object_or_404(Campaign.objects.select_related("agent__published", "number"), pk=campaign_id)
    return found
