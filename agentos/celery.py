"""The Celery application. Work for later is queued through `agentos.jobs.enqueue`, never by importing a task."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentos.settings")

app = Celery("agentos", task_cls="agentos.jobs:TenantTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
