"""Draws the tables of the floor into docs/conversation.md: `python -m calls.conversation.drawing`."""

from __future__ import annotations

from pathlib import Path

from calls.conversation.turn_taking import CALLER_RULES, RULES, Agent, Rule

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def draw() -> str:
    """The rules as one table per event, in the order in which they are tried."""
    parts = ["Every event first moves the caller's machine:", ""]
    parts += [f"- `{event.__name__}`: the caller is {state.value}" for event, state in CALLER_RULES.items()]
    parts += ["", "Then the first row that fits moves the agent's machine and says what is done:", ""]
    parts += ["| event | agent is | if | agent becomes | done, in this order |", "|---|---|---|---|---|"]
    parts += [_row(rule) for rule in RULES]
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    becomes = rule.to.value if rule.to else "–"
    done = ", ".join(action.name.lower().replace("_", " ") for action in rule.actions) or "–"
    return f"| `{rule.event.__name__}` | {_names(rule.states)} | {rule.guard.__doc__} | {becomes} | {done} |"


def _names(states: tuple[Agent, ...]) -> str:
    return ", ".join(state.value for state in states)


def main() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "conversation.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{draw()}\n{END}{after}")


if __name__ == "__main__":
    main()
