"""Does a process come back to where it was? `python -m bench.soak`: many calls, and one that lasts an hour.

Both run faster than real time, in a web process of its own with everything the product has but the vendors' delays.
What is compared: resident memory, tasks of the event loop, open files.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import json
import time
import urllib.request
from contextlib import suppress
from typing import Any, cast

import aiohttp
import psutil

from bench.callers import BenchCaller, Target
from bench.stack import Stack, free_port, standing

WARM_CALLS, CALLS, AT_ONCE, SECONDS = 60, 200, 20, 12
HOUR_S, SCALE = 3600, 20
FRAMES_PER_S = 50 * SCALE * 3
KIND = "nova speculating"


def serve(port: int) -> None:
    """The product, with a socket that takes frames faster than a telephone sends them, and a page of figures."""
    from channels.routing import URLRouter
    from django.urls import path

    from agentos.asgi import application
    from agentos.server import make_server
    from telephony.consumers import MediaStreamConsumer

    fast = MediaStreamConsumer.as_asgi(frames_per_s=FRAMES_PER_S)
    sockets = URLRouter([path("agents/<uuid:agent_id>/media", cast(Any, fast))])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await sockets(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/figures":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": json.dumps(_figures()).encode()})
        else:
            await application(scope, receive, send)

    make_server(app, port=port, drain_timeout_s=5).run()


def _figures() -> dict[str, float]:
    from calls.journal import spool
    from calls.runtime import running_calls

    gc.collect()
    _give_back()
    me = psutil.Process()
    return {
        "memory MB": round(me.memory_info().rss / 1e6, 1),
        "tasks": len(asyncio.all_tasks()),
        "sockets": len(me.net_connections()),
        "files": me.num_fds(),
        "threads": me.num_threads(),
        "calls": running_calls(),
        "journals": len(spool.open_journals()),
    }


def _give_back() -> None:
    """Return what the allocator holds and nobody uses, where it can be asked to: what is left is what is kept."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def figures(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/figures") as answer:
        found: dict[str, float] = json.load(answer)
        return found


async def many_calls(target: Target, calls: int) -> int:
    """So many calls, some at a time; returns how many replies were heard."""
    heard = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        for first in range(0, calls, AT_ONCE):
            callers = [BenchCaller(target, number) for number in range(min(AT_ONCE, calls - first))]
            await asyncio.gather(*(caller.call(http, time.perf_counter() + SECONDS) for caller in callers))
            heard += sum(len(caller.experience.waits_ms) for caller in callers)
    return heard


async def one_long_call(target: Target, port: int) -> tuple[list[float], int]:
    """A call of an hour on the caller's clock; returns the memory along the way and the replies heard."""
    caller, memory = BenchCaller(target, 0, scale=SCALE), []
    async with aiohttp.ClientSession() as http:
        talking = asyncio.ensure_future(caller.call(http, time.perf_counter() + HOUR_S / SCALE))
        while not talking.done():
            await asyncio.wait({talking}, timeout=HOUR_S / SCALE / 12)
            memory.append((await asyncio.to_thread(figures, port))["memory MB"])
    return memory, len(caller.experience.waits_ms)


def soak(stack: Stack, port: int) -> None:
    with stack.server("-m", "bench.soak", "--serve", str(port), port=port):
        target = stack.targets[KIND]
        asyncio.run(many_calls(target, WARM_CALLS))
        time.sleep(8)
        before = figures(port)
        heard = asyncio.run(many_calls(target, CALLS))
        time.sleep(8)
        after = figures(port)
        print(f"after {CALLS} calls ({heard} replies):")
        for name, value in before.items():
            print(f"  {name:10} {value:8} -> {after[name]:8}")
        memory, heard = asyncio.run(one_long_call(target, port))
        print(f"an hour-long call ({heard} replies), memory in MB: {' '.join(map(str, memory))}")
        print(f"  from the fifth minute to the end: {max(memory[1:-1]) - memory[0]:+.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--serve", type=int, metavar="PORT", help="be the web process")
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve)
        return
    port = free_port()
    with standing(port) as stack:
        soak(stack, port)


if __name__ == "__main__":
    main()
