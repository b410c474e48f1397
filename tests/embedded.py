"""The servers of a test run: its own, from the wheels, unless DATABASE_URL and REDIS_URL name others.

Loaded by `-p tests.embedded` before Django reads its settings. Runs beside a demo and beside other test runs.
"""

from __future__ import annotations

import atexit
import itertools
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from agentos import embedded

CHECKOUT = Path(__file__).resolve().parent.parent
CHOSEN_BY_CALLER = {"DATABASE_URL", "REDIS_URL"}


def forget_configuration() -> None:
    """No key and no address of the developer's reaches a test; `.env` is not read either."""
    for name in re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE):
        if name not in CHOSEN_BY_CALLER:
            os.environ.pop(name, None)


def provide_servers() -> None:
    """Start what the environment does not name, in the first folder that no other run uses."""
    missing = CHOSEN_BY_CALLER - os.environ.keys()
    for number in itertools.count():
        local = CHECKOUT / ".local/test" / str(number)
        try:
            servers = embedded.start(
                local, durable=False, postgresql="DATABASE_URL" in missing, redis="REDIS_URL" in missing
            )
        except embedded.FolderInUse:
            continue
        atexit.register(servers.stop)
        os.environ["AGENTOS_LOCAL_DIR"] = str(local)
        os.environ.setdefault("DATABASE_URL", embedded.database_url(local))
        os.environ.setdefault("REDIS_URL", embedded.redis_url(local))
        return


def take_own_redis_database(worker: str) -> None:
    """Workers share one Redis; each has a database of its own in it, as it has in PostgreSQL."""
    number = int(worker.removeprefix("gw")) + 1
    url = os.environ["REDIS_URL"].partition("?")[0]
    if url.startswith("unix:"):
        os.environ["REDIS_URL"] = f"{url}?db={number}"
    else:
        os.environ["REDIS_URL"] = urlsplit(url)._replace(path=f"/{number}").geturl()


if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    take_own_redis_database(worker)
else:
    forget_configuration()
    provide_servers()
