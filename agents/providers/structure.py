"""How a vendor is told to answer with JSON of one shape. Others are only asked to, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KNOWS_SCHEMAS = ("gpt-4o", "gpt-4.1", "gpt-5", "gpt-6")  # other servers with the same protocol may refuse the field


def shaped(provider: str, model: str, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The options that hold the model to a strict JSON schema, where it takes one."""
    if provider != "openai" or not model.startswith(KNOWS_SCHEMAS):
        return {}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}}
