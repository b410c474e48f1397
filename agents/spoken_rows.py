"""The other languages of an agent, as a table in a form: a row each, and an empty one for the next."""

from __future__ import annotations

from typing import Any

from django import forms

from agents.catalog import LANGUAGES, language_name
from agents.offers import Provider

BY_ID = "?"  # instead of a voice that is listed: it is named in the next cell
CELLS = ("language", "voice", "id")


class SpokenLanguagesTable(forms.Widget):
    """Every control has the name of the field, so that a page that saves itself sends them together, in order."""

    template_name = "agents/_spoken_languages.html"
    offer: Provider | None = None  # whose voices can be chosen

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, None, attrs)
        rows = [self._cells(row) for row in value or []]
        unlisted = {row["language"]: language_name(row["language"]) for row in rows if row["language"]}
        context["rows"] = [*rows, dict.fromkeys(CELLS, "")]
        context["languages"] = [("", "Add a language"), *({**LANGUAGES, **unlisted}).items()]
        context["voices"] = [("", "Same voice"), *self._listed().items(), (BY_ID, "Another voice, by its id")]
        context["by_id"] = BY_ID
        return context

    def _listed(self) -> dict[str, str]:
        return {each.name: each.label for each in self.offer.voices} if self.offer else {}

    def _cells(self, row: dict[str, str]) -> dict[str, str]:
        voice = row.get("voice", "")
        is_listed = not voice or voice in self._listed()
        chosen, named = (voice, "") if is_listed else (BY_ID, voice)
        return {"language": row["language"], "voice": chosen, "id": named}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        sent = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or []
        texts = [sent] if isinstance(sent, str) else [str(each).strip() for each in sent]
        texts += [""] * (-len(texts) % len(CELLS))
        rows = [texts[start : start + len(CELLS)] for start in range(0, len(texts), len(CELLS))]
        return [
            {"language": language, "voice": named if voice == BY_ID else voice}
            for language, voice, named in rows
            if language
        ]

    def id_for_label(self, id_: str, index: str = "0") -> str:
        return id_


class SpokenLanguages(forms.Field):
    """Rows in, rows out; what they may be is judged with the draft."""

    widget = SpokenLanguagesTable

    def __init__(self, offer: Provider | None) -> None:
        super().__init__()
        self.widget.offer = offer
