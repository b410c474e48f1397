"""The pages of agents, as tests ask for them."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from agentos.tenants.scoping import tenant_transaction
from agents import services
from agents.comparison import values
from agents.forms import DraftForm
from agents.models import Agent, AgentVersion

HTMX = {"HTTP_HX_REQUEST": "true"}


def at(name: str, agent: Agent, *args: Any) -> str:
    return reverse(f"agents:{name}", args=[agent.tenant.slug, agent.pk, *args])


def draft(agent: Agent) -> AgentVersion:
    with tenant_transaction(agent.tenant_id):
        return services.draft_of(Agent.objects.get(pk=agent.pk))


def live_number(agent: Agent) -> int | None:
    with tenant_transaction(agent.tenant_id):
        published = Agent.objects.select_related("published").get(pk=agent.pk).published
        return published.number if published else None


def filled(agent: Agent, **typed: str) -> dict[str, Any]:
    """What a browser without scripts sends: every field of the page."""
    with tenant_transaction(agent.tenant_id):
        form = DraftForm(values(services.draft_of(Agent.objects.get(pk=agent.pk))))
        shown = {field.html_name: field.value() for field in form}
    sent = {
        name: "on" if value is True else "" if value is None else value if isinstance(value, list) else str(value)
        for name, value in shown.items()
        if value is not False
    }
    return sent | typed


def text(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def autosave(browser: Client, agent: Agent, **typed: str | list[str]) -> HttpResponse:
    return browser.post(at("edit", agent), {"only": " ".join(typed), **typed}, **HTMX)
