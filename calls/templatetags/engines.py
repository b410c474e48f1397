"""Whether what calls depend on is well, for pages."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from agents.models import Agent
from calls import unwell

register = template.Library()


@register.simple_tag(takes_context=True)
def unwell_for(context: template.Context, agents: Agent | Iterable[Agent]) -> list[unwell.Unwell] | None:
    """Who is unwell of all that answers calls for these agents. None where it is not known, or nobody answers any."""
    live = [agent.published for agent in ([agents] if isinstance(agents, Agent) else agents) if agent.published]
    return unwell.unwell(live, context["tenant"].pk) if live else None
