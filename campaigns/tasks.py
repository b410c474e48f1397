"""The engine of campaigns: each second whom to call, then the calls, and now and then what was left lying."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils.timezone import now

from agentos.jobs import PlatformTask, enqueue
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from campaigns import clip_making, dialling
from campaigns.claiming import claim_due, running


@shared_task(base=PlatformTask, ignore_result=True, expires=5)
def tick() -> None:
    """Claim due people in every running campaign, each in a transaction of its own."""
    for tenant_id in Tenant.objects.filter(suspended_at=None).values_list("pk", flat=True):
        with tenant_transaction(tenant_id):
            campaign_ids = running()
        for campaign_id in campaign_ids:
            with tenant_transaction(tenant_id):
                claim_due(campaign_id, now())


@shared_task(base=PlatformTask, ignore_result=True)
def dial(tenant_id: int, attempt_id: str) -> None:
    """Place one call. The lock of the attempt outlives transactions, so each is entered within."""
    dialling.dial(tenant_id, UUID(attempt_id))


@shared_task(base=PlatformTask, ignore_result=True, expires=30)
def reconcile() -> None:
    """Look after the attempts of workers that died."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        with tenant_transaction(tenant_id):
            attempt_ids = dialling.unfinished(now())
        for attempt_id in attempt_ids:
            dialling.reconcile(tenant_id, attempt_id)


@shared_task(base=PlatformTask, bind=True, max_retries=None, ignore_result=True)
def make_clips(self, tenant_id: int) -> None:  # type: ignore[no-untyped-def]
    """Make the clips that a tenant wants, a batch at a time; a vendor that wants to be left alone is."""
    batch = clip_making.make_batch(tenant_id)
    if batch.setback:
        raise self.retry(countdown=min(600, 15 * 2 ** min(self.request.retries, 6)))
    if batch.more:
        with tenant_transaction(tenant_id):
            enqueue("campaigns.tasks.make_clips", tenant_id)
