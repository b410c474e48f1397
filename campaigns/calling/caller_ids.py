"""Which of our numbers somebody sees: that of the campaign, or the nearest one, and the same one each time."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from django.db.models import Q

from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign
from telephony.models import PhoneNumber


def caller_id(campaign: Campaign, called: str) -> PhoneNumber | None:
    """The number to call from, inside the tenant. Nearest means: the same area code, else the same state.

    Only numbers that somebody answers are offered, since people call back. Whoever has seen one of them before sees
    that one again, as long as it is ours.
    """
    if not campaign.local_presence:
        return campaign.number
    answered = PhoneNumber.objects.filter(Q(agent__isnull=False) | Q(pk=campaign.number_id))
    ours = {str(number.e164): number for number in answered}
    seen = Attempt.objects.filter(e164=called, from_number__in=ours).order_by("-claimed_at")
    chosen = seen.values_list("from_number", flat=True).first() or nearest(called, ours)
    return ours[chosen] if chosen else campaign.number


def nearest(called: str, ours: Iterable[str]) -> str:
    """The nearest of these numbers; empty when none is near. Which of several, depends on who is called alone."""
    state = _state(called)
    near = [number for number in ours if number[:5] == called[:5]]
    near = near or [number for number in ours if state and _state(number) == state]
    return max(near, key=lambda number: sha256(f"{called} {number}".encode()).digest(), default="")


def _state(number: str) -> str:
    area = tables().gazetteer.areas.get(number[2:5]) if number.startswith("+1") else None
    return area.state if area else ""
