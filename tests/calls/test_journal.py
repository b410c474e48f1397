"""From a living call to rows: durable at once, in the database a moment later, each entry with effect once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.utils.timezone import now

from agentos.tenants.scoping import tenant_transaction
from calls.journal import CallJournal
from calls.models import Call, Turn, UsageLine
from calls.services import NewCall
from calls.shipping import Batch, ship
from calls.spool import Spool, SpoolKey
from tests.factories import make_call

pytestmark = pytest.mark.django_db(transaction=True)


def turn(heard: str, started_ms: int = 0, speaker: str = "caller") -> dict[str, Any]:
    return {
        "speaker": speaker,
        "kind": "speech",
        "heard": heard,
        "unheard": "",
        "exact": True,
        "interrupted": False,
        "started_ms": started_ms,
        "ended_ms": started_ms + 500,
        "timing": {},
    }


def numbered(*entries: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"sequence": number, **entry} for number, entry in enumerate(entries, start=1)]


def usage(quantity: int) -> dict[str, Any]:
    return {
        "entry": "usage",
        "kind": "llm",
        "provider": "offline",
        "model": "offline",
        "unit": "output_tokens",
        "speculative": False,
        "quantity": quantity,
    }


def eventually(check: Callable[[], bool]) -> None:
    """The journal works behind the call: give it a moment."""
    for _ in range(400):
        if check():
            return
        threading.Event().wait(0.05)
    pytest.fail("it did not happen")


@pytest.fixture
def spool(private_files: Path) -> Iterator[Spool]:
    made = Spool(lambda: settings.SPOOL_DIR / "journal")
    yield made
    made.stop()


def heard(call: Call) -> list[str]:
    with tenant_transaction(call.tenant_id):
        return list(Turn.objects.filter(call=call).values_list("heard", flat=True))


def test_a_batch_that_is_shipped_twice_takes_effect_once(agent):
    call = make_call(agent)
    entries = numbered(
        {"entry": "answered", "at": now().isoformat()},
        {"entry": "turn", "index": 0, "state": turn("hello")},
        {"entry": "event", "kind": "digit", "at_ms": 5, "data": {}},
        usage(10),
        usage(5),
    )
    for _ in range(3):
        ship(agent.tenant_id, [Batch(call.pk, 1, entries)])

    with tenant_transaction(agent.tenant_id):
        assert heard(call) == ["hello"]
        assert call.events.count() == 1
        assert UsageLine.objects.get(call=call).quantity == 15
        assert Call.objects.get(pk=call.pk).status == Call.Status.IN_PROGRESS


def test_of_a_turn_only_the_latest_state_is_kept(agent):
    call = make_call(agent)
    first = numbered({"entry": "turn", "index": 0, "state": turn("he")})
    ship(agent.tenant_id, [Batch(call.pk, 1, first)])
    more = numbered(*({"entry": "turn", "index": 0, "state": turn(text)} for text in ("he", "hello", "hello there")))
    ship(agent.tenant_id, [Batch(call.pk, 1, more)])

    assert heard(call) == ["hello there"]


def test_a_call_that_the_database_never_saw_is_made_from_its_journal(agent):
    call_id = uuid4()
    new = NewCall(call_id, agent.pk, agent.published_id, "phone", "inbound", "+12085550147", "", "CA1", now())
    opened = {name: getattr(new, name) for name in new.__slots__}
    opened |= {"created_at": new.created_at.isoformat(), "briefing": new.briefing.to_json()}
    entries = json.loads(json.dumps(numbered({"entry": "opened", "data": opened}), default=str))
    ship(agent.tenant_id, [Batch(call_id, 1, entries)])

    with tenant_transaction(agent.tenant_id):
        assert Call.objects.get(pk=call_id).from_number == "+12085550147"


def test_calls_end_once_and_our_reason_beats_the_carriers(agent):
    call = make_call(agent, status=Call.Status.ENDED, ending=Call.Ending.CARRIER)
    ship(agent.tenant_id, [Batch(call.pk, 1, numbered({"entry": "ended", "ending": "agent", "at": now().isoformat()}))])
    ship(agent.tenant_id, [Batch(call.pk, 2, numbered({"entry": "ended", "ending": "limit", "at": now().isoformat()}))])

    with tenant_transaction(agent.tenant_id):
        assert Call.objects.get(pk=call.pk).ending == Call.Ending.AGENT


def test_a_journal_cannot_write_into_another_tenant(agent, other_tenant):
    call = make_call(agent)
    with pytest.raises(LookupError):
        ship(other_tenant.pk, [Batch(call.pk, 1, numbered({"entry": "turn", "index": 0, "state": turn("mine")}))])
    assert heard(call) == []


def test_what_is_written_arrives_and_the_file_goes(agent, spool):
    call = make_call(agent)
    key = SpoolKey(agent.tenant_id, call.pk, 1)
    spool.write(key, {"entry": "turn", "index": 0, "state": turn("hello \u0000\ud83d there")})
    arrived = threading.Event()
    spool.when_shipped(key, arrived.set)

    assert arrived.wait(10)
    assert heard(call) == ["hello  there"]
    spool.write(key, {"entry": "closed"})
    eventually(lambda: not list((settings.SPOOL_DIR / "journal").glob("*.jsonl")))


@pytest.mark.parametrize("text", ["\\u0000", "a \\\\u0000 b", "tab\\there", "\\"])
def test_what_looks_like_an_escape_is_kept_as_it_was_typed(agent, spool, text):
    call = make_call(agent)
    key = SpoolKey(agent.tenant_id, call.pk, 1)
    spool.write(key, {"entry": "turn", "index": 0, "state": turn(text)})

    eventually(lambda: heard(call) == [text])


def test_what_the_disk_refuses_is_written_when_it_takes_it_again(agent, spool):
    call, folder = make_call(agent), settings.SPOOL_DIR / "journal"
    key = SpoolKey(agent.tenant_id, call.pk, 1)
    blocked = folder / key.name
    blocked.mkdir(parents=True)  # cannot be opened for writing
    spool.write(key, {"entry": "turn", "index": 0, "state": turn("kept")})
    spool.write(SpoolKey(agent.tenant_id, call.pk, 2), {"entry": "turn", "index": 1, "state": turn("other", 900)})
    eventually(lambda: heard(call) == ["other"])

    blocked.rmdir()
    eventually(lambda: heard(call) == ["kept", "other"])


def test_one_entry_that_the_database_refuses_spoils_only_its_own_call(agent, spool):
    good, bad = make_call(agent), uuid4()
    spool.write(SpoolKey(agent.tenant_id, bad, 1), {"entry": "turn", "index": 0, "state": turn("lost")})
    spool.write(SpoolKey(agent.tenant_id, good.pk, 1), {"entry": "turn", "index": 0, "state": turn("kept")})

    eventually(lambda: heard(good) == ["kept"])
    eventually(lambda: bool(list((settings.SPOOL_DIR / "journal").glob(f"*{bad}*.refused"))))


WRITER = """
import sys, time
from pathlib import Path
from uuid import UUID
import django
django.setup()
from calls import spool as spools
spools.SHIP_EVERY_S = 1000.0
spools.ORPHANS_EVERY_S = 1000.0
folder, tenant, call = Path(sys.argv[1]), int(sys.argv[2]), UUID(sys.argv[3])
spool = spools.Spool(lambda: folder)
state = {"speaker": "caller", "kind": "speech", "heard": "before the crash", "unheard": "", "exact": True,
         "interrupted": False, "started_ms": 0, "ended_ms": 1, "timing": {}}
