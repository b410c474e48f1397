"""Where the files of an import lie, and the report of the rows that were rejected."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from agentos.cells import harmless_row
from agentos.tenants.scoping import current_tenant_id

FOLDER = "imports"


def keep(upload: UploadedFile[bytes]) -> str:
    """Store what was uploaded under a name of our own; returns its path below DATA_DIR."""
    name = f"{FOLDER}/{current_tenant_id()}/{uuid.uuid4().hex}"
    path = path_of(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    return name


def path_of(name: str) -> Path:
    """A stored name as a path. Raises LookupError for one that leads out of DATA_DIR."""
    root = Path(settings.DATA_DIR).resolve()
    path = (root / name).resolve()
    if not name or not path.is_relative_to(root):
        raise LookupError("outside of the data folder")
    return path


def discard(name: str) -> None:
    """Let go of a stored file, if it is still there."""
    with suppress(LookupError):
        path_of(name).unlink(missing_ok=True)


class Report:
    """The rejected rows as CSV, each with its number and the reason; no file where there are none."""

    def __init__(self, source: str, headers: Sequence[str]) -> None:
        self.name, self._headers, self.count = f"{source}-rejected.csv", headers, 0
        self._file: TextIOWrapper | None = None

    def add(self, number: int, reason: str, cells: Sequence[str]) -> None:
        if self._file is None:
            # With a byte order mark: Excel takes UTF-8 for something else without one.
            self._file = path_of(self.name).open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(harmless_row(["Row", "Why it was not imported", *self._headers]))
        self.count += 1
        csv.writer(self._file).writerow(harmless_row([number, reason, *cells]))

    def close(self) -> str:
        """Returns the report's stored name; empty where no row was rejected."""
        if self._file is None:
            return ""
        self._file.close()
        return self.name

    def discard(self) -> None:
        self.close()
        path_of(self.name).unlink(missing_ok=True)
