"""How late does somebody hear a call that they listen to? `python -m bench.listening`.

One process carries calls and takes a frame of the caller every 20 ms; another holds the sockets of those who listen.
The tap, the exchange over Redis and the socket are the product's; only who may listen is not asked. Counted is from a
frame in to the message with it at the browser's socket. Sound goes out in bundles of 100 ms, so the first frame of a
bundle waits by plan. The floor is a message of the same size that travels alone between the processes over Redis.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from agentos import embedded
from bench.dialling import Row

FRAME_BYTES, FRAME_S, BUNDLE_S = 160, 0.02, 0.1
MARKS = 200  # a frame is known by its bytes, which come again after four seconds
FLOOR = "bench:listening:floor"
TENANT = 1


def _call(number: int) -> UUID:
    return UUID(int=number + 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.listening", description=__doc__)
    parser.add_argument("--calls", type=int, nargs="+", default=[1, 25])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--carry", type=int, default=0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.carry:
        _prepare()
        asyncio.run(_carry(chosen.carry, chosen.seconds))
        return
    with tempfile.TemporaryDirectory() as folder:
        servers = embedded.start(Path(folder), durable=False, postgresql=False)
        os.environ["REDIS_URL"] = embedded.redis_url(Path(folder))
        _prepare()
        try:
            print("| what | frames | p50 ms | p95 ms |", "|---|---|---|---|", sep="\n")
            for calls in chosen.calls:
                for row in asyncio.run(_measure(calls, chosen.seconds)):
                    print(row, flush=True)
        finally:
            servers.stop()


def _prepare() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentos.settings")
    django.setup()


# The process that carries the calls ------------------------------------------------------------------


async def _carry(calls: int, seconds: float) -> None:
    """Take frames for so long, then tell on standard output when each was taken."""
    from calls.conversation.commands import Answer
    from calls.conversation.session import Session
    from calls.live.attendance import Attendance
    from calls.live.exchange import exchange
    from calls.live.tap import Tap

    def session() -> Session:
        return cast(Session, SimpleNamespace(operator=SimpleNamespace(earlier=None), command=lambda _: Answer.DONE))

    taps = [Tap() for _ in range(calls)]
    attended = [Attendance(TENANT, _call(number), session(), tap) for number, tap in enumerate(taps)]
    for each in attended:
        each.begin()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    began, taken = time.monotonic(), list[float]()
    while time.monotonic() < began + seconds:
        taken.append(time.monotonic())
        for tap in taps:
            tap.heard(bytes([len(taken) % MARKS]) * FRAME_BYTES)
        if len(taken) % 5 == 0:
            exchange().tell(FLOOR, json.dumps(time.monotonic()).encode().ljust(round(2 * 8000 * BUNDLE_S)))
        await asyncio.sleep(max(0.0, began + len(taken) * FRAME_S - time.monotonic()))
    for each in attended:
        await each.end()
    print(json.dumps(taken), flush=True)


# The process that holds the sockets ------------------------------------------------------------------


class _Listener:
    """One browser. `frames` are the marks that came, with the time of each."""

    def __init__(self, call_id: UUID) -> None:
        self.frames: list[tuple[float, int]] = []
        self.hears = asyncio.Event()
        self._first = asyncio.Queue[dict[str, Any]]()
        self._first.put_nowait({"type": "websocket.connect"})
        self._scope = {"type": "websocket", "url_route": {"kwargs": {"call_id": call_id}}}

    async def listen(self) -> None:
        await _socket()()(self._scope, self._first.get, self._send)

    async def _send(self, message: dict[str, Any]) -> None:
        if "listening" in (message.get("text") or ""):
            self.hears.set()
        if sound := message.get("bytes"):
            now, caller = time.monotonic(), sound[::2]
            for mark in dict.fromkeys(caller):
                if mark < MARKS and (not self.frames or self.frames[-1][1] != mark):
                    self.frames.append((now, mark))

    def delays_ms(self, taken: list[float]) -> list[float]:
        """Of each frame, from when it was taken to its first byte here."""
        found, at = [], 0
        for now, mark in self.frames:
            at = next((place for place in range(at, len(taken)) if (place + 1) % MARKS == mark), at)
            found.append((now - taken[at]) * 1000)
        return found[50:]  # the first second finds its pace


def _socket() -> type[Any]:
    from calls.live.sound_socket import SoundSocket

    class Unasked(SoundSocket):
        """Lets everybody in and writes no log: there is no database here."""

        is_welcome = True

        def _enter(self) -> Any:
            return SimpleNamespace(tenant_id=TENANT)

        def _still_may(self) -> bool:
            return True

        async def _record(self, what: str, words: str) -> None: ...

    return Unasked


async def _measure(calls: int, seconds: float) -> list[Row]:
    from calls.live.exchange import exchange

    command = (sys.executable, "-m", "bench.listening", "--carry", str(calls), "--seconds", str(seconds))
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "limit": 2**24}
    process = await asyncio.create_subprocess_exec(*command, **pipes)  # type: ignore[arg-type]
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018
    await process.stdout.readline()
    hops: list[float] = []
    exchange().subscribe(FLOOR, lambda message: hops.append((time.monotonic() - json.loads(message)) * 1000))
    await asyncio.sleep(0.5)
    listeners = [_Listener(_call(number)) for number in range(calls)]
    listening = [asyncio.ensure_future(each.listen()) for each in listeners]
    await asyncio.gather(*(each.hears.wait() for each in listeners))
    process.stdin.write(b"go\n")
    taken = json.loads(await process.stdout.readline())
    await process.wait()
    for task in listening:
        task.cancel()
    await asyncio.wait(listening)
    delays = [delay for each in listeners for delay in each.delays_ms(taken)]
    return [Row(f"one hop over Redis, beside {calls} calls", hops), Row(f"{calls} calls listened to", delays)]


if __name__ == "__main__":
    main()
