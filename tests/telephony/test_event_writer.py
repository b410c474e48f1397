from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DataError, InterfaceError, InternalError, OperationalError

from tests.telephony.shelf import Shelf, an_event, writer_of

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "carrier-events"


def test_an_event_is_stored_whole_and_its_file_is_gone(folder: Path):
    shelf, event = Shelf(), an_event()

    writer_of(folder, shelf).keep(event).result(timeout=10)

    assert shelf.stored == [event]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("away", [OperationalError, InterfaceError, InternalError])
def test_what_the_database_misses_waits_on_disk_and_follows_in_order(folder: Path, away: type[Exception]):
    shelf, events = Shelf(), [an_event("first"), an_event("second"), an_event("third")]
    shelf.error = away("the database is away")
    writer = writer_of(folder, shelf)
    stored = [writer.keep(event) for event in events]
    assert shelf.tried.wait(10)
    assert shelf.stored == []
    assert not any(future.done() for future in stored)

    shelf.error = None

    for future in stored:
        future.result(timeout=10)
    assert shelf.stored == events
    assert list(folder.iterdir()) == []


def test_what_a_killed_process_left_is_stored_by_the_next(folder: Path):
    folder.mkdir()
    left = an_event("left", LONG_AGO)
    (folder / f"{LONG_AGO.timestamp():017.6f}-left.json").write_text(left.to_text())
    shelf = Shelf()
    writer = writer_of(folder, shelf)

    writer.keep(an_event("new")).result(timeout=10)

    assert [event.key for event in shelf.stored] == ["left", "new"]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", [f"{LONG_AGO.timestamp():017.6f}-cut.json.part", "notes.json", "x-y.json"])
def test_what_is_no_finished_event_is_left_alone(folder: Path, name: str):
    folder.mkdir()
    unfinished = folder / name
    unfinished.write_text('{"agent_id": "0b')
    shelf = Shelf()

    writer_of(folder, shelf).keep(an_event("new")).result(timeout=10)

    assert [event.key for event in shelf.stored] == ["new"]
    assert unfinished.exists()


def test_an_event_that_the_database_will_never_take_holds_nobody_up(folder: Path):
    shelf = Shelf()
    writer = writer_of(folder, shelf)
    shelf.error = DataError("no such thing")
    writer.keep(an_event("bad")).result(timeout=10)

    shelf.error = None
    writer.keep(an_event("good")).result(timeout=10)

    assert [event.key for event in shelf.stored] == ["good"]
    assert [path.suffix for path in folder.iterdir()] == [".refused"]


def test_an_event_that_the_disk_does_not_take_is_stored_all_the_same(folder: Path):
    folder.write_text("not a folder")
    shelf, event = Shelf(), an_event()
    shelf.error = OperationalError("the database is away")
    stored = writer_of(folder, shelf).keep(event)
    assert shelf.tried.wait(10)

    shelf.error = None

    stored.result(timeout=10)
    assert shelf.stored == [event]


def test_only_its_owner_may_read_a_kept_event(folder: Path):
    shelf = Shelf()
    shelf.error = OperationalError("the database is away")
    stored = writer_of(folder, shelf).keep(an_event())
    assert shelf.tried.wait(10)

    assert [os.stat(path).st_mode & 0o777 for path in folder.iterdir()] == [0o600]

    shelf.error = None
    stored.result(timeout=10)


def test_the_thread_ends_with_the_work(folder: Path):
    writer = writer_of(folder, Shelf())
    for _ in range(3):
        writer.keep(an_event()).result(timeout=10)

    for thread in threading.enumerate():
        if thread.name == "carrier-events" and thread.is_alive():
            thread.join(10)
            assert not thread.is_alive()
