"""A call while its vendor has it, and what is still to be done about it there."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from agentos.tenants.scoping import TenantModel


class NativeCall(TenantModel):
    """A call that was given to ElevenLabs. Holds nothing of what was said."""

    class State(models.TextChoices):
        OPEN = "open", "There"
        IMPORTED = "imported", "Imported"
        LOST = "lost", "Never reported"
        ERASED = "erased", "Erased before it was reported"

    call = models.OneToOneField("calls.Call", on_delete=models.CASCADE, related_name="native")
    vendor_agent = models.CharField(max_length=80)
    conversation_id = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    wants_recording = models.BooleanField(default=False, help_text="Its recording is still to be fetched.")
    wants_deletion = models.BooleanField(default=False, help_text="It is to be deleted there when all is here.")
    lasts_until = models.DateTimeField(help_text="By then it is certainly over.")
    due_at = models.DateTimeField(default=now, help_text="When the vendor is asked next, if it has to be.")
    tries = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["state", "due_at"], name="native_call_due")]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.state}"
