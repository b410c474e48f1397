"""The fields to fill in from a call, as a table in a form: a row each, and an empty one for the next."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from agents.findings import LONGEST_DESCRIPTION, LONGEST_NAME, TYPE_NAMES

CELLS = ("name", "type", "description", "choices")


class WantedFieldsTable(forms.Widget):
    """Every control has the name of the field, so that a page that saves itself sends them together, in order."""

    template_name = "agents/_wanted_fields.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, None, attrs)
        rows = [*(value or []), {"name": "", "type": "text", "description": "", "choices": []}]
        context["rows"] = [{**row, "choices": ", ".join(row["choices"])} for row in rows]
        context["types"] = [(kind.value, words) for kind, words in TYPE_NAMES.items()]
        context["longest"] = {"name": LONGEST_NAME, "description": LONGEST_DESCRIPTION}
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        sent = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or []
        return [dict(zip(CELLS, cells, strict=False)) for cells in _rows(sent)]

    def id_for_label(self, id_: str, index: str = "0") -> str:
        return id_


class WantedFields(forms.Field):
    """Rows of text in, rows of values out; what they may be is judged with the draft."""

    widget = WantedFieldsTable

    def to_python(self, value: Any) -> Any:
        return [{**row, "choices": _parted(row.get("choices", ""))} for row in value or []]

    def prepare_value(self, value: Any) -> Any:
        """As the table shows it; nothing for no rows."""
        return [{**row, "choices": _as_list(row.get("choices", []))} for row in value] if value else ""


def _rows(sent: Any) -> list[tuple[str, ...]]:
    texts = [sent] if isinstance(sent, str) else [str(each) for each in sent]
    rows = [tuple(texts[start : start + len(CELLS)]) for start in range(0, len(texts), len(CELLS))]
    return [row for row in rows if any(text.strip() for place, text in enumerate(row) if CELLS[place] != "type")]


def _as_list(choices: Any) -> list[str]:
    return _parted(choices) if isinstance(choices, str) else list(choices)


def _parted(choices: str) -> list[str]:
    return [each.strip() for each in re.split(r"[,\n]", choices) if each.strip()]
