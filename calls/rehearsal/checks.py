"""What must be true of a rehearsed call, checked one by one. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agents.providers.offline_voice.wording import UNITS, cardinal

LONGEST_WAIT_MS = 4_000  # longer, and callers ask whether anybody is there
MOST_TALK_OVER_MS = 400
GIVES_WAY_MS = 1_000

Entries = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A check in words, whether it holds, and why. None: nobody can tell."""

    check: str
    holds: bool | None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def check(
    script: Entries,
    *,
    says: Iterable[str] = (),
    never_says: Iterable[str] = (),
    uses: Iterable[str] = (),
    never_uses: Iterable[str] = (),
    tools: Mapping[str, str] | None = None,
    missing: Container[str] = (),
) -> list[Finding]:
    """Every check of these, in order. `tools` are titles by name; `missing` names those that the agent may not use."""
    lines = [entry["text"] for entry in script if entry["who"] == "agent"]
    done = [entry for entry in script if entry["who"] == "tool" and entry["state"] == "done"]
    return [
        *(_says(lines, wanted) for wanted in says),
        *(_never_says(lines, unwanted) for unwanted in never_says),
        *(_uses(script, name, (tools or {}).get(name, name), is_missing=name in missing) for name in uses),
        *(_never_uses(done, name, (tools or {}).get(name, name)) for name in never_uses),
    ]


def check_sound(*, waits_ms: Sequence[int], talk_over_ms: int, gave_way_ms: Sequence[int | None]) -> list[Finding]:
    """What can only be heard: how long the caller waited, who spoke over whom, and whether the agent gave way."""
    longest = max(waits_ms, default=0)
    findings = [
        Finding("Never keeps the caller waiting", longest <= LONGEST_WAIT_MS, f"The longest wait was {longest:,} ms."),
        Finding("Does not talk over the caller", talk_over_ms <= MOST_TALK_OVER_MS, f"{talk_over_ms:,} ms in all."),
    ]
    if gave_way_ms:
        slow = [each for each in gave_way_ms if each is None or each > GIVES_WAY_MS]
        told = ", ".join("not at all" if each is None else f"after {each:,} ms" for each in gave_way_ms)
        findings.append(Finding("Stops when it is interrupted", not slow, f"It gave way {told}."))
    return findings


def check_ending(*, ran_out: str = "", could_not_go_on: str = "") -> list[Finding]:
    """What went wrong with the end of a conversation: `ran_out` says when it was cut off, because nobody hung up.

    `could_not_go_on` says why the agent gave up. A good end needs no words.
    """
    findings = []
    if could_not_go_on:
        findings.append(Finding("Holds the conversation to its end", holds=False, why=could_not_go_on))
    if ran_out:
        why = f"The caller was still on the line {ran_out}, and neither side had ended it."
        findings.append(Finding("Comes to an end", holds=False, why=why))
    return findings


def _says(lines: Sequence[str], wanted: str) -> Finding:
    line = _line_with(lines, wanted)
    return Finding(f"Says “{wanted}”", line is not None, f"“{line}”" if line else "It was never said.")


def _never_says(lines: Sequence[str], unwanted: str) -> Finding:
    line = _line_with(lines, unwanted)
    return Finding(f"Never says “{unwanted}”", line is None, f"“{line}”" if line else "")


def _uses(script: Entries, name: str, title: str, *, is_missing: bool) -> Finding:
    runs = [entry for entry in script if entry["who"] == "tool" and entry["name"] == name]
    done = next((run for run in runs if run["state"] == "done"), None)
    if done:
        why = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in done["arguments"].items() if value)
    elif runs:
        why = f"It was tried, and did not work: {runs[-1]['result']}"
    else:
        why = "This draft may not use it: the tool is switched off." if is_missing else "It was never used."
    return Finding(f"Uses “{title}”", done is not None, why)


def _never_uses(done: Entries, name: str, title: str) -> Finding:
    return Finding(f"Never uses “{title}”", all(entry["name"] != name for entry in done))


def _line_with(lines: Sequence[str], wanted: str) -> str | None:
    """The first line that holds the words, however they are written; `|` parts what is as good."""
    choices = [words for part in wanted.split("|") if (words := _words(part))]
    for line in lines:
        spoken = f" {' '.join(_words(line))} "
        if any(f" {' '.join(choice)} " in spoken for choice in choices):
            return line
    return None


def _words(text: str) -> list[str]:
    """As they are spoken: 9 AM is nine a m, however it was written or heard."""
    words: list[str] = []
    for part in re.findall(r"\d+|[^\W\d]+", text.lower()):
        if not part.isdecimal():
            words += [*part] if part in ("am", "pm") else [part]
        elif len(part) > 2:
            words += [UNITS[int(digit)] for digit in part]
        else:
            words += cardinal(int(part)).split()
    return words
