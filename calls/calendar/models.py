"""The calendar of a business: when it is open, and who comes when."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import TenantModel
from agentos.tenants.zones import timezones
from calls.calendar.closed import ClosedDays
from calls.calendar.slots import Rules

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def office_hours() -> dict[str, list[list[str]]]:
    """Monday to Friday, nine to five."""
    return {str(weekday): [["09:00", "17:00"]] for weekday in range(5)}


class Calendar(TenantModel):
    """When a business, or one person in it, takes appointments."""

    name = models.CharField(max_length=60, default="Appointments")
    zone = models.CharField(max_length=60)
    hours = models.JSONField(default=office_hours, help_text="From and to, by weekday; Monday is 0.")
    closed = models.JSONField(default=list, blank=True, help_text="Days off: from, to, note.")
    slot_minutes = models.PositiveIntegerField(default=30)
    buffer_minutes = models.PositiveIntegerField(default=0)
    lead_minutes = models.PositiveIntegerField(default=60)
    horizon_days = models.PositiveIntegerField(default=60)
    feed_id = models.UUIDField(null=True, blank=True, unique=True, help_text="The address of its feed; a public route.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="calendar_once_per_name"),
            models.CheckConstraint(name="calendar_slots_last", condition=Q(slot_minutes__range=(5, 720))),
            models.CheckConstraint(name="calendar_horizon_is_near", condition=Q(horizon_days__range=(1, 366))),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.zone not in timezones():
            raise ValidationError({"zone": f"There is no time zone called {self.zone}."})

    @property
    def rules(self) -> Rules:
        stretches = {
            int(weekday): [(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in each]
            for weekday, each in self.hours.items()
        }
        return Rules(
            zone=ZoneInfo(self.zone),
            hours=stretches,
            length=timedelta(minutes=self.slot_minutes),
            buffer=timedelta(minutes=self.buffer_minutes),
            lead=timedelta(minutes=self.lead_minutes),
            horizon_days=self.horizon_days,
            closed=self.closed_days,
        )

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there at this moment."""
        return self.rules.is_open(at)

    @property
    def closed_days(self) -> ClosedDays:
        day = date.fromisoformat
        return ClosedDays([(day(each["from"]), day(each["to"]), each["note"]) for each in self.closed])


class Appointment(TenantModel):
    """Somebody comes at a time. Two of one calendar never overlap: the database sees to it."""

    class State(models.TextChoices):
        BOOKED = "booked", "Booked"
        CANCELED = "canceled", "Canceled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="appointments")
    state = models.CharField(max_length=10, choices=State, default=State.BOOKED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    free_at = models.DateTimeField(help_text="When the next may begin: its end, and the pause after it.")
    name = models.CharField(max_length=120)
    e164 = models.CharField(max_length=40, blank=True, help_text="Their number, by which the contact is found.")
    reason = models.CharField(max_length=200, blank=True)
    call = models.ForeignKey(
        "calls.Call", on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments"
    )
    booked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    key = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001 - unique where known
    created_at = models.DateTimeField(default=now, editable=False)
    canceled_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True, help_text="When it was last moved, canceled or erased.")
    revision = models.PositiveIntegerField(default=0, help_text="Counts those changes, for other calendars.")
    at_google = models.CharField(max_length=80, blank=True, help_text="The times that Google's calendar was last told.")

    class Meta(TenantModel.Meta):
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="appointment_once_per_key"),
            models.CheckConstraint(
                name="appointment_takes_time", condition=Q(ends_at__gt=F("starts_at"), free_at__gte=F("ends_at"))
            ),
            models.CheckConstraint(
                name="appointment_canceled_at_only_when_canceled",
                condition=Q(state="canceled", canceled_at__isnull=False)
                | (~Q(state="canceled") & Q(canceled_at__isnull=True)),
            ),
            ExclusionConstraint(
                name="appointments_never_overlap",
                expressions=[
                    (
                        Func(
                            F("calendar_id"),
                            F("calendar_id"),
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(F("starts_at"), F("free_at"), function="tstzrange", output_field=DateTimeRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state="booked"),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "calendar", "starts_at"]),
            models.Index(fields=["tenant", "e164", "starts_at"]),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_booked(self) -> bool:
        return self.state == self.State.BOOKED

    def revise(self, at: datetime) -> None:
        """Note a change of which other calendars have to learn. Whoever changes it saves it."""
        self.changed_at, self.revision = at, self.revision + 1

    @property
    def times(self) -> str:
        """From when until when, to compare."""
        return f"{self.starts_at.astimezone(UTC):%FT%T}/{self.ends_at.astimezone(UTC):%FT%T}"


class GoogleLink(TenantModel):
    """That a calendar is also kept at Google, and with what permission."""

    calendar = models.OneToOneField(Calendar, on_delete=models.CASCADE, related_name="google")
    sealed = models.TextField(blank=True, help_text="The tokens; see agentos/vault.py.")
    connected_at = models.DateTimeField(default=now)
    connected_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Google says that the permission is gone.")
    busy = models.JSONField(default=list, blank=True, help_text="What else is taken there, from and to; for the page.")
    followed_at = models.DateTimeField(null=True, blank=True, help_text="Until when changes made there are known.")

    def __str__(self) -> str:
        return str(self.calendar_id)
