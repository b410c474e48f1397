"""Work for later: queued by dotted name after the commit, run inside the tenant it belongs to."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from celery import Task, current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from agentos.tenants.scoping import current_tenant_id, tenant_transaction

log = structlog.get_logger(__name__)
TENANT_HEADER = "agentos_tenant"


class TenantTask(Task):  # type: ignore[type-arg]
    """A task that runs inside `tenant_transaction` of the tenant in its header."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tenant_id = (self.request.headers or {}).get(TENANT_HEADER) or self.request.get(TENANT_HEADER)
        if tenant_id is None:
            raise LookupError(f"{self.name} was queued without a tenant")
        with tenant_transaction(int(tenant_id)):
            return super().__call__(*args, **kwargs)


class PlatformTask(Task):  # type: ignore[type-arg]
    """A task that serves all tenants, and enters each one itself."""

    abstract = True


def enqueue(name: str, *ids: object, key: str = "") -> None:
    """Queue the task `name` for the current tenant once this transaction has committed.

    `ids` are passed as strings or integers, never rows. The same `key` gives the same task id, so that a worker
    which remembers finished ids can drop a repeat; tasks stay safe to repeat all the same.
    """
    tenant_id = current_tenant_id()
    args = [value if isinstance(value, int | str) else str(value) for value in ids]
    task_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}:{tenant_id}:{key}")) if key else str(uuid.uuid4())

    def send() -> None:
        headers = {TENANT_HEADER: tenant_id}
        try:
            current_app.send_task(name, args=args, task_id=task_id, headers=headers, retry=False)
        except OperationalError:  # what was committed stays committed; whoever reads the log can queue it again
            log.error("the queue cannot be reached", task=name, tenant_id=tenant_id)

    transaction.on_commit(send)
