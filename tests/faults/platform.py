"""The whole product on this machine, to break on purpose: real processes, real PostgreSQL and Redis, doubled vendors.

Two web processes stand behind a balancer, as in production; the practice carrier calls.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from agentos import embedded
from telephony.simulator.call_flow import SimulatedCall
from telephony.simulator.people import Person
from telephony.simulator.setup import Account, CallSetup
from telephony.simulator.voices import Humming
from telephony.simulator.webhooks import Courier, Webhook
from tests.doubles.elevenlabs import Tempo
from tests.doubles.openai import Pace
from tests.doubles.server import Doubles, Timing
from tests.faults import nursery

ACCOUNT = Account("AC" + "0" * 31 + "7", "faults" * 5)
ANSWER_WORDS = 60
SERVERS = ("postgres", "redis-server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Balancer:
    """Sends each connection to the first process that takes it: what a deployment's front does."""

    def __init__(self) -> None:
        self.backends: list[int] = []
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        for port in self.backends:
            with suppress(OSError):
                back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
                break
        else:
            writer.close()
            return
        pipes = {asyncio.ensure_future(_pipe(reader, back_writer)), asyncio.ensure_future(_pipe(back_reader, writer))}
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            for end in (writer, back_writer):
                end.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


@dataclass
class Platform:
    doubles: Doubles
    balancer: Balancer
    environment: dict[str, str]
    local: Path
    servers: dict[str, embedded.Servers]
    agent: dict[str, Any] = field(default_factory=dict)
    webs: dict[int, nursery.Started] = field(default_factory=dict)

    async def start_web(self) -> int:
        """Another web process behind the balancer; returns its port."""
        port = free_port()
        log = self.local / f"web-{port}.log"
        self.webs[port] = nursery.start("serve", "--port", str(port), environment=self.environment, out=log, errors=log)
        await until(lambda: _listens(port), 60)
        self.balancer.backends.append(port)
        return port

    async def signal_web(self, port: int, number: signal.Signals) -> None:
        self.webs[port].send_signal(number)

    def log_of(self, port: int) -> str:
        return (self.local / f"web-{port}.log").read_text()

    def signal_server(self, name: str, number: signal.Signals) -> None:
        """Freeze, thaw or kill PostgreSQL (with all its processes) or Redis."""
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                line = " ".join(process.cmdline())
                if (name in line and str(self.local) in line) or (name in process.name() and "manage.py" not in line):
                    process.send_signal(number)

    async def stop_server(self, name: str) -> None:
        """End it in the middle of everything, as `pg_ctl stop -m immediate` and `kill -9` do; it has to recover."""
        self.signal_server(name, signal.SIGQUIT if name == "postgres" else signal.SIGKILL)
        await asyncio.to_thread(self.servers.pop(name).stop)

    async def start_server(self, name: str) -> None:
        """On the same data and at the same address."""
        self.servers[name] = await asyncio.to_thread(_start_server, self.local, name)

    def call(self, person: Person, agent: dict[str, Any] | None = None) -> SimulatedCall:
        agent = agent or self.agent
        return SimulatedCall(
            ACCOUNT,
            CallSetup(
                from_="+12085550147",
                to=agent["number"],
                voice=Webhook(agent["incoming_call_url"]),
                status=Webhook(agent["status_url"]),
            ),
            person,
            courier=self.courier,
            speaker=Humming(),
        )

    async def provision(self, tenant: str, number: str) -> dict[str, Any]:
        flags = ("--tenant", tenant, "--email", "faults@example.com", "--number", number)
        flags += ("--stt", "deepgram:nova-3", "--llm", "openai:gpt-6-luna", "--tts", "elevenlabs:eleven_flash_v2_5")
        flags += ("--voice", "abc123", "--greeting", "Hello, this is the clinic.", "--prompt", "You are June.")
        made: dict[str, Any] = json.loads(await self.manage("provision", *flags))
        return made

    async def manage(self, *command: str) -> str:
        said = self.local / f"{command[0]}-{uuid.uuid4()}"
        process = nursery.start(*command, environment=self.environment, out=said)
        assert await process.wait() == 0, command
        return said.read_text()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database as the application would, inside the tenant."""
        folder = embedded.run_dir(_home(self.local, "postgres"))
        with psycopg.connect(f"host={folder} user=agentos dbname=agentos", connect_timeout=3) as connection:
            connection.execute("select set_config('app.tenant', %s, false)", [str(self.agent["tenant_id"])])
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

    def calls(self) -> list[tuple[Any, ...]]:
        return self.rows("select status, ending, segments from calls_call order by created_at")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def until(check: Callable[[], object], seconds: float, every_s: float = 0.05) -> float:
    """Wait for something to be true; returns how long it took. Fails after `seconds`."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        if check():
            return time.perf_counter() - began
        await asyncio.sleep(every_s)
    raise AssertionError(f"it did not happen within {seconds} s")


