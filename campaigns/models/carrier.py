"""The account at the carrier, which all businesses share. These rows name nobody, so they stand outside of tenants."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now


class CarrierPace(models.Model):
    """When the next call of an account, or of one business, may begin. Whoever claims holds the row meanwhile."""

    key = models.CharField(primary_key=True, max_length=60)
    next_at = models.DateTimeField(null=True, blank=True)
    throttles = models.PositiveSmallIntegerField(default=0, help_text="How often the carrier asked us to slow down.")
    throttled_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True, help_text="When it last said: too many requests.")

    def __str__(self) -> str:
        return self.key


class CarrierLine(models.Model):
    """A line of the account, held by an attempt from claim to end, or by somebody who calls in; its id is theirs."""

    attempt_id = models.UUIDField(primary_key=True)
    account = models.CharField(max_length=40)
    taken_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["account", "taken_at"])]

    def __str__(self) -> str:
        return str(self.attempt_id)
