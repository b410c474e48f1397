"""What an agent can do besides talking. Every module in `settings.TOOLS` declares its `TOOLS`.

A tool is plain data and one synchronous function, which runs in a thread inside `tenant_transaction`.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.conf import settings

from agents.providers.limits import Limits
from agents.providers.ports import ToolSpec
from agents.versions import VersionSpec

Arguments = dict[str, Any]
Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ToolContext:
    """Where and for whom a tool runs. Nothing in it comes from the model.

    `key` names this run: the same again for the same wish, so that another system can tell a repeat. `entries` are
    keys that the caller entered unseen, by the name under which the model knows them.
    """

    tenant_id: int
    call_id: UUID
    turn: int
    version: VersionSpec
    business: str
    caller_number: str
    now: datetime
    key: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    caller_said: str = ""
    entries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What came of it. The model reads `content`: facts, in plain words, for it to tell the caller.

    With `say` that is said as it is and the model is not asked again. `then` happens when everything was said.
    `target` says where to, with "hand_over".
    `recalled` are passages of the business's knowledge that were read for it, shown with the turn. `certain`: whether
    it is known what came of it; what nobody knows about is never tried again.
    """

    content: str
    ok: bool = True
    say: str = ""
    then: Literal["", "hang_up", "transfer", "hand_over"] = ""
    recalled: tuple[Mapping[str, Any], ...] | None = None
    target: Mapping[str, Any] | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that a business chooses about a tool: a text, or one of `choices` (value, label).

    `offers` asks inside the tenant what there is to choose from now.
    """

    name: str
    label: str
    hint: str = ""
    default: str = ""
    choices: Choices = ()
    longest: int = 300
    offers: Callable[[], Choices] | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as it is declared. `title` and `hint` are for people, `description` and `parameters` for the model.

    `effect`: it changes something, so the same wish takes effect once in a call. `waits`: the conversation waits for
    its result. `outside`: the effect is in another system, so that a failure may come after it; else it is in the
    transaction, or not at all. `detached`: it runs without the database, so that no connection waits for another
    system. `run` is None for what the conversation itself does, such as hanging up. `private`
    arguments are never written down. `moments` are said instead of the usual holding phrases; one that is empty is not.
    """

    name: str
    title: str
    description: str
    parameters: Mapping[str, Any]
    run: Callable[[ToolContext, Arguments], ToolOutcome] | None
    hint: str = ""
    effect: bool = True
    waits: bool = True
    outside: bool = False
    detached: bool = False
    timeout_s: float = 8.0
    limits: Limits = field(default_factory=Limits)
    settings: tuple[Setting, ...] = ()
    private: frozenset[str] = frozenset()
    strict: bool = True
    moments: tuple[str, ...] = ()

    def spec(self) -> ToolSpec:
        return ToolSpec(self.name, self.description, self.parameters, self.strict)


@dataclass(frozen=True, slots=True)
class Grant:
    """A tool with the settings that a version gives it."""

    tool: Tool
    settings: Mapping[str, Any]


def parameters(**properties: Mapping[str, Any]) -> dict[str, Any]:
    """A strict schema: every argument is required, and nothing else is taken. Nullable is what may be left out."""
    return {
        "type": "object",
        "properties": {name: dict(each) for name, each in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


@functools.cache
def built_in() -> Mapping[str, Tool]:
    """Every tool that the modules of `settings.TOOLS` declare, by name, in their order."""
    declared: list[Tool] = [tool for name in settings.TOOLS for tool in importlib.import_module(name).TOOLS]
    found = {tool.name: tool for tool in declared}
    if len(found) != len(declared):
        raise ValueError("two tools have the same name")
    return found


def with_offers(tools: Mapping[str, Tool]) -> dict[str, Tool]:
    """The tools with what there is to choose from now, inside the tenant. The same question is asked once."""

    @functools.cache
    def choices(offers: Callable[[], Choices]) -> Choices:
        return offers()

    def filled(setting: Setting) -> Setting:
        return replace(setting, choices=choices(setting.offers)) if setting.offers else setting

    return {name: replace(tool, settings=tuple(map(filled, tool.settings))) for name, tool in tools.items()}


def granted(grants: Sequence[Mapping[str, Any]], known: Mapping[str, Tool] | None = None) -> list[Grant]:
    """The tools that a version's `tools` name. One that is not there any more is passed over."""
    known = built_in() if known is None else known
    return [
        Grant(known[each["name"]], {s.name: s.default for s in known[each["name"]].settings} | each.get("settings", {}))
        for each in grants
        if each["name"] in known
    ]
