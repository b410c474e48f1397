"""Campaigns and the people in them, for tests. Each enters its tenant by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.utils.timezone import now

from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agents.models import Agent
from campaigns.calling import claiming
from campaigns.calling.claiming import Claimed
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


def claim_due(campaign_id: UUID, at: datetime = NOON) -> Claimed:
    """Inside the tenant: claim, and no more, like a worker that dies before it asks the carrier."""
    return claiming.claim_due(current_tenant_id(), campaign_id, at, new_id=uuid4)


def claimed(agent: Agent, **fields: Any) -> tuple[Campaign, UUID]:
    """A campaign for Rosa whose worker died like that."""
    campaign = make_campaign(agent, ROSA, **fields)
    with tenant_transaction(agent.tenant_id):
        (attempt_id,) = claim_due(campaign.pk).attempts
    return campaign, attempt_id


def call(campaign: Campaign, at: datetime = NOON) -> UUID:
    """As a tick does: claim the one who is due, ask the carrier, and wait for its answer."""
    with Dialer(lambda: at) as dialer:
        (attempt_id,) = dialer.call(campaign.tenant_id, campaign.pk, at, 50).attempts
    return attempt_id


def called(agent: Agent, **fields: Any) -> tuple[Campaign, UUID]:
    """A campaign for Rosa, for whose call the carrier was asked."""
    campaign = make_campaign(agent, ROSA, **fields)
    return campaign, call(campaign)


def was_just_now(agent: Agent, attempt_id: UUID) -> None:
    """The practice carrier's calls begin by the clock on the wall, and are looked for from the claim on."""
    with tenant_transaction(agent.tenant_id):
        Attempt.objects.filter(pk=attempt_id).update(claimed_at=now())


def look(agent: Agent, attempt_id: UUID) -> Attempt:
    with tenant_transaction(agent.tenant_id):
        return Attempt.objects.select_related("target", "campaign").get(pk=attempt_id)
