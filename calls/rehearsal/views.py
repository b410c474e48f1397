"""The pages of rehearsals: those of one agent with how they went, and one of them with its conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from agentos.tenants.permissions import NotAllowed, Permission, TenantRequest, allowed, may
from agents.models import Agent
from agents.services import choose_rehearsing
from calls.models import Call
from calls.rehearsal.forms import RehearsalForm
from calls.rehearsal.making import from_call, from_talk
from calls.rehearsal.models import Rehearsal, RehearsalRun
from calls.rehearsal.running import begin, digest_of
from calls.rehearsal.spending import bill_of
from calls.rehearsal.trying import read_script

State = RehearsalRun.State


@dataclass(frozen=True, slots=True)
class Row:
    """A rehearsal and its newest run; `is_old` when the draft has changed since."""

    rehearsal: Rehearsal
    run: RehearsalRun | None
    is_old: bool


@allowed(Permission.VIEW_AGENTS, to_change=Permission.EDIT_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest, agent_id: UUID) -> HttpResponse:
    """Every rehearsal of an agent; posted: one more, one of a call, or all of them played."""
    agent = get_object_or_404(Agent, pk=agent_id, archived_at=None)
    action = request.POST.get("action", "")
    if action == "run":
        return _run(request, agent, list(agent.rehearsals.all()))
    if action == "rehearsing":
        return _choose_rehearsing(request, agent)
    if action == "from_call":
        made = from_call(get_object_or_404(agent.calls, pk=_uuid(request.POST.get("call"))))
        messages.success(request, "This call is a rehearsal now. Say what must come of it.")
        return redirect("rehearsals:rehearsal", request.tenant.slug, agent.pk, made.pk)
    if action == "from_talk":
        made = from_talk(agent, read_script(request.POST.get("script", "")), by=request.user)
        messages.success(request, "This conversation is a rehearsal now. Say what must come of it.")
        return redirect("rehearsals:rehearsal", request.tenant.slug, agent.pk, made.pk)
    form = RehearsalForm(agent, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        form.instance.agent, form.instance.created_by = agent, request.user
        made = form.save()
        return _run(request, agent, [made])
    rows = _rows(agent)
    context = {
        "agent": agent,
        "rows": rows,
        "form": form,
        "rehearsing": Agent.Rehearsing.choices,
        "is_running": any(row.run and row.run.state == State.RUNNING for row in rows),
        "passed": sum(bool(row.run and row.run.state == State.PASSED and not row.is_old) for row in rows),
    }
    return render(request, "calls/rehearsal/index.html", context, status=422 if form.errors else 200)


def _choose_rehearsing(request: TenantRequest, agent: Agent) -> HttpResponse:
    """Those who publish decide what stands before it."""
    if not may(request.membership, Permission.PUBLISH_AGENTS):
        raise NotAllowed(request.membership, Permission.PUBLISH_AGENTS)
    choose_rehearsing(request.tenant, agent.pk, request.POST.get("rehearsing", ""))
    messages.success(request, "Saved. It counts from the next time on that somebody publishes.")
    return redirect("rehearsals:index", request.tenant.slug, agent.pk)


def _uuid(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        return UUID(int=0)


def _run(request: TenantRequest, agent: Agent, rehearsals: list[Rehearsal]) -> HttpResponse:
    begin(rehearsals, agent.versions.select_related("agent").get(number=None))
    return redirect("rehearsals:index", request.tenant.slug, agent.pk)


def _rows(agent: Agent) -> list[Row]:
    digest = digest_of(agent.versions.select_related("agent").get(number=None))
    newest = RehearsalRun.objects.order_by("rehearsal_id", "-created_at", "-pk").distinct("rehearsal_id")
    known = agent.rehearsals.prefetch_related(Prefetch("runs", newest, to_attr="newest"))
    rows = []
    for each in known:
        runs: list[RehearsalRun] = each.newest
        run = runs[0] if runs else None
        rows.append(Row(each, run, run is not None and run.digest != digest))
    return rows


@allowed(Permission.VIEW_AGENTS, to_change=Permission.EDIT_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def rehearsal(request: TenantRequest, agent_id: UUID, rehearsal_id: int) -> HttpResponse:
    """One rehearsal: its newest conversation and its form; posted: changed, played, or taken away."""
    agent = get_object_or_404(Agent, pk=agent_id, archived_at=None)
    row: Rehearsal = get_object_or_404(agent.rehearsals, pk=rehearsal_id)
    action = request.POST.get("action", "")
    if action == "remove":
        row.delete()
        messages.success(request, f"“{row.name}” is not played any more.")
        return redirect("rehearsals:index", request.tenant.slug, agent.pk)
    if action in ("run", "call"):
        begin([row], agent.versions.select_related("agent").get(number=None), by_voice=action == "call")
        return redirect("rehearsals:rehearsal", request.tenant.slug, agent.pk, row.pk)
    form = RehearsalForm(agent, request.POST if request.method == "POST" else None, instance=row)
    if request.method == "POST" and form.is_valid():
        form.save()
        begin([row], agent.versions.select_related("agent").get(number=None))
        return redirect("rehearsals:rehearsal", request.tenant.slug, agent.pk, row.pk)
    run = row.runs.select_related("call__cost").first()
    context: dict[str, Any] = {"agent": agent, "rehearsal": row, "run": run, "form": form, "call": _call_of(row)}
    if run and may(request.membership, Permission.SEE_COSTS):
        context["bill"] = bill_of(run)
    return render(request, "calls/rehearsal/rehearsal.html", context, status=422 if form.errors else 200)


def _call_of(row: Rehearsal) -> Call | None:
    found: Call | None = Call.objects.filter(pk=row.from_call).first() if row.from_call else None
    return found
