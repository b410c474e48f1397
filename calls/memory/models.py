"""Who may be remembered, and what is. Both belong to a number, as consent to be called does."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from agentos.tenants.scoping import TenantModel


class Remembering(TenantModel):
    """Whether the owner of a number wants to be remembered: their latest answer, where it is from, and when."""

    e164 = models.CharField(max_length=40)
    agreed = models.BooleanField()
    source = models.CharField(max_length=120, help_text="Such as: said so in a call, patient form.")
    at = models.DateTimeField(default=now)
    call = models.ForeignKey("calls.Call", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "e164"], name="remembering_once_per_number")]

    def __str__(self) -> str:
        return f"{self.pk}: {self.agreed}"


class Memory(TenantModel):
    """One thing that somebody said, as the agent is told in their next call."""

    class Kind(models.TextChoices):
        FACT = "fact", "Fact"
        WISH = "wish", "Wish"

    e164 = models.CharField(max_length=40)
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.FACT)
    text = models.CharField(max_length=160)
    quote = models.CharField(max_length=160, blank=True, help_text="The words of the call that say it.")
    call = models.ForeignKey("calls.Call", on_delete=models.SET_NULL, null=True, blank=True, related_name="memories")
    at = models.DateTimeField(default=now)
    edited_by = models.CharField(max_length=120, blank=True, help_text="Who has changed it; empty: as it was heard.")

    class Meta(TenantModel.Meta):
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["tenant", "e164", "text"], name="memory_once_per_number")]

    def __str__(self) -> str:
        return str(self.pk)
