"""How long from the claim of an attempt to the request at the carrier? `python -m bench.dialling`.

A campaign runs at a pace on real PostgreSQL, Redis and a Celery worker (prefork), as in production: each second a tick
is queued, which claims in rounds what the pace allows at that moment. For each attempt is measured from the beginning
of the round that claims it, before its transaction begins, to the arrival of the request at the carrier's double. The
pace waits before a claim and never after it, so nothing has to be taken off; attempts of one round wait for each
other, and that is counted. The halves meet where the database has committed, by its own clock. The floor is one insert,
its commit, and one HTTP request over an open connection, at the same pace. Afterwards people are claimed by twos, one
claim after another, which shows what a claim costs when nothing else goes on.

The clock of the worker stands at a lawful hour, wherever the machine is.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psycopg

from agentos import embedded
from bench import drill
from bench.stack import free_port

WORKERS = 3
WARM_UP_S = 8.0
ACCOUNT = "AC" + "0" * 31 + "1"


@dataclass(frozen=True, slots=True)
class Row:
    """Some figures of one kind, in milliseconds."""

    name: str
    values: list[float]

    def share(self, percent: int) -> float:
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]

    def __str__(self) -> str:
        return f"| {self.name} | {len(self.values)} | {self.share(50):.1f} | {self.share(95):.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dialling", description=__doc__)
    parser.add_argument("--pace", type=float, default=50.0, help="calls per second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--people", type=int, default=2500, help="in the campaign; more than are called")
    parser.add_argument("--workers", type=int, default=WORKERS)
    chosen = parser.parse_args()
    with ExitStack() as cleanup:
        port = free_port()
        shutil.rmtree(drill.LOCAL, ignore_errors=True)
        _keep_commit_times()
        servers = embedded.start(drill.LOCAL)
        cleanup.callback(servers.stop)
        os.environ |= drill.environment(port) | {"CARRIER_CALLS_PER_SECOND": str(chosen.pace)}
        command = [sys.executable, "-m", "bench.drill_carrier", "--port", str(port), "--share", "0"]
        cleanup.callback(drill.end, drill.start(command))
        campaign = _campaign(chosen.people, chosen.pace)
        worker = drill.start([sys.executable, "-m", "bench.drill_worker", str(chosen.workers)])
        try:
            load = _run(port, 0.0 if chosen.seconds <= 0 else WARM_UP_S + chosen.seconds)
        finally:
            drill.end(worker)
        arrived = dict(drill.told_by_carrier(port)["placed"])
        floor = Row("floor: insert, commit, request", _floor(port, chosen.pace, 5.0))
        rows = _rows(campaign, arrived)
        alone = _alone(port)
    _report(rows, floor, alone, chosen.pace, load)


def _keep_commit_times() -> None:
    """Have the database note when each transaction was committed."""
    servers = embedded.start(drill.LOCAL, redis=False)
    try:
        host = str(embedded.run_dir(drill.LOCAL))
        with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as superuser:
            superuser.execute("alter system set track_commit_timestamp = on")
    finally:
        servers.stop()


def _campaign(people: int, pace: float) -> Any:
    """Everybody may be called; there are lines for all."""
    campaign = drill.prepare(drill.Drill(people, 0, 0, drill.random.Random(1)))
    from django.db import connection

    from agentos.tenants.models import Tenant
    from agentos.tenants.scoping import tenant_transaction

    Tenant.objects.update(max_concurrent_calls=100_000)
    with tenant_transaction(campaign.tenant_id):
        type(campaign).objects.update(calls_per_second=pace, at_once=100_000)
    with connection.cursor() as cursor:
        cursor.execute("analyze")  # as the database does by itself within a minute
    return campaign


def _run(port: int, seconds: float) -> float:
    """Have it dialed for so long, from the first call on; the load of the machine at the end of that."""
    with drill.beat():
        while not drill.told_by_carrier(port)["requests"]:
            time.sleep(0.2)
        time.sleep(seconds)
        load = os.getloadavg()[0]
    time.sleep(3)
    return load


def _rows(campaign: Any, arrived: dict[str, float]) -> list[Row]:
    """Overhead of each attempt after the warm-up, and its halves: until the claim has committed, and from then."""
    from django.db import connection

    from agentos.tenants.scoping import tenant_transaction

    shift = drill.MONDAY.timestamp() - float(os.environ["DRILL_STARTED"])
    whole, before, after = [], [], []
    with tenant_transaction(campaign.tenant_id), connection.cursor() as cursor:
        # A receipt never changes: whoever wrote it wrote the attempt, in one transaction.
        cursor.execute(
            "select attempt.e164, claimed_at, pg_xact_commit_timestamp(receipt.xmin) from campaigns_attempt attempt"
            " join campaigns_dialreceipt receipt on attempt_ref = attempt.id where asked_at is not null"
        )
        attempts = cursor.fetchall()
    begins = min(claimed_at for _, claimed_at, _ in attempts).timestamp() + WARM_UP_S
    for number, claimed_at, committed_at in attempts:
        if claimed_at.timestamp() < begins or number not in arrived:
            continue
        claimed, committed = claimed_at.timestamp() - shift, committed_at.timestamp()
        whole.append(1000 * (arrived[number] - claimed))
        before.append(1000 * (committed - claimed))
        after.append(1000 * (arrived[number] - committed))
    return [
        Row("claim to request", whole),
        Row("– claim, gate, receipts, commit", before),
        Row("– request", after),
    ]


def _alone(port: int) -> Any:
    from bench.claims import measure

    return measure(port)


def _floor(port: int, pace: float, seconds: float) -> list[float]:
    """The same without a product: what the database and the network ask for at least."""
    from django.db import connection

    values = []
    carrier = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with connection.cursor() as cursor:
        cursor.execute("create table if not exists bench_floor (id bigserial primary key, at timestamptz, words text)")
        begins = time.time()
        for turn in range(int(pace * seconds)):
            time.sleep(max(0.0, begins + turn / pace - time.time()))
            before, number = time.time(), f"+1999{turn:07}"
            cursor.execute("insert into bench_floor (at, words) values (now(), %s)", [number])
            carrier.request("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", f"To={number[1:]}&From=1", headers)
            carrier.getresponse().read()
            values.append((number[1:], before))
    arrived = dict(drill.told_by_carrier(port)["placed"])
    return [1000 * (arrived[number] - before) for number, before in values]


def _report(rows: list[Row], floor: Row, alone: Any, pace: float, load: float) -> None:
    print(f"{pace:g} calls a second, load {load:.1f} on {os.cpu_count()} cores\n")
    print("| ms | attempts | p50 | p95 |\n|---|---|---|---|")
    for row in (*rows, floor):
        print(row)
    whole = rows[0]
    quotients = [f"p{percent} {whole.share(percent) / floor.share(percent):.1f}" for percent in (50, 95)]
    print(f"\nProduct ÷ floor: {', '.join(quotients)}.\n")
    print("| ms, a claim of two, one after another | claims | p50 | p95 |\n|---|---|---|---|")
    print(Row("claim, gate, receipts, commit", alone.committed))
    print(Row("– of it CPU of this process", alone.cpu))
    print(Row("until a request arrives", alone.requested))
    print(f"\nA claim sends {alone.statements} statements; a whole round makes {alone.commits:.1f} commits.")


if __name__ == "__main__":
    main()
