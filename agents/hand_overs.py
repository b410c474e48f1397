"""Which other agents a version may pass a caller on to: settings of one tool, told to the model by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from agents.models import Agent
from agents.tools import Choices, Setting, Tool, parameters

NAME = "hand_over_to"


def published() -> list[tuple[str, str]]:
    """Ids and names of the agents that can take a call, inside the tenant."""
    found = Agent.objects.filter(archived_at=None).exclude(published=None).values_list("pk", "name")
    return [(str(key), name) for key, name in found]


def on_offer() -> Choices:
    """Whom the editor lets choose."""
    return (("", "Nobody"), *published())


PLACES = range(1, 4)
SETTINGS = tuple(
    setting
    for place in PLACES
    for setting in (
        Setting(f"to_{place}", "Agent", offers=on_offer),
        Setting(f"for_{place}", "For what", hint="Such as: questions about bills.", longest=120),
    )
)


def with_targets(tool: Tool, grants: Collection[Mapping[str, Any]]) -> Tool:
    """The tool as the model reads it: whom there is, and for what."""
    settings = next(each.get("settings", {}) for each in grants if each["name"] == NAME)
    known = dict(published())
    listed = [f"{known[key]}: {what or 'whatever it is better at'}" for key, what in targets(settings) if key in known]
    names = [known[key] for key, _ in targets(settings) if key in known]
    to = {"type": "string", "enum": names} if names else {"type": "string"}
    described = f"{tool.description} There are: {'; '.join(listed) or 'none at the moment'}."
    return replace(tool, description=described, parameters=parameters(to=to, reason=REASON))


REASON = {"type": "string", "maxLength": 200, "description": "What the caller needs, in a few words."}


def targets(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Ids of agents, and what each is for."""
    found = [(str(settings.get(f"to_{place}", "")), str(settings.get(f"for_{place}", ""))) for place in PLACES]
    return [(key, what) for key, what in found if key]


def target_named(name: str, settings: Mapping[str, Any]) -> UUID | None:
    """The agent of this name among those that may be passed on to, if it can take a call now."""
    known = dict(published())
    return next((UUID(key) for key, _ in targets(settings) if known.get(key) == name), None)
