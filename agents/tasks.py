"""Work on what agents know that nobody waits for."""

from __future__ import annotations

from uuid import UUID

import structlog
from celery import Task, shared_task
from django.db import transaction

from agentos.jobs import PlatformTask, enqueue
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents import vendor_lists
from agents.knowledge import services
from agents.native import removing
from agents.native import services as native
from agents.providers.listing import LISTING
from agents.providers.ports import ProviderError
from agents.writing import services as writing

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True, soft_time_limit=110, time_limit=120)
def read_source(source_id: int) -> None:
    """Read a document. Whatever goes wrong, the person is told, and what was known before stays known."""
    try:
        with transaction.atomic():
            services.read(source_id)
    except Exception as error:  # the end of a task; the error itself may quote the document, its kind says enough
        log.error("a document was not read", source_id=source_id, kind=type(error).__name__)
        services.fail(source_id, "Something went wrong on our side. Please try again.")


@shared_task(bind=True, ignore_result=True, max_retries=6)
def embed_source(self: Task, source_id: int) -> None:  # type: ignore[type-arg]
    """Measure the meaning of what was read, again later when the vendor is away."""
    try:
        services.embed(source_id)
    except ProviderError as error:
        raise self.retry(exc=error, countdown=min(3600, 30 * 4**self.request.retries)) from error


@shared_task(base=PlatformTask, ignore_result=True, soft_time_limit=110, time_limit=120)
def write_proposal(tenant_id: int, proposal_id: int) -> None:
    """Write an agent from a description. A model is asked between two transactions."""
    writing.write(tenant_id, proposal_id)


@shared_task(base=PlatformTask, ignore_result=True, expires=3600)
def read_pages_again() -> None:
    """Each night: what stands on the pages of the web now."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        with tenant_transaction(tenant_id):
            for source_id in services.pages_to_read_again():
                services.read_again(source_id)


@shared_task(base=PlatformTask, bind=True, ignore_result=True, max_retries=5)
def bring_into_step(self: Task, tenant_id: int, agent_id: str) -> None:  # type: ignore[type-arg]
    """Write what is published to the vendor that runs its conversations; again later, when the vendor is away."""
    try:
        native.bring_into_step(tenant_id, UUID(agent_id))
    except ProviderError as error:
        log.warning("an agent is not in step at its vendor", agent_id=agent_id, code=error.code)
        if error.retryable:
            raise self.retry(countdown=15 * 4**self.request.retries) from None


@shared_task(base=PlatformTask, bind=True, ignore_result=True, max_retries=8)
def remove_copy(self: Task, tenant_id: int, agent_id: str) -> None:  # type: ignore[type-arg]
    """Take away what the vendor keeps of an agent that is not needed there; later, when it is away or has calls."""
    try:
        removing.remove(tenant_id, UUID(agent_id))
    except ProviderError as error:
        log.warning("an agent is still at its vendor", agent_id=agent_id, code=error.code)
        if error.retryable:
            raise self.retry(countdown=min(3600, 60 * 2**self.request.retries)) from None


@shared_task(base=PlatformTask, ignore_result=True)
def compare_copy(tenant_id: int, agent_id: str) -> None:
    """Whether the vendor's copy of an agent still reads as it was written."""
    try:
        native.check(tenant_id, UUID(agent_id))
    except ProviderError as error:
        log.warning("an agent could not be compared", agent_id=agent_id, code=error.code)


@shared_task(base=PlatformTask, ignore_result=True, expires=3600)
def compare_copies() -> None:
    """Each night: the copies of every agent that has one, and what is left there of others."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        for agent_id in native.with_copies(tenant_id):
            compare_copy(tenant_id, str(agent_id))
        left = removing.left_behind(tenant_id)
        with tenant_transaction(tenant_id):
            for agent_id in left:
                enqueue("agents.tasks.remove_copy", tenant_id, agent_id)


@shared_task(base=PlatformTask, ignore_result=True, expires=3600)
def refresh_vendor_lists() -> None:
    """Each night: what vendors offer each business with its keys."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        for name in LISTING:
            with tenant_transaction(tenant_id):
                vendor_lists.refresh(name)
