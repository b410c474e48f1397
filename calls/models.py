"""One conversation: the call, who said and heard what, what happened, and what it used."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from agentos.tenants.scoping import TenantModel
from agents.models import Agent, AgentVersion


def by_carrier(channel: str, carrier_sid: str | None) -> bool:
    """A website may call through us alone, or by the carrier's own kit."""
    return channel == Call.Channel.PHONE or (channel == Call.Channel.WEB and bool(carrier_sid))


class Call(TenantModel):
    """One conversation by phone or browser, from the first ring to the hang-up.

    In a browser it is a test from the dashboard (`browser`), or comes from a website of the business (`web`).
    """

    class Status(models.TextChoices):
        RINGING = "ringing", "Ringing"
        IN_PROGRESS = "in_progress", "In progress"
        ENDED = "ended", "Ended"

    class Channel(models.TextChoices):
        PHONE = "phone", "Phone"
        BROWSER = "browser", "Browser"
        REHEARSAL = "rehearsal", "Rehearsal"
        WEB = "web", "Website"

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Incoming"
        OUTBOUND = "outbound", "Outgoing"

    class Ending(models.TextChoices):
        """Why the call ended."""

        CALLER = "caller", "Caller hung up"
        AGENT = "agent", "Agent said goodbye"
        SILENCE = "silence", "Nobody spoke"
        LIMIT = "limit", "Reached its longest duration"
        FAILURE = "failure", "Agent could not go on"
        MEDIA_LOST = "media_lost", "Audio was lost"
        REFUSED = "refused", "Not answered"
        NO_ANSWER = "no_answer", "No answer"
        CARRIER = "carrier", "Carrier ended it"
        TRANSFERRED = "transferred", "Put through to a person"
        OPERATOR = "operator", "A person of the business ended it"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="calls")
    version = models.ForeignKey(AgentVersion, on_delete=models.PROTECT, related_name="calls")
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.PHONE)
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.INBOUND)
    from_number = models.CharField(max_length=40, blank=True)
    to_number = models.CharField(max_length=40, blank=True)
    origin = models.CharField(max_length=255, blank=True, help_text="The website from which it came.")
    carrier_sid = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 - unique where known
    status = models.CharField(max_length=12, choices=Status, default=Status.RINGING)
    ending = models.CharField(max_length=12, choices=Ending, blank=True)
    briefing = models.JSONField(
        default=dict, blank=True, help_text="What the agent was told of whom it calls; empty for others."
    )
    segments = models.PositiveIntegerField(default=0, help_text="How many processes carried it; over 1: resumed.")
    created_at = models.DateTimeField(default=now)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(default=now, help_text="When the call last gave a sign of life.")

    class Meta(TenantModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "carrier_sid"], name="call_once_per_carrier_sid"),
            models.CheckConstraint(
                name="call_ended_at_only_when_ended",
                condition=Q(status="ended", ended_at__isnull=False) | (~Q(status="ended") & Q(ended_at=None)),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-created_at"]), models.Index(fields=["tenant", "status"])]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_by_carrier(self) -> bool:
        """Whether the carrier takes part, who can put it through and is paid; else a browser speaks with us alone."""
        return by_carrier(self.channel, self.carrier_sid)

    @property
    def site(self) -> str:
        """The name of the website from which it came, as people say it."""
        return self.origin.partition("://")[2]

    @property
    def duration_ms(self) -> int | None:
        """How long it was connected; None while that is not known."""
        if self.answered_at is None or self.ended_at is None:
            return None
        return max(0, round((self.ended_at - self.answered_at).total_seconds() * 1000))


class Turn(TenantModel):
    """What one side said until the other might speak. For the agent: what was heard of it, and what was not."""

    class Speaker(models.TextChoices):
        CALLER = "caller", "Caller"
        AGENT = "agent", "Agent"

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="turns")
    index = models.PositiveIntegerField(help_text="Order of creation within the call; never reused.")
    speaker = models.CharField(max_length=10, choices=Speaker)
    kind = models.CharField(max_length=20, default="reply")
    heard = models.TextField(blank=True)
    unheard = models.TextField(blank=True)
    exact = models.BooleanField(default=True, help_text="Heard to the word by the provider's alignment, not estimated.")
    interrupted = models.BooleanField(default=False)
    started_ms = models.PositiveIntegerField()
    ended_ms = models.PositiveIntegerField()
    timing = models.JSONField(default=dict, blank=True)
    extras = models.JSONField(default=dict, blank=True, help_text="What else took part in it, such as tools.")

    class Meta(TenantModel.Meta):
        ordering = ["started_ms", "index"]
        constraints = [models.UniqueConstraint(fields=["call", "index"], name="turn_once_per_call")]

    def __str__(self) -> str:
        return f"{self.speaker} {self.index}"

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.heard, self.unheard) if part)

    @property
    def is_person(self) -> bool:
        """Whether somebody of the business said it in the agent's place."""
        return self.kind == "person"


