"""The Celery application. Work for later is queued through `agentos.jobs.enqueue`, never by importing a task."""

import gc
import os
import sys

from celery import Celery, Task
from celery.signals import task_postrun, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentos.settings")

CONNECTION_LASTS_S = 60

app = Celery("agentos", task_cls="agentos.jobs:TenantTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize  # its own rule closes good connections and keeps broken ones; ours follows


@worker_process_init.connect
def keep_connections(**_: object) -> None:
    """A child keeps its connection from task to task: making one takes as long as many a task."""
    from django.db import connections

    for each in connections.all():
        each.settings_dict |= {"CONN_MAX_AGE": CONNECTION_LASTS_S, "CONN_HEALTH_CHECKS": True}


@worker_process_init.connect
def keep_pauses_short(**_: object) -> None:
    """A call is on its way in some ten milliseconds; a full collection takes longer, and leaves out what was imported.

    Threads that wait for the carrier give way at once to the one that claims.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.0001)


@task_postrun.connect
def drop_what_is_broken(task: Task, **_: object) -> None:  # type: ignore[type-arg]
    """As after a request: a connection that is broken or too old is not there for the next task."""
    from django.db import connections

    if task.request.is_eager:  # inside whatever asked for it, on its connection
        return
    for each in connections.all(initialized_only=True):
        each.close_if_unusable_or_obsolete()
