"""Campaigns and the people in them, for tests. Each enters its tenant by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.calling.claiming import claim_due
from campaigns.calling.dialling import Dialer
from campaigns.models import Attempt, Campaign, Consent, Contact, Target
from tests import factories

NOON = datetime(2026, 12, 14, 18, tzinfo=UTC)  # a Monday; lawful everywhere on the mainland
NIGHT = datetime(2026, 12, 14, 9, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 8, tzinfo=UTC)
OURS = "+12085550114"
ROSA = "+12125550128"


def make_campaign(agent: Agent, *people: str, **fields: Any) -> Campaign:
    """A running campaign of people in New York, or with these numbers, who all agreed."""
    fields = {
        "name": "November recall",
        "status": Campaign.Status.RUNNING,
        "message": "Hello {{name}}.",
        "calls_per_second": 50,
    } | fields
    if "number" not in fields:
        fields["number"] = factories.make_number(agent.tenant, agent=agent)
    with tenant_transaction(agent.tenant_id):
        campaign = Campaign.objects.create(agent=agent, **fields)
    for number in people:
        make_target(campaign, number)
    return campaign


def make_target(campaign: Campaign, number: str, *, consents: bool = True, **contact: Any) -> Target:
    with tenant_transaction(campaign.tenant_id):
        person, _ = Contact.objects.get_or_create(e164=number, defaults={"name": "Rosa Delgado", **contact})
        if consents:
            Consent.objects.get_or_create(e164=number, tier="express", source="patient form", given_at=LONG_AGO)
        return Target.objects.create(campaign=campaign, contact=person, e164=number, due_at=LONG_AGO)


def claimed(agent: Agent) -> tuple[Campaign, UUID]:
    campaign = make_campaign(agent, ROSA)
    with tenant_transaction(agent.tenant_id):
        (attempt_id,) = claim_due(campaign.pk, NOON).attempts
    return campaign, attempt_id


def look(agent: Agent, attempt_id: UUID) -> Attempt:
    with tenant_transaction(agent.tenant_id):
        return Attempt.objects.select_related("target", "campaign").get(pk=attempt_id)


def dial(tenant_id: int, attempt_id: UUID, clock: Callable[[], datetime] = now) -> None:
    """As a tick does with what it has claimed, and waits for the carrier's answer."""
    with Dialer(clock) as dialer:
        dialer.dial(tenant_id, [attempt_id])
