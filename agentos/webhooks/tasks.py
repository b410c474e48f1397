"""Deliveries, beside everything that people wait for."""

from __future__ import annotations

from celery import shared_task
from django.utils.timezone import now

from agentos.jobs import PlatformTask
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agentos.webhooks import delivery


@shared_task(base=PlatformTask)
def deliver(tenant_id: int, endpoint_id: str) -> None:
    """What is due at this endpoint."""
    delivery.deliver(tenant_id, endpoint_id)


@shared_task(base=PlatformTask, expires=15)
def sweep() -> None:
    """What is due anywhere: second tries, and what a lost worker left."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        with tenant_transaction(tenant_id):
            delivery.sweep(now())


@shared_task(base=PlatformTask)
def forget() -> None:
    """What was told a month ago."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        with tenant_transaction(tenant_id):
            delivery.forget(now())
