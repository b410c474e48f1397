"""What a person enters about a button on a website."""

from __future__ import annotations

from typing import Any

from django import forms

from agentos.tenants.templatetags.words import phone
from agents.models import Agent
from telephony.models import PhoneNumber
from telephony.website.colors import COLOR
from telephony.website.models import MOST_MINUTES, Widget
from telephony.website.origins import MOST_DOMAINS, domain_of

LIMITS = ("at_once", "a_day", "an_hour_each", "minutes")


class WidgetForm(forms.Form):
    """Who answers, where, and how the button looks."""

    agent = forms.ModelChoiceField(
        Agent.objects.none(),
        label="Who answers",
        empty_label=None,
        error_messages={"required": "Choose who answers.", "invalid_choice": "Choose an agent from the list."},
    )
    domains = forms.CharField(
        label="Your websites",
        max_length=4000,
        widget=forms.Textarea(
            {"rows": 3, "placeholder": "www.example.com", "autocapitalize": "off", "spellcheck": "false"}
        ),
        help_text="One on each line. The button works on these websites and nowhere else.",
        error_messages={"required": "Enter at least one website, such as www.example.com."},
    )
    words = forms.CharField(
        label="Words on the button",
        max_length=40,
        help_text="On phones only the icon is shown.",
        error_messages={"required": "Enter a few words, such as: Talk to us."},
    )
    color = forms.RegexField(
        COLOR,
        label="Color",
        widget=forms.TextInput({"type": "color"}),
        error_messages={"invalid": "Choose a color."},
    )
    telephone = forms.ChoiceField(
        label="If nobody can take the call",
        required=False,
        help_text="Visitors are then given this number to call.",
    )
    captions = forms.BooleanField(
        label="Show what is said", required=False, help_text="Visitors can read along, and write instead of speaking."
    )
    at_once = forms.IntegerField(label="Calls at the same time", min_value=1, max_value=100)
    a_day = forms.IntegerField(label="Calls in a day", min_value=1, max_value=10_000)
    an_hour_each = forms.IntegerField(label="Calls of one visitor in an hour", min_value=1, max_value=1000)
    minutes = forms.IntegerField(
        label="Minutes of one call",
        min_value=1,
        max_value=MOST_MINUTES,
        help_text="The agent may have a shorter limit of its own.",
    )

    def __init__(self, *args: Any, widget: Widget | None = None, **kwargs: Any) -> None:
        shown = widget or Widget()
        initial = {field: getattr(shown, field) for field in ("words", "color", "telephone", "captions", *LIMITS)}
        initial |= {"agent": shown.agent_id, "domains": "\n".join(shown.domains)}
        super().__init__(*args, **{"initial": initial, **kwargs})
        numbers = [str(number.e164) for number in PhoneNumber.objects.all()]
        if widget is None and numbers:
            self.initial["telephone"] = numbers[0]
        kept = [shown.telephone] if shown.telephone and shown.telephone not in numbers else []
        self.fields["telephone"].choices = [  # type: ignore[attr-defined]
            ("", "No number"),
            *((number, phone(number)) for number in [*kept, *numbers]),
        ]
        agents = Agent.objects.filter(archived_at=None)
        self.fields["agent"].queryset = agents  # type: ignore[attr-defined]
        self.fields["agent"].label_from_instance = _named  # type: ignore[attr-defined]

    @property
    def limits(self) -> list[forms.BoundField]:
        return [self[name] for name in LIMITS]

    def clean_color(self) -> str:
        return str(self.cleaned_data["color"]).lower()

    def clean_domains(self) -> list[str]:
        lines = [line for line in self.cleaned_data["domains"].replace(",", "\n").split("\n") if line.strip()]
        found: dict[str, None] = {}
        wrong: list[str] = []
        for line in lines:
            try:
                found[domain_of(line)] = None
            except ValueError as error:
                wrong.append(str(error))
        if wrong:
            raise forms.ValidationError(wrong)
        if len(found) > MOST_DOMAINS:
            raise forms.ValidationError(f"A button can be on {MOST_DOMAINS} websites at most.")
        return list(found)


def _named(agent: Agent) -> str:
    return str(agent) if agent.published_id else f"{agent} (not published yet)"
