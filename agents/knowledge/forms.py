"""What people write down for their agents, as forms."""

from __future__ import annotations

from typing import Any

from django import forms

from agents.catalog import LANGUAGES
from agents.knowledge.reading import KINDS, MOST_BYTES, READERS
from agents.models import Agent, KnowledgeSource

EVERY_AGENT = "Every agent"


class SourceForm(forms.Form):
    """For whom it is written, and in which language."""

    agent: Any = forms.ModelChoiceField(label="Who knows it", queryset=None, required=False, empty_label=EVERY_AGENT)
    language = forms.ChoiceField(label="Language", choices=list(LANGUAGES.items()))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["agent"]
        field.queryset = Agent.objects.filter(archived_at=None)

    @property
    def agent_id(self) -> Any:
        agent = self.cleaned_data["agent"]
        return agent.pk if agent else None


class AnswerForm(SourceForm):
    field_order = ("question", "answer", "agent", "language")

    question = forms.CharField(max_length=200, help_text="As a caller would ask it.")
    answer = forms.CharField(max_length=2000, widget=forms.Textarea({"rows": 4}), help_text="As you would say it.")


class DocumentForm(SourceForm):
    field_order = ("file", "agent", "language")

    file = forms.FileField(
        widget=forms.ClearableFileInput({"accept": ",".join(READERS)}),
        help_text=f"{', '.join(KINDS)}; at most {MOST_BYTES // 2**20} MB.",
    )

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 10 MB. Please divide it.")
        return upload


class PageForm(SourceForm):
    field_order = ("url", "agent", "language")

    url = forms.URLField(
        label="Address",
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput({"placeholder": "https://"}),
        help_text="One page. It is read again each night.",
    )


class TryForm(forms.Form):
    """A question as a caller might ask it; the address of the page carries it."""

    question = forms.CharField(label="A caller asks", max_length=300, required=False)
    agent: Any = forms.ModelChoiceField(label="Agent", queryset=None, empty_label=None, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["agent"]
        field.queryset = Agent.objects.filter(archived_at=None)


FORMS: dict[str, type[SourceForm]] = {
    KnowledgeSource.Kind.ANSWER: AnswerForm,
    KnowledgeSource.Kind.DOCUMENT: DocumentForm,
    KnowledgeSource.Kind.PAGE: PageForm,
}
