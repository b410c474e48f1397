"""`manage.py demo` as a newcomer meets it: one command up, and nothing left of it afterwards, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.embedded import CHECKOUT, CHOSEN_BY_CALLER

pytestmark = pytest.mark.timeout(300)
CHILDREN = {"web", "worker", "practice-carrier", "postgres", "redis", "warden"}


class Demo:
    """A running demo and what it prints."""

    def __init__(self, process: subprocess.Popen[str], port: int, local: Path) -> None:
        self.process, self.port, self.local = process, port, local

    def prints(self, words: str) -> str:
        """Read on until a line holds these words; fails with all that was read when the demo ends before."""
        assert self.process.stdout is not None
        read = []
        for line in self.process.stdout:
            read.append(line)
            if words in line:
                return line
        raise AssertionError(f"the demo ended without saying {words!r}:\n{''.join(read)}")

    def page(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.status

    def processes(self) -> list[psutil.Process]:
        """All that it started, and what those started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, words: str) -> psutil.Process:
        return next(process for process in self.processes() if words in " ".join(process.cmdline()))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def demo(local: Path, port: int) -> Iterator[Demo]:
    env = {name: value for name, value in os.environ.items() if name not in CHOSEN_BY_CALLER}
    env |= {"AGENTOS_LOCAL_DIR": str(local), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "manage.py", "demo"]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    with process:
        try:
            yield Demo(process, port, local)
        finally:
            process.kill()


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with demo(tmp_path, port) as refused:
            line = refused.prints("is taken")

    assert f"Port {port} is taken" in line
    assert f"PORT={port + 1} make demo" in line
    assert not (tmp_path / "postgres").exists()


def test_it_serves_restarts_what_dies_leaves_nothing_when_killed_and_starts_again_until_told_to_end(tmp_path: Path):
    """One folder: making it is the costly part."""
    serves_until_it_is_killed(tmp_path)
    keeps_others_out_and_ends_in_order(tmp_path)


def serves_until_it_is_killed(local: Path) -> None:
    with demo(local, free_port()) as running:
        login = running.prints("Sign in as").split()[-1]
        assert "/t/juniper-dental/campaigns/" in running.prints("Watch people being reminded")
        running.prints("Ctrl-C stops everything")
        assert login.endswith("@juniper.example")
        assert running.page("/") == 200

        running.child("manage.py serve").kill()
        assert "starts again in 1 s" in running.prints("web ended (-9)")

        processes = running.processes()
        running.process.kill()
        _, alive = psutil.wait_procs(processes, timeout=30)

    assert len(processes) > len(CHILDREN) - 1
    assert [process.cmdline() for process in alive] == []


def keeps_others_out_and_ends_in_order(local: Path) -> None:
    with demo(local, free_port()) as running:
        running.prints("Ctrl-C stops everything")
        processes = running.processes()
        assert (local / "demo.env").exists()
        with demo(local, free_port()) as another:
            assert str(running.process.pid) in another.prints("runs already")

        running.process.send_signal(signal.SIGTERM)
        running.prints("Stopping")
        assert running.process.wait(timeout=60) == 0
        _, alive = psutil.wait_procs(processes, timeout=5)

    assert [process.cmdline() for process in alive] == []
    assert not (local / "demo.env").exists()
