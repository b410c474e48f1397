"""Our tools in ElevenLabs' words: a request of its model to an address of ours, one for each tool. Pure.

The model there fills in what a tool's schema asks for. Which call it is, how far that is and what was said in it, the
vendor fills in itself, where no model can touch it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import ceil
from typing import Any

from agents.providers.limits import Evidence, Limits
from agents.tools import Arguments, Tool, ToolContext, ToolOutcome, parameters

Json = dict[str, Any]

HEADER, PASS = "X-AgentOS-Call", "secret__agentos_pass"  # a secret value goes into headers alone, and to no model
HEARD, TURNS = "agentos_heard", "agentos_turns"
FILLED_IN: Mapping[str, Json] = {
    HEARD: {"type": "string", "dynamic_variable": "system__conversation_history"},
    TURNS: {"type": "string", "dynamic_variable": "system__agent_turns"},
}
SHORTEST_WAIT_S, LONGEST_WAIT_S, ON_THE_WAY_S = 5, 60, 3

END_CALL = "end_call"
DIGITS, THEIR_DIGITS = "send_digits", "play_keypad_touch_tone"
KEYS = "collect_digits"
GOES_ON_HERE = frozenset({KEYS, "hand_over_to"})  # the agent leaves the call for it, and we go on with it
NO_WAY_BACK = "For it a call has to go on here, and there are no keys for hearing and speaking"
KEYS_WISHED = (
    "Tell the caller in half a sentence that they can type in a moment, not yet, and use end_call at once: the call "
    "goes on over another line, on which you take the keys."
)
UNSAID = "What it needs cannot be described there"
STOP = "stop_calling"
STOP_CALLING = Tool(
    name=STOP,
    title="Stop calling",
    description="Use this at once when the person says that they do not want to be called any more.",
    parameters=parameters(
        said={"type": "string", "maxLength": 300, "description": "Their words, exactly as they said them."}
    ),
    run=None,
    detached=True,
    outside=True,
    limits=Limits(per_call=4, per_turn=2, said={"said": Evidence.WORDS}),
)


class Unfit(ValueError):
    """The arguments of a tool cannot be said in the vendor's words."""


def as_there(tool: Tool) -> Tool:
    """As the model there reads and uses it."""
    if tool.name != KEYS:
        return tool
    described = "Let the caller type on the keypad. The line is changed for it, so use it before you ask them to type."
    return replace(tool, description=described, run=_wish_for_keys, effect=True, waits=True, timeout_s=5.0)


