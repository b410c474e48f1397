"""How often the ears doubt a clip that is right, and miss one that is wrong: `python -m bench.clip_checks`."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections import Counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentos.settings")
django.setup()

from campaigns.audio.checking import examine  # noqa: E402 - settings come first
from campaigns.audio.listening import Ears  # noqa: E402
from tests.campaigns.clip_set import Case, Speaker, right, wrong  # noqa: E402


def doubted(case: Case) -> list[str]:
    text, facts = case.message.text, case.message.facts
    return asyncio.run(examine(Ears("offline"), text, facts, case.sound))[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--right", type=int, default=60)
    parser.add_argument("--wrong", type=int, default=42)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--show", action="store_true", help="what was held against each right clip")
    chosen = parser.parse_args()
    speaker, began = Speaker(), time.monotonic()
    alarms: Counter[str] = Counter()
    doubted_right: Counter[str] = Counter()
    for case in right(chosen.right, chosen.seed, speaker):
        found = doubted(case)
        doubted_right[case.voice] += bool(found)
        alarms.update(problem.split(":")[0] for problem in found)
        if found and chosen.show:
            print(" ", case.message.text, "\n   ", *found, sep=" | ")
    passed = [case.wrong for case in wrong(chosen.wrong, chosen.seed, speaker) if not doubted(case)]
    seconds = (time.monotonic() - began) / (chosen.right + chosen.wrong)
    print(f"seed {chosen.seed}: {doubted_right.total()} of {chosen.right} right clips doubted")
    print(f"by voice {dict(doubted_right)}")
    print(f"{len(passed)} of {chosen.wrong} wrong clips passed {passed}; {seconds:.1f} s for each clip")


if __name__ == "__main__":
    main()
