"""Draws docs/faults.md: each vendor, each fault, and what the caller heard of it. `python -m tests.faults.table`"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import django

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
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

Where nothing was heard at all, the agent asks whether somebody is still there after the version's own silence timeout
(6 s unless chosen), which this table does not wait for: a lost transcriber with nobody behind it is a reason to choose
a second.
"""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentos.settings")
    django.setup()
    from tests.faults.proxy import Fault
    from tests.faults.vendors import ANSWER, VENDORS, live_through

    lines = [HEAD.format(answer=ANSWER)]
    for second in (True, False):
        lines += ["", "## With a second vendor" if second else "## Alone", "", *_titles()]
        for part, vendors in VENDORS.items():
            for vendor, model in vendors:
                for fault in Fault:
                    lived = live_through(part, vendor, model, fault, second=second)
                    lines += _row(lived)
                    print(lines[-1], flush=True)
    PAGE.write_text("\n".join(lines) + "\n")


def _titles() -> Iterator[str]:
    yield "| vendor | fault | heard | first sound | longest silence | noticed as |"
    yield "|---|---|---|---|---|---|"


def _row(lived: object) -> Iterator[str]:
    from tests.faults.vendors import Experience

    assert isinstance(lived, Experience)
    name = f"{PARTS[lived.part]}: {lived.vendor} {lived.model}"
    noticed = ", ".join(lived.noticed) or "–"
    yield f"| {name} | {lived.fault} | {lived.heard} | {lived.first_ms:,} | {lived.longest_ms:,} | {noticed} |"


if __name__ == "__main__":
    main()
