"""Servers of a measurement's own, begun anew, with every table."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentos import embedded

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def own_servers(local: Path) -> Iterator[dict[str, str]]:
    """The environment of a process that measures beside them. They stop when the block ends."""
    shutil.rmtree(local, ignore_errors=True)
    servers = embedded.start(local, durable=False)
    try:
        environment = os.environ | {
            "DATABASE_URL": embedded.database_url(local),
            "REDIS_URL": embedded.redis_url(local),
            "AGENTOS_LOCAL_DIR": str(local),
            "DATA_DIR": str(local / "data"),
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "agentos.settings",
        }
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        yield environment
    finally:
        servers.stop()
