"""Which tools a version grants: each by its name, with the settings that a business chose for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.own_tools import on_offer
from agents.tools import Setting, Tool

PREFIX = "tools__"
Grants = list[dict[str, Any]]


def judge_tools(current: Grants, changes: Mapping[str, Any]) -> tuple[Grants, dict[str, str]]:
    """The grants after `changes`, in the order of the tools on offer; and what was refused, by the change's name."""
    chosen = {each["name"]: dict(each.get("settings", {})) for each in current}
    errors: dict[str, str] = {}
    if "tools" in changes:
        chosen = _whole(changes["tools"], errors)
    for field, value in changes.items():
        if field.startswith(PREFIX):
            name, _, setting = field.removeprefix(PREFIX).partition("__")
            _change(chosen, name, setting, value, field, errors)
    known = on_offer()
    unknown = [name for name in chosen if name not in known]
    ordered = [*(name for name in known if name in chosen), *unknown]
    return [{"name": name, "settings": chosen[name]} for name in ordered], errors


def _whole(value: Any, errors: dict[str, str]) -> dict[str, dict[str, Any]]:
    chosen: dict[str, dict[str, Any]] = {}
    for each in value if isinstance(value, list) else [None]:
        if not isinstance(each, Mapping) or str(each.get("name")) not in on_offer():
            errors["tools"] = "Each tool has the name of one on offer."
            continue
        tool, settings = on_offer()[str(each["name"])], each.get("settings") or {}
        chosen[tool.name] = {}
        for name, wish in settings.items() if isinstance(settings, Mapping) else ():
            _set(chosen[tool.name], tool, str(name), wish, "tools", errors)
    return chosen


def _change(
    chosen: dict[str, dict[str, Any]], name: str, setting: str, value: Any, field: str, errors: dict[str, str]
) -> None:
    tool = on_offer().get(name)
    if tool is None:
        errors[field] = "There is no such tool."
    elif setting:
        if name in chosen and value != chosen[name].get(setting):  # what stands may be gone from the choices
            _set(chosen[name], tool, setting, value, field, errors)
    elif value:
        chosen.setdefault(name, {})
    else:
        chosen.pop(name, None)


def _set(settings: dict[str, Any], tool: Tool, name: str, wish: Any, field: str, errors: dict[str, str]) -> None:
    setting = next((each for each in tool.settings if each.name == name), None)
    if setting is None:
        errors[field] = f"{tool.title} has no setting {name}."
        return
    value = " ".join(str(wish or "").split())
    if message := _wrong(setting, value):
        errors[field] = message
        return
    settings.pop(name, None)
    if value != setting.default:
        settings[name] = value


def _wrong(setting: Setting, value: str) -> str:
    if setting.choices and value not in dict(setting.choices):
        return "Choose one of those on offer."
    if len(value) > setting.longest:
        return f"Shorten this to {setting.longest} characters."
    return ""
