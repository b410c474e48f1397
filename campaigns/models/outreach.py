"""Campaigns, the people in them, each try to reach one, and the proof of every decision."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from phonenumber_field.modelfields import PhoneNumberField

from agentos.tenants.models import User
from agentos.tenants.scoping import TenantModel
from agents.models import Agent
from calls.models import Call
from campaigns.models.contacts import Contact
from telephony.models import PhoneNumber


class Campaign(TenantModel):
    """The same message, or conversation, for many people."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Done"

    class Purpose(models.TextChoices):
        INFORMATIONAL = "informational", "Information"
        HEALTHCARE = "healthcare", "Health care"
        TELEMARKETING = "telemarketing", "Sales"
        DEBT = "debt", "Debt"

    class Kind(models.TextChoices):
        MESSAGE = "message", "A message, answered by key or voice"
        AGENT = "agent", "A conversation with an agent"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MESSAGE)
    purpose = models.CharField(max_length=15, choices=Purpose, default=Purpose.INFORMATIONAL)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="campaigns")
    number = models.ForeignKey(PhoneNumber, on_delete=models.PROTECT, null=True, blank=True, related_name="campaigns")
    local_presence = models.BooleanField(default=False, help_text="Show each person the nearest of our numbers.")
    language = models.CharField(max_length=12, default="en-US")
    message = models.TextField(blank=True, help_text="With {{variables}}; said to each person.")
    voicemail = models.TextField(blank=True, help_text="Said after the beep; empty: nothing is left.")
    translations = models.JSONField(
        default=dict, blank=True, help_text='Language to texts, such as {"es": {"message": "Hola …", "voicemail": ""}}.'
    )
    keys = models.JSONField(default=dict, blank=True, help_text='Key to disposition, such as {"1": "confirmed"}.')
    records_reply = models.BooleanField(default=False)
    hours = models.JSONField(default=list, blank=True, help_text="Monday to Sunday: [start, end] or null; theirs.")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    at_once = models.PositiveIntegerField(default=4)
    calls_per_second = models.FloatField(default=1.0)
    retries = models.JSONField(default=dict, blank=True, help_text="Outcome to minutes until the next attempt.")
    most_attempts = models.PositiveIntegerField(default=3)
    budget_cents = models.PositiveIntegerField(null=True, blank=True)
    confirmed = models.JSONField(default=dict, blank=True, help_text="What was confirmed before launch: by whom, when.")
    planned = models.JSONField(null=True, blank=True, editable=False, help_text="The dry run of its start.")
    pause_reason = models.CharField(max_length=200, blank=True)
    is_test = models.BooleanField(default=False, editable=False, help_text="One call to whoever asked for it.")
    test_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="tests"
    )
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When it last had its turn.")
    next_call_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="By its own pace.")
    watched_from = models.DateTimeField(null=True, blank=True, editable=False, help_text="Forgives failures before.")

    class Meta(TenantModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(name="campaign_has_a_pace", condition=Q(calls_per_second__gt=0, at_once__gt=0))
        ]
        indexes = [models.Index(fields=["tenant", "status"])]

    def __str__(self) -> str:
        return self.name


class AudioClip(TenantModel):
    """Speech that was made in advance. The same text in the same voice is one clip, whoever hears it."""

    class Status(models.TextChoices):
        WANTED = "wanted", "Waiting"
        READY = "ready", "Ready"
        DOUBTED = "doubted", "Waits for a person"
        FAILED = "failed", "Not made"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    content = models.CharField(max_length=64, help_text="Hash of text, voice, model and settings.")
    text = models.TextField()
    voice = models.JSONField(default=dict, help_text="Provider, model, voice and settings it is made with.")
    status = models.CharField(max_length=10, choices=Status, default=Status.WANTED)
    file = models.CharField(max_length=200, blank=True, help_text="Name in the storage of clips.")
    duration_ms = models.PositiveIntegerField(default=0)
    checks = models.JSONField(default=dict, blank=True, help_text="What was heard in it, and what was missed.")
    characters = models.PositiveIntegerField(default=0, help_text="Given to the voice so far: what it cost.")
    tries = models.PositiveIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    approved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "content"], name="clip_once_per_content")]
        indexes = [models.Index(fields=["tenant", "status"])]

    def __str__(self) -> str:
        return self.text[:60]


