"""What a person enters about a request that agents can make."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.text import slugify

from agentos import outgoing
from agentos.outgoing import OutgoingError
from agents.integrations import http_tool
from agents.integrations.http_tool import FILLED_IN, METHODS, TYPES, Definition, Parameter, Reading, Unfit
from agents.models import HttpTool

EMPTY_ROWS = 2
MOST_ROWS = 20
VALUE_TYPES = {**TYPES, **FILLED_IN}
SENTENCES = ("say_moment", "say_slow", "say_failed")


class Rows(forms.Widget):
    """Rows of cells that share one name, sent together and in order; some are always left to fill in."""

    template_name = "integrations/_rows.html"

    def __init__(self, **cells: str) -> None:
        super().__init__()
        self.cells = cells

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, None, attrs)
        rows = [*(value or []), *[{}] * EMPTY_ROWS]
        context["rows"] = [
            [(cell, words, row.get(cell, ""), row) for cell, words in self.cells.items()] for row in rows
        ]
        context["types"] = list(VALUE_TYPES.items())
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        sent = [str(each).strip() for each in data.getlist(name)] if hasattr(data, "getlist") else []
        size = len(self.cells)
        rows = [dict(zip(self.cells, sent[at : at + size], strict=False)) for at in range(0, len(sent), size)]
        return [row for row in rows[:MOST_ROWS] if any(value for cell, value in row.items() if cell != "type")]

    def id_for_label(self, id_: str, index: str = "0") -> str:
        return ""


def spoken(label: str, help_text: str) -> forms.CharField:
    """A sentence that the caller hears as it is written."""
    speech = forms.TextInput({"class": "input input--speech"})
    return forms.CharField(label=label, max_length=300, required=False, widget=speech, help_text=help_text)


class ToolForm(forms.Form):
    """A request as a tool. `headers` hold secrets: what is left empty stays as it is."""

    title = forms.CharField(label="Name", max_length=80, help_text="Such as: Look up an order.")
    description = forms.CharField(
        label="What it does, and when to use it",
        max_length=600,
        widget=forms.Textarea({"rows": 2}),
        help_text="The agent decides by this. Say what it is for, and what has to be known first.",
    )
    method = forms.ChoiceField(label="Method", choices=[(each, each) for each in METHODS])
    url = forms.CharField(
        label="Address",
        max_length=1000,
        widget=forms.TextInput({"placeholder": "https://api.example.com/orders/{order}", "spellcheck": "false"}),
        help_text="Values from below go where their names stand in braces.",
    )
    headers = forms.Field(
        label="Headers",
        required=False,
        widget=Rows(name="Name, such as Authorization", value="Value"),
        help_text="Kept encrypted and never shown again.",
    )
    parameters = forms.Field(
        label="Values that it needs",
        required=False,
        widget=Rows(
            name="Name, such as order", type="Type", description="What it is", choices="Choices, parted by commas"
        ),
        help_text="The agent asks the caller for them. What is not in the address is sent in the query, or as JSON.",
    )
    readings = forms.Field(
        label="What the agent is told of the answer",
        required=False,
        widget=Rows(label="Label, such as State", path="Where it stands, such as order.state"),
        help_text="Left empty, it reads the whole answer.",
    )
    timeout_s = forms.IntegerField(label="Wait at most", min_value=1, max_value=20, help_text="Seconds.")
    say_moment = spoken("When the caller has to wait, say", "After a second. Left empty: One moment, please.")
    say_slow = spoken("When it takes longer, say", "After some seconds more. Left empty: I am still working on it.")
    say_failed = spoken("When it fails, say", "Left empty, the agent finds its own words.")
    changes = forms.BooleanField(label="It changes something there", required=False)
    waits = forms.BooleanField(label="The agent waits for the answer", required=False)

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        try:
            outgoing.check_url(re.sub(r"\{[a-z][a-z0-9_]*\}", "x", url))
        except OutgoingError as error:
            raise forms.ValidationError(error.message) from None
        return url

    def clean_headers(self) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = self.cleaned_data["headers"]
        try:
            outgoing.check_headers({row["name"]: row["value"] for row in rows})
        except OutgoingError as error:
            raise forms.ValidationError(error.message) from None
        return rows

    def clean_parameters(self) -> list[dict[str, Any]]:
        found = []
        for row in self.cleaned_data["parameters"]:
            choices = [each.strip() for each in row["choices"].split(",") if each.strip()]
            name = row["name"].lower().replace(" ", "_")
            found.append(
                {"name": name, "type": row["type"], "description": row["description"][:300], "choices": choices}
            )
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            parameters = [Parameter(**{**each, "choices": tuple(each["choices"])}) for each in cleaned["parameters"]]
            readings = [Reading(**each) for each in cleaned["readings"]]
            try:
                http_tool.check(Definition(cleaned["method"], cleaned["url"], {}, parameters, readings))
            except Unfit as error:
                self.add_error("parameters", str(error))
        return cleaned


def initial_of(row: HttpTool, ends: dict[str, str]) -> dict[str, Any]:
    """The form as the tool is; of a header only the last characters, by the id of its credential."""
    plain = ("title", "description", "method", "url", "timeout_s", "changes", "waits", "readings", *SENTENCES)
    return {
        **{name: getattr(row, name) for name in plain},
        "headers": [{"name": name, "ends": ends.get(each, "")} for name, each in row.headers.items()],
        "parameters": [{**each, "choices": ", ".join(each.get("choices", []))} for each in row.parameters],
    }


def name_for(title: str, taken: set[str]) -> str:
    """A name for models that resembles the title and is free."""
    base = re.sub(r"^[^a-z]+", "", slugify(title).replace("-", "_"))[:36] or "tool"
    return base if base not in taken else next(name for n in range(2, 999) if (name := f"{base}_{n}") not in taken)
