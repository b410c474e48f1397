"""The pages about calls: the list, one call, its recording."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from agentos.errors import DomainError
from agentos.exporting import csv_file
from agentos.tenants.permissions import Permission, TenantRequest, allowed, may
from agentos.tenants.templatetags.words import count
from agents.models import Agent
from calls.after.analysis import read_again
from calls.after.retention import erase_call, erase_person
from calls.call_list import CallList
from calls.call_page import CallPage
from calls.exporting import table
from calls.filters import DAYS, DIRECTIONS, RESULTS, Wanted
from calls.models import Call, Recording
from calls.parts import Part, state_of
from calls.recordings import path_of, sound_response


@allowed(Permission.VIEW_CALLS)
@require_safe
def index(request: TenantRequest) -> HttpResponse:
    wanted = Wanted.read(request.GET, may_search=may(request.membership, Permission.SEE_NUMBERS))
    drawn_at = now()
    shown = CallList(wanted, request.membership, at=drawn_at, until=drawn_at)
    context = {
        "shown": shown,
        "wanted": wanted,
        "known": f"{wanted.address(page=wanted.page)}&{_known(drawn_at, shown.parts)}",
        "export": wanted.address(page=wanted.page),
        "states": [(each, number, wanted.address(state=each.value)) for each, number in shown.states()],
        "menus": [_days(wanted), _directions(wanted), _agents(wanted), _results(wanted)],
        "agents": Agent.objects.all(),
    }
    return render(request, "calls/index.html", context)


def _days(wanted: Wanted) -> dict[str, object]:
    choices = [(words, wanted.address(day=value), value == wanted.day) for value, words in DAYS.items()]
    return {"id": "days", "chosen": DAYS.get(wanted.day, wanted.day), "choices": choices, "holds": bool(wanted.day)}


def _directions(wanted: Wanted) -> dict[str, object]:
    choices = [
        (each.words, wanted.address(direction=each.value), each.value == wanted.direction) for each in DIRECTIONS
    ]
    chosen = next(words for words, _, holds in choices if holds)
    return {"id": "directions", "chosen": chosen, "choices": choices, "holds": bool(wanted.direction)}


def _results(wanted: Wanted) -> dict[str, object]:
    choices = [(each.words, wanted.address(result=each.value), each.value == wanted.result) for each in RESULTS]
    chosen = next(words for words, _, holds in choices if holds)
    return {"id": "results", "chosen": chosen, "choices": choices, "holds": bool(wanted.result)}


def _agents(wanted: Wanted) -> dict[str, object]:
    agents = [("", "Any agent"), *((str(agent.pk), agent.name) for agent in Agent.objects.all())]
    choices = [(name, wanted.address(agent=value), value == wanted.agent) for value, name in agents]
    chosen = next((name for name, _, holds in choices if holds), "An agent that is not here")
    return {"id": "agents", "chosen": chosen, "choices": choices, "holds": bool(wanted.agent)}


@allowed(Permission.VIEW_CALLS)
@require_safe
def export(request: TenantRequest) -> HttpResponse:
    """The calls that the list would show, as a file."""
    shows_numbers = may(request.membership, Permission.SEE_NUMBERS)
    wanted = Wanted.read(request.GET, may_search=shows_numbers)
    shows_costs = may(request.membership, Permission.SEE_COSTS)
    head, rows = table(wanted.apply(Call.objects.all()), shows_numbers=shows_numbers, shows_costs=shows_costs)
    return csv_file(f"calls-{timezone.localdate():%Y-%m-%d}", head, rows)


@allowed(Permission.VIEW_CALLS, to_change=Permission.MANAGE_CALLS)
@require_http_methods(["GET", "HEAD", "POST"])
def call(request: TenantRequest, call_id: UUID) -> HttpResponse:
    if request.method == "POST":
        return _change(request, _call(call_id))
    drawn_at = now()
    page = CallPage(_call(call_id), request.membership, at=drawn_at, tab=request.GET.get("tab", ""))
    known = f"?tab={page.tab}&{_known(drawn_at, page.parts.values())}"
    return render(request, "calls/call.html", {"page": page, "call": page.call, "known": known})


def _change(request: TenantRequest, call: Call) -> HttpResponse:
    if call.status != Call.Status.ENDED:
        raise DomainError("in_progress", "The call is not over yet.")
    match request.POST.get("do"):
        case "read_again":
            read_again(call)
        case "erase":
            erase_call(call)
            messages.success(request, "What was said in this call is erased.")
        case "erase_person":
            messages.success(request, f"{count(erase_person(call), 'call')} with this person: what was said is erased.")
    return redirect("calls:call", request.tenant.slug, call.pk)


@allowed(Permission.HEAR_RECORDINGS)
@require_safe
def recording(request: TenantRequest, call_id: UUID) -> HttpResponseBase:
    """Both sides of the call: the caller in the left channel, the agent in the right."""
    found = get_object_or_404(Recording, call_id=call_id)
    try:
        return sound_response(path_of(found), request.headers.get("Range", ""))
    except (FileNotFoundError, LookupError) as error:
        raise Http404 from error


def _known(drawn_at: datetime, parts: Iterable[Part]) -> str:
    """For the address of the page's socket: what the browser is shown, and since when."""
    return urlencode({"drawn_at": drawn_at.isoformat(), "shown": state_of(parts)})


def _call(call_id: UUID) -> Call:
    found: Call = get_object_or_404(
        Call.objects.select_related("agent", "version__agent", "analysis", "cost"), pk=call_id
    )
    return found
