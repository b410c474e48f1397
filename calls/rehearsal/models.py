"""A caller who is played, and each time it was played."""

from __future__ import annotations

from django.db import models
from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import TenantModel
from agents.models import Agent


class Rehearsal(TenantModel):
    """Somebody who calls an agent, in a test: by lines of a script, or played with a goal."""

    class Difficulty(models.TextChoices):
        NORMAL = "normal", "As people are"
        PATIENT = "easy", "Patient and clear"
        HURRIED = "hard", "In a hurry"
        INTERRUPTS = "interrupts", "Interrupts the agent"
        NOISY = "noisy", "On a noisy line"
        MUMBLES = "mumbles", "Mumbles"
        MISTAKEN = "mistaken", "Gets a fact wrong at first"
        HARD_OF_HEARING = "hearing", "Hard of hearing"

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="rehearsals")
    name = models.CharField(max_length=120)
    lines = models.JSONField(default=list, blank=True, help_text="What the caller says, one after the other.")
    persona = models.TextField(max_length=1000, blank=True)
    goal = models.TextField(max_length=1000, blank=True)
    difficulty = models.CharField(max_length=10, choices=Difficulty, default=Difficulty.NORMAL)
    says = models.JSONField(default=list, blank=True, help_text="What the agent must say at some point.")
    never_says = models.JSONField(default=list, blank=True)
    uses = models.JSONField(default=list, blank=True, help_text="Names of tools that must be used.")
    never_uses = models.JSONField(default=list, blank=True)
    criteria = models.JSONField(default=list, blank=True, help_text="Sentences that must hold, judged afterwards.")
    answers = models.JSONField(default=dict, blank=True, help_text="What tools answer, by name; they change nothing.")
    before_publishing = models.BooleanField(default=True, help_text="Played before the draft goes live.")
    takes_place = models.DateTimeField(null=True, editable=False, help_text="When it pretends to be; empty for now.")
    from_call = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")

    class Meta(TenantModel.Meta):
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class RehearsalRun(TenantModel):
    """How it went once. `digest` tells which state of the draft it was."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PASSED = "passed", "Passed"
        FAILED = "failed", "Not passed"
        UNJUDGED = "unjudged", "Could not be judged"
        BROKEN = "broken", "Could not run"

    rehearsal = models.ForeignKey(Rehearsal, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    digest = models.CharField(max_length=24)
    by_voice = models.BooleanField(default=False, help_text="Spoken and heard, in a call.")
    call = models.ForeignKey("calls.Call", on_delete=models.SET_NULL, null=True, editable=False, related_name="+")
    measures = models.JSONField(default=dict, blank=True, help_text="Of a call: waits and interruptions, in ms.")
    script = models.JSONField(default=list, blank=True, help_text="Who said what, and which tools were used.")
    findings = models.JSONField(default=list, blank=True, help_text="Each check, whether it holds, and why.")
    used = models.JSONField(default=list, blank=True, help_text="Tokens and cents, by who used them.")
    cents = models.DecimalField(max_digits=10, decimal_places=4, default=0, help_text="Of `used`, by list prices.")
    trouble = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.rehearsal}: {self.state}"