key = spools.SpoolKey(tenant, call, 1)
spool.write(key, {"entry": "event", "kind": "first", "at_ms": 0, "data": {}})
time.sleep(1)
spool.write(key, {"entry": "turn", "index": 0, "state": state})
time.sleep(1)
print("written", flush=True)
time.sleep(60)
"""


def test_the_journal_of_a_killed_process_is_recovered_by_the_next(agent, spool):
    call = make_call(agent)
    folder = settings.SPOOL_DIR / "journal"
    environment = os.environ | {"DATABASE_URL": "postgres://nobody@/nothing?host=/nowhere"}
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(agent.tenant_id), str(call.pk)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "written"

    spool.recover(call.pk)
    assert heard(call) == []  # its process lives, frozen or not: hands off

    process.send_signal(signal.SIGKILL)
    process.wait()
    spool.recover(call.pk)
    assert heard(call) == ["before the crash"]
    assert not list(folder.glob("*.jsonl"))


def test_a_journal_writes_usage_under_the_name_of_its_provider(agent, spool):
    call = make_call(agent)
    journal = CallJournal(SpoolKey(agent.tenant_id, call.pk, 1), lambda kind: (f"{kind}-vendor", "model-1"), spool)
    journal.usage("tts", "characters", 40, speculative=True)
    journal.ended("agent")
    journal.close()

    def arrived() -> bool:
        with tenant_transaction(agent.tenant_id):
            return Call.objects.get(pk=call.pk).status == Call.Status.ENDED

    eventually(arrived)
    with tenant_transaction(agent.tenant_id):
        line = UsageLine.objects.get(call=call)
    assert (line.provider, line.quantity, line.speculative) == ("tts-vendor", 40, True)


def test_unknown_file_names_are_left_alone(spool, agent):
    folder = settings.SPOOL_DIR / "journal"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("hello")
    spool.recover(UUID(int=0))
    assert (folder / "notes.txt").read_text() == "hello"
