"""What people answered, and what was done about it: the work list of the reply inbox."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import TenantModel
from campaigns.models.outreach import Attempt, Target


class Reply(TenantModel):
    """What somebody answered, and what was done about it. `version` grows with every step, a person's or a rule's."""

    class Status(models.TextChoices):
        FETCHING = "fetching", "On its way"
        OPEN = "open", "To read"
        HANDLED = "handled", "Handled"

    class Sorter(models.TextChoices):
        KEY = "key", "a key"
        RULES = "rules", "their words"
        MODEL = "model", "a model that read their words"

    attempt = models.OneToOneField(Attempt, on_delete=models.CASCADE, related_name="reply")
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="replies")
    status = models.CharField(max_length=10, choices=Status, default=Status.FETCHING)
    recording_sid = models.CharField(max_length=40, blank=True)
    file = models.CharField(max_length=200, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    transcript = models.TextField(blank=True)
    proposed = models.CharField(max_length=20, blank=True, help_text="The disposition that the words sound like.")
    proposed_by = models.CharField(max_length=10, choices=Sorter, blank=True)
    confidence = models.FloatField(default=0.0)
    because = models.CharField(max_length=120, blank=True, help_text="The words, or the key, that led to the proposal.")
    read_with = models.JSONField(default=dict, blank=True, help_text="Provider and model that read it, and the tokens.")
    read_cents = models.DecimalField(max_digits=9, decimal_places=4, default=0, help_text="What the model has cost.")
    disposition = models.CharField(max_length=20, blank=True)
    assigned_to = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    handled_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    handled_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)
    problem = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField(default=now)
    erased_at = models.DateTimeField(null=True, blank=True, help_text="Since when there is no sound of it any more.")
    version = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        ordering = ["-received_at"]
        verbose_name_plural = "replies"
        indexes = [models.Index(fields=["tenant", "status", "-received_at"])]

    def __str__(self) -> str:
        return f"{self.proposed or self.status} from {self.attempt_id}"


class ReplyStep(TenantModel):
    """One thing that a person did with a reply, and what was before: the trace of it, and the way back."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="steps")
    version = models.PositiveIntegerField(help_text="Of the reply, after this step.")
    what = models.CharField(max_length=20)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=now)
    before = models.JSONField(default=dict)
    undone_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["version"]
        constraints = [models.UniqueConstraint(fields=["reply", "version"], name="reply_step_once_per_version")]

    def __str__(self) -> str:
        return f"{self.what}, step {self.version}"