class ToolRun(TenantModel):
    """Something that the model asked for and what came of it. `key` is the wish: the same again has no new row."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        REFUSED = "refused", "Not allowed"

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="tool_runs")
    key = models.CharField(max_length=120)
    turn = models.PositiveIntegerField(help_text="Index of the caller's turn in whose answer it was asked for.")
    tool_call_id = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=80)
    title = models.CharField(max_length=120, blank=True)
    arguments = models.JSONField(default=dict, blank=True)
    result = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    effect = models.BooleanField(default=True, help_text="It may have changed something.")
    started_ms = models.PositiveIntegerField(default=0)
    took_ms = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        ordering = ["started_ms", "id"]
        constraints = [models.UniqueConstraint(fields=["call", "key"], name="tool_run_once_per_wish")]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"

    @property
    def ok(self) -> bool:
        return self.state == self.State.DONE


class CallEvent(TenantModel):
    """Something that happened during a call. `segment` and `sequence` make a repeat harmless."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events")
    segment = models.PositiveIntegerField()
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    at_ms = models.PositiveIntegerField()
    data = models.JSONField(default=dict, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["at_ms", "segment", "sequence"]
        constraints = [models.UniqueConstraint(fields=["call", "segment", "sequence"], name="call_event_once")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at_ms} ms"


class Recording(TenantModel):
    """Both sides of a call as two channels: the caller, and the agent as it was played."""

    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="recording")
    file = models.CharField(max_length=200, help_text="Path below RECORDINGS_DIR.")
    duration_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.file


class UsageLine(TenantModel):
    """What a call has used of one provider so far. `speculative`: spent on replies that were dropped."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="usage")
    kind = models.CharField(max_length=8)
    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=80)
    unit = models.CharField(max_length=16)
    speculative = models.BooleanField(default=False)
    quantity = models.PositiveBigIntegerField()

    class Meta(TenantModel.Meta):
        ordering = ["kind", "unit", "speculative"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "kind", "provider", "model", "unit", "speculative"], name="usage_line_once_per_call"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.unit} of {self.provider}"


class JournalCursor(TenantModel):
    """How far the journal of one segment of a call has reached the database: each entry takes effect once."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="+")
    segment = models.PositiveIntegerField()
    sequence = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["call", "segment"], name="cursor_once_per_segment")]

    def __str__(self) -> str:
        return f"{self.segment}: {self.sequence}"


# Models of the parts of this app that stand in folders of their own.
from calls.after.models import Analysis, Budget, Cost, Retention, UseBeside  # noqa: E402, F401
from calls.calendar.models import Appointment, Calendar, GoogleLink  # noqa: E402, F401
from calls.followups.models import CallBack, Lead, LeftMessage  # noqa: E402, F401
from calls.memory.models import Memory, Remembering  # noqa: E402, F401
from calls.native.models import NativeCall  # noqa: E402, F401
from calls.rehearsal.models import Rehearsal, RehearsalRun  # noqa: E402, F401
from calls.transfers.models import Colleague, Ring, Transfer  # noqa: E402, F401
