"""What a caller waits and what a call costs: `make bench`, or `python -m bench --help`.

Vendors' doubles answer with fixed delays; callers drive the real product over Media Streams; the same callers drive a
bare pipeline without framework, the floor. The web process has one core for itself where there are two; callers and
doubles share the other, and what they use is shown, because it decides how far this machine can be trusted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bench.callers import STAGGER_S, BenchCaller, Experience, Target
from bench.relay_callers import RelayBenchCaller
from bench.stack import ACCOUNT_SID, AUTH_TOKEN, DELAYS, TOKENS_PER_S, WRITTEN_DOWN_MS, Stack, free_port, standing
from calls.conversation.sentences import Pieces
from tests.doubles.openai import answer_of

MODEL_WORDS = 40
RELAY, RELAY_FLOOR = "relay", "relay floor"
FLOORS = {"floor": "media", RELAY_FLOOR: "words"}
REALTIME = ("realtime", "realtime ahead")
SETTLED_S = 4.0


@dataclass(slots=True)
class Row:
    """One run: what N callers lived through on one process. Times in milliseconds."""

    kind: str
    calls: int
    wait_p50: float
    wait_p95: float
    doubles_late: float
    added_p50: float
    added_p95: float
    barge_in_p50: float
    barge_in_p95: float
    greeting_p50: float
    greeting_p95: float
    cpu_ms_per_call_s: float
    memory_mb_per_call: float
    gaps: int
    longest_gap: float
    after_clear_bytes: int
    unanswered: int
    failed: int
    replies: int
    callers_late_percent: float
    callers_cpu_percent: float
    doubles_cpu_percent: float


def provider_sum_ms(kind: str = "") -> float:
    """What the doubles' delays add up to: endpointing, first token, the tokens of the first piece, first audio.

    The carrier of words hears and speaks itself: there it is the model's first token alone. A model that hears and
    speaks finds the end of a turn, writes it down, and its first token sounds at once.
    """
    if kind in (RELAY, RELAY_FLOOR):
        return DELAYS["first-token"]
    if kind in REALTIME:
        return DELAYS["endpointing"] + WRITTEN_DOWN_MS + DELAYS["first-token"]
    tokens = [f"{word} " for word in answer_of(MODEL_WORDS).split()]
    pieces = Pieces()
    first = next(count for count, token in enumerate(tokens) if pieces.feed(token))
    return sum(DELAYS.values()) + first * 1000 / TOKENS_PER_S


def percentile(values: list[float], share: float) -> float:
    if not values:
        return float("nan")
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)


async def run(kind: str, target: Target, server: psutil.Process, stack: Stack, calls: int, seconds: float) -> Row:
    """N callers call one after another; the next `seconds` count, and the server is watched over them."""
    counted_from = time.perf_counter() + calls * STAGGER_S + SETTLED_S
    make = RelayBenchCaller if kind in (RELAY, RELAY_FLOOR) else BenchCaller
    callers = [make(target, number, counted_from=counted_from) for number in range(calls)]
    before_mb = server.memory_info().rss / 1e6
    me, doubles = psutil.Process(), psutil.Process(stack.doubles.pid)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        talking = asyncio.gather(*(caller.call(http, counted_from + seconds) for caller in callers))
        await asyncio.sleep(counted_from - time.perf_counter())
        before = await lateness(http, stack)
        used = [sum(process.cpu_times()[:2]) for process in (server, me, doubles)]
        began = time.perf_counter()
        await asyncio.sleep(seconds - 1)
        lasted = time.perf_counter() - began
        spent = [sum(p.cpu_times()[:2]) - u for p, u in zip((server, me, doubles), used, strict=True)]
        after_mb = server.memory_info().rss / 1e6
        late_ms = doubles_late_ms(before, await lateness(http, stack))
        await talking
        delays_ms = await told(http, stack, "delays")
    lived = [caller.experience for caller in callers]
    expected = provider_sum_ms(kind) + late_ms
    added = [
        wait - (delays_ms[asked] if asked else expected)
        for each in lived
        for wait, asked in zip_longest(each.waits_ms, each.asked)
    ]
    return _row(kind, calls, lived, spent, lasted, (after_mb - before_mb) / calls, late_ms, added)


async def lateness(http: aiohttp.ClientSession, stack: Stack) -> list[dict[str, float]]:
    doubles: list[dict[str, float]] = (await told(http, stack, "stats"))["lateness"]
    return doubles


async def told(http: aiohttp.ClientSession, stack: Stack, what: str) -> dict[str, Any]:
    async with http.get(f"http://127.0.0.1:{stack.doubles_port}/{what}") as answer:
        said: dict[str, Any] = await answer.json()
        return said


def doubles_late_ms(before: list[dict[str, float]], after: list[dict[str, float]]) -> float:
    """What the doubles' own timers added to one reply: the mean lateness of endpoint, token and first audio."""
    return sum(
        (now["late_ms"] - then["late_ms"]) / ((now["timed"] - then["timed"]) or 1)
        for then, now in zip(before, after, strict=True)
    )


