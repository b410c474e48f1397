"""“Write it for me”: ask for an agent in a few words, look at what was written, and take over what fits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agents import services
from agents.comparison import Change, differences, values
from agents.drafts import judge
from agents.models import Agent, AgentVersion, Proposal
from agents.writing.purposes import refusal
from agents.writing.services import Choice, ask, take
from agents.writing.shape import LONGEST_DESCRIPTION, Proposed

State = Proposal.State


class DescribeForm(forms.Form):
    """What somebody says about their business."""

    description = forms.CharField(
        label="Describe your business, and what callers want",
        max_length=LONGEST_DESCRIPTION,
        min_length=10,
        widget=forms.Textarea({"rows": 3}),
        help_text="Such as: We are a dog groomer in Boise, open Tue–Sat 9–5. Callers want to book or ask for prices.",
    )
    agent = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean_description(self) -> str:
        description: str = self.cleaned_data["description"]
        if why := refusal(description):
            raise forms.ValidationError(why)
        return description


@allowed(Permission.EDIT_AGENTS)
@require_POST
def write(request: TenantRequest) -> HttpResponse:
    """Have an agent written, or another draft for one."""
    form = DescribeForm(request.POST)
    if not form.is_valid():
        return render(request, "agents/writing/describe.html", {"form": form}, status=422)
    chosen = form.cleaned_data["agent"]
    agent = get_object_or_404(Agent, pk=chosen, archived_at=None) if chosen else None
    proposal = ask(form.cleaned_data["description"], agent=agent, by=request.user)
    return redirect("agents:written", request.tenant.slug, proposal.pk)


@allowed(Permission.EDIT_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def written(request: TenantRequest, proposal_id: int) -> HttpResponse:
    """What was written, beside what the draft holds now; posted, what was chosen goes into the draft."""
    proposal = get_object_or_404(Proposal.objects.select_related("agent"), pk=proposal_id)
    if proposal.state == State.TAKEN and proposal.agent:
        return redirect("agents:edit", request.tenant.slug, proposal.agent_id)
    error = ""
    if request.method == "POST" and proposal.state == State.READY:
        try:
            agent = take(request.tenant, proposal.pk, _choice(request.POST, proposal), by=request.user)
        except DomainError as refused:
            error = refused.message
        else:
            messages.success(request, "It is in the draft. Try it out, and publish it when it is right.")
            return redirect("agents:edit", request.tenant.slug, agent.pk)
    context: dict[str, Any] = {"proposal": proposal, "agent": proposal.agent, "error": error}
    if proposal.state == State.READY:
        proposed = Proposed.from_json(proposal.content)
        context |= {"proposed": proposed, "changes": _changes(proposal.agent, proposed)}
        context["name"] = request.POST.get("name") or services.unused_name(proposed.name)
    return render(request, "agents/writing/written.html", context, status=422 if error else 200)


def _changes(agent: Agent | None, proposed: Proposed) -> list[Change]:
    """What would differ in the draft; of a new agent, in an empty one."""
    draft = services.draft_of(agent) if agent else AgentVersion(agent=Agent(name=proposed.name), farewell="")
    before = values(draft)
    accepted = judge(before, proposed.changes()).accepted
    return differences(before, before | accepted)


def _choice(sent: QueryDict, proposal: Proposal) -> Choice:
    proposed = Proposed.from_json(proposal.content)
    return Choice(
        fields=set(sent.getlist("take")),
        answers=_places(sent.getlist("answers"), len(proposed.answers)),
        scenes=_places(sent.getlist("scenes"), len(proposed.scenes)),
        name=sent.get("name", ""),
    )


def _places(sent: list[str], length: int) -> list[int]:
    return sorted({int(each) for each in sent if each.isdecimal() and int(each) < length})
