"""Is everybody called exactly once, whatever happens to the workers? `make drill`, or `python -m bench.drill --help`.

A campaign runs on real PostgreSQL, Redis and Celery workers against a carrier that loses answers, while workers are
killed and frozen at random. At the end what the carrier did is compared with what was wanted: nobody called twice,
nobody left out, nobody outside a calling window, and every receipt holds.

The clock of the workers stands at a lawful hour, wherever the machine is: they are started with it moved.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from agentos import embedded
from bench.stack import free_port

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local" / "drill"
MONDAY = datetime(2026, 12, 14, 17, 5, tzinfo=UTC)  # open everywhere on the mainland, and not on the islands
OURS = "+12085550110"
CLOSED_NOW = "808"  # Hawaii: not open before eight there
FROZEN_S = 11.0
WORKERS = 3  # one of them dials at a time: every third fault hits it


@dataclass
class Drill:
    """What was wanted, what was broken, what was measured."""

    people: int
    kills: int
    freezes: int
    chance: random.Random
    killed: int = 0
    frozen: int = 0
    lasted_s: float = 0.0
    findings: dict[str, Any] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.drill", description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--freezes", type=int, default=8)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--most-s", type=float, default=340.0)
    chosen = parser.parse_args()
    drill = Drill(chosen.people, chosen.kills, chosen.freezes, random.Random(chosen.seed))
    with ExitStack() as cleanup:
        port = free_port()
        shutil.rmtree(LOCAL, ignore_errors=True)
        servers = embedded.start(LOCAL, durable=False)
        cleanup.callback(servers.stop)
        os.environ |= environment(port)
        carrier = start([sys.executable, "-m", "bench.drill_carrier", "--port", str(port), "--seed", str(chosen.seed)])
        cleanup.callback(end, carrier)
        campaign = prepare(drill)
        worker = start([sys.executable, "-m", "bench.drill_worker", str(WORKERS)])
        cleanup.callback(end, worker)
        run(drill, campaign, worker, port, chosen.most_s)
        judge(drill, campaign, port)
    report(drill, chosen.seed)


def environment(carrier_port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": embedded.database_url(LOCAL),
        "REDIS_URL": embedded.redis_url(LOCAL),
        "DATA_DIR": str(LOCAL / "data"),
        "AGENTOS_LOCAL_DIR": str(LOCAL),
        "PUBLIC_URL": "http://127.0.0.1:9",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 31 + "1",
        "TWILIO_AUTH_TOKEN": "drill" * 6,
        "TWILIO_BASE_URL": f"http://127.0.0.1:{carrier_port}",
        "LOG_LEVEL": "ERROR",
        "CARRIER_CALLS_PER_SECOND": "2000",
        "ATTEMPT_LOOK_AGAIN_S": "2",
        "ATTEMPT_ABSENT_S": "4",
        "DRILL_MOMENT": MONDAY.isoformat(),
        "DRILL_STARTED": str(time.time()),
    }


def start(command: list[str]) -> subprocess.Popen[bytes]:
    log = (LOCAL / f"{command[2]}.log").open("wb")
    return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)


def end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


# The campaign --------------------------------------------------------------------------------------------


def clock() -> datetime:
    """The moment for everybody who takes part."""
    return MONDAY + timedelta(seconds=time.time() - float(os.environ["DRILL_STARTED"]))


def prepare(drill: Drill) -> Any:
    """The tenant, its agent, and the people: most may be called now, one in twenty not yet."""
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
    flags = ("--tenant", "Drill", "--email", "drill@example.com", "--number", OURS, "--max-concurrent-calls", "500")
    flags += ("--stt", "offline", "--llm", "offline", "--tts", "offline", "--greeting", "Hello.", "--prompt", "Drill.")
    subprocess.run([sys.executable, "manage.py", "provision", *flags], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    os.environ["DJANGO_SETTINGS_MODULE"] = "agentos.settings"
    import django

    django.setup()
    from bench.drill_people import make_campaign

    return make_campaign(drill.people, drill.people // 20, CLOSED_NOW, clock())


def run(drill: Drill, campaign: Any, worker: subprocess.Popen[bytes], port: int, most_s: float) -> None:
    """Drive the schedule, break the workers, and take what the carrier placed as talked through."""
    from bench.drill_people import Driver

    driver, began = Driver(campaign, clock), time.monotonic()
    breaking = threading.Thread(target=break_workers, args=(drill, worker.pid, port), daemon=True)
    breaking.start()
    with beat():
        while time.monotonic() - began < most_s:
            left = driver.round()
            if not left and not breaking.is_alive():
                break
    drill.lasted_s = time.monotonic() - began
    driver.close()


@contextmanager
def beat() -> Iterator[None]:
    """Queue a tick each second, as Celery's beat does."""
    from celery import current_app

    stop = threading.Event()

    def tick() -> None:
        while not stop.is_set():
            current_app.send_task("campaigns.tasks.tick", expires=clock() + timedelta(seconds=5))
            stop.wait(1.0)

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def break_workers(drill: Drill, main_pid: int, port: int) -> None:
    """Kill and freeze children of the worker, in random order; the worker starts others in place of the dead.

    It begins with the first call: Celery takes a child that dies while the worker starts as a reason not to start.
    """
    while not told_by_carrier(port)["requests"]:
        time.sleep(0.5)
    faults = ["kill"] * drill.kills + ["freeze"] * drill.freezes
    drill.chance.shuffle(faults)
    for fault in faults:
        while not (children := psutil.Process(main_pid).children(recursive=True)):
            time.sleep(0.5)
        victim = drill.chance.choice(children)
        with suppress(psutil.NoSuchProcess):
            if fault == "kill":
                victim.kill()
                drill.killed += 1
            else:
                victim.suspend()
                drill.frozen += 1
                threading.Timer(FROZEN_S, wake, [victim]).start()
        time.sleep(drill.chance.uniform(1.0, 3.5))
    time.sleep(FROZEN_S + 1)


def wake(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.resume()


# The verdict ---------------------------------------------------------------------------------------------


def judge(drill: Drill, campaign: Any, port: int) -> None:
    from bench.drill_people import numbers, outside_window, receipts

    told = told_by_carrier(port)
    times_called = Counter(number for number, _ in told["placed"])
    wanted, not_yet = numbers(campaign, CLOSED_NOW)
    count, faults = receipts(campaign)
    drill.findings = {
        "requests to the carrier": told["requests"],
        "answers lost, 500 after accepting, 429": f"{told['lost']}, {told['failed']}, {told['throttled']}",
        "called once": sum(times == 1 for times in times_called.values()),
        "called twice": sum(times > 1 for times in times_called.values()),
        "left out": len(wanted - set(times_called)),
        "called outside their window": outside_window(told["placed"], clock) + len(not_yet & set(times_called)),
        "receipts": count,
        "receipts that do not hold": faults,
    }


def told_by_carrier(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/drill") as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def report(drill: Drill, seed: int) -> None:
    rows: dict[str, Any] = {
        "seed": seed,
        "people": drill.people,
        "workers killed": drill.killed,
        "workers frozen for 11 s": drill.frozen,
        "seconds": round(drill.lasted_s),
        **drill.findings,
    }
    print("| drill | |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    bad = ("called twice", "left out", "called outside their window", "receipts that do not hold")
    if any(drill.findings[name] for name in bad):
        raise SystemExit("The drill has failed.")


if __name__ == "__main__":
    main()
