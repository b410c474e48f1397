"""A rehearsal as a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from agents.form_fields import Lines
from agents.models import Agent
from agents.own_tools import on_offer
from calls.rehearsal.making import LONGEST_LINE, MOST_LINES
from calls.rehearsal.models import Rehearsal

LINES = ("lines", "says", "never_says", "criteria")


class Answers(Lines):
    """What tools answer: `title of the tool = answer`, one on each line; kept by the tools' names."""

    titles: Mapping[str, str] = {}  # of the tools that there are, by name

    def to_python(self, value: Any) -> Any:
        found = {}
        for line in super().to_python(value):
            name, mark, answer = (part.strip() for part in line.partition("="))
            if not mark or not name or not answer:
                raise forms.ValidationError(f"Write “{line[:60]}” as: name of the tool = what it answers.")
            found[self._named(name)] = answer
        return found

    def _named(self, words: str) -> str:
        """People write titles, programs names."""
        if words in self.titles:
            return words
        found = [name for name, title in self.titles.items() if title.casefold() == words.casefold()]
        if not found:
            there = ", ".join(self.titles.values()) or "none"
            raise forms.ValidationError(f"This agent has no tool called “{words[:60]}”. Its tools: {there}.")
        return found[0]

    def _titled(self, name: str) -> str:
        """A title that is not plain to read back stays away."""
        title = self.titles.get(name, name)
        is_plain = "=" not in title and list(self.titles.values()).count(title) == 1
        return title if is_plain else name

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{self._titled(name)} = {answer}" for name, answer in value.items())


def _several(label: str, hint: str = "", rows: int = 3) -> Lines:
    widget = forms.Textarea({"rows": rows})
    return Lines(label=label, help_text=hint, required=False, widget=widget, max_length=MOST_LINES * LONGEST_LINE)


class RehearsalForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who calls, and what must come of it."""

    lines = _several(
        "What the caller says",
        "One line after the other. Leave it empty to have the caller played from what they want.",
        5,
    )
    says = _several("The agent says", "Words that must be said, one on each line. Write | between equally good ones.")
    never_says = _several("The agent never says", "One on each line.", 2)
    criteria = _several("What must be true afterwards", "Sentences, one on each line, judged from the transcript.", 2)
    uses = forms.MultipleChoiceField(label="Uses", required=False, widget=forms.CheckboxSelectMultiple)
    never_uses = forms.MultipleChoiceField(label="Never uses", required=False, widget=forms.CheckboxSelectMultiple)
    answers = Answers(
        label="What tools answer",
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="Nothing is really done. Such as: Book appointments = Booked for Thursday at 3 PM.",
    )

    class Meta:
        model = Rehearsal
        fields = (
            *("name", "lines", "persona", "goal", "difficulty"),
            *("says", "never_says", "uses", "never_uses", "criteria", "answers"),
            "before_publishing",
        )
        labels = {
            "before_publishing": "Play it before publishing",
            "persona": "Who calls",
            "goal": "What they want",
            "difficulty": "How they are",
        }
        widgets = {"persona": forms.Textarea({"rows": 2}), "goal": forms.Textarea({"rows": 2})}

    def __init__(self, agent: Agent, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._draft = agent.versions.get(number=None)
        offered = self._granted() | {*self.instance.uses, *self.instance.never_uses}  # also what was switched off since
        titles = {name: tool.title for name, tool in on_offer().items()}
        tools = [(name, title) for name, title in titles.items() if name in offered]
        answers: Any = self.fields["answers"]
        answers.titles = dict(tools) | {name: titles.get(name, name) for name in self.instance.answers}
        for field in ("uses", "never_uses"):
            chosen: Any = self.fields[field]
            chosen.choices = tools
            if not tools:
                del self.fields[field]

    def _granted(self) -> set[str]:
        return {grant["name"] for grant in self._draft.tools}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in LINES:
            if len(data.get(name) or ()) > MOST_LINES:
                self.add_error(name, f"At most {MOST_LINES} lines.")
        if not data.get("lines") and "lines" not in self.errors:
            self._insist_on_a_goal(data)
        return data

    def _insist_on_a_goal(self, data: dict[str, Any]) -> None:
        if not data.get("goal"):
            self.add_error("goal", "Say what the caller wants, or write what the caller says.")
