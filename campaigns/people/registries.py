"""The files of the national and state do-not-call registries: taken in behind the page, and old after 31 days.

Each function works inside the active tenant. A file replaces what was loaded before for its area codes, all of it or
nothing; the numbers count from the commit on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import BinaryIO

from django.db import transaction
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from campaigns.importing import files, progress
from campaigns.importing.progress import Progress
from campaigns.importing.turns import in_turn
from campaigns.models import Registry, RegistryFile, RegistryNumber
from campaigns.rules import REGISTRY_FRESH

LISTED = re.compile(rb"\s*(\d{3})[,\s]?(\d{7})\s*")
CHUNK = 5_000
LONGEST_LINE = 100
WARNED_DAYS = 7  # before a file is too old

NATIONAL = "national"
Status = RegistryFile.Status
Told = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Age:
    """A registry, and for how many days sales calls may still rely on it."""

    registry: Registry
    days_left: int

    @property
    def is_over(self) -> bool:
        return self.days_left < 0

    @property
    def ends_soon(self) -> bool:
        return 0 <= self.days_left <= WARNED_DAYS


def ages(at: datetime) -> list[Age]:
    return [Age(each, (each.loaded_at + REGISTRY_FRESH - at).days) for each in Registry.objects.all()]


def is_too_old(asked_at: datetime, at: datetime) -> bool:
    return at - asked_at > REGISTRY_FRESH


def key_of(load: RegistryFile) -> str:
    """Under which its progress is told."""
    return f"registry-{load.pk}"


def run_load(load_id: int) -> None:
    """Load a file that was taken in. Repeating it loads it once; a file that is none leaves everything as it was.

    Raises NotYet while another file is loaded.
    """
    waiting = RegistryFile.objects.filter(pk=load_id, status=Status.RUNNING)
    load = waiting.select_for_update(skip_locked=True).first()
    if load is None:
        return
    in_turn(key_of(load))
    try:
        path = files.path_of(load.file)
        told = _teller(load, path.stat().st_size)
        with path.open("rb") as file:
            loaded = load_registry(file, load.name, asked_at=load.asked_at, told=told)
    except DomainError as error:
        fail_load(load_id, error.message)
    except (FileNotFoundError, LookupError):
        fail_load(load_id, "The uploaded file is gone. Please load it again.")
    else:
        load.status, load.numbers = Status.DONE, sum(each.numbers for each in loaded)
        load.area_codes = sorted(each.area_code for each in loaded)
        load.save(update_fields=["status", "numbers", "area_codes"])
        transaction.on_commit(lambda: files.discard(load.file))


def _teller(load: RegistryFile, size: int) -> Told:
    tenant_id, key = current_tenant_id(), key_of(load)
    return lambda read: progress.tell(tenant_id, key, Progress(read, size))


def fail_load(load_id: int, problem: str) -> None:
    """Say that nothing was loaded, and why. What was uploaded is not kept."""
    load = RegistryFile.objects.filter(pk=load_id, status=Status.RUNNING).first()
    if load is not None:
        load.status, load.problem = Status.FAILED, problem[:300]
        load.save(update_fields=["status", "problem"])
        transaction.on_commit(lambda: files.discard(load.file))


def load_registry(
    file: BinaryIO, name: str = NATIONAL, *, asked_at: datetime | None = None, told: Told = lambda read: None
) -> list[Registry]:
    """Load what the registry answered at `asked_at`. `told` hears how many bytes are read.

    One number on each line, as `202,5550123` or `2025550123`. A line that is no number raises DomainError with its
    place. Read line by line, and written a chunk at a time: neither is ever in memory as a whole.
    """
    digest = sha256()
    registries: dict[str, Registry] = {}
    with tenant_transaction(current_tenant_id()), transaction.atomic():
        numbers = _listed_numbers(file, digest.update)
        while chunk := list(islice(numbers, CHUNK)):
            for code in {code for code, _ in chunk} - registries.keys():
                registries[code] = _empty_registry(name, code, asked_at or now())
            rows = [RegistryNumber(registry=registries[code], digits=digits) for code, digits in chunk]
            RegistryNumber.objects.bulk_create(rows, ignore_conflicts=True)
            told(file.tell())
        if not registries:
            raise DomainError("empty", "The file is empty.")
        for registry in registries.values():
            registry.version, registry.numbers = digest.hexdigest(), registry.listed.count()
            registry.save(update_fields=["version", "numbers"])
    return list(registries.values())


def _empty_registry(name: str, code: str, asked_at: datetime) -> Registry:
    Registry.objects.filter(name=name, area_code=code).delete()
    created: Registry = Registry.objects.create(name=name, area_code=code, version="", loaded_at=asked_at)
    return created


def _listed_numbers(file: BinaryIO, seen: Callable[[bytes], object]) -> Iterator[tuple[str, int]]:
    place = 0
    while line := file.readline(LONGEST_LINE):
        place += 1
        seen(line)
        if not line.strip():
            continue
        match = LISTED.fullmatch(line)
        if match is None:
            words = f"Line {place} is not a number such as 202,5550123 or 2025550123. Nothing was loaded."
            raise DomainError("not_a_registry", words)
        yield match[1].decode(), int(match[2])
