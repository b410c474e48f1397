"""How long does a file of contacts take, and how much memory? `python -m bench.imports --help`.

A server of its own from the wheels, and a process of its own that reads, judges and stores every row as the task of a
worker does: names, states, ZIP codes, zones, a field of the business's own, and consent for everybody.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

from bench.own_servers import own_servers

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local" / "imports"
HEADERS = ("Phone number", "Name", "State", "ZIP code", "Time zone", "Appointment")
AREAS = ((208, "ID", "83702", "America/Boise"), (212, "NY", "10001", "America/New_York"), (503, "OR", "97201", ""))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.imports", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--workbook", action="store_true", help="as XLSX rather than as CSV")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.write:
        write(chosen.write, chosen.rows, workbook=chosen.workbook)
        return
    if chosen.here:
        measure(chosen.rows, workbook=chosen.workbook)
        return
    with own_servers(LOCAL) as environment:
        subprocess.run([sys.executable, "-m", "bench.imports", "--here", *sys.argv[1:]], env=environment, check=True)


def people(rows: int) -> list[tuple[str, ...]]:
    """Everybody once, in three states; the same on every machine."""
    chance = random.Random(20261121)
    lines = chance.sample(range(200_0000, 999_9999), rows)
    return [
        (f"{area}{line:07}", f"Person {line}", state, zip_code, zone, f"2026-11-{10 + line % 20} 09:30")
        for line in lines
        for area, state, zip_code, zone in (AREAS[line % 3],)
    ]


def write(path: Path, rows: int, *, workbook: bool) -> None:
    from tests.campaigns import sheets

    table = [HEADERS, *people(rows)]
    if workbook:
        path.write_bytes(sheets.workbook(*table))
    else:
        path.write_text("".join(",".join(row) + "\n" for row in table))


def measure(rows: int, *, workbook: bool) -> None:
    import django

    django.setup()

    from agentos.tenants.models import Tenant
    from agentos.tenants.scoping import tenant_transaction
    from campaigns.importing import files
    from campaigns.importing.columns import guess
    from campaigns.importing.run import run_import
    from campaigns.models import ContactImport

    tenant = Tenant.objects.create(name="Imports", slug="imports")
    path = files.path_of("imports/file")
    path.parent.mkdir(parents=True, exist_ok=True)
    flag = ["--workbook"] if workbook else []
    writer = [sys.executable, "-m", "bench.imports", "--write", str(path), "--rows", str(rows), *flag]
    subprocess.run(writer, check=True)  # its memory is not ours
    consent = {"tier": "express", "source": "patient form", "day": "2026-01-08"}
    with tenant_transaction(tenant):
        made = ContactImport.objects.create(
            name="people", file="imports/file", columns=guess(HEADERS), consent=consent, status="running"
        )
    size, began = path.stat().st_size, time.perf_counter()
    with tenant_transaction(tenant):
        run_import(made.pk)
    took = time.perf_counter() - began
    with tenant_transaction(tenant):
        made.refresh_from_db()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"| {'XLSX' if workbook else 'CSV'}, {size / 2**20:.1f} MB | {made.rows:,} rows, {made.added:,} added "
        f"| {took:.0f} s, {made.rows / took:,.0f} rows a second | peak {peak:.0f} MB | {made.status} {made.problem}"
    )


if __name__ == "__main__":
    main()
