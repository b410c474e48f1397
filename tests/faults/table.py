"""Draws docs/faults.md: each vendor, each fault, and what the caller heard of it. `python -m tests.faults.table`"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
TITLES = {True: "## With a second vendor", False: "## Alone"}
PARTS = {
    "stt": "Hearing",
    "llm": "Model",
    "relay": "Model, on ConversationRelay",
    "talk": "Model that speaks itself",
    "tts": "Voice",
}
HEAD = """# Faults of vendors, and what a caller hears

Drawn by `make faults`. In each row one vendor breaks in the middle of a call, just before the caller asks something:
the line to it goes through a proxy that passes everything on until then. Adapters, SDKs, sockets and the conversation
are the real ones; the vendors are the doubles of `tests/doubles`. The clock runs five times as fast, so that the
machine's own time counts fivefold: figures are a little too long.

| fault | what the proxy does |
|---|---|
| dead | resets what is open, refuses what is new |
| slow | keeps every answer for 6 s |
| half-open | accepts, reads, and never says anything |
| garbage | answers with bytes that mean nothing |
| quota | resets what is open, answers 402 to what is new |
| cut in mid-stream | lets 0.3 s of the answer through, then resets |

*First sound* and *longest silence* count from the caller's last sound, in ms; the end of a turn is certain about 300 ms
after it. *Noticed as* are the failures in the call's log. The answer is “{answer}”

Behind a model that speaks itself stand the version's own ears, model and voice; *alone* means that they are of the
same vendor and break with it. On ConversationRelay the carrier hears and speaks, and tells the words 400 ms after the
last sound. Where a voice or a model breaks off in the middle, what is missing is said anew, by the second where there
is one; the transcript holds what was heard.
"""


def main() -> None:
    """With names of parts (`stt llm relay talk tts`) only their rows are drawn anew."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentos.settings")
    django.setup()
    from tests.faults.proxy import Fault
    from tests.faults.vendors import ANSWER, VENDORS, live_through

    anew, kept = sys.argv[1:] or list(PARTS), _kept()
    lines = [HEAD.format(answer=ANSWER)]
    for second, title in TITLES.items():
        lines += ["", title, "", *_titles()]
        for part, vendor, model in ((part, *each) for part, vendors in VENDORS.items() for each in vendors):
            for fault in Fault:
                row = kept.get((title, f"{PARTS[part]}: {vendor} {model}", fault))
                if part in anew or row is None:
                    row = _row(live_through(part, vendor, model, fault, second=second))
                    print(row, flush=True)
                lines.append(row)
    PAGE.write_text("\n".join(lines) + "\n")


def _kept() -> dict[tuple[str, str, str], str]:
    """The rows as they stand, by title, vendor and fault."""
    found, title = {}, ""
    for line in PAGE.read_text().splitlines():
        title = line if line.startswith("## ") else title
        if line.startswith("| ") and line.count("|") == 7:
            name, fault = line.split(" | ")[:2]
            found[title, name.removeprefix("| "), fault] = line
    return found


def _titles() -> Iterator[str]:
    yield "| vendor | fault | heard | first sound | longest silence | noticed as |"
    yield "|---|---|---|---|---|---|"


def _row(lived: object) -> str:
    from tests.faults.vendors import Experience

    assert isinstance(lived, Experience)
    name = f"{PARTS[lived.part]}: {lived.vendor} {lived.model}"
    noticed = ", ".join(lived.noticed) or "–"
    return f"| {name} | {lived.fault} | {lived.heard} | {lived.first_ms:,} | {lived.longest_ms:,} | {noticed} |"


if __name__ == "__main__":
    main()
