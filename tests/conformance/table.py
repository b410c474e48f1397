"""The table of docs/engines.md, from the scenarios and engines that run: `python -m tests.conformance`."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.scenarios import SCENARIOS
from tests.conformance.stages import CANNOT, ENGINES, TITLES

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "engines.md"


def draw() -> str:
    """One row for each scenario; whatever cannot be done says why below."""
    lines = [f"| | {' | '.join(TITLES[engine] for engine in ENGINES)} |", "|---|" + "---|" * len(ENGINES)]
    notes: list[str] = []
    for name, scenario in SCENARIOS.items():
        cells = []
        for engine in ENGINES:
            why = CANNOT.get((engine, name))
            if why:
                notes.append(f"{TITLES[engine]}: {why}.")
            cells.append(f"no ({len(notes)})" if why else "yes")
        lines.append(f"| {(scenario.__doc__ or name).strip()} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(f"({number}) {note}" for number, note in enumerate(notes, 1))])


def page(text: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{draw()}\n{END}{after}"


def main() -> None:
    PAGE.write_text(page(PAGE.read_text()))
