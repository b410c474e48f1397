"""What a call leaves for people to do: somebody to win, somebody to ring back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import TenantModel


class Lead(TenantModel):
    """Somebody who may become a customer, with what the agent asked of them."""

    name = models.CharField(max_length=120)
    e164 = models.CharField(max_length=40, blank=True)
    fields = models.JSONField(default=dict, blank=True, help_text="What was asked, by name.")
    note = models.CharField(max_length=500, blank=True)
    call = models.ForeignKey("calls.Call", on_delete=models.SET_NULL, null=True, blank=True, related_name="leads")
    key = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001 - unique where known
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="lead_once_per_key")]
        indexes = [models.Index(fields=["tenant", "-created_at"])]

    def __str__(self) -> str:
        return str(self.pk)


class LeftMessage(TenantModel):
    """What somebody wants a person of the business to know."""

    text = models.CharField(max_length=1000)
    for_whom = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=120, blank=True)
    e164 = models.CharField(max_length=40, blank=True)
    call = models.ForeignKey("calls.Call", on_delete=models.SET_NULL, null=True, blank=True, related_name="messages")
    key = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001 - unique where known
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="left_message_once_per_key")]

    def __str__(self) -> str:
        return str(self.pk)


class CallBack(TenantModel):
    """Somebody asked to be rung by a person, at a time at which they may be rung."""

    e164 = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField()
    call = models.ForeignKey("calls.Call", on_delete=models.SET_NULL, null=True, blank=True, related_name="call_backs")
    key = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001 - unique where known
    created_at = models.DateTimeField(default=now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        ordering = ["due_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="call_back_once_per_key"),
            models.CheckConstraint(
                name="call_back_done_by_only_when_done", condition=Q(done_at__isnull=False) | Q(done_by=None)
            ),
        ]
        indexes = [models.Index(fields=["tenant", "due_at"], condition=Q(done_at=None), name="call_backs_waiting")]

    def __str__(self) -> str:
        return str(self.pk)
