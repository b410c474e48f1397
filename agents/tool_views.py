"""Settings, Tools: requests to the business's own systems, made, tried, and given to agents in their editor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from agentos.errors import DomainError
from agentos.outgoing import Answer, OutgoingError
from agentos.tenants import credentials
from agentos.tenants.log import record
from agentos.tenants.models import Credential
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agents.integrations import http_tool
from agents.integrations.http_tool import FILLED_IN, Request, Unfit
from agents.models import HttpTool, McpServer
from agents.own_tools import definition_of, headers_of, send
from agents.server_views import connect
from agents.tool_forms import ToolForm, initial_of, name_for
from agents.tools import built_in

MOST_TOOLS = 40
SHOWN = 1024
SAMPLE = {"caller_number": "+12085550147", "call_id": "00000000-0000-0000-0000-000000000000"}


@dataclass(frozen=True, slots=True)
class Trial:
    """One try from the page: what was sent, what came back, and what an agent would read of it."""

    request: Request | None = None
    hidden: tuple[str, ...] = ()
    answer: Answer | None = None
    error: str = ""
    read: str = ""

    @property
    def answered(self) -> str:
        return self.answer.text[:SHOWN] if self.answer else ""

    @property
    def body(self) -> str:
        return self.request.content.decode() if self.request else ""


@allowed(Permission.MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """The tools. Posted: one more, to be filled in on its own page; or with `url`, a server of tools."""
    tools = HttpTool.objects.filter(removed_at=None)
    if request.method != "POST":
        servers = McpServer.objects.filter(removed_at=None)
        return render(request, "integrations/tools.html", {"tools": tools, "servers": servers})
    if "url" in request.POST:
        return connect(request)
    title = " ".join(request.POST.get("title", "").split())[:80]
    if not title:
        raise DomainError("no_name", "Give the tool a name.")
    if tools.count() >= MOST_TOOLS:
        raise DomainError("too_many", f"There can be {MOST_TOOLS} tools. Remove one first.")
    taken = {*built_in(), *tools.values_list("name", flat=True)}
    row = HttpTool.objects.create(title=title, name=name_for(title, taken))
    return redirect("integrations:tool", request.tenant.slug, row.pk)


@allowed(Permission.MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def tool(request: TenantRequest, tool_id: UUID) -> HttpResponse:
    """One tool. Posted: saved; with `try`, tried as it is saved; with `remove`, taken from every agent."""
    row: HttpTool = get_object_or_404(HttpTool, pk=tool_id, removed_at=None)
    if request.method != "POST":
        return _page(request, row)
    if "remove" in request.POST:
        return _remove(request, row)
    if "try" in request.POST:
        return _page(request, row, trial=_try(row, request.POST))
    form = ToolForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form)
    _save(row, form.cleaned_data)
    messages.success(request, "Saved. Agents that have it use it like this from their next call.")
    return redirect("integrations:tool", request.tenant.slug, row.pk)


def _save(row: HttpTool, cleaned: dict[str, Any]) -> None:
    headers = cleaned.pop("headers")
    for name, value in cleaned.items():
        setattr(row, name, value)
    row.headers = _stored(row, headers)
    row.save()
    record("tool.saved", f"Saved the tool {row.title}", subject=f"tool {row.pk}")


def _stored(row: HttpTool, headers: list[dict[str, str]]) -> dict[str, str]:
    """Put new values into the vault, keep those that were left empty, and forget the rest. Raises DomainError."""
    kept: dict[str, str] = {}
    for each in headers:
        if each["value"]:
            kept[each["name"]] = str(credentials.store(Credential.Kind.HEADER, each["name"], each["value"]).pk)
        elif each["name"] in row.headers:
            kept[each["name"]] = row.headers[each["name"]]
    for gone in set(row.headers.values()) - set(kept.values()):
        if credential := credentials.find(gone, Credential.Kind.HEADER):
            credentials.revoke(credential)
    return kept


def _remove(request: TenantRequest, row: HttpTool) -> HttpResponse:
    row.removed_at, row.headers = now(), _stored(row, [])
    row.save(update_fields=["removed_at", "headers"])
    record("tool.removed", f"Removed the tool {row.title}", subject=f"tool {row.pk}")
    messages.success(request, f"{row.title} is removed. Agents go on without it from their next call.")
    return redirect("integrations:tools", request.tenant.slug)


def _try(row: HttpTool, sent: Any) -> Trial:
    """As a call would make it, with what was entered."""
    headers = headers_of(row.headers)
    definition = definition_of(row, headers)
    arguments = {each.name: _typed(each.type, sent.get(f"try_{each.name}", "")) for each in definition.parameters}
    try:
        request = http_tool.build(definition, arguments, SAMPLE, uuid4().hex)
    except Unfit as error:
        return Trial(error=str(error))
    try:
        answer = send(request, row.timeout_s)
    except OutgoingError as error:
        return Trial(request, tuple(headers), error=error.message)
    return Trial(request, tuple(headers), answer, read=http_tool.read(answer.text, definition.readings))


def _typed(kind: str, text: str) -> Any:
    if not text:
        return None
    try:
        return {"number": float, "whole": int}.get(kind, str)(text) if kind != "yes_no" else text == "yes"
    except ValueError:
        return text


def _page(
    request: TenantRequest, row: HttpTool, form: ToolForm | None = None, trial: Trial | None = None
) -> HttpResponse:
    found = Credential.objects.filter(pk__in=row.headers.values())
    context = {
        "tool": row,
        "form": form or ToolForm(initial=initial_of(row, {str(each.pk): each.ends for each in found})),
        "trial": trial,
        "asked": [each for each in row.parameters if each["type"] not in FILLED_IN],
        "typed": request.POST,
    }
    return render(request, "integrations/tool.html", context, status=422 if form is not None else 200)
