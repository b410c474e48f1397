"""PostgreSQL and Redis of our own: private, started in one call, gone when we are."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis

from agentos import embedded
from tests.embedded import CHECKOUT

SERVERS = {"postgres", "redis-server", "valkey-server"}
OWNER = """
import signal, sys
from pathlib import Path
from agentos import embedded
servers = embedded.start(Path(sys.argv[1]), durable=False)
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for this module: making a new cluster is the slow part."""
    return tmp_path_factory.mktemp("local")


@pytest.fixture
def servers(local: Path) -> Iterator[embedded.Servers]:
    servers = embedded.start(local, durable=False)
    yield servers
    servers.stop()


def connect(local: Path, **options: str) -> psycopg.Connection[tuple[object, ...]]:
    where = {"user": embedded.ROLE, "dbname": embedded.DATABASE} | options
    return psycopg.connect(host=str(embedded.run_dir(local)), **where)


def server_processes(local: Path) -> list[psutil.Process]:
    """The two servers of this folder, by what they were started with."""
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] in SERVERS and str(local) in " ".join(process.info["cmdline"] or [])
    ]


@contextmanager
def owner_of_servers(local: Path) -> Iterator[psutil.Process]:
    """Another process that started the servers of this folder, to be killed."""
    command = [sys.executable, "-c", OWNER, str(local)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as owner:
        try:
            assert owner.stdout is not None
            assert owner.stdout.readline() == "ready\n"
            yield psutil.Process(owner.pid)
        finally:
            owner.kill()


def test_both_servers_answer(servers: embedded.Servers, local: Path):
    with connect(local) as connection:
        assert connection.execute("select upper('ä')").fetchone() == ("Ä",)
    with Redis.from_url(embedded.redis_url(local)) as client:
        assert client.ping()


def test_the_role_is_bound_by_row_level_security_and_may_create_databases(servers: embedded.Servers, local: Path):
    with connect(local) as connection:
        rights = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
        ).fetchone()

    assert rights == (False, False, False, True)


def test_nothing_listens_on_a_port_and_only_we_reach_the_sockets(servers: embedded.Servers, local: Path):
    processes = server_processes(local)

    assert [process.net_connections("inet") for process in processes] == [[], []]
    assert stat.S_IMODE(embedded.run_dir(local).stat().st_mode) == 0o700


def test_a_second_start_in_the_same_folder_says_who_has_it(servers: embedded.Servers, local: Path):
    with pytest.raises(embedded.FolderInUse, match=str(os.getpid())):
        embedded.start(local)


def test_data_outlives_a_stop(local: Path):
    first = embedded.start(local, durable=False)
    with connect(local, user=embedded.SUPERUSER) as connection:
        connection.execute("create table if not exists kept (n int)")
    first.stop()

    second = embedded.start(local, durable=False)
    with connect(local) as connection:
        found = connection.execute("select count(*) from pg_tables where tablename = 'kept'").fetchone()
    second.stop()

    assert found == (1,)


def test_when_the_owner_is_killed_its_servers_end_and_the_next_start_succeeds(local: Path):
    with owner_of_servers(local) as owner:
        processes = server_processes(local)
        owner.kill()
        _, alive = psutil.wait_procs(processes, timeout=10)

    assert len(processes) == 2
    assert alive == []
    embedded.start(local, durable=False).stop()


def test_servers_that_outlived_everything_are_ended_by_the_next_start(local: Path):
    """Even the warden may be killed, by somebody who kills all there is."""
    with owner_of_servers(local) as owner:
        leftovers = server_processes(local)
        warden = next(child for child in owner.children() if "warden.sh" in " ".join(child.cmdline()))
        warden.kill()
        owner.kill()

    embedded.start(local, durable=False).stop()

    assert len(leftovers) == 2
    assert psutil.wait_procs(leftovers, timeout=10)[1] == []


def test_a_stale_pid_file_that_names_a_stranger_does_not_stop_the_start(servers: embedded.Servers, local: Path):
    pid_file = local / "postgres/postmaster.pid"
    lines = pid_file.read_text().splitlines()
    servers.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))

    restarted = embedded.start(local, durable=False)

    assert restarted.died() is None
    restarted.stop()


def test_a_server_that_died_is_reported(servers: embedded.Servers, local: Path):
    with Redis.from_url(embedded.redis_url(local)) as client:
        client.shutdown(nosave=True)
    psutil.wait_procs([process for process in server_processes(local) if process.name() != "postgres"], timeout=10)

    died = servers.died()

    assert died is not None
    assert died.name == "redis"


def test_sockets_move_to_the_temporary_folder_when_their_path_would_be_too_long_or_hard_to_write_in_a_url():
    short = Path("/srv/agentos/.local")

    assert embedded.run_dir(short) == short / "run"
    assert embedded.run_dir(Path("/srv") / ("deep" * 25)).name.startswith("agentos-")
    assert embedded.run_dir(Path("/srv/my checkout/.local")).name.startswith("agentos-")


def test_a_secret_is_random_private_and_stays_the_same(tmp_path: Path):
    first = embedded.local_secret(tmp_path, "key")

    assert embedded.local_secret(tmp_path, "key") == first
    assert embedded.local_secret(tmp_path, "other") != first
    assert stat.S_IMODE((tmp_path / "secrets/key").stat().st_mode) == 0o600


def test_sockets_are_not_put_into_a_folder_that_somebody_else_prepared(tmp_path: Path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "local").mkdir()
    sockets = embedded.run_dir(tmp_path / "local")  # elsewhere, where this path is too long for a socket
    sockets.symlink_to(tmp_path / "theirs")

    try:
        with pytest.raises(embedded.ServerError, match="belongs to somebody else"):
            embedded.start(tmp_path / "local")
    finally:
        sockets.unlink()