def _row(
    kind: str,
    calls: int,
    lived: list[Experience],
    spent: list[float],
    lasted: float,
    memory_mb: float,
    late_ms: float,
    added: list[float],
) -> Row:
    waits = [wait for each in lived for wait in each.waits_ms]
    barge_ins = [took for each in lived for took in each.barge_ins_ms]
    greetings = [each.greeting_ms for each in lived if each.greeting_ms is not None]
    gaps = [gap for each in lived for gap in each.gaps_ms]
    frames = sum(each.frames for each in lived) or 1
    return Row(
        kind=kind,
        calls=calls,
        wait_p50=percentile(waits, 0.5),
        wait_p95=percentile(waits, 0.95),
        doubles_late=round(late_ms, 1),
        added_p50=percentile(added, 0.5),
        added_p95=percentile(added, 0.95),
        barge_in_p50=percentile(barge_ins, 0.5),
        barge_in_p95=percentile(barge_ins, 0.95),
        greeting_p50=percentile(greetings, 0.5),
        greeting_p95=percentile(greetings, 0.95),
        cpu_ms_per_call_s=round(spent[0] * 1000 / lasted / calls, 2),
        memory_mb_per_call=round(memory_mb, 2),
        gaps=len(gaps),
        longest_gap=round(max(gaps, default=0.0), 1),
        after_clear_bytes=sum(each.audio_after_clear_bytes for each in lived),
        unanswered=sum(each.unanswered for each in lived),
        failed=sum(bool(each.failure) for each in lived),
        replies=len(waits),
        callers_late_percent=round(100 * sum(each.late_frames for each in lived) / frames, 2),
        callers_cpu_percent=round(100 * spent[1] / lasted, 1),
        doubles_cpu_percent=round(100 * spent[2] / lasted, 1),
    )


def median_row(rows: list[Row]) -> Row:
    """The median of every figure over the rounds; of what must not happen at all, the worst."""
    worst = {"gaps", "longest_gap", "after_clear_bytes", "unanswered", "failed"}
    values = {
        name: value
        if isinstance(value, str)
        else (max if name in worst else statistics.median)([getattr(row, name) for row in rows])
        for name, value in asdict(rows[0]).items()
    }
    return Row(**{name: round(v, 2) if isinstance(v, float) else v for name, v in values.items()})


COLUMNS = {
    "kind": "run",
    "calls": "calls",
    "wait_p50": "wait p50",
    "wait_p95": "p95",
    "doubles_late": "doubles late",
    "added_p50": "added p50",
    "added_p95": "p95",
    "barge_in_p50": "barge-in p50",
    "barge_in_p95": "p95",
    "greeting_p50": "greeting p50",
    "greeting_p95": "p95",
    "cpu_ms_per_call_s": "CPU ms/s",
    "memory_mb_per_call": "MB/call",
    "gaps": "gaps",
    "after_clear_bytes": "after clear",
    "unanswered": "unanswered",
    "callers_cpu_percent": "callers CPU %",
    "doubles_cpu_percent": "doubles CPU %",
}


def table(rows: list[Row]) -> str:
    lines = ["| " + " | ".join(COLUMNS.values()) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(str(getattr(row, name)) for name in COLUMNS) + " |" for row in rows]
    return "\n".join(lines)


def measure(stack: Stack, port: int, chosen: argparse.Namespace) -> list[Row]:
    """Every kind and number of calls, `rounds` times, in turns, so that a busy minute is unfair to all alike."""
    collected: dict[tuple[str, int], list[Row]] = {}
    for round_number in range(chosen.rounds):
        for kind in chosen.kinds:
            is_floor = kind in FLOORS
            server_port = free_port() if is_floor else port
            command = ("-m", "bench.floor") if is_floor else ("manage.py", "serve")
            with stack.server(*command, "--port", str(server_port), port=server_port) as server:
                target = _floor_target(server_port, FLOORS[kind]) if is_floor else stack.targets[kind]
                asyncio.run(run(kind, target, server, stack, 2, 5))  # everything is imported and warm
                for calls in chosen.calls:
                    row = asyncio.run(run(kind, target, server, stack, calls, chosen.seconds))
                    collected.setdefault((kind, calls), []).append(row)
                    print(f"round {round_number + 1}: {table([row]).splitlines()[-1]}", flush=True)
    return [median_row(rows) for rows in collected.values()]


def _floor_target(port: int, path: str) -> Target:
    return Target("", ACCOUNT_SID, AUTH_TOKEN, media_url=f"ws://127.0.0.1:{port}/{path}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    kinds = ["floor", "nova", "nova speculating", "flux", "flux speculating", RELAY_FLOOR, RELAY, *REALTIME]
    parser.add_argument("--kinds", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--calls", nargs="+", type=int, default=[1, 10, 25, 50, 100])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each caller talks")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path(".local/bench/result.json"))
    chosen = parser.parse_args()
    port = free_port()
    with standing(port) as stack:
        rows = measure(stack, port, chosen)
        stats = stack.doubles_stats()
    print(f"\nproviders' delays add up to {provider_sum_ms():.0f} ms; medians of {chosen.rounds} rounds\n")
    print(table(rows))
    chosen.json.write_text(json.dumps({"rows": [asdict(row) for row in rows], "doubles": stats}, indent=2))
    print(f"\nJSON: {chosen.json}")


if __name__ == "__main__":
    main()
