"""The pages on which agents are made, edited, compared and published."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Prefetch, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agents import previews, services, vendor_lists
from agents.checklist import problems
from agents.comparison import SECTION_OF, SECTIONS, Change, Section, diff, values
from agents.drafts import ROLES, Errors
from agents.forms import OTHER, CompareForm, DraftForm, NameForm, NewAgentForm
from agents.models import Agent, AgentVersion, VendorList
from agents.native import services as native
from agents.providers.listing import LISTING
from agents.templates_catalog import TEMPLATES
from agents.tool_choice import PREFIX as TOOL
from agents.writing.views import DescribeForm

MOST_VERSIONS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Row:
    """An agent in the list."""

    agent: Agent
    changes: int
    calls_today: int


@allowed(Permission.VIEW_AGENTS)
@require_safe
def index(request: TenantRequest) -> HttpResponse:
    agents = _agents().prefetch_related("numbers", _drafts())
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = _agents().filter(calls__created_at__gte=midnight).annotate(count=Count("calls"))
    counts = dict(today.values_list("pk", "count"))
    rows = [Row(agent, _count_changes(agent), counts.get(agent.pk, 0)) for agent in agents]
    return render(request, "agents/index.html", {"rows": rows, "agents": agents})


def _drafts() -> Prefetch[str]:
    return Prefetch("versions", AgentVersion.objects.filter(number=None).select_related("agent"), to_attr="drafts")


def _count_changes(agent: Agent) -> int:
    drafts: list[AgentVersion] = getattr(agent, "drafts", [])
    return len(diff(agent.published, drafts[0])) if agent.published and drafts else 0


@allowed(Permission.EDIT_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: TenantRequest) -> HttpResponse:
    form = NewAgentForm(_posted(request), initial={"ready_made": TEMPLATES[0].name})
    if request.method == "POST" and form.is_valid():
        try:
            agent = services.create_agent(
                request.tenant,
                name=form.cleaned_data["name"],
                template_name=form.cleaned_data["ready_made"],
                by=request.user,
            )
            return redirect("agents:edit", request.tenant.slug, agent.pk)
        except DomainError as error:
            form.add_error("name", error.message)
    context = {"form": form, "templates": TEMPLATES, "describe": DescribeForm()}
    return render(request, "agents/new.html", context, status=422 if form.errors else 200)


class Editor:
    """The draft as it is shown: its form, what is wrong with it, and what callers do not hear yet."""

    def __init__(
        self, agent: Agent, draft: AgentVersion, *, data: Mapping[str, Any] | None = None, errors: Errors | None = None
    ) -> None:
        self.agent, self.draft = agent, draft
        self.spec = values(draft)
        self.form = DraftForm(self.spec, data)
        self.refused = errors or {}
        self.form.wrong = self.wrong = self._wrong(self.refused)
        self.changed = {change.field for change in self.changes}
        self.form.changed = self.marks = self.changed | self._changed_tools()

    def _wrong(self, errors: Errors) -> Errors:
        """What was refused, and what stands in the way of publishing, by field."""
        wrong = {field: list(found) for field, found in errors.items()}
        for problem in problems(self.draft):
            if problem.field not in errors:
                wrong.setdefault(problem.field, []).append(problem.text)
        return wrong

    def _changed_tools(self) -> set[str]:
        """The fields of the tools that are granted otherwise than callers know them."""
        if "tools" not in self.changed or self.agent.published is None:
            return set()
        before, after = (
            {each["name"]: each for each in values(version)["tools"]} for version in (self.agent.published, self.draft)
        )
        return {f"{TOOL}{name}" for name in before | after if before.get(name) != after.get(name)}

    @cached_property
    def changes(self) -> list[Change]:
        return diff(self.agent.published, self.draft) if self.agent.published else []

    @cached_property
    def lists(self) -> dict[str, VendorList | None]:
        """By role, what its vendor has told; of those that can be asked."""
        known = vendor_lists.known_lists()
        vendors = {role: self.spec[f"{role}_provider"] for role in ROLES}
        return {role: known.get(name) for role, name in vendors.items() if name in LISTING}

    @cached_property
    def numbers(self) -> list[Any]:
        """The numbers that lead here."""
        return list(self.agent.numbers.all())

    @property
    def sections(self) -> tuple[Section, ...]:
        return SECTIONS

    @property
    def changed_sections(self) -> set[str]:
        return {SECTION_OF[field].name for field in self.changed}

    @property
    def summary(self) -> list[dict[str, str]]:
        """Where to go to put things right."""
        return [
            {"id": f"id_{field}", "label": str(self.form.fields[field].label), "text": " ".join(found)}
            for field, found in self.wrong.items()
            if field in self.form.fields
        ]


@allowed(Permission.VIEW_AGENTS, to_change=Permission.EDIT_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: TenantRequest, agent_id: UUID) -> HttpResponse:
    """The editor. It saves field by field while scripts run (`only` names the fields), and all at once otherwise."""
    agent = _agent(agent_id)
    if request.method == "POST":
        return _save(request, agent)
    return _show(request, Editor(agent, services.draft_of(agent)))


def _save(request: TenantRequest, agent: Agent) -> HttpResponse:
    before = values(services.draft_of(agent))
    only = request.POST.get("only", "").split() if request.htmx else None
    form = DraftForm(before, request.POST, only=only)
    saved = services.save_draft(request.tenant, agent.pk, changes=form.changes())
    errors = {field: [str(each) for each in found] for field, found in form.errors.items()} | saved.errors
    if request.htmx:
        editor = Editor(agent, saved.draft, errors=errors)
        return render(request, "agents/_saved.html", _answer(agent, editor, form, saved.saved))
    if errors:
        return _show(request, Editor(agent, saved.draft, data=request.POST, errors=errors), status=422)
    messages.success(request, "The draft is saved." if saved.saved else "Nothing had changed.")
    return redirect("agents:edit", request.tenant.slug, agent.pk)


def _answer(agent: Agent, editor: Editor, sent: DraftForm, saved: Collection[str]) -> dict[str, Any]:
    """What to put on a page after these fields were saved: parts that depend on them, and the errors elsewhere."""
    swaps = [
        {"role": role, "kind": role.removeprefix("second_"), "part": part, "more": editor.form.more[role]}
        for role, part in _swaps(sent, saved)
    ]
    fresh = {name for role, part in _swaps(sent, saved) for name in editor.form.names(role, part)}
    voices_changed = "tts_provider" in saved
    fresh |= {"other_languages"} if voices_changed else set()
    outside = [field for field in editor.form if field.name not in fresh]
    return {"agent": agent, "editor": editor, "swaps": swaps, "outside": outside, "voices_changed": voices_changed}


def _swaps(sent: DraftForm, saved: Collection[str]) -> Iterator[tuple[str, str]]:
    """A provider, and a name that was typed, change the choices; another model changes the settings alone."""
    for role in ROLES:
        typed = {part for part in ("model", "voice") if sent.cleaned_data.get(f"{role}_{part}{OTHER}")}
        if f"{role}_provider" in saved or any(f"{role}_{part}" in saved for part in typed):
            yield role, "choices"
        elif f"{role}_model" in saved:
            yield role, "more"


def _show(request: TenantRequest, editor: Editor, *, status: int = 200) -> HttpResponse:
    agent = editor.agent
    published = agent.versions.filter(number__isnull=False).select_related("published_by")
    context = {
        "agent": agent,
        "editor": editor,
        "form": editor.form,
        "describe": DescribeForm(initial={"agent": agent.pk}),
        "numbers": editor.numbers,
        "native": native.state_of(agent),
        "versions": published[:MOST_VERSIONS_SHOWN],
        "older": max(0, published.count() - MOST_VERSIONS_SHOWN),
    }
    return render(request, "agents/edit.html", context, status=status)


@allowed(Permission.EDIT_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: TenantRequest, agent_id: UUID, role: str) -> HttpResponse:
    """What a provider offers, for a page that could not be given it while somebody was typing there.

    Posted: the vendor is asked anew what it has.
    """
    if role not in ROLES:
        raise Http404
    agent = _agent(agent_id)
    draft = services.draft_of(agent)
    refreshed = _refresh(values(draft)[f"{role}_provider"]) if request.method == "POST" else ""
    editor = Editor(agent, draft)
    context = {"agent": agent, "editor": editor, "form": editor.form, "role": role, "refreshed": refreshed}
    return render(request, f"agents/_{role.removeprefix('second_')}_choices.html", context)


def _refresh(vendor: str) -> str:
    """What came of asking, where the list itself does not say it."""
    try:
        vendor_lists.refresh_by_hand(vendor)
    except DomainError as error:
        return error.message
    return ""


@allowed(Permission.VIEW_AGENTS)
@require_safe
def compare(request: TenantRequest, agent_id: UUID) -> HttpResponse:
    agent = _agent(agent_id)
    versions = list(agent.versions.filter(number__isnull=False))
    live = str(agent.published.number) if agent.published else "draft"
    chosen = {name: request.GET.get(name) or default for name, default in (("before", live), ("after", "draft"))}
    form = CompareForm(chosen, versions=versions, agent=agent)
    if not form.is_valid():
        raise Http404
    before, after = (_version(agent, chosen[name]) for name in ("before", "after"))
    changes = diff(before, after)
    sections = [(each.title, [c for c in changes if SECTION_OF[c.field] is each]) for each in SECTIONS]
    context = {
        "agent": agent,
        "form": form,
        "before": before,
        "after": after,
        "changes": changes,
        "sections": [(title, found) for title, found in sections if found],
    }
    return render(request, "agents/compare.html", context)


@allowed(Permission.EDIT_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: TenantRequest, agent_id: UUID) -> HttpResponse:
    agent = _agent(agent_id)
    form = NameForm(_posted(request), initial={"name": agent.name})
    if request.method == "POST" and form.is_valid():
        try:
            services.rename_agent(request.tenant, agent.pk, name=form.cleaned_data["name"])
            return redirect("agents:edit", request.tenant.slug, agent.pk)
        except DomainError as error:
            form.add_error("name", error.message)
    return render(request, "agents/rename.html", {"agent": agent, "form": form}, status=422 if form.errors else 200)


@allowed(Permission.EDIT_AGENTS)
@require_POST
def discard(request: TenantRequest, agent_id: UUID) -> HttpResponse:
    agent = _agent(agent_id)
    services.discard_draft(request.tenant, agent.pk)
    messages.success(request, "The draft is what callers hear again.")
    return redirect("agents:edit", request.tenant.slug, agent.pk)


@allowed(Permission.PUBLISH_AGENTS)
@require_POST
def archive(request: TenantRequest, agent_id: UUID) -> HttpResponse:
    agent = services.archive(request.tenant, _agent(agent_id).pk)
    messages.success(request, f"{agent} is put away. Its calls stay.")
    return redirect("agents:index", request.tenant.slug)


@allowed(Permission.EDIT_AGENTS)
@require_POST
def restore(request: TenantRequest, agent_id: UUID, number: int) -> HttpResponse:
    agent = _agent(agent_id)
    services.restore(request.tenant, _version(agent, str(number)).pk)
    messages.success(request, f"Version {number} is in the draft. Callers hear it when you publish.")
    return redirect("agents:edit", request.tenant.slug, agent.pk)


@allowed(Permission.PUBLISH_AGENTS)
@require_POST
def make_live(request: TenantRequest, agent_id: UUID, number: int) -> HttpResponse:
    agent = _agent(agent_id)
    version = services.make_live(request.tenant, _version(agent, str(number)).pk, by=request.user)
    messages.success(request, f"What version {number} said is live again, as version {version.number}.")
    return redirect("agents:edit", request.tenant.slug, agent.pk)


@allowed(Permission.EDIT_AGENTS)
@require_safe
def hear(request: TenantRequest, agent_id: UUID, role: str) -> HttpResponse:
    """A sentence in the voice that the draft has now, `?language=`: for this one. Else the reason in words."""
    draft = values(services.draft_of(_agent(agent_id)))
    try:
        sound = previews.sample(request.tenant.pk, draft, role, request.GET.get("language", ""))
    except DomainError as error:
        return HttpResponse(error.message, status=409, content_type="text/plain; charset=utf-8")
    return HttpResponse(sound, content_type="audio/wav", headers={"Cache-Control": "no-store"})


def _posted(request: TenantRequest) -> QueryDict | None:
    """A form without fields is posted, too."""
    return request.POST if request.method == "POST" else None


def _agents() -> QuerySet[Agent]:
    agents: QuerySet[Agent] = Agent.objects.filter(archived_at=None).select_related("published__agent")
    return agents


def _agent(agent_id: UUID) -> Agent:
    return get_object_or_404(_agents(), pk=agent_id)


def _version(agent: Agent, number: str) -> AgentVersion:
    versions = agent.versions.select_related("agent")
    return get_object_or_404(versions, number=None if number == "draft" else number)
