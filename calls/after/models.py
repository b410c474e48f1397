"""What is kept of a call beyond the call itself, once it is over."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from agentos.tenants.scoping import TenantModel


class Analysis(TenantModel):
    """What came of a call, read from its transcript once it was over. Also the place in the queue until then."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    class Result(models.TextChoices):
        RESOLVED = "resolved", "Resolved"
        FOLLOW_UP = "follow_up", "Follow-up needed"
        UNRESOLVED = "unresolved", "Not resolved"
        NOTHING = "nothing", "Nothing asked"

    class Sentiment(models.TextChoices):
        POSITIVE = "positive", "Content"
        NEUTRAL = "neutral", "Neutral"
        NEGATIVE = "negative", "Unhappy"

    call = models.OneToOneField("calls.Call", on_delete=models.CASCADE, related_name="analysis")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(default=now, help_text="When it is tried next, while it waits.")
    tries = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=40, blank=True, help_text="Why the last try failed, as a code.")
    summary = models.TextField(blank=True)
    result = models.CharField(max_length=12, choices=Result, blank=True)
    sentiment = models.CharField(max_length=8, choices=Sentiment, blank=True)
    criteria = models.JSONField(default=list, blank=True, help_text="Each with its verdict and the reason.")
    fields = models.JSONField(default=list, blank=True, help_text="Each with its value and the words behind it.")
    turns = models.JSONField(default=dict, blank=True, help_text="Sentiment of the caller's turns, by index.")
    provider = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "analyses"
        constraints = [
            models.CheckConstraint(
                name="analysis_made_at_only_when_done",
                condition=Q(state="done", made_at__isnull=False) | (~Q(state="done") & Q(made_at=None)),
            )
        ]
        indexes = [models.Index(fields=["tenant", "due_at"], condition=Q(state="waiting"), name="analysis_due")]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.state}"


class Cost(TenantModel):
    """What a call has cost by list prices, as far as they are known. Written once it is over, and when it was read."""

    call = models.OneToOneField("calls.Call", on_delete=models.CASCADE, related_name="cost")
    cents = models.DecimalField(max_digits=10, decimal_places=4)
    parts = models.JSONField(default=dict, help_text="Cents by part: carrier, stt, llm, tts, analysis.")
    unpriced = models.JSONField(default=list, help_text="What it used of that no price is known.")

    def __str__(self) -> str:
        return f"{self.cents} cents"


class UseBeside(TenantModel):
    """What was used of a vendor beside calls. It points at nothing: what was spent stays spent when that is removed."""

    class Purpose(models.TextChoices):
        REHEARSAL = "rehearsal", "Rehearsals in writing"
        TRYING = "trying", "Trying agents out in writing"
        WRITING = "writing", "Writing agents from a description"
        HEARING = "hearing", "Hearing voices before they are chosen"

    purpose = models.CharField(max_length=10, choices=Purpose)
    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=80)
    unit = models.CharField(max_length=20)
    quantity = models.PositiveBigIntegerField()
    cents = models.DecimalField(max_digits=10, decimal_places=4, null=True, help_text="Empty: no price is known.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant", "created_at"], name="use_beside_by_time")]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.quantity} {self.unit} of {self.provider} {self.model}"


class Budget(TenantModel):
    """What a business wants to spend in a month, and what happens when it is spent."""

    class AtLimit(models.TextChoices):
        WARN = "warn", "Only warn"
        HOLD = "hold", "Campaigns wait until the next month; callers are answered as ever"
        REFUSE = "refuse", "Campaigns wait, and new callers hear that nobody can take the call"

    monthly_cents = models.PositiveIntegerField()
    at_limit = models.CharField(max_length=8, choices=AtLimit, default=AtLimit.HOLD)
    month = models.DateField(null=True, blank=True, help_text="The first day of the month that `spent_cents` is of.")
    spent_cents = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    told_percent = models.PositiveIntegerField(default=0, help_text="Up to where people were told in this month.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="one_budget_per_tenant"),
            models.CheckConstraint(name="budget_is_more_than_nothing", condition=Q(monthly_cents__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.monthly_cents} cents a month"


class Retention(TenantModel):
    """For how many days a business keeps what was said; nothing for as long as it likes."""

    recording_days = models.PositiveIntegerField(null=True, blank=True)
    transcript_days = models.PositiveIntegerField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="one_retention_per_tenant")]

    def __str__(self) -> str:
        return f"{self.recording_days} days of recordings, {self.transcript_days} of transcripts"
