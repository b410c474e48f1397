"""What people hear, in the campaign's language and in others, and the keys that they may press."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import BoundField

from agents.catalog import LANGUAGES
from campaigns.models import Campaign
from campaigns.planning.forms import StepForm
from campaigns.planning.readiness import wrong_with
from campaigns.texts.messages import MOST_TEMPLATE

MOST_LANGUAGES = 6  # beside the campaign's own
SPOKEN = ("message", "voicemail")  # what the fields that hold a template begin with
KEYS = (
    ("1", "confirmed", "1 confirms"),
    ("2", "rescheduled", "2 asks for another day"),
    ("3", "canceled", "3 cancels"),
    ("9", "opted_out", "9 stops all calls"),
)


def typed_translations(typed: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The other languages as they stand in a form that is still being written."""
    found = {}
    for place in range(MOST_LANGUAGES):
        language, message = typed.get(f"language_{place}", ""), typed.get(f"message_{place}", "").strip()
        if language in LANGUAGES and message:
            voicemail = typed.get(f"voicemail_{place}", "").strip()
            found[language] = {"message": message[:MOST_TEMPLATE], "voicemail": voicemail[:MOST_TEMPLATE]}
    return found


class MessageForm(StepForm):
    language = forms.ChoiceField(choices=list(LANGUAGES.items()))
    message = forms.CharField(
        required=False,
        widget=forms.Textarea({"rows": 5, "class": "input--speech"}),
        help_text="Write {{first_name}} where a value belongs, or the name of any column you imported.",
    )
    voicemail = forms.CharField(
        required=False,
        label="For voicemail",
        widget=forms.Textarea({"rows": 2, "class": "input--speech"}),
        help_text="Said after the beep. Empty: nothing is left. Others may hear it, so say nothing private.",
    )
    keys = forms.MultipleChoiceField(
        required=False,
        label="Keys",
        choices=[(key, words) for key, _, words in KEYS],
        widget=forms.CheckboxSelectMultiple,
    )
    records_reply = forms.BooleanField(
        required=False,
        label="Record what people answer",
        help_text="It comes to your replies, sorted and written down.",
    )

    def __init__(self, campaign: Campaign, data: Any = None) -> None:
        super().__init__(campaign, data)
        self.places = range(min(MOST_LANGUAGES, len(campaign.translations) + 1))
        for place in self.places:
            self._add_language(place, *list(campaign.translations.items())[place : place + 1])

    def _add_language(self, place: int, known: tuple[str, dict[str, str]] = ("", {})) -> None:
        """Fields for one more language; the last ones are empty."""
        language, texts = known
        self.fields[f"language_{place}"] = forms.ChoiceField(
            label="Language",
            required=False,
            initial=language,
            choices=[("", "None"), *LANGUAGES.items()],
            help_text="For people whose contact names it. All others hear the message above.",
        )
        self.fields[f"message_{place}"] = forms.CharField(
            label="Message",
            required=False,
            initial=texts.get("message"),
            max_length=MOST_TEMPLATE,
            widget=forms.Textarea({"rows": 4, "class": "input--speech"}),
        )
        self.fields[f"voicemail_{place}"] = forms.CharField(
            label="For voicemail",
            required=False,
            initial=texts.get("voicemail"),
            max_length=MOST_TEMPLATE,
            widget=forms.Textarea({"rows": 2, "class": "input--speech"}),
            help_text="Empty: the one above is left.",
        )

    def other_languages(self) -> list[tuple[str, list[BoundField], bool]]:
        """Each with its name, its fields, and whether something is wrong there."""
        found = []
        for place in self.places:
            fields = [self[f"{name}_{place}"] for name in ("language", "message", "voicemail")]
            name = LANGUAGES.get(str(fields[0].value() or ""), "")
            found.append((name, fields, any(field.errors for field in fields)))
        return found

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        seen = {given.get("language")}
        for place in self.places:
            language, message = given.get(f"language_{place}"), given.get(f"message_{place}")
            if language and not message:
                self.add_error(f"message_{place}", "Write the message in this language, or choose none.")
            elif message and not language:
                self.add_error(f"language_{place}", "Say which language this is.")
            elif language and language in seen:
                self.add_error(f"language_{place}", "This language is there already.")
            seen.add(language)
        for name, text in list(given.items()):
            if text and name.startswith(SPOKEN) and (problem := wrong_with(self.campaign, text)):
                self.add_error(name, problem)
        return given

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        return super().initial_of(campaign) | {"keys": list(campaign.keys)}

    def changes(self) -> dict[str, Any]:
        chosen = self.cleaned_data["keys"]
        keys = {**self.campaign.keys, **{key: means for key, means, _ in KEYS if key not in self.campaign.keys}}
        offered = {key for key, *_ in KEYS}
        kept = {key: means for key, means in keys.items() if key in chosen or key not in offered}
        own = {name: value for name, value in self.cleaned_data.items() if name in self.base_fields}
        return {**own, "keys": kept, "translations": typed_translations(self.cleaned_data)}
