"""The journal's way from a living call to the database: a local durable file first, rows a moment later.

Two threads of the process, away from every call: the writer appends lines to one file per call and segment, the
shipper reads them back and ships them in batches. The file stays until everything in it has taken effect. Its lock is
the sign that its process lives; the files of a dead process are shipped by whoever finds them.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from calls.shipping import Batch, ship

GATHER_S = 0.02
RETRY_S = 0.5
MOST_KEPT = 5_000  # entries of one call while the disk takes none
SHIP_EVERY_S = 1.0
ORPHANS_EVERY_S = 5.0
LONGEST_PAUSE_S = 5.0
LARGEST_READ = 512 * 1024

log = structlog.get_logger(__name__)
# As JSON writes them, and as somebody may type them: a NUL, and a half of a character.
_NUL, _HALF = "\\u0000", "\\ud"


@dataclass(frozen=True, slots=True)
class SpoolKey:
    """Which journal a file holds."""

    tenant_id: int
    call_id: UUID
    segment: int

    @property
    def name(self) -> str:
        return f"{self.tenant_id}.{self.call_id}.{self.segment}.jsonl"

    @classmethod
    def parse(cls, name: str) -> SpoolKey | None:
        try:
            tenant, call, segment, _ = name.split(".")
            return cls(int(tenant), UUID(call), int(segment))
        except ValueError:
            return None


@dataclass(slots=True)
class _File:
    """A journal of this process. `written` and `shipped` are positions in bytes."""

    key: SpoolKey
    descriptor: int
    written: int = 0
    shipped: int = 0
    sequence: int = 0
    closed: bool = False
    urgent: bool = False
    waiting: list[Callable[[], None]] = field(default_factory=list)


class Spool:
    """All journals of one process. `announce(tenant_id, call_ids)` is told what has changed in the database."""

    def __init__(
        self, folder: Callable[[], Path], announce: Callable[[int, set[UUID]], None] = lambda tenant, calls: None
    ) -> None:
        self._find_folder, self._announce = folder, announce
        self._lines: SimpleQueue[tuple[SpoolKey, dict[str, Any] | Callable[[], None]] | None] = SimpleQueue()
        self._files: dict[SpoolKey, _File] = {}
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()

    @property
    def _folder(self) -> Path:
        return self._find_folder()

    # From the event loop: nothing here waits -----------------------------------------------------------

    def write(self, key: SpoolKey, entry: dict[str, Any]) -> None:
        """Queue an entry; it gets its sequence when it is written."""
        self._start()
        self._lines.put((key, entry))

    def when_shipped(self, key: SpoolKey, act: Callable[[], None]) -> None:
        """Ship at once, and call `act` from the shipper's thread when everything so far is in the database."""
        self._start()
        self._lines.put((key, act))

    # For threads that may wait --------------------------------------------------------------------------

    def recover(self, call_id: UUID) -> None:
        """Ship what a dead process left behind of this call. Raises DatabaseError."""
        self._ship_orphans(call_id)

    def open_journals(self) -> list[SpoolKey]:
        """The journals of this process that are written or not shipped yet."""
        with self._guard:
            return list(self._files)

    def peek(self, call_id: UUID) -> list[dict[str, Any]]:
        """What is known here of a call and has not been shipped, also by other processes; in order."""
        entries: list[dict[str, Any]] = []
        for path in sorted(self._folder.glob(f"*.{call_id}.*.jsonl")):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                entries += _read(descriptor, 0)[0]
            finally:
                os.close(descriptor)
        return entries

    def last_segment(self, call_id: UUID) -> int:
        """The newest segment of this call with a journal on this host; at least the first."""
        keys = (SpoolKey.parse(path.name) for path in self._folder.glob(f"*.{call_id}.*.jsonl"))
        return max((key.segment for key in keys if key), default=1)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Write everything, ship what can be shipped in time, end the threads."""
        if not self._threads:
            return
        self._lines.put(None)
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))

    # The writer -----------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._threads:
            return
        with self._starting:
            if not self._threads:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._threads = [
                    threading.Thread(target=work, name=f"journal {work.__name__}", daemon=True)
                    for work in (self._write_lines, self._ship_files)
                ]
                for thread in self._threads:
                    thread.start()

    def _write_lines(self) -> None:
        kept: dict[SpoolKey, list[Any]] = {}  # what the disk did not take yet
        while True:
            items = self._next_items(RETRY_S if kept else None)
            for key, entries in self._grouped(items).items():
                kept.setdefault(key, []).extend(entries)
            kept = {key: entries[-MOST_KEPT:] for key, entries in kept.items() if not self._append(key, entries)}
            if any(not isinstance(item[1], dict) for item in items if item):
                self._wake.set()
            if None in items:
                self._stopping = True
                self._wake.set()
                return

    def _next_items(self, within_s: float | None) -> list[Any]:
        """What waits and what comes in the next moment: each time this thread wakes, live calls make way for it."""
        try:
            items = [self._lines.get(timeout=within_s)]
        except Empty:
            return []
        if items[0] is not None and isinstance(items[0][1], dict):
            time.sleep(GATHER_S)
        try:
            while len(items) < 500:
                items.append(self._lines.get_nowait())
        except Empty:
            pass
        return items

    @staticmethod
    def _grouped(items: Iterable[Any]) -> dict[SpoolKey, list[Any]]:
        grouped: dict[SpoolKey, list[Any]] = defaultdict(list)
        for item in items:
            if item is not None:
                grouped[item[0]].append(item[1])
        return grouped

    def _append(self, key: SpoolKey, entries: list[Any]) -> bool:
        """All of them, or none: what the disk refuses is tried again with what comes later."""
        waiting = [entry for entry in entries if callable(entry)]
        told = [entry for entry in entries if not callable(entry)]
        try:
            file = self._files.get(key) or self._open(key)
            _write_whole(file, [_line(file.sequence + n, entry) for n, entry in enumerate(told, start=1)])
        except OSError as error:
            log.error("the journal cannot be written", call_id=str(key.call_id), reason=error.strerror)
            return False
        file.sequence += len(told)
        with self._guard:
            file.closed |= any(isinstance(e, dict) and e["entry"] == "closed" for e in entries)
            file.waiting += waiting
            file.urgent |= bool(waiting)
        return True

    def _open(self, key: SpoolKey) -> _File:
        path = self._folder / key.name
        path.parent.mkdir(parents=True, exist_ok=True)  # somebody may have tidied up
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        file = _File(key, descriptor)
        with self._guard:
            self._files[key] = file
        return file

    # The shipper ----------------------------------------------------------------------------------------

    def _ship_files(self) -> None:
        pause_s, next_round, next_orphans = 0.0, 0.0, 0.0
        while True:
            self._wake.wait(max(pause_s, 0.05, min(next_round, next_orphans) - time.monotonic()))
            self._wake.clear()
            everything = self._stopping or time.monotonic() >= next_round
            try:
                self._ship_written(everything)
                if everything:
                    next_round = time.monotonic() + SHIP_EVERY_S
                if time.monotonic() >= next_orphans and not self._stopping:
                    self._ship_orphans()
                    next_orphans = time.monotonic() + ORPHANS_EVERY_S
                pause_s = 0.0
            except (DatabaseError, OSError) as error:
                pause_s = min(LONGEST_PAUSE_S, pause_s * 2 or 0.25)
                log.warning("the journal waits for the database", error=type(error).__name__, pause_s=pause_s)
            finally:
                close_old_connections()
            if self._stopping:
                connection.close()
                return

    def _ship_written(self, everything: bool) -> None:
        by_tenant: dict[int, list[_File]] = defaultdict(list)
        with self._guard:
            for file in self._files.values():
                if (everything or file.urgent) and (file.written > file.shipped or file.waiting or file.closed):
                    by_tenant[file.key.tenant_id].append(file)
        for tenant_id, files in by_tenant.items():
            self._ship_tenant(tenant_id, files)

    def _ship_tenant(self, tenant_id: int, files: list[_File]) -> None:
        read = {file.key: _read(file.descriptor, file.shipped) for file in files}
        batches = [Batch(key.call_id, key.segment, entries) for key, (entries, _) in read.items() if entries]
        if batches:
            self._ship_apart(tenant_id, batches)
            self._announce(tenant_id, {batch.call_id for batch in batches})
        for file in files:
            self._advance(file, read[file.key][1])

    def _ship_apart(self, tenant_id: int, batches: list[Batch]) -> None:
        """Together; or, when the database refuses a batch, one by one so that it spoils only itself."""
        try:
            ship(tenant_id, batches)
        except (LookupError, ValueError, TypeError, DatabaseError) as error:
            if _is_outage(error):
                raise
            if len(batches) == 1:
                self._set_aside(tenant_id, batches[0], error)
                return
            for batch in batches:
                self._ship_apart(tenant_id, [batch])

    def _set_aside(self, tenant_id: int, batch: Batch, error: Exception) -> None:
        """Keep what the database will never take, for a person to look at."""
        path = self._folder / f"{tenant_id}.{batch.call_id}.{batch.segment}.refused"
        with path.open("a") as file:
            file.writelines(json.dumps(entry, default=str) + "\n" for entry in batch.entries)
        log.error("journal entries were set aside", call_id=str(batch.call_id), error=type(error).__name__)

    def _advance(self, file: _File, position: int) -> None:
        with self._guard:
            file.shipped = position
            if position < file.written:
                return
            waiting, file.waiting, file.urgent = file.waiting, [], False
            if file.closed:
                del self._files[file.key]
        for act in waiting:
            act()
        if file.closed:
            (self._folder / file.key.name).unlink(missing_ok=True)
            os.close(file.descriptor)

    def _ship_orphans(self, call_id: UUID | None = None) -> None:
        for path in sorted(self._folder.glob(f"*.{call_id or '*'}.*.jsonl")):
            key = SpoolKey.parse(path.name)
            if key is not None and key not in self._files:
                self._ship_orphan(path, key)

    def _ship_orphan(self, path: Path, key: SpoolKey) -> None:
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            position = 0
            while True:
                entries, position = _read(descriptor, position)
                if not entries:
                    break
                self._ship_apart(key.tenant_id, [Batch(key.call_id, key.segment, entries)])
            path.unlink(missing_ok=True)
            self._announce(key.tenant_id, {key.call_id})
        except BlockingIOError:
            pass  # its process lives
        finally:
            os.close(descriptor)


def _line(sequence: int, entry: dict[str, Any]) -> str:
    text = json.dumps({"sequence": sequence, **entry}, default=str)
    is_odd = _NUL in text or _HALF in text
    return (json.dumps(_storable(json.loads(text))) if is_odd else text) + "\n"


def _storable(value: Any) -> Any:
    """Without what PostgreSQL keeps in no text."""
    match value:
        case str():
            return value.replace("\0", "").encode(errors="ignore").decode()
        case dict():
            return {_storable(name): _storable(inner) for name, inner in value.items()}
        case list():
            return [_storable(inner) for inner in value]
    return value


def _write_whole(file: _File, lines: list[str]) -> None:
    """Append the lines. Raises OSError, and then leaves no half of one behind."""
    data = "".join(lines).encode()
    try:
        while data:
            data = data[os.write(file.descriptor, data) :]
    except OSError:
        os.ftruncate(file.descriptor, file.written)
        raise
    file.written = os.fstat(file.descriptor).st_size


def _read(descriptor: int, position: int) -> tuple[list[dict[str, Any]], int]:
    """The whole lines from `position`, and the position after them."""
    data = os.pread(descriptor, LARGEST_READ, position)
    whole = data[: data.rfind(b"\n") + 1]
    entries = []
    for line in whole.splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:
            log.error("a journal line cannot be read")
    return [entry for entry in entries if entry["entry"] != "closed"], position + len(whole)


def _is_outage(error: Exception) -> bool:
    """Whether the database is away, rather than unwilling."""
    return isinstance(error, OperationalError | InterfaceError)