class Target(TenantModel):
    """One person in one campaign: what is to be said, when the next try is due, and how it came out."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        LIVE = "live", "Being called"
        DONE = "done", "Done"
        LEFT_OUT = "left_out", "Not called"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="targets")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="targets")
    e164 = PhoneNumberField()
    variables = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    disposition = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it is left out, or waits.")
    due_at = models.DateTimeField(default=now)
    attempts_made = models.PositiveIntegerField(default=0)
    clip = models.ForeignKey(AudioClip, on_delete=models.SET_NULL, null=True, blank=True, related_name="targets")

    class Meta(TenantModel.Meta):
        ordering = ["due_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["campaign", "e164"], name="target_once_per_campaign")]
        indexes = [models.Index(fields=["tenant", "campaign", "status", "due_at", "id"])]

    def __str__(self) -> str:
        return f"{self.e164} in {self.campaign_id}"


class Attempt(TenantModel):
    """One try to reach one person. It is written before the carrier is asked, and never tried again itself."""

    class State(models.TextChoices):
        ASKED = "asked", "Carrier asked"
        UNKNOWN = "unknown", "Outcome unknown"
        PLACED = "placed", "Placed"
        ANSWERED = "answered", "Answered"
        ENDED = "ended", "Ended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="attempts")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="attempts")
    call = models.OneToOneField(Call, on_delete=models.SET_NULL, null=True, blank=True, related_name="attempt")
    e164 = PhoneNumberField()
    number = models.PositiveIntegerField(default=1, help_text="First, second, …")
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    from_number = models.CharField(max_length=20, blank=True, help_text="What the person saw.")
    to_address = models.CharField(max_length=120, blank=True, help_text="Rung in place of the number.")
    carrier_sid = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 - unique where known
    outcome = models.CharField(max_length=20, blank=True)
    answered_by = models.CharField(max_length=20, blank=True, help_text="human, machine, fax or unknown.")
    key_pressed = models.CharField(max_length=4, blank=True)
    claimed_at = models.DateTimeField(default=now)
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cost_cents = models.DecimalField(max_digits=9, decimal_places=3, default=0)
    priced_at = models.DateTimeField(null=True, blank=True, help_text="When the carrier named the price itself.")

    class Meta(TenantModel.Meta):
        ordering = ["-claimed_at"]
        constraints = [
            models.UniqueConstraint(fields=["target"], condition=~Q(state="ended"), name="one_live_attempt_per_target"),
            models.UniqueConstraint(
                fields=["tenant", "e164"], condition=~Q(state="ended"), name="one_live_attempt_per_number"
            ),
            models.UniqueConstraint(fields=["tenant", "carrier_sid"], name="attempt_once_per_carrier_sid"),
            models.CheckConstraint(
                name="attempt_ended_at_only_when_ended",
                condition=Q(state="ended", ended_at__isnull=False) | (~Q(state="ended") & Q(ended_at=None)),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "campaign", "state"]),
            models.Index(fields=["tenant", "e164", "claimed_at"]),
            models.Index(fields=["tenant", "campaign", "ended_at"]),
            models.Index(
                fields=["tenant", "campaign"],
                include=["cost_cents"],
                condition=Q(cost_cents__gt=0),
                name="attempt_what_was_spent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} to {self.e164}"

    @property
    def shown_number(self) -> str:
        """What the person sees, or would see if the campaign has one number."""
        return self.from_number or (str(self.campaign.number.e164) if self.campaign.number else "")


class DialReceipt(TenantModel):
    """What the gate decided and from what, chained to the decision before it: the proof that a call was lawful."""

    sequence = models.PositiveBigIntegerField()
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="receipts")
    target_ref = models.BigIntegerField(null=True, blank=True, help_text="Of the person in the campaign, for good.")
    attempt_ref = models.UUIDField(null=True, blank=True)
    e164 = PhoneNumberField()
    decided_at = models.DateTimeField()
    answer = models.CharField(max_length=10)
    body = models.JSONField(help_text="Facts, versions, zones, windows, reasons.")
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta(TenantModel.Meta):
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["tenant", "sequence"], name="receipt_sequence_once")]
        indexes = [models.Index(fields=["tenant", "e164"]), models.Index(fields=["tenant", "campaign", "answer"])]

    def __str__(self) -> str:
        return f"{self.sequence} {self.answer}"
