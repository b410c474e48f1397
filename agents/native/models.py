"""What we know of an agent as ElevenLabs keeps it."""

from __future__ import annotations

from django.db import models

from agentos.tenants.scoping import TenantModel


class NativeAgent(TenantModel):
    """An agent's copy at ElevenLabs: where it is, which version was written there, and whether it still reads so."""

    agent = models.OneToOneField("agents.Agent", on_delete=models.CASCADE, related_name="native")
    vendor_id = models.CharField(max_length=80, blank=True)
    webhook_id = models.CharField(max_length=80, blank=True)
    webhook_secret = models.TextField(blank=True, help_text="Sealed; see agentos/vault.py.")
    webhook_url = models.CharField(max_length=300, blank=True, help_text="Where its reports are sent.")
    version = models.ForeignKey(
        "agents.AgentVersion",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The version that was written there last.",
    )
    written_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    differs = models.JSONField(default=list, blank=True, help_text="What reads otherwise there, in words.")
    differs_since = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=40, blank=True, help_text="Why it could not be written or read last time.")

    class Meta(TenantModel.Meta):
        pass

    def __str__(self) -> str:
        return self.vendor_id

    @property
    def secret_place(self) -> str:
        return f"nativeagent.webhook_secret:{self.agent_id}"
