"""Rehearsals as agents know them: what a ready-made or proposed one brings, and how a draft stands before publishing.

They are played above us: `settings.REHEARSALS` names the module that does it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from django.conf import settings

from agentos.tenants.models import User
from agents.models import Agent, AgentVersion


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody who calls, and what must come of it. The caller reads `lines`; without any, a model plays them."""

    name: str
    lines: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    never_says: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    persona: str = ""
    goal: str = ""
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the rehearsals before publishing went with the draft as it is. Names of each kind.

    Of those that are running, `late` should have ended long ago: whoever plays them is busy, or not there.
    """

    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    unplayed: tuple[str, ...] = ()
    late: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody has to wait for it."""
        return bool(self.running or self.unplayed)

    @property
    def is_good(self) -> bool:
        return not (self.is_open or self.failed)

    def to_json(self) -> dict[str, Any]:
        return {name: list(getattr(self, name)) for name in self.__slots__}


class Stage(Protocol):
    """What the module does. Everything inside the tenant."""

    def put_on(self, agent: Agent, scenes: Sequence[Scene], *, by: User | None) -> None:
        """Keep these as rehearsals of the agent."""
        ...

    def standing(self, draft: AgentVersion) -> Standing:
        """How the draft stands; nothing is played for it."""
        ...

    def begin(self, draft: AgentVersion) -> Standing:
        """Play what was not played with this draft yet, behind the page."""
        ...


def stage() -> Stage:
    return cast("Stage", importlib.import_module(settings.REHEARSALS))
