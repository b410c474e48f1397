"""What our processes import of others, imported."""

from __future__ import annotations

import importlib

from agents import providers

IMPORTED = (
    *("aiohttp", "celery.app", "channels.routing", "httpx", "kombu", "mcp", "openai", "phonenumbers"),
    *("psycopg_pool", "redis.asyncio", "uvicorn"),
    *("django.core.handlers.asgi", "django.db.backends.postgresql.base", "django.forms", "django.template"),
)

for name in IMPORTED:
    importlib.import_module(name)
providers.preload()
