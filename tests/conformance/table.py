"""The table of docs/engines.md, from the scenarios and engines that run: `python -m tests.conformance`."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.engines import CANNOT, ELSEWHERE, ENGINES, NOT_ELSEWHERE, TITLES
from tests.conformance.scenarios import SCENARIOS

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
RUN_THERE = (
    "the conversation runs inside ElevenLabs, where no suite of ours can reach. What is ours is tested in\n"
    "`tests/agents/native` and `tests/calls/native`, against a double to which the vendor's own SDK connects."
)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "engines.md"


def draw() -> str:
    """One row for each scenario; whatever cannot be done says why below."""
    titles = [*(TITLES[engine] for engine in ENGINES), ELSEWHERE]
    lines = [f"| | {' | '.join(titles)} |", "|---|" + "---|" * len(titles)]
    notes: list[str] = []

    def cell(title: str, why: str | None) -> str:
        if not why:
            return "not run" if title == ELSEWHERE else "yes"
        note = f"{title}: {why}."
        notes.extend([note] if note not in notes else [])
        return f"no ({notes.index(note) + 1})"

    for name, scenario in SCENARIOS.items():
        reasons = [(TITLES[engine], CANNOT.get((engine, name))) for engine in ENGINES]
        cells = [cell(*each) for each in [*reasons, (ELSEWHERE, NOT_ELSEWHERE.get(name))]]
        lines.append(f"| {(scenario.__doc__ or name).strip()} | {' | '.join(cells)} |")
    numbered = [f"({number}) {note}" for number, note in enumerate(notes, 1)]
    return "\n".join([*lines, "", f"“Not run”: {RUN_THERE}", "", *numbered])


def page(text: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{draw()}\n{END}{after}"


def main() -> None:
    PAGE.write_text(page(PAGE.read_text()))
