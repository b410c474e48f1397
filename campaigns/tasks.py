"""The engine of campaigns: each second whom to call, then the calls, and now and then what was left lying."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import structlog
from celery import Task, shared_task
from celery.signals import worker_init
from django.db import transaction
from django.utils.timezone import now

from agentos.jobs import TENANT_HEADER, PlatformTask, enqueue
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from campaigns.answers import replies, second_opinion
from campaigns.audio import clip_making
from campaigns.calling import charging, queueing, reconciling, turns
from campaigns.calling.canceling import cancel
from campaigns.importing.run import fail_import, run_import
from campaigns.importing.turns import NotYet, stood_in_the_way
from campaigns.jurisdictions import tables
from campaigns.people.registries import fail_load, run_load
from campaigns.planning import forecast
from telephony import carrier
from telephony.carrier import CarrierError

FETCH_TRIES, READ_TRIES = 8, 3
FILE_AGAIN_S, FILE_TRIES = 3, 200
CANCEL_TRIES, CANCEL_AGAIN_S = 10, 2  # for about as long as a telephone rings

log = structlog.get_logger(__name__)


@worker_init.connect
def preload(**_: object) -> None:
    """Before the worker forks, so that none of its children loads the SDK and the tables for its first call."""
    carrier.preload()
    tables()


@shared_task(base=PlatformTask, ignore_result=True, expires=5)
def tick() -> None:
    """Claim due people in every running campaign and call them, in rounds, until the next tick."""
    turns.play()


@shared_task(base=PlatformTask, ignore_result=True, expires=30)
def reconcile() -> None:
    """Look after attempts of workers that died, calls whose end was never told, and those that wait at the carrier."""
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        with tenant_transaction(tenant_id):
            attempt_ids, waiting = reconciling.unfinished(now()), queueing.waiting_there()
        for attempt_id in waiting:
            _call_off_late(tenant_id, attempt_id)
        for attempt_id in attempt_ids:
            reconciling.reconcile(tenant_id, attempt_id)


def _call_off_late(tenant_id: int, attempt_id: UUID) -> None:
    try:
        queueing.call_off_late(tenant_id, attempt_id, now())
    except CarrierError as error:  # asked again with the next look, and once more when somebody answers
        log.warning("a late call was not called off", attempt_id=str(attempt_id), code=error.code)


@shared_task(base=PlatformTask, ignore_result=True, expires=600)
def take_prices() -> None:
    """Ask the carrier what ended calls have cost."""
    try:
        charging.take_prices(now())
    except CarrierError as error:
        log.warning("prices are not known yet", code=error.code)


@shared_task(bind=True, ignore_result=True, max_retries=None, soft_time_limit=870, time_limit=900)
def import_contacts(self: Task, import_id: str) -> None:  # type: ignore[type-arg]
    """Import a file that was started. Whatever goes wrong, the person is told, and nothing is half imported."""
    _take_in(self, int(import_id), run_import, fail_import, "Nothing was imported")


@shared_task(bind=True, ignore_result=True, max_retries=None, soft_time_limit=870, time_limit=900)
def load_registry(self: Task, load_id: str) -> None:  # type: ignore[type-arg]
    """Load a file of a registry. Whatever goes wrong, the person is told, and what was loaded before still holds."""
    _take_in(self, int(load_id), run_load, fail_load, "Nothing was loaded")


def _take_in(
    task: Task,  # type: ignore[type-arg]
    key: int,
    work: Callable[[int], None],
    fail: Callable[[int, str], None],
    so: str,
) -> None:
    """Take a file in once no other one is, and again where somebody else's rows stood in the way."""
    headers = {TENANT_HEADER: str(current_tenant_id())}
    try:
        with transaction.atomic():
            work(key)
    except NotYet:
        raise task.retry(countdown=FILE_AGAIN_S, headers=headers) from None
    except Exception as error:
        if stood_in_the_way(error) and task.request.retries < FILE_TRIES:
            raise task.retry(countdown=FILE_AGAIN_S, headers=headers) from None
        # The error itself may quote a row of somebody's file; its kind says enough.
        log.error("a file was not taken in", task=task.name, key=key, kind=type(error).__name__)
        fail(key, f"Something went wrong on our side. {so}; please try again.")


@shared_task(ignore_result=True)
def keep_forecast(campaign_id: str) -> None:
    """Keep the dry run of the moment at which a campaign was started."""
    forecast.keep(UUID(campaign_id))


@shared_task(base=PlatformTask, bind=True, max_retries=None, ignore_result=True)
def make_clips(self, tenant_id: int) -> None:  # type: ignore[no-untyped-def]
    """Make the clips that a tenant wants, a batch at a time; a vendor that wants to be left alone is."""
    batch = clip_making.make_batch(tenant_id)
    if batch.setback:
        raise self.retry(countdown=min(600, 15 * 2 ** min(self.request.retries, 6)))
    if batch.more:
        with tenant_transaction(tenant_id):
            enqueue("campaigns.tasks.make_clips", tenant_id)


@shared_task(base=PlatformTask, bind=True, ignore_result=True, max_retries=FETCH_TRIES)
def fetch_reply(self: Task, tenant_id: int, reply_id: int) -> None:  # type: ignore[type-arg]
    """Bring a spoken answer in. The carrier may need a moment until it has the file."""
    try:
        replies.fetch(tenant_id, reply_id, now())
    except replies.NotYet as error:
        if self.request.retries >= FETCH_TRIES:
            replies.give_up(tenant_id, reply_id)
            return
        raise self.retry(exc=error, countdown=min(300, 5 * 2**self.request.retries)) from error


@shared_task(base=PlatformTask, ignore_result=True, autoretry_for=(CarrierError,), max_retries=8, retry_backoff=30)
def delete_recording(sid: str) -> None:
    """Leave no copy of a spoken answer with the carrier, where it is not sealed."""
    carrier.delete_recording(sid)


@shared_task(base=PlatformTask, ignore_result=True)
def ask_a_model(tenant_id: int, reply_id: int) -> None:
    """Have a model read a reply that the rules are not sure about. Once: a person reads it anyway."""
    second_opinion.ask(tenant_id, reply_id)


@shared_task(
    base=PlatformTask,
    bind=True,
    ignore_result=True,
    autoretry_for=(CarrierError,),
    max_retries=CANCEL_TRIES,
    default_retry_delay=CANCEL_AGAIN_S,
)
def cancel_call(self: Task, tenant_id: int, attempt_id: str) -> None:  # type: ignore[type-arg]
    """End a call that is still on its way to somebody who does not want it. The carrier may yet have to name it."""
    if not cancel(tenant_id, UUID(attempt_id)) and self.request.retries < CANCEL_TRIES:
        raise self.retry(countdown=CANCEL_AGAIN_S)


@shared_task(base=PlatformTask, bind=True, ignore_result=True, max_retries=READ_TRIES)
def read_conversation(self: Task, tenant_id: int, attempt_id: str) -> None:  # type: ignore[type-arg]
    """Look for "stop calling" in a conversation. Its last words may be stored a moment after the call."""
    if not replies.read_conversation(tenant_id, UUID(attempt_id), now()) and self.request.retries < READ_TRIES:
        raise self.retry(countdown=5)
