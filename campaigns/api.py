"""The public API of campaigns, below /api/v1/: opt-outs, consent, dry runs, and how a campaign stands.

docs/api.md describes it; a test holds the two together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.api import ApiRequest, Problem, checked, keyed
from agentos.tenants.permissions import Permission
from agents.api import publish_agent
from campaigns.models import Campaign, Consent, DoNotCall, Target
from campaigns.people import contacts
from campaigns.planning.dry_run import Plan, plan
from campaigns.progress import Progress
from telephony.api import voice_token

PER_PAGE = 50


class Number(forms.CharField):
    """A telephone number, however people write it; comes out as E.164."""

    def clean(self, value: Any) -> str:
        try:
            return contacts.normalized(super().clean(value))
        except DomainError as error:
            raise ValidationError(error.message) from error


class OptOutForm(forms.Form):
    number = Number(max_length=40)
    reason = forms.CharField(max_length=200, required=False)
    evidence = forms.CharField(max_length=2000, required=False)


class ConsentForm(forms.Form):
    number = Number(max_length=40)
    tier = forms.ChoiceField(choices=Consent.Tier.choices)
    source = forms.CharField(max_length=120)
    given_at = forms.DateTimeField()
    evidence = forms.CharField(max_length=2000)


class ListForm(forms.Form):
    status = forms.ChoiceField(choices=Campaign.Status.choices, required=False)
    page = forms.IntegerField(min_value=1, required=False)


@keyed(Permission.MANAGE_CONTACTS, "POST", while_suspended=True)
def do_not_call(request: ApiRequest) -> JsonResponse:
    """Never call this number again. It counts when the answer is there; told twice, the first time stays the proof."""
    wish = checked(OptOutForm, request).cleaned_data
    is_known = DoNotCall.objects.filter(e164=wish["number"], lifted_at=None).exists()
    words = [wish["reason"], wish["evidence"], f"By the API key {request.key.name}"]
    entry = contacts.opt_out(wish["number"], DoNotCall.Source.API, ". ".join(filter(None, words)))
    body = {
        "number": str(entry.e164),
        "since": _moment(entry.since),
        "source": entry.source,
        "evidence": entry.evidence,
    }
    return JsonResponse(body, status=200 if is_known else 201)


@keyed(Permission.MANAGE_CONTACTS, "POST")
def consents(request: ApiRequest) -> JsonResponse:
    """Record that somebody agreed. Consent that is newer than an opt-out lifts it; nothing else does."""
    given = checked(ConsentForm, request).cleaned_data
    consent = contacts.give_consent(given.pop("number"), **given)
    is_listed = DoNotCall.objects.filter(e164=consent.e164, lifted_at=None).exists()
    body = {
        "id": consent.pk,
        "number": str(consent.e164),
        "tier": consent.tier,
        "source": consent.source,
        "given_at": _moment(consent.given_at),
        "revoked_at": _moment(consent.revoked_at),
        "on_do_not_call_list": is_listed,
    }
    return JsonResponse(body, status=201)


@keyed(Permission.VIEW_CAMPAIGNS, "GET")
def campaigns(request: ApiRequest) -> JsonResponse:
    """The campaigns, the newest first, a page at a time. Test calls are none."""
    asked = ListForm(request.GET)
    if not asked.is_valid():
        errors = {name: [str(words) for words in found] for name, found in asked.errors.items()}
        raise Problem(422, "invalid", "Something in the address is not right.", errors=errors)
    known = Campaign.objects.filter(is_test=False).annotate(people=Count("targets")).order_by("-created_at", "pk")
    if status := asked.cleaned_data["status"]:
        known = known.filter(status=status)
    pages = Paginator(known, PER_PAGE)
    page = pages.get_page(asked.cleaned_data["page"] or 1)
    body = {
        "campaigns": [
            {
                "id": str(each.pk),
                "name": each.name,
                "status": each.status,
                "people": each.people,
                "created_at": _moment(each.created_at),
                "started_at": _moment(each.started_at),
                "ended_at": _moment(each.ended_at),
            }
            for each in page
        ],
        "total": pages.count,
        "page": page.number,
        "pages": pages.num_pages,
    }
    return JsonResponse(body)


@keyed(Permission.VIEW_CAMPAIGNS, "GET")
def campaign(request: ApiRequest, campaign_id: UUID) -> JsonResponse:
    """How a campaign stands."""
    found = get_object_or_404(Campaign, pk=campaign_id)
    progress = Progress(found)
    reasons = found.targets.filter(status=Target.Status.LEFT_OUT).order_by().values("reason")
    groups = {name.removeprefix("in_"): people for name, people in progress.people.items() if name.startswith("in_")}
    body = {
        "id": str(found.pk),
        "name": found.name,
        "status": found.status,
        "pause_reason": found.pause_reason,
        "started_at": _moment(found.started_at),
        "ended_at": _moment(found.ended_at),
        "people": {"all": progress.total, "reached": progress.reached, **groups},
        "attempts": {name: progress.attempts[name] for name in ("asked", "answered", "talking", "ringing")},
        "spent_cents": float(progress.spent_cents),
        "budget_cents": found.budget_cents,
        "not_called": list(reasons.annotate(people=Count("pk")).order_by("-people", "reason")),
    }
    return JsonResponse(body)


@keyed(Permission.RUN_CAMPAIGNS, "POST")
def dry_run(request: ApiRequest, campaign_id: UUID) -> JsonResponse:
    """What would happen if the campaign started now: nobody is called, nothing is written."""
    found = get_object_or_404(Campaign.objects.select_related("number"), pk=campaign_id)
    return JsonResponse(_plan(plan(found, now())))


def _plan(found: Plan) -> dict[str, Any]:
    return {
        "called": found.called,
        "left_out": found.left_out,
        "calls": found.calls,
        "begins": _moment(found.begins),
        "finish": {"early": _moment(found.early), "likely": _moment(found.finish), "late": _moment(found.late)},
        "cost_cents": {"least": found.least_cents, "likely": found.cents, "most": found.most_cents},
        "pick_up": found.assumptions.pick_up,
        "hours": [{"at": _moment(hour.at), "calls": hour.calls, "lines": hour.lines} for hour in found.hours],
        "exclusions": [
            {"gate": each.gate, "code": each.code, "words": each.words, "people": each.people}
            for each in found.exclusions
        ],
        "people": [
            {
                "number": each.number,
                "first_at": _moment(each.first_at),
                "zone": str(each.first_at.tzinfo) if each.first_at else None,
                "calls": each.calls,
                "left_out": {"gate": each.gate, "code": each.code, "words": each.words} if each.is_left_out else None,
            }
            for each in found.people
        ],
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


app_name = "api"

urlpatterns = [  # no trailing slash: a redirect would lose the body
    path("do-not-call", do_not_call, name="do_not_call"),
    path("consents", consents, name="consents"),
    path("agents/<uuid:agent_id>/voice-token", voice_token, name="voice_token"),
    path("campaigns", campaigns, name="campaigns"),
    path("campaigns/<uuid:campaign_id>", campaign, name="campaign"),
    path("campaigns/<uuid:campaign_id>/dry-run", dry_run, name="dry_run"),
    path("agents/<uuid:agent_id>/publish", publish_agent, name="publish_agent"),
]
