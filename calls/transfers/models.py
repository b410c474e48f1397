"""Who may be put through to, and each time somebody was."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.timezone import now

from agentos.tenants.scoping import TenantModel


class Colleague(TenantModel):
    """A person, or a desk, of the business whom callers can be put through to."""

    class When(models.TextChoices):
        OPEN = "open", "While the business is open"
        ALWAYS = "always", "At any time"
        NEVER = "never", "Not at the moment"

    class Way(models.TextChoices):
        STRAIGHT = "straight", "Put straight through"
        INTRODUCE = "introduce", "Introduce the caller first"

    name = models.CharField(max_length=80)
    department = models.CharField(max_length=60, help_text="As callers would say it, such as billing.")
    address = models.CharField(max_length=200, help_text="A telephone number, or a SIP address.")
    when = models.CharField(max_length=6, choices=When, default=When.OPEN)
    way = models.CharField(
        max_length=9,
        choices=Way,
        default=Way.STRAIGHT,
        help_text="Introduced: the caller waits with music while this person hears what it is about, and presses 1.",
    )
    place = models.PositiveIntegerField(default=1, help_text="Those with a lower place are tried first.")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["department", "place", "pk"]

    def __str__(self) -> str:
        return self.name


class Transfer(TenantModel):
    """A caller asked for a person. `people` are tried in their order; `tried` tells how each came out.

    The next step follows from what is stored alone, so that a report that comes twice changes nothing. A `warm` one
    keeps the caller in a room with music, while people hear who waits for them and may decline.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DIALING = "dialing", "Being put through"
        RETURNING = "returning", "Coming back"
        TALKING = "talking", "Talking"
        REACHED = "reached", "Put through"
        UNREACHED = "unreached", "Nobody was reached"
        LEFT = "left", "The caller hung up while waiting"

    class Fallback(models.TextChoices):
        """What becomes of a caller whom nobody takes."""

        AGENT = "agent", "The agent comes back and offers a message"
        MESSAGE = "message", "The caller is asked for a message"
        CALL_BACK = "call_back", "The caller is told that somebody will call back"

    class Afterwards(models.TextChoices):
        """What becomes of a caller when the person has hung up first."""

        GOODBYE = "goodbye", "A friendly goodbye"
        AGENT = "agent", "The agent comes back"

    call = models.ForeignKey("calls.Call", on_delete=models.CASCADE, related_name="transfers")
    key = models.CharField(max_length=160, unique=True, editable=False)
    room = models.UUIDField(default=uuid.uuid4, editable=False, help_text="Where they meet; nobody can guess it.")
    department = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    people = models.JSONField(default=list)
    tried = models.JSONField(default=list)
    warm = models.BooleanField(default=False)
    summary = models.CharField(max_length=600, blank=True, help_text="What people hear before they take the call.")
    fallback = models.CharField(max_length=9, choices=Fallback, default=Fallback.AGENT)
    afterwards = models.CharField(max_length=7, choices=Afterwards, default=Afterwards.GOODBYE)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(default=now)
    began_at = models.DateTimeField(null=True, blank=True, help_text="Since when the caller hears music.")
    fetched_at = models.DateTimeField(null=True, blank=True, help_text="When the caller was last to leave the room.")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.department}: {self.state}"


class Ring(TenantModel):
    """The phone of one person, rung for a caller who waits. The row is there before the carrier is asked, and once."""

    class State(models.TextChoices):
        ASKED = "asked", "Rings"
        ANSWERED = "answered", "Hears who waits"
        JOINED = "joined", "Talks with the caller"
        OVER = "over", "Over"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="rings")
    place = models.PositiveIntegerField(help_text="Of the person among those of the transfer.")
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    carrier_sid = models.CharField(max_length=40, blank=True)
    asked_at = models.DateTimeField(default=now)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    is_down = models.BooleanField(default=False, help_text="The phone is known to have been put down.")

    class Meta(TenantModel.Meta):
        ordering = ["transfer", "place"]
        constraints = [models.UniqueConstraint(fields=["transfer", "place"], name="ring_once_per_person")]

    def __str__(self) -> str:
        return f"{self.place}: {self.state}"
