"""Work around calls that nobody waits for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from celery import shared_task
from django.utils.timezone import now

from agentos.jobs import PlatformTask, enqueue
from agentos.tenants.credentials import VendorKeys, vendor_keys
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agents import providers
from agents.integrations.google_calendar import GoogleError
from agents.models import AgentVersion
from agents.own_tools import own_tools
from agents.providers.offline_voice.client import stop_worker
from agents.providers.ports import ProviderError
from agents.versions import VersionSpec
from calls.after import analysis, budget, questions, retention
from calls.calendar import following, google
from calls.calendar.models import Appointment, Calendar, GoogleLink
from calls.equipment import synthesize_fixed
from calls.followups import unsettled
from calls.memory import remembering
from calls.native import services as native
from calls.rehearsal import running
from calls.scripts import CallTexts
from calls.services import end_forgotten
from calls.transfers import summarizing

log = structlog.get_logger(__name__)


@shared_task(base=PlatformTask)
def sweep() -> None:
    """End the calls of every tenant that nobody carries any more, and tell people what nobody knows the end of."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        ended = end_forgotten(tenant_id)
        unsettled.tell_people(tenant_id, now())
        if ended:
            log.info("forgotten calls were ended", tenant_id=tenant_id, calls=ended)


@shared_task(base=PlatformTask, ignore_result=True, expires=30)
def analyze_ended() -> None:
    """Take up the calls of every tenant that are over."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        analysis.queue_ended(tenant_id, now())


@shared_task(base=PlatformTask, ignore_result=True, expires=1800)
def forget_old() -> None:
    """Erase what every tenant has kept for as long as it wants to."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        recordings, transcripts = retention.forget_old(tenant_id, now())
        if recordings or transcripts:
            log.info("old calls were erased", tenant_id=tenant_id, recordings=recordings, transcripts=transcripts)


@shared_task(base=PlatformTask, ignore_result=True, expires=60)
def watch_budgets() -> None:
    """Count what every tenant with a budget has spent this month."""
    for tenant in Tenant.objects.all():
        budget.watch(tenant, now())


@shared_task(base=PlatformTask, ignore_result=True, expires=20)
def look_after_hosted() -> None:
    """Keep alive the calls that vendors have, and ask for what was not reported."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        native.look_after(tenant_id, now())


@shared_task(base=PlatformTask, ignore_result=True)
def settle_hosted(tenant_id: int, call_id: str) -> None:
    """Do what is outstanding about a call at its vendor; what fails is due again later."""
    try:
        native.settle(tenant_id, UUID(call_id))
    except ProviderError as error:
        log.warning("a call is not settled at its vendor", call_id=call_id, code=error.code)


@shared_task(base=PlatformTask, ignore_result=True)
def analyze(tenant_id: int, call_id: str) -> None:
    """Read one call. A model is asked between two transactions, not within one."""
    questions.collect(tenant_id, UUID(call_id))
    analysis.analyze(tenant_id, UUID(call_id))
    remembering.remember(tenant_id, UUID(call_id))


@shared_task(base=PlatformTask, ignore_result=True, soft_time_limit=290, time_limit=300)
def rehearse(tenant_id: int, run_id: int) -> None:
    """Let a simulated caller talk with a draft. Models are asked between two transactions."""
    running.rehearse(tenant_id, run_id)


@shared_task(base=PlatformTask, ignore_result=True, expires=60)
def introduce(tenant_id: int, transfer_id: int) -> None:
    """Write what a person hears about a caller. The model is asked between two transactions, not within one."""
    summarizing.introduce(tenant_id, transfer_id)


async def _synthesize(spec: VersionSpec, texts: list[str], keys: VendorKeys) -> int:
    """As `synthesize_fixed`, in a loop that leaves no connection and no process behind."""
    try:
        return await synthesize_fixed(spec, texts, keys)
    finally:
        await providers.close_clients()
        await stop_worker()


@shared_task(bind=True, max_retries=5)
def prepare_speech(self, version_id: int) -> None:  # type: ignore[no-untyped-def]
    """Synthesize the fixed sentences of a version ahead of its first call."""
    version = AgentVersion.objects.select_related("agent").get(pk=version_id)
    business = Tenant.objects.get(pk=current_tenant_id()).name
    spec = VersionSpec.of(version)
    tools = own_tools(spec.tools)
    texts = CallTexts(spec, business=business, caller_number="", at=now(), tools=tools).fixed()
    try:
        missing = asyncio.run(_synthesize(spec, texts, vendor_keys()))
    except ProviderError as error:
        log.warning("fixed sentences are not ready yet", provider=error.provider, code=error.code)
        raise self.retry(countdown=timedelta(seconds=15).seconds) from None
    log.info("fixed sentences are ready", version_id=version_id, synthesized=missing)


@shared_task(base=PlatformTask, ignore_result=True, expires=60)
def follow_calendars() -> None:
    """Look what was changed in calendars that are also kept at Google."""
    for tenant_id in Tenant.objects.filter(suspended_at=None).values_list("pk", flat=True):
        with tenant_transaction(tenant_id):
            for calendar_id in GoogleLink.objects.filter(ended_at=None).values_list("calendar_id", flat=True):
                enqueue("calls.tasks.follow_calendar", calendar_id)


@shared_task(ignore_result=True, expires=60)
def follow_calendar(calendar_id: int) -> None:
    """Take over what was changed at Google in one calendar."""
    following.follow(Calendar.objects.get(pk=calendar_id))


@shared_task(bind=True, max_retries=10)
def mirror_appointment(self, appointment_id: str) -> None:  # type: ignore[no-untyped-def]
    """Show an appointment in Google's calendar as it is now; sooner or later, when Google is away."""
    appointment = Appointment.objects.select_related("calendar").get(pk=appointment_id)
    try:
        google.mirror(appointment)
    except GoogleError as error:
        log.warning("an appointment is not at google yet", appointment_id=appointment_id, code=error.code)
        if error.retryable:
            raise self.retry(countdown=min(600, 5 * 2**self.request.retries)) from None
