"""A number, and who answers it."""

from __future__ import annotations

from typing import Any

from django import forms

from agents.models import Agent

NOBODY = "Nobody yet"


def _agents() -> list[tuple[str, str]]:
    agents = Agent.objects.filter(archived_at=None)
    return [("", NOBODY), *((str(agent.pk), agent.name) for agent in agents)]


class AssignForm(forms.Form):
    agent = forms.ChoiceField(label="Who answers", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agent"].choices = _agents()  # type: ignore[attr-defined]


class TrunkForm(forms.Form):
    byoc_trunk = forms.RegexField(
        r"BY[0-9a-f]{32}",
        label="Calls leave by your own trunk",
        required=False,
        strip=True,
        error_messages={"invalid": "A trunk begins with BY, and 32 digits and letters follow."},
        help_text="Its SID, from BYOC trunks in the Twilio console. Empty: by Twilio's own lines.",
    )


class AddNumberForm(AssignForm):
    field_order = ("e164", "label", "agent")

    e164 = forms.CharField(
        label="Number",
        max_length=40,
        help_text="With its country code, such as +1 208 555 0110.",
        widget=forms.TextInput({"type": "tel", "autocomplete": "off", "placeholder": "+1"}),
    )
    label = forms.CharField(label="Name", max_length=60, required=False, help_text="Such as Main line.")
