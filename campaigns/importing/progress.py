"""How far an import has come. It is told to the cache, because the rows of the import belong to one transaction:
until that commits nobody sees them, nor a count that would stand beside them. Nothing depends on it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError

REMEMBERED_S = 600


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows read, of how many; both 0 while the file is being looked through, or waits for another one."""

    read: int = 0
    rows: int = 0
    waits: bool = False

    @property
    def percent(self) -> int:
        return min(100, self.read * 100 // self.rows) if self.rows else 0


def tell(tenant_id: int, import_id: int | str, progress: Progress) -> None:
    """An import goes on when the cache is away; it only goes on unseen."""
    with suppress(RedisError):
        cache.set(_key(tenant_id, import_id), (progress.read, progress.rows, progress.waits), REMEMBERED_S)


def read(tenant_id: int, import_id: int | str) -> Progress | None:
    """None when nothing was heard of the import for ten minutes: its worker is gone."""
    with suppress(RedisError):
        known = cache.get(_key(tenant_id, import_id))
        return Progress(*known) if known else None
    return Progress()


def _key(tenant_id: int, import_id: int | str) -> str:
    return f"import:{tenant_id}:{import_id}"
