"""Which ASGI server carries media sockets best? The measurement behind docs/decisions/0002-asgi-server.md.

    python -m bench.servers                      every candidate, 1, 25 and 100 calls, three rounds
    python -m bench.servers --costs              what the steps of one frame cost, apart from any server
    python -m bench.server_probes                what each does on SIGTERM, with a deaf peer, with a large message

Everything stays on loopback. The server runs on one core; callers and the sink, which stands for a speech
service, run in this process on the other. Candidates take turns, so that a busy machine is unfair to all alike.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import importlib.util
import itertools
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import time
import timeit
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from bench.server_candidates import SPOKEN, available

CALLS = (1, 25, 100)
FRAME_S = 0.02
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
HEARD = (
    '{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d",'
    '"payload":"%s"},"streamSid":"MZ00000000000000000000000000000001"}'
)


class Peer(asyncio.Protocol):
    """The least that a WebSocket needs, so that the callers' cost does not cover the server's."""

    def __init__(self, path: str = "/media") -> None:
        self.path = path
        self.unread = b""
        self.open = asyncio.get_running_loop().create_future()
        self.waits_ms: list[float] = []
        self.received = 0
        self.measuring = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(UPGRADE.format(path=self.path).encode())

    def data_received(self, data: bytes) -> None:
        self.unread += data
        if not self.open.done():
            head, found, rest = self.unread.partition(b"\r\n\r\n")
            if not found:
                return
            self.unread = rest
            self.open.set_result(head.split()[1] == b"101")
        while (message := self.next_message()) is not None:
            self.hear(message)

    def next_message(self) -> bytes | None:
        """Cut one unmasked, unfragmented message off what was read."""
        if len(self.unread) < 2:
            return None
        size, start = self.unread[1], 2
        if size == 126 and len(self.unread) >= 4:
            size, start = struct.unpack_from("!H", self.unread, 2)[0], 4
        if len(self.unread) < start + size:
            return None
        message, self.unread = self.unread[start : start + size], self.unread[start + size :]
        return message

    def hear(self, message: bytes) -> None:
        """Take the stamp that the frame carried there and back."""
        self.received += 1
        found = message.find(b'"payload":"')
        if self.measuring and found > 0:
            sent_ns = struct.unpack("!q", base64.b64decode(message[found + 11 : found + 23])[:8])[0]
            self.waits_ms.append((time.perf_counter_ns() - sent_ns) / 1e6)

    async def talk(self, first_at: float) -> None:
        """Send a frame every 20 ms by the clock, until cancelled."""
        loop = asyncio.get_running_loop()
        for sequence in itertools.count():
            await asyncio.sleep(first_at + sequence * FRAME_S - loop.time())
            audio = struct.pack("!q", time.perf_counter_ns()).ljust(160, b"\x7f")
            text = HEARD % (sequence, sequence, sequence * 20, base64.b64encode(audio).decode())
            self.transport.write(Frame(Opcode.TEXT, text.encode()).serialize(mask=True))


class Sink(asyncio.Protocol):
    """Stands for a speech service: accepts the socket, then listens and says nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.unread: bytes | None = b""

    def data_received(self, data: bytes) -> None:
        if self.unread is None:
            return
        self.unread += data
        if b"\r\n\r\n" in self.unread:
            headers = dict(line.split(": ", 1) for line in self.unread.decode().split("\r\n")[1:] if line)
            self.transport.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept_key(headers['Sec-WebSocket-Key'])}\r\n\r\n".encode()
            )
            self.unread = None


