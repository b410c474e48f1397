"""Whether the ways of carrying calls are well, for pages."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django import template

from agents.models import AgentVersion
from calls.engine_health import MINUTES, health

register = template.Library()


@register.simple_tag
def unwell(engine: str) -> str:
    """What is wrong with it at this moment, and what happens meanwhile; empty while it is well."""
    if engine == AgentVersion.Transport.MEDIA_STREAMS:
        return ""
    state = async_to_sync(health)(engine)
    if state.is_well:
        return ""
    name = AgentVersion.Transport(engine).label.partition(":")[0]
    return (
        f"{name} is unwell: {state.failed} of the {state.calls} calls of the last {MINUTES} minutes could not be "
        "carried by it. Until it is well again, calls are carried by Media Streams."
    )
