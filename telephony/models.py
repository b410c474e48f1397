"""The carrier's side: the numbers we answer, and every webhook as it was received."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now
from phonenumber_field.modelfields import PhoneNumberField

from agentos.tenants.scoping import TenantModel
from agents.models import Agent


class PhoneNumber(TenantModel):
    """A number that callers dial. One business owns it at a time, on the whole platform."""

    e164 = PhoneNumberField(unique=True)
    label = models.CharField(max_length=60, blank=True)
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="numbers")
    byoc_trunk = models.CharField(max_length=34, blank=True, help_text="Calls from it leave by this trunk of ours.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["e164"]

    def __str__(self) -> str:
        return str(self.e164)


class CarrierEvent(TenantModel):
    """A webhook as it arrived. `key` is unique for what it reports, so that a repeat is stored once."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    call_sid = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=160)
    payload = models.JSONField()
    received_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        ordering = ["received_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="carrier_event_once")]
        indexes = [models.Index(fields=["tenant", "call_sid"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.call_sid}"


# Models of the parts of this app that stand in folders of their own.
from telephony.website.models import WebCall, Widget  # noqa: E402, F401