@dataclass
class Result:
    """What one candidate did with one number of calls, in one round."""

    calls: int
    cpu_ms: float
    waits_ms: list[float]
    rss_mb_per_call: float
    lost: int

    def wait(self, percent: float) -> float:
        ordered = sorted(self.waits_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@dataclass
class Serving:
    """A candidate in its own process, with what the kernel says about it."""

    process: subprocess.Popen[str]
    port: int
    idle_mb: float = 0.0

    def pids(self) -> list[int]:
        """The server and its workers; Granian serves in a child."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def cpu_ms(self) -> float:
        tasks = itertools.chain.from_iterable(Path(f"/proc/{pid}/task").iterdir() for pid in self.pids())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6

    def rss_mb(self) -> float:
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids())
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextlib.asynccontextmanager
async def serving(candidate: str, core: int) -> AsyncIterator[Serving]:
    """Start the candidate and the sink; stop both whatever happens."""
    loop = asyncio.get_running_loop()
    sink = await loop.create_server(Sink, "127.0.0.1", 0)
    port = free_port()
    process = start(candidate, port, sink.sockets[0].getsockname()[1], core)
    try:
        await until_listening(port)
        server = Serving(process, port)
        server.idle_mb = server.rss_mb()
        yield server
    finally:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        sink.close()


def start(candidate: str, port: int, sink_port: int, core: int) -> subprocess.Popen[str]:
    """Start one candidate on one core."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "bench.server_candidates", candidate, str(port)],
        env={**os.environ, "BENCH_SINK": f"ws://127.0.0.1:{sink_port}"},
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def until_listening(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


async def measure(server: Serving, calls: int, seconds: float) -> Result:
    """Hold `calls` calls and look at them for `seconds`."""
    loop = asyncio.get_running_loop()
    peers = [(await loop.create_connection(Peer, "127.0.0.1", server.port))[1] for _ in range(calls)]
    assert all([await peer.open for peer in peers]), "a handshake was refused"
    first_at = loop.time() + 0.1
    talking = [asyncio.create_task(peer.talk(first_at + FRAME_S * i / calls)) for i, peer in enumerate(peers)]
    await asyncio.sleep(1)
    for peer in peers:
        peer.measuring = True
    cpu_ms, began = server.cpu_ms(), loop.time()
    await asyncio.sleep(seconds)
    cpu_ms, took = server.cpu_ms() - cpu_ms, loop.time() - began
    rss_mb = server.rss_mb() - server.idle_mb
    for task in talking:
        task.cancel()
    await asyncio.sleep(0.3)
    waits = [wait for peer in peers for wait in peer.waits_ms]
    for peer in peers:
        peer.transport.abort()
    await asyncio.sleep(0.3)
    expected = int(calls * took / FRAME_S / 2)
    return Result(calls, cpu_ms / took / calls, waits, rss_mb / calls, max(0, expected - len(waits)))


async def compare(candidates: list[str], calls: list[int], rounds: int, seconds: float) -> None:
    """Measure every candidate in every round, then print medians and their ratio to the first candidate's."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    results: dict[tuple[str, int], list[Result]] = {}
    for round_no, candidate in itertools.product(range(rounds), candidates):
        async with serving(candidate, cores[0]) as server:
            for count in calls:
                result = await measure(server, count, seconds)
                results.setdefault((candidate, count), []).append(result)
                print(round_no, candidate, count, f"{result.cpu_ms:.2f} {result.wait(99):.2f}", file=sys.stderr)
    print("| server | calls | CPU ms/s per call | to the first | p50 ms | p95 ms | p99 ms | RSS MB per call | lost |")
    print("|---|---|---|---|---|---|---|---|---|")
    for count, candidate in itertools.product(calls, candidates):
        runs, first = results[candidate, count], results[candidates[0], count]
        ratio = statistics.median(a.cpu_ms / b.cpu_ms for a, b in zip(runs, first, strict=True))
        waits = [statistics.median(run.wait(percent) for run in runs) for percent in (50, 95, 99)]
        print(
            f"| {candidate} | {count} | {statistics.median(r.cpu_ms for r in runs):.2f} | {ratio:.2f} | "
            + " | ".join(f"{wait:.2f}" for wait in waits)
            + f" | {statistics.median(r.rss_mb_per_call for r in runs):.2f} | {max(r.lost for r in runs)} |"
        )


def payload_by_json(text: str) -> bytes:
    return base64.b64decode(json.loads(text)["media"]["payload"])


def payload_by_search(text: str) -> bytes:
    """Only for messages that begin as Twilio's do today; the rest would go by JSON."""
    assert text.startswith('{"event":"media"')
    start = text.index('"payload":"') + 11
    return base64.b64decode(text[start : text.index('"', start)])


def costs() -> None:
    """Print microseconds per frame for each way to read and write a media message."""
    frame = bytes(range(160))
    payload = base64.b64encode(frame).decode()
    text = HEARD % (5, 5, 100, payload)
    steps: dict[str, Callable[[], object]] = {
        "json.loads + base64": lambda: payload_by_json(text),
        "search + base64": lambda: payload_by_search(text),
        "base64 alone": lambda: base64.b64decode(payload),
        "write by template": lambda: SPOKEN % base64.b64encode(frame).decode(),
        "write by json.dumps": lambda: json.dumps(
            {"event": "media", "streamSid": "MZ" + "0" * 32, "media": {"payload": base64.b64encode(frame).decode()}}
        ),
    }
    if importlib.util.find_spec("orjson"):
        import orjson

        steps["orjson.loads + base64"] = lambda: base64.b64decode(orjson.loads(text)["media"]["payload"])
    for name, step in steps.items():
        print(f"{name:24} {min(timeit.repeat(step, number=20_000, repeat=5)) / 20_000 * 1e6:6.2f} us")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare ASGI servers by the cost and delay of media sockets.")
    parser.add_argument("--only", nargs="+", default=available(), metavar="CANDIDATE")
    parser.add_argument("--calls", nargs="+", type=int, default=list(CALLS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--costs", action="store_true")
    options = parser.parse_args()
    if options.costs:
        costs()
    else:
        asyncio.run(compare(options.only, options.calls, options.rounds, options.seconds))


if __name__ == "__main__":
    main()
