"""Our child processes end with us: when we say so, and when we cannot say anything any more."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from agentos.supervisor import Supervisor
from tests.embedded import CHECKOUT

STUBBORN = "trap '' TERM INT; echo ready; while :; do sleep 0.1; done"
OWNER = """
import signal, sys
from pathlib import Path
from agentos.supervisor import Supervisor
supervisor = Supervisor(Path(sys.argv[1]))
for name in ("one", "two"):
    print(supervisor.start(name, ["sleep", "1000"]).pid, flush=True)
signal.pause()
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path) as supervisor:
        yield supervisor


def gone(process: psutil.Process) -> bool:
    """Whether it ended within ten seconds."""
    try:
        process.wait(timeout=10)
    except psutil.TimeoutExpired:
        return False
    return True


def wait_for_line(log: Path, line: str) -> None:
    """Return when the log holds the line; `tail` does the waiting."""
    command = ["sh", "-c", 'tail -n +1 -f "$0" | grep -q -m 1 "$1"', str(log), line]
    subprocess.run(command, check=True, timeout=10)


def test_stopping_ends_every_child(supervisor: Supervisor):
    children = [psutil.Process(supervisor.start(name, ["sleep", "1000"]).pid) for name in ("one", "two")]

    supervisor.stop()

    assert all(gone(child) for child in children)


def test_a_child_that_does_not_listen_is_killed(supervisor: Supervisor):
    child = supervisor.start("stubborn", ["sh", "-c", STUBBORN])
    wait_for_line(child.log, "ready")

    supervisor.stop(grace_s=0.1)

    assert child.process.returncode == -signal.SIGKILL


def test_what_a_child_started_ends_with_it(supervisor: Supervisor):
    child = supervisor.start("parent", ["sh", "-c", "sleep 1000 & echo $!; exec sleep 1000"])
    wait_for_line(child.log, "[0-9]")
    grandchild = psutil.Process(int(child.last_lines()))

    supervisor.stop()

    assert gone(grandchild)


def test_when_the_owner_is_killed_its_children_end_too(tmp_path: Path):
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        children = [psutil.Process(int(owner.stdout.readline())) for _ in range(2)]

        owner.kill()

        assert all(gone(child) for child in children)


def test_a_child_is_out_of_reach_of_the_terminals_interrupt(supervisor: Supervisor):
    child = supervisor.start("one", ["sleep", "1000"])

    assert child.pid == psutil.os.getpgid(child.pid) == psutil.os.getsid(child.pid)


def test_a_child_that_died_shows_its_last_words(supervisor: Supervisor):
    child = supervisor.start("unlucky", ["sh", "-c", "echo first; echo the disk is full; exit 3"])
    child.process.wait(timeout=10)

    assert not child.running()
    assert child.last_lines(1) == "the disk is full"


def test_errors_in_a_log_are_told_once_and_the_rest_stays_quiet(supervisor: Supervisor):
    lines = [
        json.dumps({"level": "info", "event": "a call began"}),
        json.dumps({"level": "error", "event": "the database went away"}),
        "{ not json",
        "plain words",
    ]
    child = supervisor.start("web", ["printf", "%s\\n", *lines])
    child.process.wait(timeout=10)

    assert child.complaints() == ["the database went away"]
    assert child.complaints() == []


def test_an_error_whose_line_is_half_written_is_told_when_it_is_whole(supervisor: Supervisor):
    child = supervisor.start("web", ["true"])
    child.process.wait(timeout=10)
    line = json.dumps({"level": "error", "event": "too late"})

    child.log.write_text(line[:20])
    before = child.complaints()
    child.log.write_text(f"{line}\n")

    assert (before, child.complaints()) == ([], ["too late"])
