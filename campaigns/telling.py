"""What the business's own systems are told of a campaign."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count, Sum

from agentos.tenants.models import Tenant
from agentos.webhooks.events import emit
from campaigns.models import Campaign
from campaigns.outcomes import GROUPS, REACHED


def tell_ended(campaign: Campaign) -> None:
    """Inside the tenant, in the transaction in which it ended; once more if people are called again and it ends again.

    A test call is no campaign to anybody.
    """
    if not campaign.is_test and campaign.ended_at is not None:
        key = f"campaign.ended:{campaign.pk}:{campaign.ended_at:%Y%m%d%H%M%S%f}"
        emit("campaign.ended", lambda: campaign_data(campaign), key=key)


def campaign_data(campaign: Campaign) -> dict[str, Any]:
    """A campaign and what came of it, in JSON: people by their outcome, calls, and what these cost so far."""
    groups = {group.name: Count("pk", filter=group.means) for group in GROUPS}
    people = campaign.targets.aggregate(all=Count("pk"), reached=Count("pk", filter=REACHED), **groups)
    calls = campaign.attempts.filter(asked_at__isnull=False).aggregate(made=Count("pk"), cents=Sum("cost_cents"))
    slug = Tenant.objects.values_list("slug", flat=True).get(pk=campaign.tenant_id)
    return {
        "campaign_id": str(campaign.pk),
        "campaign": campaign.name,
        "status": campaign.status,
        "started_at": campaign.started_at,
        "ended_at": campaign.ended_at,
        "people": people,
        "calls": calls["made"],
        "calls_cents": float(calls["cents"] or 0),
        "page": f"{settings.PUBLIC_URL}/t/{slug}/campaigns/{campaign.pk}/",
    }
