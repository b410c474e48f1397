"""Child processes of ours: each leads a group of its own, writes its own log, and never outlives us."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

WARDEN = Path(__file__).with_name("warden.sh")
LOUD = {"error", "critical"}


class Child:
    """One process that we started, and its log."""

    def __init__(
        self, name: str, process: subprocess.Popen[bytes], stop_signal: signal.Signals, log: Path, log_begins: int
    ) -> None:
        self.name, self.process, self.stop_signal, self.log = name, process, stop_signal, log
        self.started_at = time.monotonic()
        self._read_to = log_begins

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        return self.process.poll() is None

    def uptime_s(self) -> float:
        return time.monotonic() - self.started_at

    def last_lines(self, count: int = 15) -> str:
        """The end of its log: what a process that died had to say."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8192))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])

    def complaints(self) -> list[str]:
        """What it logged as an error since we last asked, one event per entry."""
        with self.log.open("rb") as log:
            log.seek(self._read_to)
            whole, newline, _ = log.read().rpartition(b"\n")
        self._read_to += len(whole) + len(newline)
        return [event for line in whole.splitlines() if (event := _loud_event(line))]

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill_group(self) -> None:
        """End whatever is left of it and of the processes it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


class Supervisor:
    """Starts children and stops them. If this process is killed, a small shell script outside stops them instead."""

    def __init__(self, log_dir: Path) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        self._log_dir = log_dir
        self.children: list[Child] = []
        self._warden = subprocess.Popen(
            ["/bin/sh", str(WARDEN)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        cwd: Path | None = None,
    ) -> Child:
        """Start `command`; what it writes is appended to `<name>.log`. `stop_signal` asks it to end in order."""
        log = self._log_dir / f"{name}.log"
        with log.open("ab") as output:
            begins = output.tell()
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                start_new_session=True,
            )
        self._tell_warden(f"add {process.pid} {stop_signal.name.removeprefix('SIG')}")
        child = Child(name, process, stop_signal, log, begins)
        self.children.append(child)
        return child

    def forget(self, child: Child) -> None:
        """It ended by itself: end what it left behind, and stop watching it."""
        child.kill_group()
        self.children.remove(child)
        self._tell_warden(f"remove {child.pid}")

    def stop(self, grace_s: float = 10) -> None:
        """Ask all to end, at once; those that are still there after `grace_s` are killed. May be called again."""
        for child in self.children:
            child.send(child.stop_signal)
        deadline = time.monotonic() + grace_s
        for child in list(self.children):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            child.kill_group()
            child.process.wait()
            self.forget(child)
        if self._warden.stdin and not self._warden.stdin.closed:
            self._warden.stdin.close()
            self._warden.wait()

    def kill(self) -> None:
        """End all now; `stop` still has to be called."""
        for child in self.children:
            child.kill_group()

    def _tell_warden(self, line: str) -> None:
        if self._warden.stdin is None:
            raise RuntimeError("the warden has no ear")
        self._warden.stdin.write(f"{line}\n".encode())
        self._warden.stdin.flush()


def _loud_event(line: bytes) -> str:
    """The event of a log line in JSON whose level is loud, else an empty string."""
    if not line.startswith(b"{"):
        return ""
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    return str(entry.get("event", "")) if entry.get("level") in LOUD else ""