def agent_speaks(call: SimulatedCall) -> bool:
    return not call.handset.playback.is_idle


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    """Everything up with two web processes and one agent that has a long answer for everything."""
    local = _folder()
    await asyncio.to_thread(_bring_tables, local)
    servers = {name: await asyncio.to_thread(_start_server, local, name) for name in SERVERS}
    timing = Timing(pace=Pace(100, 100), tempo=Tempo(50, 10, 150), model_words=ANSWER_WORDS)
    doubles, balancer = Doubles(timing), Balancer()
    await doubles.start()
    await balancer.start()
    made = Platform(doubles, balancer, _environment(local, doubles, balancer), local, servers)
    try:
        made.agent = await made.provision("Faults", "+12085550110")
        async with Courier(ACCOUNT.auth_token) as courier:
            made.courier = courier
            await asyncio.gather(made.start_web(), made.start_web())
            yield made
    finally:
        for process in made.webs.values():
            if process.returncode is None:
                process.kill()
                await process.wait()
        await balancer.stop()
        await doubles.stop()
        for name in SERVERS:
            made.signal_server(name, signal.SIGCONT)
        for running in servers.values():
            await asyncio.to_thread(running.stop)


def _bring_tables(local: Path) -> None:
    """A database with every table, copied from one that was migrated once for this run of the tests."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    kept = Path(tempfile.gettempdir()) / f"faults-tables-{run}"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.mkdir(mode=0o755)
            server = _start_server(kept, "postgres")
            environment = os.environ | {
                "AGENTOS_LOCAL_DIR": str(kept),
                "DATABASE_URL": embedded.database_url(_home(kept, "postgres")),
            }
            migrating = nursery.start("migrate", "--verbosity", "0", environment=environment, out=kept / "migrated")
            assert asyncio.run(migrating.wait()) == 0
            server.stop()
    subprocess.run(("cp", "-a", str(_home(kept, "postgres")), str(_home(local, "postgres"))), check=True)


def _start_server(local: Path, name: str) -> embedded.Servers:
    """Each in a folder of its own, so that one can go without the other. What PostgreSQL has promised, it keeps."""
    is_database = name == "postgres"
    return embedded.start(_home(local, name), durable=is_database, postgresql=is_database, redis=not is_database)


def _home(local: Path, name: str) -> Path:
    return local / name


def _folder() -> Path:
    """A folder that the database's own user may enter."""
    local = Path(tempfile.mkdtemp(prefix="faults-"))
    local.chmod(0o755)
    return local


def _environment(local: Path, doubles: Doubles, balancer: Balancer) -> dict[str, str]:
    return os.environ | {
        "AGENTOS_LOCAL_DIR": str(local),
        "DATABASE_URL": embedded.database_url(_home(local, "postgres")),
        "REDIS_URL": embedded.redis_url(_home(local, "redis-server")),
        "DATABASE_POOL": "true",
        "DATA_DIR": str(local / "data"),
        "PUBLIC_URL": f"http://127.0.0.1:{balancer.port}",
        "TWILIO_ACCOUNT_SID": ACCOUNT.sid,
        "TWILIO_AUTH_TOKEN": ACCOUNT.auth_token,
        "DEEPGRAM_API_KEY": "k",
        "OPENAI_API_KEY": "k",
        "ELEVENLABS_API_KEY": "k",
        "DEEPGRAM_BASE_URL": doubles.url,
        "OPENAI_BASE_URL": f"{doubles.url}/v1",
        "ELEVENLABS_BASE_URL": doubles.url,
        "LOG_LEVEL": "INFO",
    }
