"""The other languages of an agent, as a table in a form: a row each, and an empty one for the next."""

from __future__ import annotations

from typing import Any

from django import forms

from agents.catalog import LANGUAGES, language_name

CELLS = ("language", "voice")


class SpokenLanguagesTable(forms.Widget):
    """Every control has the name of the field, so that a page that saves itself sends them together, in order."""

    template_name = "agents/_spoken_languages.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, None, attrs)
        rows = value or []
        unlisted = {row["language"]: language_name(row["language"]) for row in rows if row["language"]}
        context["rows"] = [*rows, {"language": "", "voice": ""}]
        context["languages"] = [("", "Add a language"), *({**LANGUAGES, **unlisted}).items()]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        sent = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or []
        texts = [sent] if isinstance(sent, str) else [str(each).strip() for each in sent]
        rows = [texts[start : start + len(CELLS)] for start in range(0, len(texts), len(CELLS))]
        return [dict(zip(CELLS, row, strict=False)) for row in rows if row[0]]

    def id_for_label(self, id_: str, index: str = "0") -> str:
        return id_


class SpokenLanguages(forms.Field):
    """Rows in, rows out; what they may be is judged with the draft."""

    widget = SpokenLanguagesTable