def _wish_for_keys(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    return ToolOutcome(KEYS_WISHED)


def is_there(tool: Tool) -> bool:
    """Whether the model there can be given this tool, as a request to us."""
    if tool.run is None and tool.name != STOP:
        return False
    try:
        schema_of(tool)
    except Unfit:
        return False
    return True


def missing_there(
    grants: Iterable[Mapping[str, Any]], known: Mapping[str, Tool], *, comes_back: bool
) -> list[tuple[str, str]]:
    """Titles of the granted tools that do not work there, and why. `comes_back`: a call can go on here."""
    tools = [as_there(known[each["name"]]) for each in grants if each["name"] in known]
    unsaid = [tool for tool in tools if tool.name not in (END_CALL, DIGITS) and not is_there(tool)]
    stuck = [tool for tool in tools if tool.name in GOES_ON_HERE and not comes_back]
    return [(tool.title, NO_WAY_BACK if tool in stuck else UNSAID) for tool in tools if tool in stuck or tool in unsaid]


def built_in_tools(names: Iterable[str]) -> Json:
    """What the vendor does itself."""
    return {END_CALL: _system(END_CALL), THEIR_DIGITS: _system(THEIR_DIGITS) if DIGITS in set(names) else None}


def _system(name: str) -> Json:
    return {"type": "system", "name": name, "params": {"system_tool_type": name}}


def requests(tools: Iterable[Tool], url: str) -> dict[str, Json]:
    """Every tool that can be offered there, by name; each is asked for below `url`."""
    return {tool.name: _request(tool, f"{url}/{tool.name}") for tool in tools if is_there(tool)}


def _request(tool: Tool, url: str) -> Json:
    waits_s = ceil(tool.timeout_s) + ON_THE_WAY_S if tool.waits else LONGEST_WAIT_S
    return {
        "type": "webhook",
        "name": tool.name,
        "description": tool.description,
        "response_timeout_secs": max(SHORTEST_WAIT_S, min(LONGEST_WAIT_S, waits_s)),
        "execution_mode": "immediate" if tool.waits else "async",
        "api_schema": {
            "url": url,
            "method": "POST",
            "content_type": "application/json",
            "request_headers": {HEADER: {"variable_name": PASS}},
            "request_body_schema": schema_of(tool),
        },
    }


# Schemas -------------------------------------------------------------------------------------------------


def schema_of(tool: Tool) -> Json:
    """Raises Unfit."""
    asked = _object(tool.parameters, "")
    if taken := FILLED_IN.keys() & asked["properties"].keys():
        raise Unfit(f"{', '.join(taken)} is ours")
    properties = asked["properties"] | {name: dict(each) for name, each in FILLED_IN.items()}
    return {"type": "object", "required": [*asked["required"], *FILLED_IN], "properties": properties}


def _object(schema: Mapping[str, Any], about: str) -> Json:
    properties: Mapping[str, Any] = schema.get("properties", {})
    required = [
        name for name in schema.get("required", ()) if name in properties and not _may_be_null(properties[name])
    ]
    said = {"description": about} if about else {}
    return {
        "type": "object",
        **said,
        "required": required,
        "properties": {name: _property(each, name) for name, each in properties.items()},
    }


def _property(schema: Mapping[str, Any], name: str) -> Json:
    about = _about(schema, name)
    match _kind(schema):
        case "object":
            return _object(schema, about)
        case "array":
            items = schema.get("items")
            if not isinstance(items, Mapping):
                raise Unfit(f"{name} is a list of anything")
            return {"type": "array", "description": about, "items": _property(items, name)}
        case kind:
            choices = [each for each in schema.get("enum", ()) if each is not None]
            named = kind == "string" and choices and all(isinstance(each, str) for each in choices)
            return {"type": kind, "description": about} | ({"enum": choices} if named else {})


def _kind(schema: Mapping[str, Any]) -> str:
    wanted = schema.get("type")
    kinds = [kind for kind in ([wanted] if isinstance(wanted, str) else wanted or ()) if kind != "null"]
    if len(kinds) != 1 or kinds[0] not in ("string", "integer", "number", "boolean", "object", "array"):
        raise Unfit("a value may be of several kinds, or of none that is known there")
    return str(kinds[0])


def _may_be_null(schema: Mapping[str, Any]) -> bool:
    return isinstance(schema.get("type"), list) and "null" in schema["type"]


_BOUNDS = (
    ("minimum", "At least {}."),
    ("maximum", "At most {}."),
    ("maxLength", "At most {} characters."),
    ("pattern", "As {}."),
    ("format", "Form: {}."),
)


def _about(schema: Mapping[str, Any], name: str) -> str:
    """What a value is, with the bounds that the schema there cannot say. One without words would not be filled in."""
    bounds = [words.format(schema[bound]) for bound, words in _BOUNDS if bound in schema]
    choices = [each for each in schema.get("enum", ()) if each is not None]
    if choices and not all(isinstance(each, str) for each in choices):
        bounds.append(f"One of {', '.join(map(str, choices))}.")
    optional = ["Leave it out where that is not known."] if _may_be_null(schema) else []
    about = str(schema.get("description", "")).strip() or name.replace("_", " ").capitalize()
    return " ".join([about, *bounds, *optional])


def filled(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> Json:
    """What came, with null for what may be null and was left out. Judged is it elsewhere."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    left_out = [name for name, each in properties.items() if name not in arguments and _may_be_null(each)]
    return {**arguments, **dict.fromkeys(left_out)}
