"""What a person types about appointments and opening hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from agentos.tenants.zones import zones_by_region
from calls.calendar.booking import Guest, Wish
from calls.calendar.models import WEEKDAYS, Appointment, Calendar
from calls.calendar.spoken import clock_of, is_on_the_clock
from calls.numbers import read_number

LENGTHS = (10, 15, 20, 30, 45, 60, 75, 90, 120, 180, 240)
SPARE_DAYS_OFF = 2
STRETCHES = ("first", "second")


class TimeForm(forms.Form):
    """A day, a time on the clock of the business, and how long."""

    day = forms.DateField(label="Day", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    at = forms.TimeField(label="From", widget=forms.TimeInput({"type": "time", "step": 300}, format="%H:%M"))
    minutes = forms.TypedChoiceField(label="Length", coerce=int)

    def __init__(self, *args: Any, calendar: Calendar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar = calendar
        usual = int(self.initial.get("minutes") or calendar.slot_minutes)
        offered = sorted({*LENGTHS, usual, calendar.slot_minutes})
        self.fields["minutes"].choices = [(each, _length(each)) for each in offered]  # type: ignore[attr-defined]
        self.fields["minutes"].initial = usual

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"day", "at"} <= cleaned.keys() and not is_on_the_clock(self._starts_at):
            self.add_error("at", "The clocks go forward in this hour: there is no such time on this day.")
        return cleaned

    @property
    def _starts_at(self) -> datetime:
        day, at = self.cleaned_data["day"], self.cleaned_data["at"]
        return datetime.combine(day, at, tzinfo=ZoneInfo(self.calendar.zone))

    @property
    def wish(self) -> Wish:
        cleaned, starts_at = self.cleaned_data, self._starts_at.astimezone(UTC)
        return Wish(starts_at, timedelta(minutes=cleaned["minutes"]), by_hand=True)

    @staticmethod
    def of(appointment: Appointment, zone: ZoneInfo) -> dict[str, Any]:
        local = appointment.starts_at.astimezone(zone)
        minutes = int((appointment.ends_at - appointment.starts_at) / timedelta(minutes=1))
        return {"day": local.date(), "at": local.time(), "minutes": minutes}


class AppointmentForm(TimeForm):
    """A new one."""

    field_order = ("name", "number", "day", "at", "minutes", "reason")

    name = forms.CharField(label="Name", max_length=120)
    number = forms.CharField(
        label="Phone number",
        max_length=40,
        required=False,
        widget=forms.TextInput({"type": "tel", "placeholder": "(208) 555-0147", "autocomplete": "off"}),
    )
    reason = forms.CharField(label="What for", max_length=200, required=False)

    def clean_number(self) -> str:
        written = self.cleaned_data["number"]
        number = read_number(written)
        if written and not number:
            raise forms.ValidationError("This is no telephone number.")
        return number

    @property
    def guest(self) -> Guest:
        return Guest(self.cleaned_data["name"], self.cleaned_data["number"], self.cleaned_data["reason"])


class HoursForm(forms.ModelForm):  # type: ignore[type-arg]
    """When a calendar is open, and how long its appointments take."""

    class Meta:
        model = Calendar
        fields = ("name", "zone", "slot_minutes", "buffer_minutes", "lead_minutes", "horizon_days")
        labels = {"name": "Name", "zone": "Time zone"}

    slot_minutes = forms.TypedChoiceField(label="An appointment takes", coerce=int)
    buffer_minutes = forms.TypedChoiceField(label="Pause after each", coerce=int)
    lead_minutes = forms.TypedChoiceField(label="Bookable until", coerce=int)
    horizon_days = forms.TypedChoiceField(label="Bookable from", coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"] = forms.ChoiceField(label="Time zone", choices=zones_by_region(self.instance.zone))
        offers: dict[str, list[tuple[int, str]]] = {
            "slot_minutes": [(each, _length(each)) for each in LENGTHS],
            "buffer_minutes": [(each, _length(each) if each else "None") for each in (0, 5, 10, 15, 20, 30, 60)],
            "lead_minutes": [(each, f"{_length(each)} before") for each in (0, 30, 60, 120, 240, 720, 1440, 2880)],
            "horizon_days": [(each, f"{each} days before") for each in (7, 14, 30, 60, 90, 180, 365)],
        }
        for name, choices in offers.items():
            now = getattr(self.instance, name)
            known = choices if now in dict(choices) else sorted([*choices, (now, str(now))])
            self.fields[name].choices = known  # type: ignore[attr-defined]
        self._add_week()
        self._add_days_off()

    def _add_week(self) -> None:
        for weekday in range(7):
            stretches = self.instance.hours.get(str(weekday), [])
            for place, name in enumerate(STRETCHES):
                ends = stretches[place] if place < len(stretches) else ("", "")
                for edge, value in zip(("opens", "closes"), ends, strict=True):
                    label = f"{WEEKDAYS[weekday]}, {name} hours, {'from' if edge == 'opens' else 'to'}"
                    widget = forms.TimeInput({"type": "time", "step": 300, "aria-label": label}, format="%H:%M")
                    field = forms.TimeField(label=label, required=False, widget=widget, initial=value)
                    self.fields[f"{name}_{edge}_{weekday}"] = field

    def _add_days_off(self) -> None:
        known = self.instance.closed
        for place in range(len(known) + SPARE_DAYS_OFF):
            each = known[place] if place < len(known) else {"from": "", "to": "", "note": ""}
            for name, label in (("from", "first day"), ("to", "last day")):
                widget = forms.DateInput({"type": "date", "aria-label": f"Days off {place + 1}, {label}"})
                field = forms.DateField(label=label, required=False, widget=widget, initial=each[name])
                self.fields[f"off_{name}_{place}"] = field
            why = forms.TextInput({"aria-label": f"Days off {place + 1}, why", "placeholder": "Such as: Christmas"})
            note = forms.CharField(label="why", required=False, max_length=80, widget=why, initial=each["note"])
            self.fields[f"off_note_{place}"] = note
        self.days_off_count = len(known) + SPARE_DAYS_OFF

    def week(self) -> list[tuple[str, list[Any]]]:
        """Each weekday with its four fields."""
        return [
            (name, [self[f"{stretch}_{edge}_{weekday}"] for stretch in STRETCHES for edge in ("opens", "closes")])
            for weekday, name in enumerate(WEEKDAYS)
        ]

    def days_off(self) -> list[list[Any]]:
        return [
            [self[f"off_{name}_{place}"] for name in ("from", "to", "note")] for place in range(self.days_off_count)
        ]

    def rest(self) -> list[Any]:
        return [self[name] for name in self.Meta.fields]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Calendar.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Another calendar has this name.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.instance.hours = {
            str(weekday): stretches for weekday in range(7) if (stretches := self._stretches(weekday, cleaned))
        }
        self.instance.closed = self._closed(cleaned)
        return cleaned

    def _stretches(self, weekday: int, cleaned: dict[str, Any]) -> list[list[str]]:
        found: list[tuple[time, time]] = []
        for name in STRETCHES:
            opens, closes = (cleaned.get(f"{name}_{edge}_{weekday}") for edge in ("opens", "closes"))
            if opens is None and closes is None:
                continue
            if opens is None or closes is None or (closes <= opens and closes != time()):
                self.add_error(f"{name}_closes_{weekday}", f"{WEEKDAYS[weekday]}: say from when to when.")
                continue
            found.append((opens, closes))
        found.sort()
        if len(found) > 1 and (found[0][1] > found[1][0] or found[0][1] == time()):
            said = f"{clock_of(found[1][0])} is within the hours before."
            self.add_error(f"second_opens_{weekday}", f"{WEEKDAYS[weekday]}: {said}")
        return [[f"{opens:%H:%M}", f"{closes:%H:%M}"] for opens, closes in found]

    def _closed(self, cleaned: dict[str, Any]) -> list[dict[str, str]]:
        spans: list[tuple[date, date, str]] = []
        for place in range(self.days_off_count):
            first, last = cleaned.get(f"off_from_{place}"), cleaned.get(f"off_to_{place}")
            first, last = first or last, last or first
            if first is None or last is None:
                continue
            if last < first:
                self.add_error(f"off_to_{place}", "The last day is before the first.")
            spans.append((first, last, cleaned.get(f"off_note_{place}") or ""))
        return [{"from": f"{first}", "to": f"{last}", "note": note} for first, last, note in sorted(spans)]


def _length(minutes: int) -> str:
    """30 minutes, 1 hour, 1 h 30 min, 2 days"""
    days, hours = minutes // 1440, minutes / 60
    if days and minutes % 1440 == 0:
        return f"{days} day{'s' * (days > 1)}"
    if minutes > 60 and minutes % 60:
        return f"{minutes // 60} h {minutes % 60} min"
    if minutes >= 60:
        return f"{hours:.0f} hour{'s' * (hours > 1)}"
    return f"{minutes} minutes"
