"""Keeps the carrier's webhooks behind the answer: first in a file on this host, then as a row, then without the file.

The carrier gets its answer whether the database is there or not. What could not be stored is tried again every second,
also by the next process on this host.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.db import InterfaceError, InternalError, OperationalError, connections

RETRY_S = 1.0
MOST_UNWRITTEN = 1000
ADOPT_AFTER_S = 10.0  # by then the process that wrote the file has stored it, or is dead, or will not mind

AWAY = (OperationalError, InterfaceError, InternalError)  # also how PostgreSQL ends a connection that idled too long

log = structlog.get_logger(__name__)
_NAME = re.compile(r"([0-9.]{17})-.+\.json")


@dataclass(frozen=True, slots=True)
class ArrivedEvent:
    """A webhook as it came in. `key` is the same whenever it reports the same."""

    agent_id: UUID
    call_sid: str
    kind: str
    key: str
    payload: dict[str, Any]
    received_at: datetime

    def to_text(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_text(cls, text: str) -> ArrivedEvent:
        fields = json.loads(text)
        fields["agent_id"] = UUID(fields["agent_id"])
        fields["received_at"] = datetime.fromisoformat(fields["received_at"])
        return cls(**fields)


class EventWriter:
    """The files of one folder, and the thread that turns them into rows. It ends when nothing is left to do."""

    def __init__(self, folder: Path, store: Callable[[ArrivedEvent], None], *, retry_s: float = RETRY_S) -> None:
        self._folder, self._store, self._retry_s = folder, store, retry_s
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="carrier-events-disk")
        self._mine: dict[str, Future[None]] = {}
        self._unwritten: dict[str, ArrivedEvent] = {}
        self._lock = threading.Lock()
        self._is_running = self._is_wanted = self._is_waiting = False

    def keep(self, event: ArrivedEvent) -> Future[None]:
        """Returns at once. The future is done when the row is stored, which may take until the database is back."""
        stored: Future[None] = Future()
        stored.set_running_or_notify_cancel()
        self._disk.submit(self._spool, event, stored)
        return stored

    def resume(self) -> None:
        """Take up what an earlier process left behind."""
        with self._lock:
            self._is_wanted = True
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="carrier-events", daemon=True).start()

    def _spool(self, event: ArrivedEvent, stored: Future[None]) -> None:
        name = f"{event.received_at.timestamp():017.6f}-{uuid4().hex}.json"
        self._mine[name] = stored
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished = self._folder / f"{name}.part"
            with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
                file.write(event.to_text())
            unfinished.rename(self._folder / name)
        except OSError as error:
            log.error("carrier event not kept on disk", kind=event.kind, call_sid=event.call_sid, errno=error.errno)
            self._keep_in_memory(name, event)
        self.resume()

    def _keep_in_memory(self, name: str, event: ArrivedEvent) -> None:
        if len(self._unwritten) < MOST_UNWRITTEN:
            self._unwritten[name] = event
        else:
            self._mine.pop(name).set_exception(OSError("neither disk nor memory has room"))

    def _run(self) -> None:
        while True:
            with self._lock:
                self._is_wanted = False
            is_left = self._store_all()
            with self._lock:
                if not is_left and not self._is_wanted:
                    self._is_running = False
                    return
            if is_left:
                time.sleep(self._retry_s)

    def _store_all(self) -> bool:
        """Store every event in order of arrival. Whether some are left, since the database did not answer."""
        try:
            for name in sorted({*self._mine, *self._old()}):
                self._store_one(name)
        except (*AWAY, OSError) as error:
            if not self._is_waiting:
                log.warning("carrier events wait", error=type(error).__name__)
            self._is_waiting = True
        else:
            self._is_waiting = False
        finally:
            connections.close_all()
        return self._is_waiting

    def _old(self) -> list[str]:
        """Files of other processes, or of an earlier one."""
        before = time.time() - ADOPT_AFTER_S
        names = os.listdir(self._folder) if self._folder.is_dir() else ()
        return [name for name in names if (arrived := _NAME.fullmatch(name)) and float(arrived[1]) < before]

    def _store_one(self, name: str) -> None:
        path, unwritten = self._folder / name, self._unwritten.get(name)
        is_taken = self._is_taken(name, unwritten)
        if unwritten:
            del self._unwritten[name]
        elif is_taken:
            path.unlink(missing_ok=True)
        else:
            path.rename(path.with_suffix(".refused"))
        if stored := self._mine.pop(name, None):
            stored.set_result(None)

    def _is_taken(self, name: str, event: ArrivedEvent | None) -> bool:
        """Whether the database has the event now; False when it will never take it."""
        try:
            self._store(event or ArrivedEvent.from_text((self._folder / name).read_text()))
        except FileNotFoundError:
            return True  # another process has stored it
        except AWAY:
            raise
        except Exception as error:
            log.error("carrier event put aside", file=name, error=type(error).__name__)
            return False
        return True
