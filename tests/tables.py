"""A database that holds every table and no row: migrated once, and copied by each worker and each test run.

It stays in the cluster under a name that stands for the migrations, so it is never out of date.
"""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

CHECKOUT = Path(__file__).resolve().parent.parent
PREFIX = "tables_"
LOCK = 0x7AB1E5


def migrated() -> str:
    """The name of the database, in the cluster of DATABASE_URL. Who comes second waits for it."""
    address = urlsplit(os.environ["DATABASE_URL"])
    name = PREFIX + _fingerprint()
    with psycopg.connect(address.geturl(), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        found = connection.execute("select datname from pg_database where datname like %s", [PREFIX + "%"])
        kept = {datname for (datname,) in found}
        if name not in kept:
            for earlier in kept:
                connection.execute(SQL("drop database {}").format(Identifier(earlier)))
            unfinished = f"{PREFIX}unfinished"
            connection.execute(SQL("create database {}").format(Identifier(unfinished)))
            _migrate(address._replace(path=f"/{unfinished}").geturl())
            connection.execute(SQL("alter database {} rename to {}").format(Identifier(unfinished), Identifier(name)))
    return name


def _migrate(database_url: str) -> None:
    command = (sys.executable, "manage.py", "migrate", "--verbosity", "0")
    subprocess.run(command, cwd=CHECKOUT, env=os.environ | {"DATABASE_URL": database_url}, check=True)


def _fingerprint() -> str:
    """Of what makes tables: our migrations, and the packages that bring their own."""
    seen = sha256((CHECKOUT / "requirements.txt").read_bytes())
    for path in sorted(CHECKOUT.glob("*/**/migrations/*.py")):
        seen.update(path.relative_to(CHECKOUT).as_posix().encode() + path.read_bytes())
    return seen.hexdigest()[:16]
