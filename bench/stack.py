"""The processes of a benchmark: database and Redis, vendors' doubles, one web process on a core of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from agentos import embedded
from bench.callers import Target

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local" / "bench"
ACCOUNT_SID, AUTH_TOKEN = "AC" + "0" * 31 + "1", "bench" * 6
GREETING = "Hello and welcome to the clinic, how can I help you today?"
DELAYS = {"endpointing": 300, "first-token": 300, "first-audio": 100}
TOKENS_PER_S = 50
WRITTEN_DOWN_MS = 350  # after the end of a turn, by a model that hears by itself


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Stack:
    """Everything that runs. The server is restarted for each kind of run, the rest stays."""

    environment: dict[str, str]
    doubles: subprocess.Popen[bytes]
    doubles_port: int
    cores: list[int]
    targets: dict[str, Target] = field(default_factory=dict)

    def doubles_stats(self) -> dict[str, object]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.doubles_port}/stats") as answer:
            stats: dict[str, object] = json.load(answer)
            return stats

    @contextmanager
    def server(self, *command: str, port: int) -> Iterator[psutil.Process]:
        """One process on the first core, until the block ends."""
        log = (LOCAL / "server.log").open("ab")
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=self.environment, stderr=log, stdout=log)
        try:
            pin(process.pid, self.cores[:1])
            _wait_for_port(port, process)
            yield psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.close()


def pin(pid: int, cores: list[int]) -> None:
    """Keep a process to these cores, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, cores)


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            raise SystemExit(f"{process.args!r} ended at once; see {LOCAL / 'server.log'}")
        time.sleep(0.1)
    raise SystemExit(f"{process.args!r} does not listen")


@contextmanager
def standing(port: int) -> Iterator[Stack]:
    """Start what all runs share, make the agents, and take everything down at the end."""
    with ExitStack() as cleanup:
        servers = embedded.start(LOCAL, durable=False)
        cleanup.callback(servers.stop)
        doubles_port = free_port()
        environment = _environment(port, doubles_port)
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
        doubles = _start_doubles(doubles_port, cores)
        cleanup.callback(doubles.wait)
        cleanup.callback(doubles.terminate)
        pin(os.getpid(), cores[1:] or cores)
        stack = Stack(environment, doubles, doubles_port, cores)
        _manage(stack, "migrate", "--verbosity", "0")
        for name, flags in AGENTS.items():
            made = json.loads(_manage(stack, "provision", *COMMON, "--agent", name, *flags))
            stack.targets[name] = Target(made["incoming_call_url"], ACCOUNT_SID, AUTH_TOKEN)
        yield stack


COMMON = ("--tenant", "Bench", "--email", "bench@example.com", "--max-concurrent-calls", "1000")
COMMON += ("--llm", "openai:gpt-6-luna", "--tts", "elevenlabs:eleven_flash_v2_5", "--voice", "abc123")
COMMON += ("--greeting", GREETING, "--prompt", "You are the front desk of a clinic.", "--endpointing-ms", "300")
AGENTS = {
    "nova": ("--stt", "deepgram:nova-3", "--speculation", "off"),
    "nova speculating": ("--stt", "deepgram:nova-3", "--speculation", "on"),
    "flux": ("--stt", "deepgram:flux-general-en", "--speculation", "off"),
    "flux speculating": ("--stt", "deepgram:flux-general-en", "--speculation", "on"),
    "relay": ("--stt", "deepgram:nova-3", "--speculation", "off", "--transport", "conversation_relay"),
    "realtime": ("--stt", "deepgram:nova-3", "--speculation", "off", "--transport", "openai_realtime"),
    "realtime ahead": ("--stt", "deepgram:nova-3", "--speculation", "on", "--transport", "openai_realtime"),
}


def _environment(port: int, doubles_port: int) -> dict[str, str]:
    vendor = f"http://127.0.0.1:{doubles_port}"
    return os.environ | {
        "DATABASE_URL": embedded.database_url(LOCAL),
        "REDIS_URL": embedded.redis_url(LOCAL),
        "DATABASE_POOL": "true",
        "DATA_DIR": str(LOCAL / "data"),
        "AGENTOS_LOCAL_DIR": str(LOCAL),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "DEEPGRAM_API_KEY": "bench",
        "OPENAI_API_KEY": "bench",
        "ELEVENLABS_API_KEY": "bench",
        "DEEPGRAM_BASE_URL": vendor,
        "OPENAI_BASE_URL": f"{vendor}/v1",
        "ELEVENLABS_BASE_URL": vendor,
        "CALLS_PER_PROCESS": "500",
        "LOG_LEVEL": "WARNING",
    }


def _start_doubles(port: int, cores: list[int]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.doubles", "--port", str(port), "--tokens-per-s", str(TOKENS_PER_S)]
    command += ["--written-down-ms", str(WRITTEN_DOWN_MS)]
    command += [part for name, delay in DELAYS.items() for part in (f"--{name}-ms", str(delay))]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    pin(process.pid, cores[1:] or cores)
    _wait_for_port(port, process)
    return process


def _manage(stack: Stack, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=stack.environment, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout
