"""Settings, Tools: servers of tools (MCP), each with what it has, from which people choose."""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from agentos import outgoing
from agentos.errors import DomainError
from agentos.outgoing import OutgoingError
from agentos.tenants import credentials
from agentos.tenants.log import record
from agentos.tenants.models import Credential
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agents.mcp_tools import choose, offers, refresh
from agents.models import McpServer
from agents.own_tools import headers_of
from agents.tool_forms import name_for

MOST_SERVERS = 10
LONGEST_NAME = 20


def connect(request: TenantRequest) -> HttpResponse:
    """One more server, asked at once. Raises DomainError."""
    title = " ".join(request.POST.get("title", "").split())[:80]
    url = request.POST.get("url", "").strip()
    servers = McpServer.objects.filter(removed_at=None)
    if not title:
        raise DomainError("no_name", "Give the server a name.")
    if servers.count() >= MOST_SERVERS:
        raise DomainError("too_many", f"There can be {MOST_SERVERS} servers. Remove one first.")
    try:
        outgoing.check_url(url)
    except OutgoingError as error:
        raise DomainError("address", error.message) from None
    name = name_for(title, set(servers.values_list("name", flat=True)))[:LONGEST_NAME]
    if servers.filter(name=name).exists():
        name = re.sub(r".{2}$", f"{servers.count():02d}", name)
    headers = {}
    if token := request.POST.get("token", "").strip():
        stored = credentials.store(Credential.Kind.HEADER, "Authorization", f"Bearer {token}")
        headers = {"Authorization": str(stored.pk)}
    server = McpServer.objects.create(title=title, name=name, url=url[:1000], headers=headers)
    refresh(server, headers_of(headers))
    record("mcp.connected", f"Connected the server {title}", subject=f"mcp {server.pk}")
    return redirect("integrations:server", request.tenant.slug, server.pk)


@allowed(Permission.MANAGE_INTEGRATIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def server(request: TenantRequest, server_id: UUID) -> HttpResponse:
    """One server. Posted: the tools that agents can be given; `refresh` asks it again, `remove` forgets it."""
    chosen: McpServer = get_object_or_404(McpServer, pk=server_id, removed_at=None)
    if request.method != "POST":
        return render(request, "integrations/server.html", {"server": chosen, "offers": offers(chosen)})
    if "remove" in request.POST:
        return _remove(request, chosen)
    if "refresh" in request.POST:
        refresh(chosen, headers_of(chosen.headers))
    else:
        choose(chosen, set(request.POST.getlist("tool")))
        names = ", ".join(each["name"] for each in chosen.chosen)[:150] or "none of its tools"
        record("mcp.chosen", f"Lets agents use of {chosen.title}: {names}", subject=f"mcp {chosen.pk}")
        messages.success(request, "Saved. Which agent may use them is chosen in the agent.")
    return redirect("integrations:server", request.tenant.slug, chosen.pk)


def _remove(request: TenantRequest, chosen: McpServer) -> HttpResponse:
    for credential_id in chosen.headers.values():
        if credential := credentials.find(credential_id, Credential.Kind.HEADER):
            credentials.revoke(credential)
    chosen.removed_at, chosen.headers = now(), {}
    chosen.save(update_fields=["removed_at", "headers"])
    record("mcp.removed", f"Removed the server {chosen.title}", subject=f"mcp {chosen.pk}")
    messages.success(request, f"{chosen.title} is removed. Agents go on without its tools from their next call.")
    return redirect("integrations:tools", request.tenant.slug)
