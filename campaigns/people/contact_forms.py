"""Forms about people: what they agreed to, who is not called, and the files that are uploaded."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.timezone import get_current_timezone, localdate, now

from campaigns.importing.columns import WORDS, Column
from campaigns.importing.sheets import MOST_BYTES, MOST_ROWS, too_large
from campaigns.jurisdictions import tables
from campaigns.models import Consent
from campaigns.people.registries import is_too_old

MOST_REGISTRY_BYTES = 30 * 2**20


class PastDay(forms.DateField):
    """A day that has begun."""

    widget = forms.DateInput({"type": "date"})

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day is not None and day > localdate():
            raise forms.ValidationError("This day is still to come.")
        return day


def beginning_of(day: Any) -> datetime:
    """Of a day in the zone of the page; for today, now: it is newer than what happened this morning."""
    return now() if day == localdate() else datetime.combine(day, time(), tzinfo=get_current_timezone())


class ConsentForm(forms.Form):
    tier = forms.ChoiceField(label="How they agreed", choices=Consent.Tier.choices)
    source = forms.CharField(label="Source", max_length=120, help_text="Such as: patient form, January 2026.")
    day = PastDay(label="Agreed on")
    evidence = forms.CharField(
        label="Evidence",
        required=False,
        max_length=2_000,
        widget=forms.Textarea({"rows": 2}),
        help_text="Where the form, the mail or the recording is kept.",
    )


def _number() -> forms.CharField:
    """A telephone number, however somebody writes it."""
    widget = forms.TextInput({"type": "tel", "autocomplete": "off", "placeholder": "(208) 555-0147"})
    return forms.CharField(label="Number", max_length=40, widget=widget)


class NumberConsentForm(ConsentForm):
    field_order = ("e164", "tier", "source", "day", "evidence")

    e164 = _number()


class RevokeForm(forms.Form):
    how = forms.CharField(label="How they took it back", max_length=120)


class StopForm(forms.Form):
    evidence = forms.CharField(
        label="What they said",
        required=False,
        max_length=2_000,
        widget=forms.Textarea({"rows": 2}),
        help_text="Kept as proof, with your name and the time.",
    )


class NeverCallForm(StopForm):
    field_order = ("e164", "evidence")

    e164 = _number()


class LiftForm(forms.Form):
    why = forms.CharField(label="Why it may be called again", max_length=200)


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text=f"CSV or XLSX, up to {MOST_BYTES // 2**20} MB and {MOST_ROWS:,} rows.",
        widget=forms.ClearableFileInput({"data-most-mb": MOST_BYTES // 2**20}),
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(too_large().message)
        return file


class RegistryForm(forms.Form):
    name = forms.ChoiceField(label="Registry")
    day = PastDay(label="Downloaded on", help_text="Its age counts from this day.")
    file = forms.FileField(
        label="File",
        help_text="As downloaded: one number on each line.",
        widget=forms.ClearableFileInput({"data-most-mb": MOST_REGISTRY_BYTES // 2**20}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = sorted({area.state for area in tables().gazetteer.areas.values()})
        choices = [("national", "National"), *((state, state) for state in states)]
        self.fields["name"].choices = choices  # type: ignore[attr-defined]
        self.fields["day"].initial = localdate

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if is_too_old(beginning_of(day), now()):
            raise forms.ValidationError(
                "This file is older than 31 days and counts no more. Please download a new one."
            )
        return day

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_REGISTRY_BYTES:
            most = f"{MOST_REGISTRY_BYTES // 2**20} MB"
            raise forms.ValidationError(f"The file is larger than {most}. Please load one area code at a time.")
        return file


class MappingForm(forms.Form):
    """What each column of a file is, and what its people agreed to. Columns are fields by their place."""

    consented = forms.BooleanField(
        label="These people agreed to automated calls",
        required=False,
        help_text="Each gets a record of it. Without consent a person is kept, and not called.",
    )
    tier = forms.ChoiceField(label="How they agreed", choices=Consent.Tier.choices, required=False)
    source = forms.CharField(
        label="Source", max_length=120, required=False, help_text="Such as: patient form, January 2026."
    )
    day = PastDay(label="Agreed on", required=False)

    def __init__(self, *args: Any, headers: tuple[str, ...], guessed: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headers = headers
        choices = [(str(column), words) for column, words in WORDS.items()]
        for place, header in enumerate(headers):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=header, choices=choices, required=False, initial=guessed.get(header, str(Column.SKIP))
            )

    @property
    def columns(self) -> dict[str, str]:
        """The choice, by header."""
        return {header: self.cleaned_data[f"column_{place}"] for place, header in enumerate(self.headers)}

    @property
    def consent(self) -> dict[str, str]:
        if not self.cleaned_data["consented"]:
            return {}
        cleaned = self.cleaned_data
        return {"tier": cleaned["tier"], "source": cleaned["source"], "day": cleaned["day"].isoformat()}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("consented"):
            for name in ("tier", "source", "day"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, "This belongs to the record of the consent.")
        return cleaned

    def column_fields(self) -> list[Any]:
        return [self[f"column_{place}"] for place in range(len(self.headers))]

    def consent_fields(self) -> list[Any]:
        return [self[name] for name in ("tier", "source", "day")]
