"""The steps of setting up a campaign, each a form that turns text into fields of the campaign."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms

from agentos.tenants.templatetags.words import phone
from agents.models import Agent
from campaigns.calling.settling import RETRY_MINUTES
from campaigns.models import Campaign, Contact
from campaigns.people.contacts import tags
from campaigns.planning.readiness import confirmations
from campaigns.services import WEEKDAYS
from telephony.models import PhoneNumber

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERYBODY = "*"
RETRIES = (
    ("no_answer", "After no answer"),
    ("busy", "After busy"),
    ("machine", "After a machine"),
    ("voicemail", "After a voicemail"),
    ("failed", "After a failed call"),
)
PAUSES = [
    ("0", "Not again"),
    ("15", "In 15 minutes"),
    ("60", "In an hour"),
    ("120", "In 2 hours"),
    ("240", "In 4 hours"),
    ("1440", "The next day"),
]


class StepForm(forms.Form):
    """One step. `changes` is what `services.change_campaign` takes."""

    def __init__(self, campaign: Campaign, data: Any = None) -> None:
        self.campaign = campaign
        super().__init__(data, initial=self.initial_of(campaign), use_required_attribute=False)

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        return {name: getattr(campaign, name) for name in self.base_fields if hasattr(campaign, name)}

    def changes(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class GoalForm(StepForm):
    name = forms.CharField(max_length=120, help_text="For your team, such as November recall. Nobody hears it.")
    purpose = forms.ChoiceField(
        label="What the calls are for", choices=Campaign.Purpose.choices, help_text="A line that sells makes it a sale."
    )
    kind = forms.ChoiceField(label="What people hear", choices=Campaign.Kind.choices, widget=forms.RadioSelect)


class NewCampaignForm(forms.Form):
    name = GoalForm.base_fields["name"]
    purpose = GoalForm.base_fields["purpose"]
    kind = forms.ChoiceField(
        label="What people hear",
        choices=Campaign.Kind.choices,
        widget=forms.RadioSelect,
        initial=Campaign.Kind.MESSAGE,
    )


class NumberForm(StepForm):
    agent = forms.ModelChoiceField(
        queryset=Agent.objects.none(), help_text="Lends its voice, and answers where people may talk."
    )
    number = forms.ModelChoiceField(
        queryset=PhoneNumber.objects.none(),
        required=False,
        empty_label="Choose a number",
        help_text="What people see when they are called, and where they call back.",
    )
    local_presence = forms.BooleanField(
        required=False,
        label="Show each person the nearest of your numbers",
        help_text="One with their area code, else one of their state, else the number above. Somebody who is called"
        " again sees the same one. Numbers that nobody answers are not shown.",
    )

    def __init__(self, campaign: Campaign, data: Any = None) -> None:
        super().__init__(campaign, data)
        self.fields["agent"].queryset = Agent.objects.filter(archived_at=None)  # type: ignore[attr-defined]
        self.fields["number"].queryset = PhoneNumber.objects.all()  # type: ignore[attr-defined]
        self.fields["number"].label_from_instance = _numbered  # type: ignore[attr-defined]


class PeopleForm(forms.Form):
    """Whom to add: all contacts, those with a tag, or those whom a search finds."""

    tag = forms.ChoiceField(label="Add", widget=forms.RadioSelect)
    search = forms.CharField(
        required=False,
        max_length=80,
        label="Only those whose name or number holds",
        widget=forms.TextInput({"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, use_required_attribute=False)
        everybody = Contact.objects.count()
        choices = [(EVERYBODY, f"All contacts ({everybody:,})")] if everybody else []
        choices += [(str(tag), f"{tag} ({count:,})") for tag, count in sorted(tags())]
        self.fields["tag"].choices = choices  # type: ignore[attr-defined]
        self.has_choices = bool(choices)

    def chosen(self) -> str:
        """The tag; empty for everybody."""
        tag: str = self.cleaned_data["tag"]
        return "" if tag == EVERYBODY else tag


class ScheduleForm(StepForm):
    days = forms.TypedMultipleChoiceField(
        coerce=int,
        choices=list(enumerate(DAYS)),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day: otherwise nobody is ever called."},
    )
    opens = forms.TimeField(label="From", widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    closes = forms.TimeField(label="Until", widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    starts_at = forms.DateTimeField(
        required=False,
        label="Begin on",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Empty: when you start it.",
    )
    ends_at = forms.DateTimeField(
        required=False,
        label="End on",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Empty: when everybody was called.",
    )

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        hours = campaign.hours or WEEKDAYS
        first = next(day for day in [*hours, *WEEKDAYS] if day)
        return super().initial_of(campaign) | {
            "days": [index for index, day in enumerate(hours) if day],
            "opens": time.fromisoformat(first[0]),
            "closes": time.fromisoformat(first[1]),
        }

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("opens") and given.get("closes") and given["opens"] >= given["closes"]:
            self.add_error("closes", "This window never opens: it must end later than it begins.")
        if given.get("starts_at") and given.get("ends_at") and given["starts_at"] >= given["ends_at"]:
            self.add_error("ends_at", "The campaign would end before it begins.")
        return given

    def changes(self) -> dict[str, Any]:
        given = self.cleaned_data
        span = [f"{given['opens']:%H:%M}", f"{given['closes']:%H:%M}"]
        hours = [span if day in given["days"] else None for day in range(7)]
        return {"hours": hours, "starts_at": given["starts_at"], "ends_at": given["ends_at"]}


class PaceForm(StepForm):
    at_once = forms.IntegerField(label="Calls at once", min_value=1, max_value=200)
    calls_per_second = forms.FloatField(
        label="New calls a second", min_value=0.02, max_value=50, widget=forms.NumberInput({"step": "any"})
    )
    most_attempts = forms.IntegerField(
        label="Most attempts for each person",
        min_value=1,
        max_value=10,
        help_text="The law of a state may allow fewer.",
    )
    no_answer = forms.TypedChoiceField(coerce=int, label="After no answer", choices=PAUSES)
    busy = forms.TypedChoiceField(coerce=int, label="After busy", choices=PAUSES)
    machine = forms.TypedChoiceField(
        coerce=int, label="After a machine", choices=PAUSES, help_text="Nothing was left on it."
    )
    voicemail = forms.TypedChoiceField(
        coerce=int, label="After a voicemail", choices=PAUSES, help_text="The message was left."
    )
    failed = forms.TypedChoiceField(
        coerce=int, label="After a failed call", choices=PAUSES, help_text="It could not be connected."
    )
    budget = forms.DecimalField(
        required=False,
        label="Spend at most",
        min_value=0,
        max_digits=8,
        decimal_places=2,
        help_text="In dollars. Empty: no limit.",
    )

    def __init__(self, campaign: Campaign, data: Any = None) -> None:
        super().__init__(campaign, data)
        for outcome, _ in RETRIES:
            minutes = self.initial[outcome]
            if str(minutes) not in dict(PAUSES):
                own = [*PAUSES, (str(minutes), f"In {minutes} minutes")]
                self.fields[outcome].choices = own  # type: ignore[attr-defined]

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        minutes = {**RETRY_MINUTES, **campaign.retries}
        budget = None if campaign.budget_cents is None else f"{campaign.budget_cents / 100:.2f}"
        return (
            super().initial_of(campaign)
            | {outcome: minutes.get(outcome, 0) for outcome, _ in RETRIES}
            | {"budget": budget}
        )

    def changes(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        budget = given.pop("budget")
        retries = {outcome: given.pop(outcome) for outcome, _ in RETRIES}
        given["retries"] = {**self.campaign.retries, **retries}
        given["budget_cents"] = None if budget is None else int(budget * 100)
        return given


class RulesForm(forms.Form):
    """What somebody confirms with their name."""

    confirmed = forms.MultipleChoiceField(required=False, label="Please confirm", widget=forms.CheckboxSelectMultiple)

    def __init__(self, campaign: Campaign, data: Any = None) -> None:
        super().__init__(data, initial={"confirmed": list(campaign.confirmed)})
        self.fields["confirmed"].choices = confirmations(campaign)  # type: ignore[attr-defined]


def _numbered(number: Any) -> str:
    return f"{number.label}, {phone(number)}" if number.label else phone(number)
