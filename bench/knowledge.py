"""How long does a look-up keep a turn waiting? `python -m bench.knowledge --help`.

A server of its own from the wheels, where row-level security binds the application as it does elsewhere. One business
has written `--passages`, a neighbor a tenth of that. Questions go the way of a call, through `calls.knowing`: by words
alone, then by words and meaning, with a double of the vendor that answers after `--vendor-ms`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from uuid import UUID

from bench.own_servers import own_servers

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local" / "knowledge"
WORDS_OF_A_PASSAGE = 130
PASSAGES_OF_A_SOURCE = 100
ASKED = (
    "Are you open on Saturday?",
    "Hi, um, I was wondering how much a cleaning costs if I do not have any insurance with you?",
    "Can I park my car near the clinic?",
    "Do you take children under six, and does somebody have to come with them?",
    "What do I have to bring to my first appointment?",
    "I would like to know whether you could do the whitening and the filling on the same day or not.",
    "Where are you?",
    "How long does a root canal take, and can I drive home by myself afterwards?",
    "My tooth hurts a lot since last night and I do not know what to do about it, what can you do for me today?",
    "Which languages do you speak?",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.knowledge", description=__doc__)
    parser.add_argument("--passages", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--vendor-ms", type=float, default=30.0)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.here:
        measure(chosen)
        return
    with own_servers(LOCAL) as environment:
        environment["DATABASE_POOL"] = "on"
        subprocess.run([sys.executable, "-m", "bench.knowledge", "--here", *sys.argv[1:]], env=environment, check=True)


def measure(chosen: argparse.Namespace) -> None:
    import django

    django.setup()

    print("| passages | found by | p50 ms | p95 | max | in time |\n|---|---|---|---|---|---|")
    written, asked_by = 0, (0, UUID(int=0))
    for passages in sorted(chosen.passages):
        for business in ("Clinic", "Neighbor"):
            share = 1 if business == "Clinic" else 10
            begun = written // share // PASSAGES_OF_A_SOURCE
            where = write(business, (passages - written) // share, from_source=begun)
            asked_by = where if business == "Clinic" else asked_by
        written = passages
        settle()
        for by_meaning in (False, True):
            took, in_time = asyncio.run(ask(*asked_by, chosen, by_meaning=by_meaning))
            print(row(passages, "words and meaning" if by_meaning else "words", took, in_time), flush=True)


def row(passages: int, by: str, took: Sequence[float], in_time: int) -> str:
    ordered = sorted(took)
    p95 = ordered[int(0.95 * len(ordered))]
    share = f"{in_time} of {len(took)}"
    return f"| {passages:,} | {by} | {statistics.median(ordered):.1f} | {p95:.1f} | {ordered[-1]:.1f} | {share} |"


def write(business: str, passages: int, *, from_source: int) -> tuple[int, UUID]:
    """More passages for a business, with words drawn as languages draw them; returns tenant and agent."""
    from agentos.tenants.models import Tenant
    from agentos.tenants.scoping import tenant_transaction
    from agents.knowledge import vectors
    from agents.knowledge.passages import Passage
    from agents.knowledge.services import _know
    from agents.models import Agent, KnowledgePassage, KnowledgeSource

    chance = random.Random(f"{business} {from_source}")
    tenant = Tenant.objects.get_or_create(slug=business.lower(), defaults={"name": business})[0]
    with tenant_transaction(tenant):
        agent = Agent.objects.get_or_create(name="Robin")[0]
        for source in range(from_source, from_source + passages // PASSAGES_OF_A_SOURCE):
            row = KnowledgeSource.objects.create(kind="document", title=f"Document {source}", language="en-US")
            _know(row, [Passage(f"Part {n}", sentence(chance)) for n in range(PASSAGES_OF_A_SOURCE)])
            if vectors.are_kept():
                keys = KnowledgePassage.objects.filter(source=row).values_list("pk", flat=True)
                vectors.store({key: [chance.gauss(0, 1) for _ in range(vectors.DIMENSIONS)] for key in keys})
        return tenant.pk, agent.pk


def sentence(chance: random.Random) -> str:
    """A text of a business: frequent words often, rare words rarely, and each that is asked for in one of thirty."""
    known, weights = vocabulary()
    return " ".join(chance.choices(known, weights, k=WORDS_OF_A_PASSAGE))


@cache
def vocabulary() -> tuple[list[str], list[float]]:
    """By Zipf's law, with what is asked for among the first few hundred words of the language."""
    asked = dict.fromkeys(re.findall(r"[a-z]+", " ".join(ASKED).lower()))
    known = [f"word{n}" for n in range(8_000)]
    for place, word in enumerate(asked):
        known.insert(60 + 6 * place, word)
    return known, [1 / (rank + 3) for rank in range(len(known))]


def settle() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


async def ask(
    tenant_id: int, agent_id: UUID, chosen: argparse.Namespace, *, by_meaning: bool
) -> tuple[list[float], int]:
    """Ask one question after the other, as ten calls would; returns how long each took, and how many were answered."""
    from django.conf import settings

    from agents.providers.llm.openai_client import close_clients
    from calls import knowing
    from calls.knowing import Knowledge
    from tests.doubles.server import Doubles

    knowing.REST_S = 0.0  # each question is asked, also after two that were not answered in time
    chance, took, in_time = random.Random(20261122), [], 0
    async with Doubles() as doubles:
        doubles.openai.pace.embedding_ms = chosen.vendor_ms
        settings.EMBEDDING_BASE_URL = doubles.url if by_meaning else ""
        calls = [Knowledge(tenant_id, agent_id, "en-US") for _ in range(10)]
        for call in calls:
            await call.opened()
        for n in range(chosen.questions + len(ASKED)):
            question = f"{ASKED[n % len(ASKED)]} word{chance.randrange(8_000)} {n}"
            began = time.perf_counter()
            found = await calls[n % len(calls)].look_up(question)
            if n >= len(ASKED):
                took.append(1000 * (time.perf_counter() - began))
                in_time += found is not None
        await close_clients()
    return took, in_time


if __name__ == "__main__":
    main()
