"""What a person enters about an endpoint."""

from __future__ import annotations

from django import forms

from agentos import outgoing
from agentos.outgoing import OutgoingError
from agentos.webhooks.events import EVENTS


class EndpointForm(forms.Form):
    """Where to, what for, and which events."""

    url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.TextInput(
            {"placeholder": "https://", "inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="Your system takes events here. It has to begin with https://.",
        error_messages={"required": "Enter the address of your system."},
    )
    note = forms.CharField(label="Name", max_length=120, required=False, help_text="Such as: our CRM.")
    events = forms.MultipleChoiceField(
        label="Tell it when",
        choices=list(EVENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one event."},
    )

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        try:
            return outgoing.check_url(url)
        except OutgoingError as error:
            raise forms.ValidationError(error.message) from None
