"""Work around the carrier that no webhook asks for."""

from __future__ import annotations

from celery import shared_task

from agentos.jobs import PlatformTask
from agentos.tenants.models import Tenant
from calls.transfers import rooms
from telephony import putting_through, rehearsing


@shared_task(base=PlatformTask, ignore_result=True, expires=15)
def look_after_transfers() -> None:
    """Let nobody wait for a person because a report of the carrier was lost."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        for transfer_id in rooms.unfinished(tenant_id):
            putting_through.look_after(tenant_id, transfer_id)


@shared_task(base=PlatformTask, ignore_result=True, soft_time_limit=290, time_limit=300)
def rehearse_aloud(tenant_id: int, run_id: int) -> None:
    """Let somebody call a draft, and listen. The call is made between two transactions."""
    rehearsing.rehearse_aloud(tenant_id, run_id)
