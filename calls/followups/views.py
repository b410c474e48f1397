"""What calls left for people to do: call-backs, messages, and leads with their file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime, now
from django.views.decorators.http import require_http_methods

from agentos.exporting import csv_file
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agentos.tenants.templatetags.words import phone
from calls.calendar.spoken import clock_of, joined
from calls.followups.hours import is_day, zones_of
from calls.followups.models import CallBack, Lead, LeftMessage
from calls.followups.services import settle_call_back

PER_PAGE = 50
RECENTLY_DONE = 10
TABS = ("call-backs", "messages", "leads")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call-back that nobody has made yet."""

    call_back: CallBack
    is_over: bool
    there: str
    """The clocks where the number can be, unless it is the one on this wall."""
    is_night: bool

    @classmethod
    def of(cls, call_back: CallBack, at: datetime) -> Waiting:
        zones = zones_of(call_back.e164)
        clocks = sorted({at.astimezone(zone).replace(tzinfo=None) for zone in zones})
        is_ours = clocks in ([], [localtime(at).replace(tzinfo=None)])
        there = "" if is_ours else joined([clock_of(clock.time()) for clock in clocks])
        return cls(call_back, call_back.due_at < at, there, not is_day(at, zones or [_here()]))


@allowed(Permission.VIEW_CONTACTS, to_change=Permission.HANDLE_REPLIES)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """Call-backs, messages or leads, these also as a file. Posted, a call-back is done, or not done after all."""
    if request.method == "POST":
        return _settle(request)
    if "file" in request.GET:
        return _file()
    at, tab = now(), request.GET.get("tab", "")
    waiting = CallBack.objects.filter(done_at=None).select_related("call__agent")
    context = {
        "tab": tab if tab in TABS else TABS[0],
        "waiting_count": waiting.count(),
        "message_count": LeftMessage.objects.count(),
        "lead_count": Lead.objects.count(),
    }
    listed = {"messages": LeftMessage, "leads": Lead}.get(context["tab"])
    if listed is not None:
        rows = listed.objects.select_related("call__agent")
        context["page"] = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    else:
        context["rows"] = [Waiting.of(each, at) for each in waiting[:PER_PAGE]]
        done = CallBack.objects.exclude(done_at=None).select_related("done_by").order_by("-done_at")
        context["done"] = done[:RECENTLY_DONE]
    return render(request, "followups/index.html", context)


def _settle(request: TenantRequest) -> HttpResponse:
    wanted, action = request.POST.get("call_back", ""), request.POST.get("action")
    if action not in ("done", "undo") or not (wanted.isdecimal() and len(wanted) < 18):
        raise BadRequest("no such action")
    call_back = get_object_or_404(CallBack, pk=wanted)
    settle_call_back(call_back, by=request.user, done=action == "done")
    who = call_back.name or phone(call_back.e164)
    messages.success(request, f"Done: {who}." if action == "done" else f"Waiting again: {who}.")
    return redirect(reverse("followups:index", args=[request.tenant.slug]))


def _file() -> HttpResponse:
    """Every lead, with a column for each thing that was ever asked."""
    leads = list(Lead.objects.select_related("call__agent"))
    asked = list(dict.fromkeys(name for lead in leads for name in lead.fields))
    rows = (
        [
            f"{localtime(lead.created_at):%Y-%m-%d %H:%M}",
            lead.name,
            lead.e164,
            lead.note,
            lead.call.agent.name if lead.call else "",
            *(lead.fields.get(name, "") for name in asked),
        ]
        for lead in leads
    )
    return csv_file("leads", ["When", "Name", "Number", "Note", "Agent", *asked], rows)


def _here() -> ZoneInfo:
    return ZoneInfo(str(timezone.get_current_timezone()))
