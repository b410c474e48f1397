"""A call told to a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from .listening import Line

NOT_UNDERSTOOD = "(not understood)"
_ENDERS = {"caller": "the caller", "agent": "the agent", "api": "the agent's side", "carrier": "the carrier"}


def was_connected(facts: Mapping[str, Any]) -> bool:
    """Whether the caller was connected with an agent at all."""
    return any(happening["kind"] == "stream started" for happening in facts["happenings"])


def conversation_lines(facts: Mapping[str, Any], lines: Sequence[Line]) -> Iterator[str]:
    """Both sides in the order of their first sounds; beside each the wait, or who gave way."""
    remarks = _remarks(facts, lines)
    for line in lines:
        text = line.text or NOT_UNDERSTOOD
        yield f"{line.start_ms / 1000:7.1f} s  {line.side:<6}  {text}{remarks.get(id(line), '')}"


def outcome(facts: Mapping[str, Any]) -> Iterator[str]:
    """How it ended, what the caller waited, and everything that went wrong."""
    if facts["answered_ms"] is None:
        yield f"Not answered: {facts['status']}."
    else:
        who = _ENDERS.get(facts["ended_by"], "nobody knows whom")
        yield f"Ended by {who} after {facts['duration_s']} s."
    waits = [one["wait_ms"] for one in facts["utterances"] if one["wait_ms"] is not None]
    if waits:
        times = "once" if len(waits) == 1 else f"{len(waits)} times"
        yield f"The caller waited {times}: {median(waits) / 1000:.2f} s (median), {max(waits) / 1000:.2f} s (longest)."
    if facts["underruns"]:
        longest = max(gap["length_ms"] for gap in facts["underruns"])
        count = len(facts["underruns"])
        yield f"The agent's voice had {count} gap{'s' * (count > 1)}, the longest of {longest} ms."
    for happening in facts["happenings"]:
        if happening["kind"] in ("error", "warning"):
            yield f"{happening['kind'].title()} {happening['code']}: {happening['message']}"
        elif happening["kind"] == "waited in vain":
            yield f"At {happening['at_ms'] / 1000:.1f} s the caller had waited in vain for the agent."


def _remarks(facts: Mapping[str, Any], lines: Sequence[Line]) -> dict[int, str]:
    """What to say beside which line."""
    remarks = {}
    for utterance in facts["utterances"]:
        if utterance["barge_in_ms"] is not None:
            own = _first_line(lines, "caller", utterance["began_ms"])
            if own is not None:
                gave_way_s = utterance["barge_in_ms"] / 1000
                remarks[id(own)] = f"   (over the agent, who gave way after {gave_way_s:.2f} s)"
        if utterance["wait_ms"] is not None:
            reply = _first_line(lines, "agent", utterance["reply_ms"])
            if reply is not None:
                remarks[id(reply)] = f"   (after {utterance['wait_ms'] / 1000:.2f} s)"
    return remarks


def _first_line(lines: Sequence[Line], side: str, at_ms: float) -> Line | None:
    """The first line of this side that is still to be heard at that moment."""
    return next((line for line in lines if line.side == side and line.end_ms > at_ms), None)
