"""Starts `manage.py` in processes that have the vendors' SDKs already.

Most of a process's start is importing them, and here twenty processes start. One process imports them, and each new one
is a copy of it: our own code, the settings and every connection are made after that, as in a process of its own.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EVERY_S = 0.02


@dataclass
class Started:
    """A process that was started."""

    process: ForkServerProcess

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        self.process.kill()

    async def wait(self) -> int:
        while (code := self.returncode) is None:
            await asyncio.sleep(EVERY_S)
        return code


def start(*command: str, environment: dict[str, str], out: Path, errors: Path | None = None) -> Started:
    """`manage.py <command>`; what it says is appended to `out`, and its complaints to `errors` or to ours."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.imported"])
    process = context.Process(target=_manage, args=(command, environment, out, errors), daemon=True)
    process.start()
    return Started(process)


def _manage(command: tuple[str, ...], environment: dict[str, str], out: Path, errors: Path | None) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "agentos.settings"
    os.chdir(ROOT)
    for file, number in ((out, 1), (errors, 2)):
        if file is not None:
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    sys.argv = ["manage.py", *command]
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
