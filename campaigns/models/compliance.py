"""What counsel has cleared for a business, and where calls are stopped for everybody."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import TenantModel


class ComplianceProfile(TenantModel):
    """One for each business; without it the strict rules hold."""

    legal_name = models.CharField(max_length=200, blank=True, help_text="As registered; said at the start of a call.")
    callback_number = models.CharField(max_length=20, blank=True, help_text="Said in each call; takes opt-outs.")
    overrides = models.JSONField(default=list, blank=True, help_text="States where automated sales calls are cleared.")
    registrations = models.JSONField(default=list, blank=True, help_text="States with a registration on file.")
    relaxed_signed_by = models.CharField(max_length=120, blank=True, help_text="Who signed off the wider hours.")
    relaxed_signed_at = models.DateTimeField(null=True, blank=True)
    daily_cap = models.PositiveIntegerField(default=3)
    inbound_reserve = models.PositiveIntegerField(default=2, help_text="Lines that campaigns leave free.")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="one_compliance_profile_per_tenant")]

    def __str__(self) -> str:
        return self.legal_name or "strict"


class EmergencySwitch(models.Model):
    """A state in which nobody on the platform calls while an emergency is declared."""

    state = models.CharField(max_length=2, unique=True)
    until = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    set_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name_plural = "emergency switches"

    def __str__(self) -> str:
        return f"{self.state} until {self.until:%Y-%m-%d}"
