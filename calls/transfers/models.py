"""Who may be put through to, and each time somebody was."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from agentos.tenants.scoping import TenantModel


class Colleague(TenantModel):
    """A person, or a desk, of the business whom callers can be put through to."""

    class When(models.TextChoices):
        OPEN = "open", "While the business is open"
        ALWAYS = "always", "At any time"
        NEVER = "never", "Not at the moment"

    name = models.CharField(max_length=80)
    department = models.CharField(max_length=60, help_text="As callers would say it, such as billing.")
    address = models.CharField(max_length=200, help_text="A telephone number, or a SIP address.")
    when = models.CharField(max_length=6, choices=When, default=When.OPEN)
    place = models.PositiveIntegerField(default=1, help_text="Those with a lower place are tried first.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["department", "place", "pk"]

    def __str__(self) -> str:
        return self.name


class Transfer(TenantModel):
    """A caller asked for a person. `people` are tried in their order; `tried` tells how each came out.

    The next step follows from these two alone, so that a report that comes twice changes nothing.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DIALING = "dialing", "Being put through"
        REACHED = "reached", "Put through"
        UNREACHED = "unreached", "Nobody was reached"

    call = models.ForeignKey("calls.Call", on_delete=models.CASCADE, related_name="transfers")
    key = models.CharField(max_length=160, unique=True, editable=False)
    department = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    people = models.JSONField(default=list)
    tried = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.department}: {self.state}"
