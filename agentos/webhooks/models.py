"""What the business's own systems are told: where to, what happened, and how each delivery went."""

from __future__ import annotations

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now

from agentos.tenants.models import Credential
from agentos.tenants.scoping import TenantModel


class Endpoint(TenantModel):
    """An address of the business that takes events, signed with a secret that only the two sides know."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.CharField(max_length=500)
    note = models.CharField(max_length=120, blank=True)
    events = models.JSONField(default=list, help_text="Kinds of events, see agentos/webhooks/events.py.")
    secret = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="+")
    old_secret = models.ForeignKey(Credential, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    old_secret_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, help_text="The first failure after the last success.")
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_because = models.CharField(max_length=200, blank=True)
    busy_until = models.DateTimeField(null=True, blank=True, help_text="One worker at a time speaks to it.")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.note or self.url.partition("://")[2].partition("/")[0]


class Event(TenantModel):
    """Something that happened, as it is told. Its id stays the same however often it is delivered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, help_text="The same key is the same event.")
    at = models.DateTimeField(default=now)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="webhook_event_once_per_key")]

    def __str__(self) -> str:
        return self.kind


class Delivery(TenantModel):
    """One event on its way to one endpoint."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Not delivered"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=now, help_text="When it is tried next, while it waits.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_event_once_per_endpoint")]
        indexes = [
            models.Index(F("endpoint"), F("due_at"), condition=Q(state="waiting"), name="webhook_deliveries_due"),
            models.Index(fields=["endpoint", "-created_at"], name="webhook_deliveries_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"


class Try(TenantModel):
    """One request, and what came back."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField(default=now)
    took_ms = models.PositiveIntegerField(default=0)
    status = models.PositiveIntegerField(null=True, blank=True, help_text="Of the answer; empty where none came.")
    error = models.CharField(max_length=40, blank=True, help_text="Why none came, see agentos/outgoing.py.")
    answer = models.TextField(blank=True, help_text="The beginning of its body.")

    class Meta(TenantModel.Meta):
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.status or self.error} after {self.took_ms} ms"
