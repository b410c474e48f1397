"""The pages of knowledge: what is written down, what was asked in vain, and what an agent would find."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agents.knowledge import services
from agents.knowledge.forms import FORMS, AnswerForm, SourceForm, TryForm
from agents.knowledge.search import Found
from agents.models import Agent, KnowledgeGap, KnowledgeSource

PER_PAGE = 50
MOST_GAPS = 20
Kind = KnowledgeSource.Kind


@allowed(Permission.VIEW_AGENTS, to_change=Permission.EDIT_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """Everything that is known; posted, one thing more."""
    kind = request.POST.get("kind", "")
    forms = {
        name: form(
            *(request.POST, request.FILES) if name == kind else (), auto_id=f"{name}_%s", initial=_initial(request)
        )
        for name, form in FORMS.items()
    }
    if request.method == "POST" and kind in forms and forms[kind].is_valid():
        try:
            said = _take(request, kind, forms[kind])
        except DomainError as error:
            forms[kind].add_error({"answer": "question", "document": "file"}.get(kind, "url"), error.message)
        else:
            messages.success(request, said)
            return redirect("knowledge:index", request.tenant.slug)
    sources = KnowledgeSource.objects.defer("upload").select_related("agent").annotate(count=Count("passages"))
    sources = sources.order_by("title", "pk")
    context = {
        "page": Paginator(sources, PER_PAGE).get_page(request.GET.get("page")),
        "forms": forms,
        "opened": kind or ("answer" if "answer" in request.GET else ""),
        "gaps": KnowledgeGap.objects.filter(closed_at=None).select_related("agent")[:MOST_GAPS],
        "is_reading": KnowledgeSource.objects.filter(status=KnowledgeSource.Status.READING).exists(),
        **_tried(request),
    }
    is_wrong = any(form.errors for form in forms.values())
    return render(request, "agents/knowledge/index.html", context, status=422 if is_wrong else 200)


def _initial(request: TenantRequest) -> dict[str, Any]:
    """An answer to a question that was collected begins with that question."""
    gap = KnowledgeGap.objects.filter(pk=_number(request.GET.get("answer"))).first()
    language = "en-US"
    return {"question": gap.question, "agent": gap.agent_id, "language": language} if gap else {"language": language}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 12 else None


def _take(request: TenantRequest, kind: str, form: SourceForm) -> str:
    data, common = form.cleaned_data, {"agent_id": form.agent_id, "by": request.user}
    if kind == Kind.ANSWER:
        services.write_answer(question=data["question"], answer=data["answer"], language=data["language"], **common)
        services.close_gap(_number(request.GET.get("answer")) or 0)
        return "Your agents know this from their next answer on."
    if kind == Kind.DOCUMENT:
        file = data["file"]
        services.bring_document(name=file.name, content=file.read(), language=data["language"], **common)
        return "The document is being read. You can leave this page."
    services.bring_page(url=data["url"], language=data["language"], **common)
    return "The page is being read. You can leave this one."


def _tried(request: TenantRequest) -> dict[str, Any]:
    """What an agent would be given to answer the question in the address."""
    asked = "question" in request.GET
    first = Agent.objects.filter(archived_at=None).first()
    form = TryForm(request.GET if asked else None, initial={"agent": first}, auto_id="try_%s")
    found: list[Found] = []
    agent = form.cleaned_data.get("agent") or first if asked and form.is_valid() else None
    if agent and form.cleaned_data["question"]:
        language = agent.published.language if agent.published else "en-US"
        found = services.look_up(form.cleaned_data["question"], agent_id=agent.pk, language=language)
    return {"try_form": form, "found": found, "was_tried": agent is not None}


@allowed(Permission.VIEW_AGENTS, to_change=Permission.EDIT_AGENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def source(request: TenantRequest, source_id: int) -> HttpResponse:
    """One source as agents read it; posted, a better answer, another reading, or its end."""
    row = get_object_or_404(KnowledgeSource.objects.defer("upload").select_related("agent"), pk=source_id)
    action = request.POST.get("action", "")
    if action == "remove":
        services.remove(row.pk)
        messages.success(request, f"“{row.title}” is forgotten.")
        return redirect("knowledge:index", request.tenant.slug)
    if action == "read" and row.kind == Kind.PAGE:
        services.read_again(row.pk)
        messages.success(request, "The page is being read again.")
        return redirect("knowledge:source", request.tenant.slug, row.pk)
    form = _answer_form(request, row) if row.kind == Kind.ANSWER else None
    if form is not None and request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        services.write_answer(
            question=data["question"],
            answer=data["answer"],
            agent_id=form.agent_id,
            language=data["language"],
            by=request.user,
            source_id=row.pk,
        )
        messages.success(request, "Your agents know this from their next answer on.")
        return redirect("knowledge:source", request.tenant.slug, row.pk)
    passages = Paginator(row.passages.all(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"source": row, "form": form, "page": passages}
    return render(request, "agents/knowledge/source.html", context, status=422 if form and form.errors else 200)


def _answer_form(request: TenantRequest, row: KnowledgeSource) -> AnswerForm:
    known = {"question": row.title, "answer": row.answer, "agent": row.agent_id, "language": row.language}
    return AnswerForm(request.POST if request.method == "POST" else None, initial=known)


@allowed(Permission.EDIT_AGENTS)
@require_POST
def close_gap(request: TenantRequest, gap_id: int) -> HttpResponse:
    """A question that needs no answer."""
    services.close_gap(gap_id)
    return redirect("knowledge:index", request.tenant.slug)
