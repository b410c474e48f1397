"""A button on a website of the business, and the calls that came by it."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from agentos.tenants.scoping import TenantModel
from agents.models import Agent
from calls.models import Call

MOST_MINUTES = 60


class Widget(TenantModel):
    """A button that visitors of some websites press to talk with an agent.

    `key` stands in the pages of those websites, for everybody to read. It opens nothing elsewhere, and a new one takes
    its place at once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="widgets")
    domains = models.JSONField(default=list, help_text="Where it may be shown, see telephony/website/origins.py.")
    words = models.CharField(max_length=40, default="Talk to us")
    color = models.CharField(max_length=7, default="#146350", help_text="As #rrggbb.")
    captions = models.BooleanField(default=True)
    telephone = models.CharField(max_length=16, blank=True, help_text="Given to those who cannot be served here.")
    at_once = models.PositiveIntegerField(default=3, validators=[MinValueValidator(1), MaxValueValidator(100)])
    a_day = models.PositiveIntegerField(default=100, validators=[MinValueValidator(1), MaxValueValidator(10_000)])
    an_hour_each = models.PositiveIntegerField(
        default=6, validators=[MinValueValidator(1), MaxValueValidator(1000)], help_text="By address of the visitor."
    )
    minutes = models.PositiveIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)], help_text="Longest call."
    )
    created_at = models.DateTimeField(default=now, editable=False)
    off_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="widget_limits_are_limits",
                condition=Q(at_once__gte=1, a_day__gte=1, an_hour_each__gte=1, minutes__gte=1),
            )
        ]

    def __str__(self) -> str:
        return self.words

    @property
    def is_on(self) -> bool:
        return self.off_at is None and self.removed_at is None


class WebCall(TenantModel):
    """By which button a call came."""

    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="+")
    widget = models.ForeignKey(Widget, on_delete=models.CASCADE, related_name="calls")

    def __str__(self) -> str:
        return str(self.call_id)
